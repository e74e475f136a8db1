"""What is outstanding, by the month in which it expires (docs/analytics.md)."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Sum
from django.test.utils import CaptureQueriesContext

from loyalty.models import Account, Hold, Lot, Uncovered
from loyalty.queries.analytics.liability import Cohort, Liability, liability
from loyalty.queries.analytics.money import value_of
from loyalty.queries.analytics.points import points_of_period
from programs.models import Environment, Metric
from tests.console.many import make_many
from tests.factories import give, make_environment, make_metric, reload
from tests.loyalty.analytics.random_world import CODES, World
from tests.loyalty.ledger.till import Till, day

pytestmark = pytest.mark.django_db


def now_of(till: Till) -> Liability:
    metric = Metric.objects.get(environment=till.environment, code="points")
    return liability(environment=reload(till.environment), metric=metric, now=day(till.today))


def months(found: Liability) -> dict[str, int]:
    return {f"{one.month:%Y-%m}" if one.month else "never": one.points for one in found.cohorts}


@pytest.fixture
def till(environment: Environment) -> Till:
    return Till(environment)


def test_points_stand_in_the_month_in_which_they_expire_never_last(till: Till) -> None:
    till.give(100)
    till.give(20, expires=45)
    till.give(30, "bob", expires=40)
    till.give(5, "bob", expires=400)
    till.give(1, expires=10)
    till.today = 11
    till.spend(10)
    found = now_of(till)
    assert months(found) == {"2026-04": 40, "2027-04": 5, "never": 100}
    assert (found.outstanding, found.debt, found.pending, found.held) == (145, 0, 0, 0)
    assert (found.as_of, found.value) == (day(11), None)


def test_a_month_is_one_of_the_projects_zone() -> None:
    till = Till(make_environment(time_zone="Pacific/Auckland"))
    till.give(10, expires=30.2)  # 31 March, 13:48 UTC: 1 April there
    assert months(now_of(till)) == {"2026-04": 10}


def test_what_is_pending_or_held_is_in_and_shown_apart(till: Till) -> None:
    till.give(50, expires=60)
    till.hold(20, until=100)
    make_metric(till.environment, vesting_days=7)
    till.give(30, "bob")
    assert now_of(till).cohorts == [Cohort(date(2026, 4, 1), 50, 0, 20), Cohort(None, 30, 30, 0)]
    till.today = 8
    assert now_of(till).cohorts[1] == Cohort(None, 30, 0, 0), "vested, though no job has run"
    till.today = 70
    assert now_of(till).cohorts[0] == Cohort(date(2026, 4, 1), 20, 0, 20), "held points do not expire"
    till.today = 101
    assert months(now_of(till)) == {"never": 30}, "the hold has lapsed, though no job has run"


def test_what_members_owe_is_taken_off(till: Till) -> None:
    entry = till.give(100)
    till.spend(80)
    till.reverse(entry)
    till.give(30, "bob")
    found = now_of(till)
    assert (months(found), found.debt, found.outstanding) == ({"never": 30}, -80, -50)


def test_what_vests_pays_a_debt_before_it_expires_though_no_job_has_run(till: Till) -> None:
    entry = till.give(100)
    till.spend(100)
    till.reverse(entry)
    make_metric(till.environment, vesting_days=2)
    till.give(60, expires=5)
    assert (now_of(till).debt, now_of(till).outstanding) == (-100, -40)
    till.today = 6
    assert (months(now_of(till)), now_of(till).debt, now_of(till).outstanding) == ({}, -40, -40)


def test_a_shortfall_is_paid_by_nothing_that_expires_so_the_database_alone_adds_up(till: Till) -> None:
    make_metric(till.environment, negative_balance="clip")
    entry = till.give(100)
    till.spend(80)
    till.reverse(entry)
    till.give(60, expires=5)
    till.give(10)
    assert Uncovered.objects.get(environment_id=till.environment.pk, kind="shortfall").open == 80
    till.today = 6
    with CaptureQueriesContext(connection) as queries:
        found = now_of(till)
    assert (months(found), found.debt, found.outstanding) == ({"never": 10}, 0, 10)
    assert len([one for one in queries if "loyalty_account" in one["sql"]]) == 1


def test_a_metric_that_says_what_one_is_worth_has_a_value(till: Till) -> None:
    make_metric(till.environment, unit_value=Decimal("0.015"), unit_currency="GBP")
    till.give(1)
    assert now_of(till).value == Decimal("0.02")
    till.give(10)
    assert now_of(till).value == Decimal("0.17")


@pytest.mark.parametrize(
    ("worth", "currency", "points", "value"),
    [
        ("0.005", "GBP", 1, "0.01"),
        ("0.005", "GBP", -1, "-0.01"),
        ("0.004", "GBP", 1, "0.00"),
        ("0.5", "JPY", 3, "2"),
        ("0.015", "JPY", -30, "0"),
        ("0.0005", "KWD", 1, "0.001"),
        ("1000000", "GBP", 10**24 + 1, f"{10**30 + 10**6}.00"),
    ],
)
def test_money_is_rounded_half_up_to_the_minor_unit(
    worth: str, currency: str, points: int, value: str
) -> None:
    metric = Metric(unit_value=Decimal(worth), unit_currency=currency)
    assert str(value_of(metric, points)) == value
    assert value_of(Metric(), points) is None


def stored(world: World, metric: Metric) -> tuple[dict[date | None, tuple[int, int, int]], int, int]:
    """By month what the lots hold, of that pending and held, what is owed, and the sum of all totals, once the sweep
    has settled all; which is undone."""
    with transaction.atomic():
        world.product.settle()
        zone = ZoneInfo(world.environment.project.time_zone)
        by_month: defaultdict[date | None, list[int]] = defaultdict(lambda: [0, 0, 0])
        for lot in Lot.objects.filter(account__metric=metric):
            ends_at = lot.expires_at and max(lot.expires_at, lot.earned_at)
            figures = by_month[ends_at and ends_at.astimezone(zone).date().replace(day=1)]
            figures[0] += lot.remaining + lot.held
            figures[1] += lot.remaining if lot.available_at > world.product.now else 0
            figures[2] += lot.held
        debts = Uncovered.objects.filter(account__metric=metric, kind="debt")
        owed = debts.aggregate(n=Sum("open", default=0))["n"]
        total = Account.objects.filter(metric=metric).aggregate(n=Sum("total", default=0))["n"]
        transaction.set_rollback(True)
    cohorts = {
        month: (points, pending, held) for month, (points, pending, held) in by_month.items() if points
    }
    return cohorts, -owed, total


def short_of_something_due(world: World, metric: Metric) -> dict[str, bool]:
    """Whether an account that owes no debt has a shortfall while something of it is due: with a lapsed hold it is
    settled in memory (here: beside points that are pending and held still), without one the database adds it up."""
    now = world.product.now
    short = Uncovered.objects.filter(open__gt=0, account=OuterRef("pk"))
    hold = Hold.objects.filter(status="open", account=OuterRef("pk"))
    pending = Lot.objects.filter(available_at__gt=now, remaining__gt=0, account=OuterRef("pk"))
    due = Account.objects.filter(metric=metric, next_due_at__lte=now).filter(
        Exists(short.filter(kind="shortfall")), ~Exists(short.filter(kind="debt"))
    )
    lapsed, lasting = Exists(hold.filter(expires_at__lte=now)), Exists(hold.filter(expires_at__gt=now))
    return {
        "settled": due.filter(lapsed, lasting, Exists(pending)).exists(),
        "added up": due.exclude(lapsed).exists(),
    }


def fall_short(world: World) -> None:
    """Two members owe coins that are not there. Since then a hold of one has lapsed, and points of the other vested."""
    product = world.product
    coins: dict[str, Any] = {"metric": "coins"}
    earned = {member: product.earn(member, 50, **coins) for member in ("fay", "gus")}
    product.now += timedelta(days=3)
    for member, entry in earned.items():
        product.spend(member, 30, **coins)
        product.hold(member, 5, product.now + timedelta(days=99), **coins)
        product.hold(member, 10, product.now + timedelta(days=2 if member == "fay" else 99), **coins)
        product.reverse(entry.pk, None)
        product.earn(member, 9, **coins)
    product.now += timedelta(days=1.5)
    product.earn("fay", 7, **coins)
    product.now += timedelta(days=0.9)


@pytest.mark.parametrize("seeds", [(1, 2, 3), (4, 5, 6), (7, 8, 9)])
@pytest.mark.usefixtures("fresh_snapshots")
def test_the_cohorts_and_the_debt_are_what_the_ledger_holds_in_random_worlds(seeds: Sequence[int]) -> None:
    seen: Counter[str] = Counter()
    for seed in seeds:
        world = World(make_environment(time_zone="Europe/London"), seed)
        for turn in range(12):
            world.live(8)
            if turn == 6 and world.metric("coins").negative_balance == Metric.NegativeBalance.CLIP:
                fall_short(world)
            world.product.now += timedelta(days=world.dice.choice([0, 0, 1, 8]))
            for metric in map(world.metric, CODES):
                found = liability(metric=metric, **world.now())
                cohorts = {one.month: (one.points, one.pending, one.held) for one in found.cohorts}
                assert (cohorts, found.debt, found.outstanding) == stored(world, metric)
                assert sum(one.points for one in found.cohorts) + found.debt == found.outstanding
                seen.update({"debt": found.debt < 0, "held": found.held > 0, "cohorts": len(cohorts) > 1})
                seen.update({"pending": found.pending > 0} | short_of_something_due(world, metric))
    assert all(seen[name] for name in ("debt", "held", "cohorts", "pending", "settled", "added up"))


def test_it_is_what_the_days_end_with(till: Till) -> None:
    till.give(100, expires=3)
    till.give(20)
    till.today = 4
    metric = Metric.objects.get(environment=till.environment)
    today = day(4).date()
    period = points_of_period(
        environment=reload(till.environment), metric=metric, first=today, last=today, now=day(4)
    )
    assert period.closing == now_of(till).outstanding == 20


def test_another_environment_and_another_metric_are_not_counted(till: Till) -> None:
    give(make_environment(project=till.environment.project, kind="live"), 500)
    make_metric(till.environment, "coins")
    till.give(10)
    give(till.environment, 70, metric="coins")
    assert now_of(till).outstanding == 10


def test_it_takes_one_statement_by_indexes_for_a_small_tenant_beside_a_large_one(till: Till) -> None:
    make_many(make_environment(), members=500, entries=20)
    for member in ("ada", "bob"):
        till.give(100, member)
    environment, metric = reload(till.environment), Metric.objects.get(environment=till.environment)
    with CaptureQueriesContext(connection) as queries:
        liability(environment=environment, metric=metric, now=datetime.now(UTC) + timedelta(days=1))
    assert len(queries) == 1
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {queries.captured_queries[0]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    for table in ("loyalty_lot", "loyalty_account", "loyalty_ledgerentry"):
        assert f"Seq Scan on {table}" not in plan, plan
