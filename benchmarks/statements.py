"""The statements of seeding: first a plan in temporary tables, then each table from it.

Each ordinary member: seven credits of 100, a spend of 150, another credit, a spend of 50: eight lots, six of
them open. The deep member (n = 0): credits and spends of 100 in turn, then ten credits that stay. Those with
n < 0: one credit that has expired, for a sweep to find.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from audit.models import AuditEvent
from benchmarks.rows import INSTANT, KEY, audit_digest, entry_digest, insert
from loyalty.models import Account, IdempotencyRecord, LedgerEntry, Lot, LotUse, Member

if TYPE_CHECKING:
    from benchmarks.seeding import Seeded

PLANNED_MEMBERS = "CREATE TEMP TABLE planned_member (n integer, id uuid, external_id text) ON COMMIT DROP"

_EXPIRY = "interval '730 days'"
_BASE = "date_trunc('hour', now()) - interval '300 days'"
_PATTERN = """
(VALUES (1, 100, 100, 0), (2, 100, 200, 0), (3, 100, 300, 100), (4, 100, 400, 100), (5, 100, 500, 100),
    (6, 100, 600, 100), (7, 100, 700, 100), (8, -150, 550, 0), (9, 100, 650, 100), (10, -50, 600, 0)
) AS pattern (sequence, points, total, remaining)
"""


def all_of(seeded: "Seeded") -> Iterator[str]:
    """Every statement, in order; `planned_member` is filled already."""
    environment = f"'{seeded.environment_id}'::uuid"
    yield KEY
    yield from _plan(seeded.deep - 10)
    yield insert(
        Member,
        {
            "id": "id",
            "environment_id": environment,
            "external_id": "external_id",
            "attributes": "'{}'",
            "status": "'active'",
            "created_at": f"{_BASE} - interval '600 days'",
        },
        "planned_member ORDER BY n",
    )
    yield _accounts(environment, seeded.metric_id)
    yield _entries(environment)
    yield _lots(environment)
    yield _lot_uses(environment)
    yield _audit_events(seeded)
    yield _answers(environment)


def _plan(turns: int) -> Iterator[str]:
    yield f"""
        CREATE TEMP TABLE planned ON COMMIT DROP AS
        SELECT n, sequence, points, total, remaining, at, id AS member_id,
            pg_temp.key({_BASE}, 'account' || id) AS account_id,
            pg_temp.key(at, 'entry' || id || sequence) AS entry_id,
            pg_temp.key(at, 'lot' || id || sequence) AS lot_id
        FROM (
            SELECT n, id, sequence, points, total, remaining,
                {_BASE} + sequence * interval '28 days' + n * interval '1 second' AS at
            FROM planned_member CROSS JOIN {_PATTERN}
            WHERE n > 0
            UNION ALL
            SELECT n, id, sequence, CASE WHEN sequence > {turns} OR sequence % 2 = 1 THEN 100 ELSE -100 END,
                CASE WHEN sequence > {turns} THEN (sequence - {turns}) * 100 ELSE sequence % 2 * 100 END,
                CASE WHEN sequence > {turns} THEN 100 ELSE 0 END,
                {_BASE} + sequence * interval '1 hour'
            FROM planned_member CROSS JOIN generate_series(1, {turns} + 10) AS sequence
            WHERE n = 0
            UNION ALL
            SELECT n, id, 1, 100, 100, 100, {_BASE} - interval '500 days' + n * interval '1 second'
            FROM planned_member
            WHERE n < 0
        ) AS made
        ORDER BY at
    """
    yield "CREATE INDEX ON planned (member_id, sequence)"
    yield "ANALYZE planned"


def _accounts(environment: str, metric: str) -> str:
    values = {
        "id": "account_id",
        "environment_id": environment,
        "member_id": "member_id",
        "metric_id": f"'{metric}'::uuid",
        "total": "sum(points)",
        "pending": "0",
        "held": "0",
        "earned": "coalesce(sum(points) FILTER (WHERE points > 0), 0)",
        "redeemed": "-coalesce(sum(points) FILTER (WHERE points < 0), 0)",
        "expired": "0",
        "adjusted": "0",
        "transferred": "0",
        "sequence": "count(*)",
        "next_due_at": f"min(at) FILTER (WHERE remaining > 0) + {_EXPIRY}",
        "settled_at": "max(at)",
        "created_at": "min(at)",
    }
    return insert(Account, values, "planned GROUP BY account_id, member_id")


def _entries(environment: str) -> str:
    texts = {
        "id": "entry_id",
        "environment_id": environment,
        "member_id": "member_id",
        "account_id": "account_id",
        "sequence": "sequence",
        "type": "type",
        "points": "points",
        "balance_after": "total",
        "reason": "'Purchase'",
        "occurred_at": INSTANT.format("at"),
        "recorded_at": INSTANT.format("at"),
        "actor_kind": "'system'",
        "actor_id": "'benchmark'",
        "trace_id": "'seed'",
    }
    values = texts | {"occurred_at": "at", "recorded_at": "at"}
    values |= {"digest_salt": "salt", "digest": entry_digest(texts)}
    source = """(
        SELECT *, CASE WHEN points > 0 THEN 'earned' ELSE 'redeemed' END AS type,
            decode(md5('salt' || entry_id), 'hex') AS salt
        FROM planned
    ) AS planned ORDER BY at"""
    return insert(LedgerEntry, values, source)


def _lots(environment: str) -> str:
    values = {
        "id": "lot_id",
        "environment_id": environment,
        "member_id": "member_id",
        "account_id": "account_id",
        "entry_id": "entry_id",
        "points": "points",
        "remaining": "remaining",
        "held": "0",
        "pending": "false",
        "earned_at": "at",
        "available_at": "at",
        "expires_at": f"at + {_EXPIRY}",
        "recorded_at": "at",
    }
    return insert(Lot, values, "planned WHERE points > 0 ORDER BY at")


def _lot_uses(environment: str) -> str:
    values = {
        "id": "pg_temp.key(spend.at, 'use' || spend.entry_id || used.lot)",
        "environment_id": environment,
        "member_id": "spend.member_id",
        "account_id": "spend.account_id",
        "lot_id": "lot.lot_id",
        "entry_id": "spend.entry_id",
        "points": "used.points",
        "occurred_at": "spend.at",
        "recorded_at": "spend.at",
    }
    source = """planned AS spend
        JOIN LATERAL (
            SELECT 1 AS lot, 100 AS points WHERE spend.n > 0 AND spend.sequence = 8
            UNION ALL SELECT 2, 50 WHERE spend.n > 0 AND spend.sequence IN (8, 10)
            UNION ALL SELECT spend.sequence - 1, 100 WHERE spend.n = 0
        ) AS used ON true
        JOIN planned AS lot ON lot.member_id = spend.member_id AND lot.sequence = used.lot
        WHERE spend.points < 0
        ORDER BY spend.at"""
    return insert(LotUse, values, source)


def _audit_events(seeded: "Seeded") -> str:
    texts = {
        "id": "pg_temp.key(at, 'audit' || entry_id)",
        "organization_id": f"'{seeded.organization_id}'::uuid",
        "project_id": f"'{seeded.project_id}'::uuid",
        "environment_id": f"'{seeded.environment_id}'::uuid",
        "member_id": "member_id",
        "verb": "CASE WHEN points > 0 THEN 'points.earned' ELSE 'points.redeemed' END",
        "object_type": "'ledgerentry'",
        "object_id": "'txn_' || replace(entry_id::text, '-', '')",
        "before": """'{"total": "' || (total - points) || '"}'""",
        "after": """'{"points": "' || points || '", "reason": "Purchase", "total": "' || total || '"}'""",
        "trace_id": "'seed'",
        "actor_kind": "'system'",
        "actor_id": "'benchmark'",
        "occurred_at": INSTANT.format("at"),
        "recorded_at": INSTANT.format("at"),
    }
    values = texts | {
        "before": "jsonb_build_object('total', total - points)",
        "after": "jsonb_build_object('points', points, 'reason', 'Purchase', 'total', total)",
        "occurred_at": "at",
        "recorded_at": "at",
        "salt": "salt",
        "digest": audit_digest(texts),
    }
    source = (
        "(SELECT *, decode(md5('audited' || entry_id), 'hex') AS salt FROM planned) AS planned ORDER BY at"
    )
    return insert(AuditEvent, values, source)


def _answers(environment: str) -> str:
    """A key for each entry, as a caller who always sends one leaves behind; the answers are shortened."""
    values = {
        "id": "pg_temp.key(at, 'answer' || entry_id)",
        "environment_id": environment,
        "member_id": "member_id",
        "scope": "''",
        "key": "md5('key' || entry_id)",
        "fingerprint": "sha256(convert_to(entry_id::text, 'UTF8'))",
        "status": "201",
        "answer": "'{}'",
        "created_at": "at",
    }
    return insert(IdempotencyRecord, values, "planned ORDER BY at")
