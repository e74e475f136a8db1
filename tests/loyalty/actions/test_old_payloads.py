"""What is said in rows too old to be shown is blanked, in chunks, by any number of workers (domain.md 10)."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from audit.ids import new_id
from audit.models import AuditEvent
from audit.record import Place, audit_event
from loyalty.actions import old_payloads
from loyalty.actions.old_payloads import erase_old_payloads
from loyalty.actions.pace import Pace
from loyalty.ledger.checks import violations
from loyalty.ledger.old_payloads import PAYLOADS, Payload
from loyalty.models import Event, LedgerEntry
from loyalty.queries.windows import environments_with_windows
from programs.models import Environment
from tests.factories import give, make_actor, make_rule
from tests.loyalty.earning.desk import Desk
from tests.loyalty.ledger.till import day
from tests.loyalty.members.person import Person
from tests.loyalty.reports import reports_of
from tests.loyalty.windows import allow_days, keep_days, make_club

Together = Callable[..., list[Any]]


def erase(now: datetime, **options: Any) -> Any:
    return erase_old_payloads(now=now, **{"pace": Pace(rest=0), **options})


def left(environment: Environment) -> dict[str, int]:
    """How many rows of each table still say something that retention blanks."""
    found = {}
    with connection.cursor() as cursor:
        for payload in PAYLOADS:
            said = " OR ".join(f"{column} IS NOT NULL" for column in payload.columns)
            cursor.execute(
                f"SELECT count(*) FROM {payload.table} AS payload"
                f" WHERE environment_id = %s AND {payload.only} AND ({said})",
                [environment.pk],
            )
            (found[payload.table],) = cursor.fetchone()
    return {table: rows for table, rows in found.items() if rows}


def figures(environment: Environment) -> list[Any]:
    """All but what is blanked."""
    said = {"reason", "metadata", "digest_salt"}
    kept = [field.attname for field in LedgerEntry._meta.concrete_fields if field.attname not in said]
    entries = LedgerEntry.objects.filter(environment_id=environment.pk).order_by("pk")
    events = Event.objects.filter(environment_id=environment.pk).order_by("pk")
    return [list(entries.values(*kept)), list(events.values("pk", "event_id", "amount", "figures", "digest"))]


def test_of_everything_that_a_member_can_have_what_is_said_is_blanked_and_figures_stay(
    environment: Environment,
) -> None:
    person = Person(environment)
    allow_days(environment, 30)
    now, key = timezone.now(), person.key(person.ada)
    said = left(environment)
    assert set(said) == {payload.table for payload in PAYLOADS}
    assert erase(now).counts["rows"] == 0  # nothing is older than it is shown
    assert left(environment) == said
    before = [figures(environment), reports_of(environment, now), person.desk.balance(person.ada)]
    done = erase(now + timedelta(days=40), chunk=7)
    assert (done.counts["rows"], done.left, done.failed) == (sum(said.values()), False, [])
    assert left(environment) == {}
    assert [figures(environment), reports_of(environment, now), person.desk.balance(person.ada)] == before
    assert [str(found) for found in violations(environment=environment)] == []
    trail = AuditEvent.objects.filter(environment_id=environment.pk)
    assert not trail.filter(member_id=key, salt__isnull=False).exists()
    assert trail.filter(member_id=None, after__isnull=False).exists()  # what was configured
    assert erase(now + timedelta(days=40)).counts["rows"] == 0


@pytest.fixture
def desk(environment: Environment) -> Desk:
    """Ten points for a purchase from 50 on: only its lines say that a refund of 15 leaves less."""
    desk = Desk(environment)
    at_least = {"field": "data.amount", "op": "gte", "value": 50}
    make_rule(environment, award={"kind": "fixed", "points": 10}, condition=at_least, published_at=day(0))
    return desk


def test_a_refund_of_what_was_blanked_takes_back_in_proportion(desk: Desk, environment: Environment) -> None:
    for name in ("whole", "blank"):
        desk.buy(name, "60.00", name)
    desk.refund("whole", "15.00", "whole")
    keep_days(environment, 30)
    desk.today = 40
    erase(day(desk.today))
    desk.refund("blank", "15.00", "blank")
    assert (desk.total("whole"), desk.total("blank")) == (0, 7)
    desk.refund("blank", "45.00", "blank")
    assert desk.total("blank") == 0
    assert [str(found) for found in violations(environment=environment)] == []


def test_only_what_is_older_goes_and_each_program_by_its_own_window(
    desk: Desk, environment: Environment
) -> None:
    make_club(environment)
    for today in (0, 20):
        desk.today = today
        desk.buy(f"day-{today}", "60.00")
        for metric in ("points", "coins"):
            give(environment, 1, reason=metric, metric=metric, now=day(today))
    keep_days(environment, 5, "club")
    allow_days(environment, 30)
    erase(day(40))
    events = Event.objects.filter(environment_id=environment.pk).order_by("pk")
    # Sent to all programs: kept as long as for the one that keeps longest.
    assert [row.event_id for row in events if row.data is not None] == ["day-20"]
    entries = LedgerEntry.objects.filter(environment_id=environment.pk, event=None, reason__isnull=False)
    assert [(row.reason, row.occurred_at) for row in entries] == [("points", day(20))]
    # The trail names no program, and says what entries say.
    said = AuditEvent.objects.filter(
        environment_id=environment.pk, member_id__isnull=False, after__isnull=False
    )
    assert said.count() == 0


def test_each_environment_is_at_its_own_now(desk: Desk, environment: Environment) -> None:
    keep_days(environment, 30)
    desk.buy("order", "60.00")
    Environment.objects.filter(pk=environment.pk).update(clock=day(29))
    erase(day(400))
    assert left(environment) != {}
    Environment.objects.filter(pk=environment.pk).update(clock=day(31))
    erase(day(0))
    assert left(environment) == {}


def make_trail(environment: Environment, rows: int) -> None:
    AuditEvent.objects.bulk_create(
        audit_event(
            place=Place(environment_id=environment.pk),
            actor=make_actor(),
            verb="member.updated",
            object_type="member",
            object_id="m",
            member_id=new_id(),
            after={"note": number},
            occurred_at=day(number / rows),
        )
        for number in range(rows)
    )


@pytest.fixture
def alone(committed_environment: Environment, monkeypatch: pytest.MonkeyPatch) -> Iterator[Environment]:
    """Of all that tests have left behind, only this one is looked at."""
    own = environments_with_windows().filter(pk=committed_environment.pk)
    monkeypatch.setattr(old_payloads, "environments_with_windows", own.all)
    keep_days(committed_environment, 30)
    yield committed_environment
    keep_days(committed_environment, None)


def test_two_workers_at_once_share_the_rows(alone: Environment, together: Together) -> None:
    make_trail(alone, 300)
    done = together(lambda number: erase(day(90), chunk=10), 4)
    assert sum(each.counts["rows"] for each in done) + erase(day(90)).counts["rows"] == 300
    assert left(alone) == {}


def test_one_that_is_ended_between_chunks_has_kept_them_and_the_next_goes_on(alone: Environment) -> None:
    make_trail(alone, 30)
    stopping = threading.Event()

    def stop_at_the_second(_seconds: float) -> None:
        if left(alone)["audit_auditevent"] == 10:
            stopping.set()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stopping, "wait", stop_at_the_second)
        done = erase(day(90), chunk=10, pace=Pace(stopping=stopping, rest=0))
    assert (done.counts["rows"], done.left) == (20, True)
    oldest = AuditEvent.objects.filter(
        Q(after__isnull=False), environment_id=alone.pk, member_id__isnull=False
    )
    assert min(row.occurred_at for row in oldest) == day(20 / 30)
    done = erase(day(90), chunk=10)
    assert (done.counts["rows"], done.left) == (10, False)


INDEXED = [payload for payload in PAYLOADS if payload.at == "occurred_at"]


@pytest.mark.django_db
@pytest.mark.parametrize("payload", INDEXED, ids=lambda payload: payload.table)
def test_what_is_due_is_found_by_the_index_of_what_has_something_to_blank(payload: Payload) -> None:
    values: dict[str, Any] = {
        "environment": new_id(),
        "programs": [new_id()],
        "instants": [day(0)],
        "latest": day(0),
        "place": day(-9),
        "chunk": 10,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute("EXPLAIN " + payload.statement(), values)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "_payload on " in plan
