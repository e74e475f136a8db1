"""The arithmetic of one card: what is owed is filled first, then cards, oldest stamps first."""

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.rules.cards import (
    OpenStamp,
    Owing,
    due,
    reward_amount,
    running_threshold,
    settle,
    settle_due,
    shown,
    threshold_of,
)


def stamps(*prices: str | None) -> list[OpenStamp]:
    return [
        OpenStamp(UUID(int=place), None if price is None else Decimal(price))
        for place, price in enumerate(prices)
    ]


def sizes(number: int, thresholds: list[int], cycle_from: int = 0) -> tuple[list[int], int]:
    """Of each reward, and how many stamps stay."""
    settled = settle(stamps(*["1"] * number), [], thresholds, cycle_from)
    found = [len(full.stamps) for full in settled.full]
    return found, number - sum(found)


@pytest.mark.parametrize(
    ("number", "rewards", "left"), [(0, 0, 0), (4, 0, 4), (5, 1, 0), (6, 1, 1), (10, 2, 0), (27, 5, 2)]
)
def test_each_threshold_is_a_reward_and_the_surplus_stays(number: int, rewards: int, left: int) -> None:
    assert sizes(number, [5]) == ([5] * rewards, left)


def test_a_running_card_goes_by_the_lowest_threshold_since_it_began() -> None:
    assert threshold_of([5, 3, 8], 0) == 3
    assert threshold_of([5, 3, 8], 1) == 3
    assert threshold_of([5, 3, 8], 2) == 8
    assert threshold_of([5], 3) == 5


def test_the_next_card_begins_under_the_present_one() -> None:
    assert sizes(12, [5, 3, 8]) == ([3, 8], 1)
    assert sizes(12, [5, 3, 8], cycle_from=2) == ([8], 4)
    settled = settle(stamps(*["1"] * 3), [], [5, 3, 8], 0)
    assert ([full.cycle_from for full in settled.full], settled.cycle_from) == ([0], 2)
    assert settle(stamps("1"), [], [5, 3, 8], 0).cycle_from == 0


def test_what_is_owed_is_filled_first_the_oldest_first() -> None:
    one, other = UUID(int=100), UUID(int=101)
    settled = settle(stamps("1", "2", "3", "4", "5"), [Owing(one, 1), Owing(other, 2)], [2], 0)
    assert settled.replacements == ((UUID(int=0), one), (UUID(int=1), other), (UUID(int=2), other))
    assert [[stamp.id.int for stamp in full.stamps] for full in settled.full] == [[3, 4]]
    short = settle(stamps("1"), [Owing(one, 3)], [1], 0)
    assert (short.replacements, short.full) == (((UUID(int=0), one),), ())


def test_the_lowest_price_of_a_full_card_is_paid_back() -> None:
    (full,) = settle(stamps("3", None, "2.50", "7"), [], [4], 0).full
    assert full.lowest_price == Decimal("2.50")
    (unknown,) = settle(stamps(None), [], [1], 0).full
    assert unknown.lowest_price == 0


@pytest.mark.parametrize(
    ("price", "currency", "amount"),
    [
        ("2.50", "GBP", 250),
        ("2.509999", "GBP", 250),
        ("0.009", "GBP", 0),
        ("300.9", "JPY", 300),
        ("1.2345", "KWD", 1234),
        ("999999999999.999999", "KWD", 999999999999999),
    ],
)
def test_in_minor_units_rounded_down(price: str, currency: str, amount: int) -> None:
    assert reward_amount("refund", None, Decimal(price), currency) == amount


def test_a_fixed_reward_is_what_it_says() -> None:
    assert reward_amount("fixed-reward", 500, Decimal("0.01"), "JPY") == 500


@pytest.mark.parametrize(
    ("counter", "thresholds", "cycle_from", "expected"),
    [
        (-3, [5], 0, 0),
        (0, [5], 0, 0),
        (4, [5], 0, 4),
        (4, [5, 3], 0, 1),  # the reward is due
        (4, [5, 4], 0, 0),
        (9, [10, 3], 0, 0),  # three of them
        (4, [5, 3, 8], 0, 1),
        (4, [5, 3, 8], 2, 4),
    ],
)
def test_members_are_shown_what_is_left_after_what_is_due(
    counter: int, thresholds: list[int], cycle_from: int, expected: int
) -> None:
    assert shown(counter, thresholds, cycle_from) == expected


@given(
    number=st.integers(0, 60),
    owed=st.lists(st.integers(1, 4), max_size=3),
    thresholds=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    start=st.integers(0, 3),
)
def test_no_stamp_is_lost_or_used_twice(
    number: int, owed: list[int], thresholds: list[int], start: int
) -> None:
    start = min(start, len(thresholds) - 1)
    open_ = stamps(*["1"] * number)
    owing = [Owing(UUID(int=1000 + place), count) for place, count in enumerate(owed)]
    settled = settle(open_, owing, thresholds, start)
    used = [key for key, _ in settled.replacements] + [
        stamp.id for full in settled.full for stamp in full.stamps
    ]
    assert used == [stamp.id for stamp in open_[: len(used)]]
    left, still = number - len(used), sum(owed) - len(settled.replacements)
    assert left >= 0
    assert not (left and still)
    assert left < threshold_of(thresholds, settled.cycle_from)


@given(counter=st.integers(0, 11), changes=st.lists(st.integers(1, 12), max_size=5))
def test_it_matters_to_nobody_when_what_changes_have_made_due_is_written(
    counter: int, changes: list[int]
) -> None:
    thresholds, left, cycle_from, filled = [12], counter, 0, []
    for threshold in changes:
        thresholds.append(threshold)
        at_once, cycle_from = due(left, thresholds, cycle_from)
        left -= sum(size for size, _ in at_once)
        filled += at_once
    settled = settle_due(stamps(*["1"] * counter), thresholds, 0)
    assert [(len(full.stamps), full.cycle_from) for full in settled.full] == filled
    assert settled.cycle_from == cycle_from
    assert shown(counter, thresholds, 0) == left
    assert running_threshold(counter, thresholds, 0) == threshold_of(thresholds, cycle_from)
