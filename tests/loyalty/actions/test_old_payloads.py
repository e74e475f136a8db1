"""What is said in rows too old to be shown is blanked, in chunks, by any number of workers (domain.md 10)."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.ids import new_id
from audit.models import AuditEvent
from audit.record import Place, audit_event
from loyalty.actions import old_payloads
from loyalty.actions.old_payloads import erase_old_payloads
from loyalty.actions.pace import Pace
from loyalty.actions.sandbox_reset import reset_sandbox
from loyalty.ledger.checks import violations
from loyalty.ledger.marked_payloads import MARKED, Piece
from loyalty.ledger.old_payloads import PAYLOADS, Payload
from loyalty.models import Event, LedgerEntry, RetentionMark
from loyalty.queries.windows import environments_with_windows
from programs.models import Environment, Program
from tests.console.many import make_many
from tests.factories import give, make_actor, make_environment, make_rule, reload
from tests.loyalty.earning.desk import Desk
from tests.loyalty.ledger.till import day
from tests.loyalty.members.person import Person
from tests.loyalty.reports import reports_of
from tests.loyalty.windows import allow_days, keep_days, make_club

Together = Callable[..., list[Any]]
Noun = RetentionMark.Noun
ALL = [*PAYLOADS, *dict.fromkeys(MARKED.values())]


def erase(now: datetime, **options: Any) -> Any:
    return erase_old_payloads(now=now, **{"pace": Pace(rest=0), **options})


def left(environment: Environment) -> dict[str, int]:
    """How many rows of each table still say something that retention blanks."""
    found = {}
    with connection.cursor() as cursor:
        for payload in ALL:
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
    assert set(said) == {payload.table for payload in ALL}
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

    def stop_half_way(_seconds: float) -> None:
        if left(alone)["audit_auditevent"] <= 15:
            stopping.set()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stopping, "wait", stop_half_way)
        done = erase(day(90), chunk=10, pace=Pace(stopping=stopping, rest=0))
    first = done.counts["rows"]
    assert (15 <= first < 25, done.left) == (True, True)
    oldest = AuditEvent.objects.filter(
        Q(after__isnull=False), environment_id=alone.pk, member_id__isnull=False
    )
    assert min(row.occurred_at for row in oldest) == day(first / 30)
    done = erase(day(90), chunk=10)
    assert (done.counts["rows"], done.left) == (30 - first, False)


def test_a_row_that_somebody_holds_is_left_to_the_next_night(alone: Environment) -> None:
    make_trail(alone, 30)
    held, later = list(AuditEvent.objects.filter(environment_id=alone.pk).order_by("pk"))[-20], day(900)
    locked, over = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                AuditEvent.objects.select_for_update().get(pk=held.pk)
                locked.set()
                over.wait(60)
        finally:
            connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    locked.wait(60)
    done = erase(later, chunk=10)
    over.set()
    holder.join()
    assert (done.counts["rows"], left(alone)) == (29, {"audit_auditevent": 1})
    assert RetentionMark.objects.get(environment_id=alone.pk, noun="audit").last_id < held.pk
    assert (erase(later, chunk=10).counts["rows"], left(alone)) == (1, {})


def marks(environment: Environment) -> dict[tuple[str, UUID | None], UUID]:
    rows = RetentionMark.objects.filter(environment_id=environment.pk)
    return {(row.noun, row.program_id): row.last_id for row in rows}


def newest(environment: Environment) -> UUID:
    return LedgerEntry.objects.filter(environment_id=environment.pk).latest("pk").pk


def test_what_is_done_is_not_read_again_and_a_new_window_begins_at_the_beginning(
    environment: Environment,
) -> None:
    club, _ = make_club(environment)
    default = Program.objects.get(environment=environment, code="default")
    now = timezone.now()
    for metric in ("points", "coins", "points"):
        give(environment, 1, reason=metric, metric=metric, now=now)

    def said() -> list[str | None]:
        rows = LedgerEntry.objects.filter(environment_id=environment.pk, reason__isnull=False)
        return list(rows.order_by("pk").values_list("reason", flat=True))

    keep_days(environment, 30)
    erase(now + timedelta(days=40), chunk=2)
    assert said() == ["coins"]
    assert marks(environment)["entry", default.pk] > newest(environment)
    assert ("entry", club.pk) not in marks(environment)
    with CaptureQueriesContext(connection) as night:
        erase(now + timedelta(days=41), chunk=2)
    assert len([sql for sql in night if "FROM loyalty_ledgerentry" in sql["sql"]]) == 1

    keep_days(environment, 10, "club")
    erase(now + timedelta(days=41), chunk=2)
    assert said() == []
    keep_days(environment, 5)  # shorter: the mark is where it was
    give(environment, 1, reason="points", now=now)
    keep_days(environment, 50)
    erase(now + timedelta(days=41), chunk=2)
    assert said() == ["points"]
    keep_days(environment, 50, "club")  # now as the other: all at once, from the beginning
    erase(now + timedelta(days=60), chunk=2)
    assert said() == []
    assert marks(environment)["entry", None] > newest(environment)
    assert [str(found) for found in violations(environment=environment)] == []


def test_what_is_recorded_late_or_dated_ahead_is_blanked_in_a_live_environment_too(db: None) -> None:
    live, now = make_environment("live"), timezone.now()
    keep_days(live, 10)
    desk = Desk(live)
    for name, minutes in (("late", -20 * 24 * 60), ("ahead", 4), ("now", 0)):
        desk.today = (now + timedelta(minutes=minutes) - day(0)) / timedelta(days=1)
        desk.buy(name, "60.00")

    def said() -> list[str]:
        rows = Event.objects.filter(environment_id=live.pk, data__isnull=False).order_by("pk")
        return list(rows.values_list("event_id", flat=True))

    erase(now)
    assert said() == ["late", "ahead", "now"]  # recorded just now, so kept as long as what happens now
    erase(now + timedelta(days=10, minutes=2))
    assert said() == ["ahead"]
    assert marks(live)["event", None] < Event.objects.get(environment_id=live.pk, event_id="ahead").pk
    erase(now + timedelta(days=10, minutes=6))
    assert said() == []
    assert left(live) == {}


@pytest.mark.parametrize("clock", [None, day(500)], ids=["real time", "a clock"])
def test_a_sandbox_that_was_reset_is_forgotten_too(environment: Environment, clock: datetime | None) -> None:
    """Though nobody moves its clock any more."""
    keep_days(environment, 30)
    Environment.objects.filter(pk=environment.pk).update(clock=clock)
    now = timezone.now()
    desk = Desk(environment)
    make_rule(environment, published_at=day(0))
    desk.today = ((clock or now) - day(0)) / timedelta(days=1)
    desk.buy("order", "60.00")
    reset_sandbox(environment=reload(environment), actor=make_actor(), now=now)
    assert set(left(environment)) == {"loyalty_event", "loyalty_ledgerentry", "audit_auditevent"}
    erase(now + timedelta(days=20))
    assert set(left(environment)) == {"loyalty_event", "loyalty_ledgerentry", "audit_auditevent"}
    erase(now + timedelta(days=40))
    assert left(environment) == {}


INDEXED = [payload for payload in PAYLOADS if payload.at == "occurred_at"]


def plan(statement: str, values: dict[str, Any]) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute("EXPLAIN " + statement, values)
        return "\n".join(line for (line,) in cursor.fetchall())


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
    assert "_payload on " in plan(payload.statement(), values)


@pytest.mark.django_db
def test_what_every_award_writes_is_read_by_the_index_of_its_ids() -> None:
    """And no table is read as a whole, of a large tenant and of a small one beside it."""
    large, small = make_environment(), make_environment()
    make_many(large)
    make_many(small, members=20, whale=20)
    index = {"event": "event_newest", "shared_event": "event_newest", "entry": "entry_environment"}
    for noun, environment in product(Noun, (large, small)):
        program = new_id() if noun in (Noun.EVENT, Noun.ENTRY) else None
        values: dict[str, Any] = {
            "environment": environment.pk,
            "program": program,
            "since": day(0),
            "begin": UUID(int=0),
            "end": new_id(),
            "settled": new_id(),
            "last": new_id(),
            "chunk": 10,
        }
        found = plan(Piece(noun, program, day(0)).statement(), values)
        assert f"{index.get(noun, 'audit_environment')} on " in found, found
        assert "Seq Scan" not in found, found
        assert "Index Cond: ((environment_id = ANY" in found, found
