"""Milestones that a change of a total crosses (domain.md 8). Pure."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Crossing:
    """The highest milestone reached before and after, by their places in the thresholds; None: below all."""

    before: int | None
    after: int | None

    @property
    def rises(self) -> bool:
        return (-1 if self.before is None else self.before) < (-1 if self.after is None else self.after)


def reached(thresholds: Sequence[int], total: int) -> int | None:
    """The place of the highest of these ascending thresholds that is at most `total`."""
    place = bisect_right(thresholds, total) - 1
    return place if place >= 0 else None


def crossing(thresholds: Sequence[int], before: int, after: int) -> Crossing | None:
    """What a change from one total to another crosses, either way; None: nothing."""
    found = Crossing(reached(thresholds, before), reached(thresholds, after))
    return found if found.before != found.after else None
