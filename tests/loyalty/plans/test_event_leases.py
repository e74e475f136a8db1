"""Events of a month that a plan limits: leased in blocks, never more than allowed, and nothing lost for good."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from time import monotonic
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.errors import DomainError
from audit.models import AuditEvent
from loyalty.actions import allowances, event_leases
from loyalty.actions.allowances import allowance_of, forget_blocks
from loyalty.actions.event_leases import GRACE, LEASE, Month, block_size, lease, month_of, recount
from loyalty.actions.events import record_batch, record_event
from loyalty.actions.pace import Pace
from loyalty.actions.recounting_plans import recount_plans
from loyalty.models import Event
from loyalty.queries.events import ReportedEvent
from loyalty.queries.plan_usage import events_recorded
from programs.errors import PlanLimitExceeded
from programs.models import Environment, EventAllowance, EventLease
from tests import factories

Together = Callable[..., list[Any]]


@pytest.fixture(autouse=True)
def _fresh_process() -> Iterator[None]:
    forget_blocks()
    yield
    forget_blocks()


def doing() -> dict[str, Any]:
    return {"actor": factories.make_actor(), "now": timezone.now()}


def visit(environment: Environment, event_id: str, **changes: Any) -> Any:
    said = {"type": "visit", "member": "ada", "data": {}} | changes
    return record_event(environment=environment, event_id=event_id, **said, **doing())


def batch(environment: Environment, names: list[str]) -> list[str]:
    """What became of each: `new`, `again` or a refusal's code."""
    events = [ReportedEvent(name, "visit", "ada", {}, None, None) for name in names]
    results = record_batch(environment=environment, events=events, **doing())
    return [
        one.code if isinstance(one, DomainError) else "again" if one.duplicate else "new" for one in results
    ]


def recorded(environment: Environment) -> int:
    return Event.objects.filter(environment_id=environment.pk).count()


def this_month(environment: Environment) -> Month:
    return month_of(environment, timezone.now())


def taken(environment: Environment) -> int:
    return EventAllowance.objects.get(organization=environment.project.organization_id).taken


@pytest.mark.parametrize(
    ("left", "wanted", "size"),
    [
        (10_000, 1, 312),
        (10**6, 1, 1000),
        (10**6, 1_500, 1_500),
        (31, 1, 1),
        (5, 9, 5),
        (0, 1, 0),
        (-4, 1, 0),
    ],
)
def test_a_block_shrinks_with_what_is_left(left: int, wanted: int, size: int) -> None:
    assert block_size(left, wanted) == size


@pytest.mark.django_db
def test_in_a_transaction_of_the_callers_the_last_one_is_the_last(environment: Environment) -> None:
    environment = factories.make_plan(environment, events_per_month=5)
    assert batch(environment, ["a", "b", "a", "c"]) == ["new", "new", "again", "new"]
    assert taken(environment) == 3
    with pytest.raises(DomainError):
        visit(environment, "x", type="refund", data={"purchase": "nothing"})
    assert visit(environment, "a").duplicate
    assert taken(environment) == 3, "what was not recorded was given back"
    assert batch(environment, ["d", "e", "f", "a", "g"]) == [
        "new",
        "new",
        "plan_limit_exceeded",
        "again",
        "plan_limit_exceeded",
    ]
    with pytest.raises(PlanLimitExceeded) as refused:
        visit(environment, "h")
    assert refused.value.data == {"limit": "events_per_month", "used": 5, "allowed": 5}
    assert visit(environment, "e").duplicate, "a repeated event is answered also when all are used"
    assert (recorded(environment), taken(environment)) == (5, 5)
    told = AuditEvent.objects.get(environment_id=environment.pk, verb="plan.limit_near")
    month = this_month(environment).first
    assert told.after == {"limit": "events_per_month", "used": 5, "allowed": 5, "period": f"{month:%Y-%m}"}


def test_16_threads_and_batches_never_record_more_and_end_at_exactly_the_limit(
    committed_environment: Environment, together: Together
) -> None:
    environment = factories.make_plan(committed_environment, events_per_month=300)

    def crowd(number: int) -> None:
        for turn in range(6):
            batch(environment, [f"b-{number}-{turn}-{place}" for place in range(4)] + [f"b-{number}-0-0"])
            with suppress(DomainError):
                record_event(
                    environment=environment,
                    event_id=f"s-{turn}-{number % 4}",  # four threads send the same ones
                    type="visit",
                    member=f"m{number}" if turn % 2 else f"n{number % 4}",
                    data={},
                    **doing(),
                )

    assert together(crowd) == [None] * 16
    assert recorded(environment) <= 300
    for number in range(300):
        if batch(environment, [f"rest-{number}"]) != ["new"]:
            break
    assert (recorded(environment), taken(environment)) == (300, 300)
    with pytest.raises(PlanLimitExceeded):
        visit(environment, "one-more")


def test_leases_of_other_processes_are_never_given_twice_and_come_back_when_they_die(
    committed_environment: Environment,
) -> None:
    environment = factories.make_plan(committed_environment, events_per_month=100)
    month, now = this_month(environment), timezone.now()
    claim: dict[str, Any] = {"environment": environment, "month": month, "back": 0, "allowed": 100}
    given = [lease(wanted=30, now=now, **claim).events for _ in range(4)]  # as many processes
    assert given == [30, 30, 30, 10]
    assert batch(environment, ["a"]) == ["plan_limit_exceeded"]
    assert recount(month, now + LEASE) == 0, "a lease that is over may still be at work"
    assert lease(wanted=1, now=now + LEASE, **claim).events == 0
    later = now + LEASE + GRACE + timedelta(seconds=1)
    assert lease(wanted=40, now=later, **claim).events == 40  # they died without recording anything
    assert taken(environment) == 40
    assert EventLease.objects.filter(allowance__organization=month.organization).count() == 1
    over = later + LEASE + GRACE + timedelta(seconds=1)
    assert recount_plans(now=over, pace=Pace())["events"] >= 40
    assert taken(environment) == 0


def test_nobody_waits_for_a_recount_and_what_is_taken_meanwhile_stays_taken(
    committed_environment: Environment, together: Together, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = factories.make_plan(committed_environment, events_per_month=100)
    month, now = this_month(environment), timezone.now()
    claim: dict[str, Any] = {"environment": environment, "month": month, "back": 0, "allowed": 100}
    assert lease(wanted=30, now=now, **claim).events == 30  # of a process that dies
    later = now + LEASE + GRACE + timedelta(seconds=1)

    def count_while_another_leases(*what: Any) -> int:
        counted = events_recorded(*what)
        (leased,) = together(lambda _: lease(wanted=20, now=later, **claim).events, threads=1)
        assert leased == 20
        return counted

    monkeypatch.setattr(event_leases, "events_recorded", count_while_another_leases)

    assert recount(month, later) == -30

    assert taken(environment) == 20
    assert EventLease.objects.filter(allowance__organization=month.organization).count() == 1


def test_a_block_costs_no_statement_while_it_lasts_and_what_is_unused_stays_in_it(
    committed_environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = factories.make_plan(committed_environment, events_per_month=3_200)
    visit(environment, "a")
    assert taken(environment) == 100
    with CaptureQueriesContext(connection) as seen:
        for _ in range(60):
            with allowance_of(environment, 1) as allowance:
                allowance.check()
                allowance.used += 1
        for _ in range(200):  # duplicates, refusals
            with allowance_of(environment, 1):
                pass
    assert [query["sql"] for query in seen] == []
    monkeypatch.setattr(allowances, "monotonic", lambda: monotonic() + LEASE.total_seconds() + 1)
    visit(environment, "b")
    assert taken(environment) == 61 + 98, "39 went back, and of the 3,139 left a 32nd part was leased"


def test_a_plan_without_the_limit_takes_no_statement_and_counts_nothing(
    committed_environment: Environment,
) -> None:
    with CaptureQueriesContext(connection) as seen, allowance_of(committed_environment, 1000) as allowance:
        allowance.check()
    assert [query["sql"] for query in seen] == []
    assert not EventAllowance.objects.filter(
        organization=committed_environment.project.organization_id
    ).exists()


@pytest.mark.django_db
def test_the_month_ends_in_the_projects_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = factories.make_plan(factories.make_environment(time_zone="Asia/Tokyo"), events_per_month=2)
    clock = {"now": datetime(2026, 11, 30, 14, 59, 59, tzinfo=UTC)}  # 23:59:59 in Tokyo
    monkeypatch.setattr("django.utils.timezone.now", lambda: clock["now"])
    monkeypatch.setattr(
        "loyalty.queries.plan_usage._SLACK", timedelta(days=3_650)
    )  # ids have a clock of their own
    assert batch(environment, ["a", "b", "c"]) == ["new", "new", "plan_limit_exceeded"]
    clock["now"] += timedelta(seconds=1)
    assert batch(environment, ["c", "d", "e"]) == ["new", "new", "plan_limit_exceeded"]
    organization = environment.project.organization_id
    counted = [events_recorded(organization, "sandbox", date(2026, month, 1)) for month in (10, 11, 12)]
    assert counted == [0, 2, 2]
    rows = EventAllowance.objects.filter(organization=organization).order_by("month")
    assert [(row.month, row.taken) for row in rows] == [(date(2026, 11, 1), 2), (date(2026, 12, 1), 2)]


@pytest.mark.django_db
def test_events_from_before_the_limit_count(environment: Environment) -> None:
    batch(environment, ["a", "b", "c"])
    environment = factories.make_plan(environment, events_per_month=4)
    assert batch(environment, ["d", "e"]) == ["new", "plan_limit_exceeded"]


def test_a_call_that_fails_with_the_database_counts_as_used_until_it_is_recounted(
    committed_environment: Environment,
) -> None:

    environment = factories.make_plan(committed_environment, events_per_month=100)

    def lose_the_connection() -> None:
        with allowance_of(environment, 3) as allowance:
            allowance.used = 3
            raise OperationalError("the connection went while it was committed")

    with pytest.raises(OperationalError):
        lose_the_connection()
    assert taken(environment) == 3
    recount(this_month(environment), timezone.now() + LEASE + GRACE + timedelta(seconds=1))
    assert taken(environment) == 0
