"""A tenant of many members with long histories, made by SQL in sets: what lists and pages are measured with.

The chains are valid (sequence, `balance_after`, lots, lifetime figures, one row of the trail for each entry and each
event); digests are not, since only Python makes those. Each entry is +10, earned by an event of its own.

The rows of the trail have made-up, low transaction numbers: roll-ups that have gone past these would never add them
up. So make it before anything was rolled up, or run `rebuild_rollups` afterwards.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from loyalty.models import Member, member_key
from programs.models import Environment, Metric

EACH = 10
"""Points of an entry."""


@dataclass(frozen=True, slots=True)
class Many:
    """What was made: the first member of many, and the one with the longest history."""

    usual: Member
    whale: Member


def make_many(
    environment: Environment, *, members: int = 300, entries: int = 10, whale: int = 2_000, chunk: int = 5_000
) -> Many:
    """`members` with so many `entries` each, and one with `whale` of them, over the last 200 days."""
    metric = Metric.objects.get(environment=environment, code="points")
    named = [(f"m{number:06}", entries) for number in range(members)] + [("whale", whale)]
    for start in range(0, len(named), chunk):
        _make(environment, metric, named[start : start + chunk])
    _analyse()
    return Many(
        Member.objects.get(environment=environment, external_id=named[0][0]),
        Member.objects.get(environment=environment, external_id="whale"),
    )


def _make(environment: Environment, metric: Metric, named: list[tuple[str, int]]) -> None:
    keys: list[UUID] = [member_key(environment.namespace, name) for name, _ in named]
    sent: dict[str, Any] = {
        "environment": environment.pk,
        "project": environment.project_id,
        "organization": environment.project.organization_id,
        "metric": metric.pk,
        "keys": keys,
        "names": [name for name, _ in named],
        "counts": [count for _, count in named],
        "points": EACH,
        "now": timezone.now() - timedelta(minutes=1),
    }
    with connection.cursor() as cursor:
        for statement in _STATEMENTS:
            cursor.execute(statement, sent)
        cursor.execute("DROP TABLE many_rows, many_members")


def _analyse() -> None:
    with connection.cursor() as cursor:
        for table in ("member", "account", "ledgerentry", "lot", "event"):
            cursor.execute(f"ANALYZE loyalty_{table}")
        cursor.execute("ANALYZE audit_auditevent")


# A UUIDv7 of an instant: its milliseconds, then what is random.
_ID = """(
    lpad(to_hex((extract(epoch FROM {at}) * 1000)::bigint), 12, '0') || '7'
    || substr(md5(random()::text || {seed}), 1, 3) || '8' || substr(md5(random()::text), 1, 15)
)::uuid"""
_ACTOR = "'system', 'many', 'many'"
_DIGEST = "sha256('many')"
# As if they had come by themselves, one after the other: a transaction for each hour.
_TRANSACTION = (
    "(1 + extract(epoch FROM at - %(now)s::timestamptz + interval '202 days')::bigint / 3600)::text::xid8"
)

_STATEMENTS = (
    """
    CREATE TEMPORARY TABLE many_members AS
    SELECT key, name, count, gen_random_uuid() AS account
    FROM unnest(%(keys)s::uuid[], %(names)s::text[], %(counts)s::integer[]) AS each (key, name, count)
    """,
    # Each member's entries are spread over the 200 days, the newest of all just now.
    f"""
    CREATE TEMPORARY TABLE many_rows AS
    SELECT *, {_ID.format(at="at", seed="number")} AS event,
        {_ID.format(at="at + interval '1 ms'", seed="key")} AS entry,
        {_ID.format(at="at + interval '2 ms'", seed="name")} AS told_event,
        {_ID.format(at="at + interval '3 ms'", seed="name")} AS told_entry
    FROM (
        SELECT key, name, account, number,
            %(now)s::timestamptz - (count - number) * (interval '200 days' / count)
                - random() * interval '1 minute' AS at
        FROM many_members, generate_series(1, count) AS number
    ) AS spread
    """,
    """
    INSERT INTO loyalty_member (id, environment_id, external_id, attributes, status, created_at)
    SELECT key, %(environment)s, name, '{}', 'active', %(now)s::timestamptz - interval '201 days' FROM many_members
    """,
    """
    INSERT INTO loyalty_account (id, environment_id, member_id, metric_id, total, pending, held, earned, redeemed,
        expired, adjusted, transferred, sequence, settled_at, created_at)
    SELECT account, %(environment)s, key, %(metric)s, count * %(points)s, 0, 0, count * %(points)s, 0, 0, 0, 0, count,
        %(now)s, %(now)s::timestamptz - interval '201 days' FROM many_members
    """,
    f"""
    INSERT INTO loyalty_event (id, environment_id, member_id, event_id, type, occurred_at, recorded_at, data,
        explanation, amount, currency, digest, actor_kind, actor_id, trace_id)
    SELECT event, %(environment)s, key, name || '-' || number, 'purchase', at, at, '{{"amount": "10.00"}}', '{{}}', 10,
        'GBP', {_DIGEST}, {_ACTOR} FROM many_rows ORDER BY event
    """,
    f"""
    INSERT INTO loyalty_ledgerentry (id, environment_id, member_id, account_id, sequence, type, points, balance_after,
        occurred_at, recorded_at, event_id, origin, digest, actor_kind, actor_id, trace_id)
    SELECT entry, %(environment)s, key, account, number, 'earned', %(points)s, number * %(points)s, at, at, event,
        'rule', {_DIGEST}, {_ACTOR} FROM many_rows ORDER BY entry
    """,
    """
    INSERT INTO loyalty_lot (id, environment_id, member_id, account_id, entry_id, points, remaining, held, pending,
        earned_at, available_at, recorded_at)
    SELECT gen_random_uuid(), %(environment)s, key, account, entry, %(points)s, %(points)s, 0, false, at, at, at
    FROM many_rows
    """,
    f"""
    INSERT INTO audit_auditevent (id, organization_id, project_id, environment_id, member_id, verb, object_type,
        object_id, before, after, event_id, trace_id, actor_kind, actor_id, occurred_at, recorded_at, digest,
        transaction)
    SELECT told_event, %(organization)s, %(project)s, %(environment)s, key, 'event.recorded', 'event',
        'evt_' || replace(event::text, '-', ''), NULL, '{{"type": "purchase"}}'::jsonb, name || '-' || number, 'many',
        'system', 'many', at, at, {_DIGEST}, {_TRANSACTION} FROM many_rows
    UNION ALL
    SELECT told_entry, %(organization)s, %(project)s, %(environment)s, key, 'points.earned', 'ledgerentry',
        'txn_' || replace(entry::text, '-', ''), jsonb_build_object('total', (number - 1) * %(points)s),
        jsonb_build_object('points', %(points)s, 'total', number * %(points)s), name || '-' || number, 'many',
        'system', 'many', at, at, {_DIGEST}, {_TRANSACTION} FROM many_rows
    ORDER BY 1
    """,
)
