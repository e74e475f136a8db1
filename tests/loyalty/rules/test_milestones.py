"""Which milestones a change of a total crosses."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.rules.milestones import Crossing, crossing, reached

LADDER = [0, 100, 500]


@pytest.mark.parametrize(
    ("total", "place"), [(-1, None), (0, 0), (99, 0), (100, 1), (499, 1), (500, 2), (10**15, 2)]
)
def test_the_highest_that_is_at_most_the_total_is_reached(total: int, place: int | None) -> None:
    assert reached(LADDER, total) == place


def test_without_milestones_nothing_is_reached_or_crossed() -> None:
    assert reached([], 5) is None
    assert crossing([], -5, 5) is None


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (99, 100, Crossing(0, 1)),
        (100, 99, Crossing(1, 0)),
        (-5, 600, Crossing(None, 2)),
        (600, -5, Crossing(2, None)),
        (100, 499, None),
        (-9, -1, None),
        (500, 10**15, None),
    ],
)
def test_a_change_crosses_from_the_highest_before_to_the_highest_after(
    before: int, after: int, found: Crossing | None
) -> None:
    assert crossing(LADDER, before, after) == found


TOTALS = st.integers(-(10**15), 10**15)


@given(st.lists(TOTALS, unique=True, max_size=8).map(sorted), st.lists(TOTALS, min_size=1, max_size=8))
def test_crossings_follow_each_other_whatever_the_totals(thresholds: list[int], totals: list[int]) -> None:
    place = reached(thresholds, totals[0])
    for before, after in pairwise(totals):
        if found := crossing(thresholds, before, after):
            assert (found.before, found.rises) == (place, before < after)
            place = found.after
    assert place == reached(thresholds, totals[-1])
