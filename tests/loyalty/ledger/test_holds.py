"""Holds: authorise, capture in part, release, lapse (domain.md 3.6)."""

import pytest

from audit.errors import InvalidRequest
from audit.models import AuditEvent
from loyalty.errors import HoldNotOpen, InsufficientBalance, NotReversible
from loyalty.models import Hold
from programs.models import Environment
from tests.factories import make_metric
from tests.loyalty.ledger.till import Till, day


@pytest.fixture
def till(environment: Environment) -> Till:
    return Till(environment)


def status(hold: Hold) -> str:
    return Hold.objects.get(pk=hold.pk).status


def test_a_hold_reserves_points_without_an_entry(till: Till) -> None:
    till.give(100, expires=10)
    till.give(50)
    till.hold(120)
    assert till.entries() == [("earned", 100), ("earned", 50)]
    assert till.lots() == [(0, 100), (30, 20)]
    account = till.account()
    assert (account.total, account.held, account.balance) == (150, 120, 30)
    with pytest.raises(InsufficientBalance):
        till.spend(31)
    with pytest.raises(InsufficientBalance):
        till.hold(31)


def test_a_capture_takes_its_part_in_spend_order_and_lets_the_rest_go(till: Till) -> None:
    till.give(100, expires=10)
    till.give(50)
    hold = till.hold(120)
    entry = till.capture(hold, 105)
    assert (entry.type, entry.points, entry.hold_id) == ("redeemed", -105, hold.id)
    assert till.lots() == [(0, 0), (45, 0)]
    assert (till.account().total, till.account().held, status(hold)) == (45, 0, "captured")


def test_held_points_are_protected_from_expiry_until_they_are_let_go(till: Till) -> None:
    till.give(100, expires=3)
    hold = till.hold(60, until=30)
    till.today = 5
    assert (till.balance().balance, till.balance().held, till.balance().expired) == (0, 60, 40)
    till.capture(hold, 50)
    assert till.entries() == [("earned", 100), ("expired", -40), ("redeemed", -50), ("expired", -10)]
    assert till.account().total == 0


def test_a_hold_lapses_by_itself_and_what_expired_meanwhile_goes_then(till: Till) -> None:
    till.give(100, expires=3)
    till.give(10)
    hold = till.hold(60, until=5)
    till.today = 6
    seen = till.balance()
    assert (seen.balance, seen.held, seen.total, seen.expired) == (10, 0, 10, 100)
    till.spend(1)
    assert status(hold) == "expired"
    expiries = till.account().entries.filter(type="expired").order_by("sequence")
    assert list(expiries.values_list("points", "occurred_at")) == [(-40, day(3)), (-60, day(5))]
    closed = Hold.objects.get(pk=hold.pk)
    assert closed.closed_at == day(5)
    lapse = AuditEvent.objects.get(environment_id=till.environment.id, verb="hold.expired")
    assert (lapse.actor_id, lapse.occurred_at) == ("expiry", day(5))


def test_a_hold_ends_once(till: Till) -> None:
    till.give(100)
    released, captured, lapsed = till.hold(10), till.hold(10), till.hold(10, until=1)
    till.release(released)
    till.capture(captured)
    till.today = 1
    before = till.everything()
    for hold, state in ((released, "released"), (captured, "captured"), (lapsed, "expired")):
        for end in (till.capture, till.release):
            with pytest.raises(HoldNotOpen) as refused:
                end(hold)
            assert refused.value.data["hold_status"] == state
    assert till.everything() == before


def test_only_what_was_captured_can_be_cancelled(till: Till) -> None:
    till.give(100)
    held, released, lapsed = till.hold(10), till.hold(10), till.hold(10, until=1)
    till.release(released)
    till.today = 1
    before = till.everything()
    with pytest.raises(NotReversible, match="release it"):
        till.cancel(held)
    for hold, state in ((released, "released"), (lapsed, "expired")):
        with pytest.raises(HoldNotOpen) as refused:
            till.cancel(hold)
        assert refused.value.data["hold_status"] == state
    assert till.everything() == before


def test_no_more_than_the_hold_can_be_captured_and_no_hold_ends_before_it_begins(till: Till) -> None:
    till.give(100)
    hold = till.hold(10)
    before = till.everything()
    for points in (0, 11):
        with pytest.raises(InvalidRequest):
            till.capture(hold, points)
    for until in (0, 367):
        with pytest.raises(InvalidRequest):
            till.hold(10, until=until)
    assert till.everything() == before


def test_a_cancelled_capture_gives_points_back_whole_or_in_parts(till: Till) -> None:
    till.give(100)
    hold = till.hold(80)
    till.capture(hold, 60)
    done = till.cancel(hold, 20)
    assert (done.entry.points, done.left, till.account().total) == (20, 40, 60)
    till.cancel(hold)
    assert (till.account().total, till.account().redeemed, till.lots()) == (100, 0, [(100, 0)])
    hold = till.hold(5)
    with pytest.raises(NotReversible):
        till.cancel(hold)
    till.release(hold)
    with pytest.raises(HoldNotOpen):
        till.cancel(hold)


def test_points_that_were_held_before_a_shortfall_pay_it_however_they_come_back(till: Till) -> None:
    make_metric(till.environment, negative_balance="clip")
    for give_back in (till.release, lambda hold: (till.capture(hold), till.cancel(hold))):
        earned = till.give(100)
        hold = till.hold(80)
        till.reverse(earned)
        give_back(hold)
        assert (till.account().total, till.account().held) == (0, 0)
    assert till.uncovered() == [("shortfall", 80, 0), ("shortfall", 80, 0)]
