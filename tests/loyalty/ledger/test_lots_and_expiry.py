"""Lots, their order, and expiry that is right now even if no job has run (domain.md 3.1-3.3)."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from loyalty.actions.points import adjust, award, spend
from loyalty.errors import InsufficientBalance, MemberFrozen
from loyalty.models import Account, LedgerEntry, Lot, LotUse, Member
from loyalty.queries.balances import Balance, balances_of
from programs.models import Environment
from tests.factories import give, make_actor, make_metric, reload

START = datetime.fromisoformat("2026-03-01T09:00:00+00:00")


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def take(environment: Environment, points: int, now: datetime) -> LedgerEntry:
    return spend(
        environment=reload(environment), member="ada", points=points, reason=None, actor=make_actor(), now=now
    )


def balance(environment: Environment, now: datetime) -> Balance:
    member = Member.objects.get(environment=environment)
    return balances_of(environment=reload(environment), member_id=member.id, now=now)[0]


def remaining(environment: Environment) -> list[int]:
    return list(
        Lot.objects.filter(environment_id=environment.id).order_by("id").values_list("remaining", flat=True)
    )


def entries(environment: Environment) -> list[tuple[str, int, int]]:
    rows = LedgerEntry.objects.filter(environment_id=environment.id).order_by("sequence")
    return list(rows.values_list("type", "points", "balance_after"))


@pytest.fixture
def three_lots(environment: Environment) -> Environment:
    """50 (expires in 10 days), 100 (in 30), 40 (never); given in another order than they expire."""
    give(environment, 40, now=day(0))
    give(environment, 100, now=day(0), expires_at=day(30))
    give(environment, 50, now=day(0), expires_at=day(10))
    return environment


def test_spends_take_the_lot_that_expires_first_and_the_everlasting_one_last(three_lots: Environment) -> None:
    take(three_lots, 45, day(1))
    assert remaining(three_lots) == [40, 100, 5]
    take(three_lots, 25, day(2))
    assert remaining(three_lots) == [40, 80, 0]
    take(three_lots, 90, day(3))
    assert remaining(three_lots) == [30, 0, 0]
    uses = LotUse.objects.filter(environment_id=three_lots.id).order_by("id").values_list("points", flat=True)
    assert list(uses) == [45, 5, 20, 80, 10]


def test_lots_of_equal_expiry_are_taken_oldest_first(environment: Environment) -> None:
    give(environment, 10, now=day(1), expires_at=day(30))
    give(environment, 10, now=day(0), expires_at=day(30))
    take(environment, 5, day(2))
    assert remaining(environment) == [10, 5]


def test_reads_know_that_a_lot_has_expired_before_any_job_has_run(three_lots: Environment) -> None:
    take(three_lots, 20, day(1))
    before = entries(three_lots)
    found = balance(three_lots, day(11))
    assert (found.balance, found.total, found.expired) == (140, 140, 30)
    assert found.expiring == [(day(30), 100)]
    assert entries(three_lots) == before


def test_a_lot_can_be_spent_until_the_instant_at_which_it_expires(three_lots: Environment) -> None:
    assert balance(three_lots, day(10) - timedelta(microseconds=1)).balance == 190
    assert balance(three_lots, day(10)).balance == 140


def test_the_expired_entry_appears_with_the_next_write_dated_at_its_expiry(three_lots: Environment) -> None:
    take(three_lots, 20, day(1))
    give(three_lots, 7, now=day(11))
    assert entries(three_lots)[3:] == [("redeemed", -20, 170), ("expired", -30, 140), ("earned", 7, 147)]
    expired = LedgerEntry.objects.get(environment_id=three_lots.id, type="expired")
    assert expired.occurred_at == day(10)
    assert (expired.actor_kind, expired.actor_id) == ("system", "expiry")


def test_a_spend_after_expiry_is_refused_what_is_gone_and_nothing_changes(three_lots: Environment) -> None:
    before = entries(three_lots), remaining(three_lots)
    with pytest.raises(InsufficientBalance) as refusal:
        take(three_lots, 141, day(11))
    assert refusal.value.data == {"balance": 140, "required": 141}
    assert (entries(three_lots), remaining(three_lots)) == before
    take(three_lots, 140, day(11))
    assert balance(three_lots, day(11)).balance == 0


def test_two_lots_that_came_due_are_two_entries_in_time_order(environment: Environment) -> None:
    give(environment, 5, now=day(0), expires_at=day(20))
    give(environment, 6, now=day(0), expires_at=day(10))
    give(environment, 1, now=day(40))
    assert entries(environment)[2:] == [("expired", -6, 5), ("expired", -5, 0), ("earned", 1, 1)]


def test_an_award_that_has_expired_already_is_two_entries(environment: Environment) -> None:
    give(environment, 30, now=day(0), expires_at=day(-1))
    assert entries(environment) == [("earned", 30, 30), ("expired", -30, 0)]
    dates = LedgerEntry.objects.filter(environment_id=environment.id).values_list("occurred_at", flat=True)
    assert set(dates) == {day(0)}
    assert remaining(environment) == [0]
    account = Account.objects.get(environment_id=environment.id)
    assert (account.total, account.earned, account.expired, account.next_due_at) == (0, 30, 30, None)


def test_an_accounts_time_never_goes_back(environment: Environment) -> None:
    """A caller that read its clock first and got the lock second still finds what is there."""
    give(environment, 10, now=day(1))
    entry = take(environment, 10, day(0))
    assert entry.occurred_at == day(1)
    assert remaining(environment) == [0]


def test_points_vest_after_the_delay_and_can_be_spent_then(environment: Environment) -> None:
    make_metric(environment, vesting_days=7)
    give(environment, 50, now=day(0))
    found = balance(environment, day(6))
    assert (found.balance, found.pending, found.total) == (0, 50, 50)
    with pytest.raises(InsufficientBalance):
        take(environment, 1, day(6))
    assert balance(environment, day(7)).balance == 50
    take(environment, 50, day(7))
    account = Account.objects.get(environment_id=environment.id)
    assert (account.total, account.pending, account.balance) == (0, 0, 0)


def test_a_lot_that_expires_while_pending_leaves_neither_points_nor_pending(environment: Environment) -> None:
    make_metric(environment, vesting_days=10)
    give(environment, 50, now=day(0), expires_at=day(5))
    found = balance(environment, day(6))
    assert (found.balance, found.pending, found.total, found.expired) == (0, 0, 0, 50)
    give(environment, 1, now=day(6))
    account = Account.objects.get(environment_id=environment.id)
    assert (account.total, account.pending) == (1, 1)


def test_the_metric_decides_the_expiry_unless_the_call_does(environment: Environment) -> None:
    make_metric(environment, expiry="months", expiry_count=12, expiry_month_end=True)
    give(environment, 1, now=day(0))
    give(environment, 1, now=day(0), expires_at=day(3))
    dates = (
        Lot.objects.filter(environment_id=environment.id).order_by("id").values_list("expires_at", flat=True)
    )
    assert list(dates) == [datetime.fromisoformat("2027-04-01T00:00:00+00:00"), day(3)]


def test_a_default_value_is_posted_as_an_opening_entry_with_the_first_write(environment: Environment) -> None:
    make_metric(environment, default_value=25)
    give(environment, 5)
    give(environment, 5)
    assert entries(environment) == [("adjusted", 25, 25), ("earned", 5, 30), ("earned", 5, 35)]


def test_adjusting_up_and_down_is_recorded_with_reason_and_note(environment: Environment) -> None:
    common = {"member": "ada", "actor": make_actor(), "now": day(0), "reason": "goodwill"}
    adjust(environment=reload(environment), points=30, note="Parcel was late", **common)
    adjust(environment=reload(environment), points=-10, note="Given twice", **common)
    assert entries(environment) == [("adjusted", 30, 30), ("adjusted", -10, 20)]
    first = LedgerEntry.objects.filter(environment_id=environment.id).earliest("sequence")
    assert (first.reason, first.metadata) == ("goodwill", {"note": "Parcel was late"})
    account = Account.objects.get(environment_id=environment.id)
    assert (account.adjusted, account.total) == (20, 20)


def test_an_adjustment_never_takes_more_than_can_be_spent(environment: Environment) -> None:
    give(environment, 10)
    with pytest.raises(InsufficientBalance):
        adjust(
            environment=reload(environment),
            member="ada",
            points=-11,
            reason="correction",
            note="n",
            actor=make_actor(),
            now=timezone.now(),
        )
    assert entries(environment) == [("earned", 10, 10)]


def test_a_frozen_member_neither_earns_nor_spends_but_can_be_adjusted(environment: Environment) -> None:
    give(environment, 10)
    Member.objects.filter(environment=environment).update(status="frozen")
    with pytest.raises(MemberFrozen):
        give(environment, 1)
    with pytest.raises(MemberFrozen):
        take(environment, 1, timezone.now())
    assert entries(environment) == [("earned", 10, 10)]
    adjust(
        environment=reload(environment),
        member="ada",
        points=-10,
        reason="fraud",
        note="Stolen card",
        actor=make_actor(),
        now=timezone.now(),
    )
    assert entries(environment)[1:] == [("adjusted", -10, 0)]


def test_a_members_history_survives_the_years_on_the_test_clock(environment: Environment) -> None:
    """Business time is the environment's; recorded time is real."""
    with time_machine.travel("2026-06-01T00:00:00Z", tick=False):
        entry = award(
            environment=reload(environment),
            member="ada",
            points=5,
            reason=None,
            actor=make_actor(),
            now=datetime.fromisoformat("1997-01-21T00:00:00+00:00"),
        )
    stored = LedgerEntry.objects.get(pk=entry.pk)
    assert stored.occurred_at.year == 1997
    assert stored.recorded_at == datetime.fromisoformat("2026-06-01T00:00:00+00:00")
