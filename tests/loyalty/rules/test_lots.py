"""The arithmetic of lots: spending, settling, expiry dates (domain.md 3.1-3.3)."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.rules.lots import Due, Lot, Take, due, expiring, next_due, spend_order, spendable, take

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


def days(count):
    return NOW + timedelta(days=count)


def lot(number, remaining=10, expires=None, available=-10, earned=-10, held=0, pending=False):
    """A lot of `remaining` points; its dates in days from now."""
    return Lot(
        id=UUID(int=number),
        points=remaining + held,
        remaining=remaining,
        held=held,
        earned_at=days(earned),
        available_at=days(available),
        expires_at=None if expires is None else days(expires),
        pending=pending,
    )


def numbers(lots):
    return [each.id.int for each in lots]


# -- what can be spent, in which order


def test_spends_take_the_earliest_expiry_first_and_never_expiring_points_last():
    lots = [lot(1, expires=None), lot(2, expires=30), lot(3, expires=10)]
    assert numbers(spend_order(lots, NOW)) == [3, 2, 1]


def test_of_one_expiry_the_oldest_goes_first_and_then_the_lowest_id():
    lots = [
        lot(4, expires=5, earned=-2),
        lot(3, expires=5, earned=-3),
        lot(2, expires=5, earned=-2),
        lot(6, earned=-1),
        lot(5, earned=-4),
        lot(1, earned=-4),
    ]
    assert numbers(spend_order(lots, NOW)) == [3, 2, 4, 1, 5, 6]


def test_points_can_be_spent_from_their_vesting_until_their_expiry():
    one = lot(1, available=0, expires=1, earned=0)
    for at, points in ((NOW - INSTANT, 0), (NOW, 10), (days(1) - INSTANT, 10), (days(1), 0)):
        assert spendable([one], at) == points
        assert len(spend_order([one], at)) == bool(points)


def test_held_points_are_not_spendable_but_what_remains_beside_them_is():
    assert spendable([lot(1, remaining=4, held=6)], NOW) == 4
    assert spend_order([lot(1, remaining=0, held=6)], NOW) == []


def test_a_vested_lot_counts_before_it_is_settled_but_is_taken_only_after():
    vested = lot(1, available=-1, pending=True)
    assert spendable([vested], NOW) == 10
    assert spend_order([vested], NOW) == []
    vested.pending = False
    assert spend_order([vested], NOW) == [vested]


def test_a_spend_takes_whole_lots_until_the_last():
    lots = [lot(1, 50, expires=10), lot(2, 100, expires=30), lot(3, 40)]
    assert take(lots, 155, NOW) == [Take(UUID(int=1), 50), Take(UUID(int=2), 100), Take(UUID(int=3), 5)]
    assert take(lots, 50, NOW) == [Take(UUID(int=1), 50)]
    assert take(lots, 190, NOW)[-1] == Take(UUID(int=3), 40)
    assert take(lots, 1, days(11)) == [Take(UUID(int=2), 1)]


@pytest.mark.parametrize("points", [191, 0, -1])
def test_a_spend_of_more_than_there_is_or_of_nothing_is_a_caller_s_mistake(points):
    with pytest.raises(ValueError, match="point"):
        take([lot(1, 190)], points, NOW)


def test_taking_changes_no_lot():
    one = lot(1, 50)
    take([one], 20, NOW)
    assert one == lot(1, 50)


# -- what falls due


def test_nothing_is_due_before_its_instant():
    lots = [lot(1, expires=1), lot(2, available=2, pending=True), lot(3)]
    assert due(lots, NOW) == []
    assert due(lots, days(1) - INSTANT) == []
    assert due(lots, days(1)) == [Due(days(1), "expire", UUID(int=1), 10)]
    assert due(lots, days(2))[1:] == [Due(days(2), "vest", UUID(int=2), 10)]


def test_what_is_due_comes_in_time_order():
    lots = [lot(1, expires=-1), lot(2, expires=-3), lot(3, available=-2, pending=True)]
    assert [(fate.kind, fate.lot_id.int) for fate in due(lots, NOW)] == [
        ("expire", 2),
        ("vest", 3),
        ("expire", 1),
    ]


def test_at_one_instant_expiry_comes_before_vesting_and_then_spend_order():
    lots = [
        lot(3, available=-1, pending=True),
        lot(2, expires=-1, earned=-5),
        lot(1, expires=-1, earned=-4),
        lot(4, available=-1, pending=True, earned=-20),
    ]
    assert [(fate.kind, fate.lot_id.int) for fate in due(lots, NOW)] == [
        ("expire", 2),
        ("expire", 1),
        ("vest", 4),
        ("vest", 3),
    ]


def test_a_lot_whose_vesting_and_expiry_are_both_due_vests_first():
    both = lot(1, available=-5, expires=-1, pending=True)
    assert [(fate.kind, fate.at) for fate in due([both], NOW)] == [("vest", days(-5)), ("expire", days(-1))]
    assert [fate.kind for fate in due([both], days(-2))] == ["vest"]


@pytest.mark.parametrize("available", [-1, 0, 5])
def test_a_lot_that_ends_before_it_would_vest_expires_directly(available):
    early = lot(1, available=available, expires=-1, pending=True)
    assert due([early], NOW) == [Due(days(-1), "expire", UUID(int=1), 10)]
    assert spendable([early], NOW) == 0


def test_held_points_do_not_expire_with_their_lot():
    assert due([lot(1, remaining=4, held=6, expires=-1)], NOW) == [Due(days(-1), "expire", UUID(int=1), 4)]
    assert due([lot(1, remaining=0, held=6, expires=-1)], NOW) == []


def test_points_given_with_an_expiry_in_the_past_expire_when_they_come():
    stale = lot(1, earned=-1, available=-1, expires=-30)
    assert due([stale], NOW) == [Due(days(-1), "expire", UUID(int=1), 10)]
    assert next_due([stale]) == days(-1)
    assert spendable([stale], days(-1)) == 0


def test_the_next_due_instant_is_the_first_vesting_or_expiry_of_points_that_remain():
    assert next_due([]) is None
    assert next_due([lot(1)]) is None
    assert next_due([lot(1, remaining=0, held=5, expires=1)]) is None
    assert next_due([lot(1, expires=9), lot(2, expires=7)]) == days(7)
    assert next_due([lot(1, expires=9), lot(2, available=3, expires=20, pending=True)]) == days(3)
    assert next_due([lot(1, expires=9, available=3)]) == days(9)
    assert next_due([lot(1, expires=9, available=12, pending=True)]) == days(9)


# -- what will expire


def test_expiring_points_are_summed_by_day_soonest_first():
    lots = [
        lot(1, 1, expires=2),
        lot(2, 2, expires=1),
        lot(3, 4, expires=1.1),
        lot(4, 8),
        lot(5, 16, expires=9),
    ]
    assert expiring(lots, NOW, 2) == [(days(1), 6), (days(2), 1)]
    assert expiring(lots, NOW, 10) == [(days(1), 6), (days(2), 1), (days(9), 16)]
    assert expiring(lots, NOW, 0) == []


def test_expiring_days_are_those_of_the_project_s_zone():
    lots = [lot(1, 1, expires=1), lot(2, 2, expires=1.25)]  # 12:00 and 18:00 UTC, 21:00 and 03:00 in Tokyo
    assert expiring(lots, NOW, 5) == [(days(1), 3)]
    assert expiring(lots, NOW, 5, ZoneInfo("Asia/Tokyo")) == [(days(1), 1), (days(1.25), 2)]


def test_points_that_cannot_be_spent_are_not_listed_as_expiring():
    lots = [lot(1, expires=-1), lot(2, expires=5, available=2, pending=True), lot(3, 0, expires=5, held=4)]
    assert expiring(lots, NOW, 5) == []


# -- properties

DAYS = st.integers(-5, 5)
LOTS = st.lists(
    st.builds(
        lot,
        number=st.integers(1, 10**6),
        remaining=st.integers(0, 50),
        expires=st.none() | DAYS,
        available=DAYS,
        earned=DAYS,
        held=st.integers(0, 5),
        pending=st.booleans(),
    ),
    max_size=8,
    unique_by=lambda each: each.id,
)


def settle(lots, now):
    """Apply what is due, as the ledger does."""
    by_id = {each.id: each for each in lots}
    for fate in due(lots, now):
        if fate.kind == "vest":
            by_id[fate.lot_id].pending = False
        else:
            by_id[fate.lot_id].remaining -= fate.points
            by_id[fate.lot_id].pending = False
    return lots


@given(LOTS, st.integers(1, 400))
def test_a_spend_takes_exactly_its_points_and_never_more_than_a_lot_holds(lots, points):
    takes = []
    available = sum(each.remaining for each in spend_order(lots, NOW))
    if points > available:
        with pytest.raises(ValueError, match="too many"):
            take(lots, points, NOW)
    else:
        takes = take(lots, points, NOW)
        assert sum(each.points for each in takes) == points
    remaining = {each.id: each.remaining for each in lots}
    assert all(0 < each.points <= remaining[each.lot_id] for each in takes)
    order = [each.id for each in spend_order(lots, NOW)]
    assert [each.lot_id for each in takes] == order[: len(takes)]
    assert all(each.points == remaining[each.lot_id] for each in takes[:-1])


@given(LOTS)
def test_the_spend_order_is_sorted_whatever_the_order_of_the_lots(lots):
    order = spend_order(lots, NOW)
    assert order == spend_order(lots[::-1], NOW)
    dates = [each.expires_at for each in order]
    dated = [at for at in dates if at is not None]
    assert dated == sorted(dated)
    assert dates == dated + [None] * (len(dates) - len(dated))


@given(LOTS)
def test_settling_changes_no_spendable_point_and_then_all_of_them_can_be_taken(lots):
    before = spendable(lots, NOW)
    settle(lots, NOW)
    assert spendable(lots, NOW) == before == sum(each.remaining for each in spend_order(lots, NOW))
    assert due(lots, NOW) == []


@given(LOTS, st.integers(0, 6))
def test_settling_in_steps_comes_to_the_same_as_settling_at_once(lots, later):
    stepwise = settle(settle(deepcopy(lots), NOW), days(later))
    assert stepwise == settle(deepcopy(lots), days(later))


@given(LOTS)
def test_the_next_due_instant_is_the_first_of_all_that_will_fall_due(lots):
    everything = due(lots, days(1000))
    assert next_due(lots) == (everything[0].at if everything else None)
    assert [fate.at for fate in everything] == sorted(fate.at for fate in everything)


@given(LOTS)
def test_expiring_points_are_never_more_than_can_be_spent(lots):
    listed = expiring(lots, NOW, 100)
    assert sum(points for _, points in listed) <= spendable(lots, NOW)
    assert all(at > NOW for at, _ in listed)
