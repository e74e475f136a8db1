"""Reversals of earns, spends and adjustments (domain.md 3.4)."""

import pytest

from loyalty.errors import AlreadyReversed, InsufficientBalance, NotReversible, UseCancel
from loyalty.models import LedgerEntry
from programs.models import Environment
from tests.factories import make_metric
from tests.loyalty.ledger.till import Till, day


@pytest.fixture
def till(environment: Environment) -> Till:
    return Till(environment)


def test_a_reversed_spend_restores_the_same_lots_with_their_own_expiry(till: Till) -> None:
    till.give(100, expires=30)
    till.give(50, expires=10)
    spent = till.spend(120)
    assert till.lots() == [(30, 0), (0, 0)]

    till.today = 20
    done = till.reverse(spent)
    assert [(entry.type, entry.points) for entry in done.entries] == [("reversed", 120), ("expired", -50)]
    assert till.entries() == [
        ("earned", 100),
        ("earned", 50),
        ("redeemed", -120),
        ("reversed", 120),
        ("expired", -50),
    ]
    assert till.lots() == [(100, 0), (0, 0)]
    account = till.account()
    assert (account.total, account.earned, account.redeemed, account.expired) == (100, 150, 0, 50)
    assert list(account.entries.filter(type="expired").values_list("occurred_at", flat=True)) == [day(20)]
    assert till.balance().expiring == [(day(30), 100)]

    till.today = 31
    assert till.balance().balance == 0


def test_a_part_given_back_returns_to_the_latest_expiring_lots_first(till: Till) -> None:
    till.give(10, expires=10)
    till.give(10)
    till.give(10, expires=20)
    spent = till.spend(30)
    till.reverse(spent, 15)
    assert till.lots() == [(0, 0), (10, 0), (5, 0)]
    till.reverse(spent, 10)
    assert till.lots() == [(5, 0), (10, 0), (10, 0)]
    till.reverse(spent)
    assert till.lots() == [(10, 0), (10, 0), (10, 0)]


@pytest.mark.parametrize(
    ("policy", "points", "uncovered"),
    [("debt", -100, ("debt", 80, 80)), ("clip", -20, ("shortfall", 80, 80))],
)
def test_an_earn_that_was_spent_is_reversed_by_the_metrics_policy(
    till: Till, policy: str, points: int, uncovered: tuple[str, int, int]
) -> None:
    make_metric(till.environment, negative_balance=policy)
    earned = till.give(100)
    till.spend(80)
    done = till.reverse(earned)
    assert (done.entry.points, done.entry.nominal, done.left) == (points, 100, 0)
    assert till.uncovered() == [uncovered]
    assert till.account().total == 20 + points
    assert till.lots() == [(0, 0)]


def test_under_reject_nothing_is_taken_from_a_member_who_spent_it(till: Till) -> None:
    make_metric(till.environment, negative_balance="reject")
    earned = till.give(100)
    till.spend(80)
    before = till.everything()
    with pytest.raises(InsufficientBalance) as refused:
        till.reverse(earned)
    assert refused.value.data == {"balance": 20, "required": 100}
    assert till.everything() == before
    assert till.reverse(earned, 20).entry.points == -20


def test_debt_is_paid_by_the_next_earn_oldest_first(till: Till) -> None:
    first, second = till.give(60), till.give(40)
    till.spend(100)
    till.reverse(second)
    till.reverse(first)
    assert till.uncovered() == [("debt", 40, 40), ("debt", 60, 60)]
    till.give(70)
    assert till.uncovered() == [("debt", 40, 0), ("debt", 60, 30)]
    assert (till.account().total, till.lots()[-1]) == (-30, (0, 0))
    till.give(35)
    assert till.uncovered() == [("debt", 40, 0), ("debt", 60, 0)]
    assert (till.account().total, till.lots()[-1]) == (5, (5, 0))


def test_a_shortfall_is_paid_by_points_given_back_and_by_nothing_else(till: Till) -> None:
    make_metric(till.environment, negative_balance="clip")
    earned = till.give(100)
    spent = till.spend(80)
    till.reverse(earned)
    till.give(200)
    later = till.spend(10)
    till.reverse(later)
    assert (till.uncovered(), till.account().total) == ([("shortfall", 80, 80)], 200)

    done = till.reverse(spent, 30)
    assert [(entry.points, entry.nominal) for entry in done.entries] == [(30, 30), (-30, 0)]
    assert (till.uncovered(), till.account().total) == ([("shortfall", 80, 50)], 200)
    till.reverse(spent)
    assert (till.uncovered(), till.account().total) == ([("shortfall", 80, 0)], 200)
    assert till.account().earned == 200


def test_an_expired_earn_is_reversed_without_taking_anything_twice(till: Till) -> None:
    earned = till.give(100, expires=10)
    till.today = 11
    done = till.reverse(earned)
    assert (done.entry.points, done.entry.nominal, done.already_expired) == (0, 100, 100)
    assert till.entries() == [("earned", 100), ("expired", -100), ("reversed", 0)]
    assert (till.account().total, till.account().expired) == (0, 100)
    with pytest.raises(AlreadyReversed):
        till.reverse(earned)


def test_parts_of_an_expired_earn_count_what_expired_once(till: Till) -> None:
    earned = till.give(100, expires=10)
    till.spend(40)
    till.today = 11
    assert till.reverse(earned, 50).already_expired == 50
    done = till.reverse(earned, 50)
    assert (done.already_expired, done.debt) == (10, 40)
    assert till.account().total == -40


def test_an_earn_takes_its_own_lot_before_others_even_while_pending(till: Till) -> None:
    make_metric(till.environment, vesting_days=14)
    earned = till.give(30)
    till.today = 20
    other = till.give(30)
    till.reverse(earned, 10)
    assert till.lots() == [(20, 0), (30, 0)]
    till.reverse(other)
    assert till.lots() == [(20, 0), (0, 0)]
    assert (till.account().pending, till.account().total) == (0, 20)


def test_held_points_count_as_spent(till: Till) -> None:
    earned = till.give(100)
    hold = till.hold(70)
    till.reverse(earned)
    assert (till.lots(), till.uncovered()) == ([(0, 70)], [("debt", 70, 70)])
    till.release(hold)
    assert (till.lots(), till.uncovered(), till.account().total) == ([(0, 0)], [("debt", 70, 0)], 0)


def test_debt_goes_no_further_than_the_metrics_minimum(till: Till) -> None:
    make_metric(till.environment, minimum=-50)
    earned = till.give(100)
    till.spend(100)
    done = till.reverse(earned, 40)
    assert (done.debt, done.shortfall) == (40, 0)
    done = till.reverse(earned)
    assert (done.debt, done.shortfall) == (10, 50)
    assert till.account().balance == -50


def test_an_adjustment_is_reversed_either_way(till: Till) -> None:
    up, down = till.adjust(50), till.adjust(-20)
    till.reverse(down, 5)
    till.reverse(up)
    assert (till.account().total, till.account().adjusted) == (-15, -15)
    till.reverse(down)
    assert (till.account().total, till.account().adjusted) == (0, 0)


def test_more_than_what_is_left_is_refused_and_leaves_nothing(till: Till) -> None:
    earned = till.give(100)
    till.reverse(earned, 60)
    before = till.everything()
    with pytest.raises(AlreadyReversed) as refused:
        till.reverse(earned, 41)
    assert refused.value.data == {"reversible": 40}
    assert till.everything() == before


def test_what_can_not_be_reversed_says_so(till: Till) -> None:
    earned = till.give(100, expires=1)
    hold = till.hold(10)
    captured = till.capture(hold)
    reversal = till.reverse(earned, 10).entry
    till.today = 2
    sent = till.give(5) and till.transfer(5).sent
    expired = LedgerEntry.objects.get(account=till.account(), type="expired")
    before = till.everything()
    for entry in (reversal, sent, expired):
        with pytest.raises(NotReversible):
            till.reverse(entry)
    with pytest.raises(UseCancel):
        till.reverse(captured)
    assert till.everything() == before


def test_a_preview_says_what_the_reversal_does_and_writes_nothing(till: Till) -> None:
    till.give(50, expires=5)
    earned = till.give(100)
    till.spend(90)
    before = till.everything()
    shown = till.preview(earned)
    assert till.everything() == before
    done = till.reverse(earned)
    for name in ("balance_before", "balance_after", "debt", "shortfall", "already_expired", "left"):
        assert getattr(shown, name) == getattr(done, name)
    assert [(use.lot_id, use.points) for use in shown.uses] == [(use.lot_id, use.points) for use in done.uses]
    assert (shown.balance_before, shown.balance_after, shown.debt) == (60, -40, 40)
