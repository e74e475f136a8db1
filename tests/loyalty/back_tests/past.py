"""A past to try drafts on: events put into the tables as they stand there, without the engine."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import simplejson
from django.db import connection, transaction

from audit.ids import new_id
from loyalty.actions.back_tests import run_back_test, start_back_test
from loyalty.actions.pace import Pace
from loyalty.models import BackTest, member_key
from programs.models import EarningRule, Environment
from tests.factories import make_actor, reload

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
END = datetime(2026, 4, 1, tzinfo=UTC)

MEMBERS = "COPY loyalty_member (id, environment_id, external_id, attributes, status, created_at) FROM STDIN"
EVENTS = """
COPY loyalty_event (id, environment_id, member_id, event_id, type, program_id, occurred_at, recorded_at, data,
    explanation, facts, digest, actor_kind, actor_id, trace_id) FROM STDIN
"""


@dataclass(frozen=True, slots=True)
class Past:
    """One event that happened. `facts`: what it kept of its member; None: nothing, not even that."""

    member: str = "ada"
    at: datetime = BEGIN
    data: dict[str, Any] | None = field(default_factory=lambda: {"amount": "10"})
    type: str = "purchase"
    facts: dict[str, Any] | None = field(
        default_factory=lambda: {"attributes": {}, "age_days": 0, "event_counts": {}}
    )
    program_id: UUID | None = None


def days(number: float) -> timedelta:
    return timedelta(days=number)


def store(environment: Environment, events: Iterable[Past], *, created_at: datetime = BEGIN) -> None:
    """Put them into the tables, and their members, with no effect on anything else."""
    kept = list(events)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT external_id FROM loyalty_member WHERE environment_id = %s", [environment.pk])
        known = {name for (name,) in cursor.fetchall()}
        with cursor.copy(MEMBERS) as copy:
            for name in sorted({event.member for event in kept} - known):
                key = member_key(environment.namespace, name)
                copy.write_row((key, environment.pk, name, "{}", "active", created_at))
        with cursor.copy(EVENTS) as copy:
            for number, event in enumerate(kept):
                copy.write_row(_row(environment, event, number))


def _row(environment: Environment, event: Past, number: int) -> tuple[Any, ...]:
    key = new_id()
    return (
        key,
        environment.pk,
        member_key(environment.namespace, event.member),
        f"past-{key}",
        event.type,
        event.program_id,
        event.at,
        event.at,
        _json(event.data),
        '{"verdicts": []}',
        _json(event.facts),
        hashlib.sha256(str(number).encode()).digest(),
        "system",
        "tests",
        "tests",
    )


def _json(value: dict[str, Any] | None) -> str | None:
    return None if value is None else simplejson.dumps(value, use_decimal=True)


def started(
    environment: Environment,
    rule: EarningRule,
    begins_at: datetime = BEGIN,
    ends_at: datetime = END,
    *,
    now: datetime | None = None,
) -> BackTest:
    """A back-test of the rule's draft over March 2026 that no worker has begun."""
    return start_back_test(
        environment=reload(environment),
        rule=rule,
        begins_at=begins_at,
        ends_at=ends_at,
        actor=make_actor(),
        now=now or max(ends_at, END),
    )


def run(test: BackTest, pace: Pace | None = None, attempt: int = 0) -> BackTest:
    """The back-test as a worker leaves it."""
    run_back_test(back_test=test.pk, pace=pace or Pace(rest=0), attempt=attempt)
    test.refresh_from_db()
    return test


def tried(environment: Environment, rule: EarningRule, *period: datetime) -> dict[str, Any]:
    """What a back-test of the rule's draft answers."""
    test = run(started(environment, rule, *period))
    assert (test.status, test.error) == ("done", "")
    assert test.result is not None
    return dict(test.result)
