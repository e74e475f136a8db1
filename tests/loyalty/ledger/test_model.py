"""The model itself, against arithmetic done by hand: the examples of domain.md 3 and of the ledger's issue."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.loyalty.ledger.model import Outcome, Refused, World
from tests.loyalty.ledger.wallets import Metric

START = datetime.fromisoformat("2026-03-01T09:00:00+00:00")


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def world(policy: str = "debt", **settings: Any) -> World:
    return World(START, Metric(policy=policy, **settings))


def figures(model: World, member: str = "ada") -> tuple[int, int, int, int, int, int]:
    wallet = model.wallet(member)
    return wallet.total, wallet.pending, wallet.held, wallet.balance, wallet.debt, wallet.shortfall


def lots(model: World, member: str = "ada") -> list[tuple[int, int]]:
    return [(lot.remaining, lot.held) for lot in model.wallet(member).open_lots()]


def test_a_reversed_spend_restores_the_same_lots_and_what_has_expired_goes_at_once() -> None:
    """The issue's first example: 100 (30 days) and 50 (10 days), 120 spent, taken back after 20 days."""
    model = world()
    model.earn("ada", 100, expires_at=day(30))
    model.earn("ada", 50, expires_at=day(10))
    spent = model.spend("ada", 120)
    assert lots(model) == [(30, 0)]
    model.move_to(day(20))
    assert figures(model) == (30, 0, 0, 30, 0, 0)
    model.reverse(spent)
    assert lots(model) == [(100, 0)]
    assert model.wallet("ada").lifetime == {"earned": 150, "redeemed": 0, "expired": 50, "adjusted": 0}


def test_under_debt_a_reversed_earn_goes_below_zero_and_the_next_earn_pays() -> None:
    model = world("debt")
    earned = model.earn("ada", 100)
    model.spend("ada", 80)
    assert model.reverse(earned) == Outcome(-100, 0, 80, 0)
    assert figures(model) == (-80, 0, 0, -80, 80, 0)
    model.earn("ada", 50)
    assert figures(model) == (-30, 0, 0, -30, 30, 0)
    assert lots(model) == []
    model.earn("ada", 40)
    assert figures(model) == (10, 0, 0, 10, 0, 0)


def test_under_clip_the_shortfall_is_paid_by_points_given_back_alone() -> None:
    model = world("clip")
    earned = model.earn("ada", 100)
    spent = model.spend("ada", 80)
    assert model.reverse(earned) == Outcome(-20, 0, 0, 80)
    assert figures(model) == (0, 0, 0, 0, 0, 80)
    later = model.earn("ada", 50)
    assert figures(model) == (50, 0, 0, 50, 0, 80)
    spent_later = model.spend("ada", 10)
    model.reverse(spent_later)  # made after the shortfall
    assert figures(model) == (50, 0, 0, 50, 0, 80)
    model.reverse(spent)
    assert figures(model) == (50, 0, 0, 50, 0, 0)
    model.reverse(later)
    assert figures(model) == (0, 0, 0, 0, 0, 0)


def test_under_reject_what_is_not_there_is_refused() -> None:
    model = world("reject")
    earned = model.earn("ada", 100)
    model.spend("ada", 80)
    with pytest.raises(Refused) as refusal:
        model.reverse(earned, 21)
    assert refusal.value.code == "insufficient_balance"
    assert figures(model) == (20, 0, 0, 20, 0, 0)
    model.reverse(earned, 20)
    assert (figures(model)[0], earned.left) == (0, 80)


def test_debt_goes_no_lower_than_the_minimum_and_the_rest_is_a_shortfall() -> None:
    model = world("debt", minimum=-30)
    earned = model.earn("ada", 100)
    model.spend("ada", 100)
    assert model.reverse(earned) == Outcome(-30, 0, 30, 70)
    assert figures(model) == (-30, 0, 0, -30, 30, 70)


def test_expired_points_are_not_taken_twice() -> None:
    model = world()
    earned = model.earn("ada", 100, expires_at=day(5))
    model.spend("ada", 30)
    model.move_to(day(5))
    assert model.reverse(earned, 60) == Outcome(0, 60, 0, 0)
    assert model.reverse(earned) == Outcome(-30, 10, 30, 0)
    assert figures(model) == (-30, 0, 0, -30, 30, 0)
    with pytest.raises(Refused, match="already_reversed"):
        model.reverse(earned, 1)


def test_pending_points_of_the_same_earn_are_taken_back_first() -> None:
    model = world(vesting_days=3)
    earned = model.earn("ada", 40)
    assert figures(model) == (40, 40, 0, 0, 0, 0)
    assert model.reverse(earned, 25) == Outcome(-25, 0, 0, 0)
    model.move_to(day(3))
    assert figures(model) == (15, 0, 0, 15, 0, 0)


def test_what_vests_pays_the_debt_then_and_not_before() -> None:
    model = world()
    earned = model.earn("ada", 10)
    model.spend("ada", 10)
    model.reverse(earned)
    model.metrics["points"].vesting_days = 2
    model.earn("ada", 25)
    assert figures(model) == (15, 25, 0, -10, 10, 0)
    model.move_to(day(2))
    assert figures(model) == (15, 0, 0, 15, 0, 0)


def test_a_hold_protects_from_expiry_until_it_is_given_back() -> None:
    model = world()
    model.earn("ada", 100, expires_at=day(2))
    hold = model.hold("ada", 60, day(5))
    model.move_to(day(3))
    assert (figures(model), lots(model)) == ((60, 0, 60, 0, 0, 0), [(0, 60)])
    model.capture(hold, 45)
    assert figures(model) == (0, 0, 0, 0, 0, 0)
    assert model.wallet("ada").lifetime == {"earned": 100, "redeemed": 45, "expired": 55, "adjusted": 0}
    with pytest.raises(Refused, match="hold_not_open"):
        model.release(hold)


def test_a_hold_lapses_by_itself() -> None:
    model = world()
    model.earn("ada", 100, expires_at=day(9))
    hold = model.hold("ada", 60, day(5))
    model.move_to(day(5))
    assert (hold.status, lots(model)) == ("expired", [(100, 0)])


def test_a_cancelled_capture_pays_what_fell_short_after_its_hold_was_made() -> None:
    model = world("clip")
    earned = model.earn("ada", 100)
    hold = model.hold("ada", 80, day(5))
    model.reverse(earned)
    captured = model.capture(hold)
    with pytest.raises(Refused, match="use_cancel"):
        model.reverse(captured)
    model.cancel_capture(hold)
    assert figures(model) == (0, 0, 0, 0, 0, 0)


def test_a_transfer_keeps_the_dates_and_pays_the_receivers_debt_first() -> None:
    model = world()
    earned = model.earn("bob", 15)
    model.spend("bob", 15)
    model.reverse(earned)
    given = model.earn("ada", 10, expires_at=day(3))
    model.earn("ada", 20)
    model.transfer("ada", "bob", 25)
    assert (lots(model), lots(model, "bob")) == ([(5, 0)], [(10, 0)])
    assert model.reverse(given) == Outcome(-10, 0, 5, 0)


def test_a_merge_moves_everything_and_a_reversal_still_finds_its_own_lot() -> None:
    model = world("clip")
    earned = model.earn("ada", 100, expires_at=day(9))
    spent = model.spend("ada", 30)
    hold = model.hold("ada", 20, day(5))
    model.earn("bob", 7)
    model.merge("ada", "bob")
    assert figures(model, "ada") == figures(model, "bob") == (77, 0, 20, 57, 0, 0)
    assert model.reverse(earned) == Outcome(-57, 0, 0, 43)
    model.release(hold)
    assert figures(model) == (0, 0, 0, 0, 0, 23)
    model.reverse(spent)
    assert figures(model) == (7, 0, 0, 7, 0, 0)


def test_the_debt_of_a_merged_member_is_taken_from_the_survivor() -> None:
    model = world()
    earned = model.earn("ada", 30)
    model.spend("ada", 30)
    model.reverse(earned)
    model.earn("bob", 20)
    model.merge("ada", "bob")
    assert figures(model, "bob") == (-10, 0, 0, -10, 10, 0)


def test_the_maximum_cuts_credits_and_refuses_transfers() -> None:
    model = world(maximum=50)
    assert model.earn("ada", 80).points == 50
    with pytest.raises(Refused, match="maximum_reached"):
        model.earn("ada", 1)
    model.earn("bob", 45)
    with pytest.raises(Refused, match="maximum_reached"):
        model.transfer("ada", "bob", 6)
    model.transfer("ada", "bob", 5)
    assert (figures(model)[0], figures(model, "bob")[0]) == (45, 50)


def test_a_late_earn_that_has_expired_pays_no_debt() -> None:
    model = world(expiry_days=5)
    earned = model.earn("ada", 10)
    model.spend("ada", 10)
    model.reverse(earned)
    model.move_to(day(10))
    model.earn("ada", 10, occurred_at=day(5))
    assert figures(model) == (-10, 0, 0, -10, 10, 0)
    model.earn("ada", 10, occurred_at=day(6))
    assert figures(model) == (0, 0, 0, 0, 0, 0)
