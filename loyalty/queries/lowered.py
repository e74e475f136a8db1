"""What a lower threshold of a stamp program would make due at once, before anybody saves it (domain.md 7)."""

from dataclasses import dataclass

from loyalty.queries.stamp_lists import fullest
from loyalty.rules.cards import due
from programs.models import StampProgram

MOST = 1000
"""So many cards are read, and one to know whether there are more."""


@dataclass(frozen=True, slots=True)
class FallingDue:
    """So many cards and rewards; where there are `more`, more than so many."""

    cards: int
    rewards: int
    more: bool


def falling_due(stamp_program: StampProgram, threshold: int) -> FallingDue:
    """What that threshold makes due that is not due yet; one statement."""
    thresholds = stamp_program.thresholds
    lowered = [*thresholds, threshold]
    found = fullest(stamp_program, threshold, most=MOST + 1)
    new = [
        len(due(counter, lowered, place)[0]) - len(due(counter, thresholds, place)[0])
        for counter, place in found[:MOST]
    ]
    return FallingDue(sum(count > 0 for count in new), sum(new), len(found) > MOST)
