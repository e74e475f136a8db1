"""How often rewards were taken and how many codes wait, counted only as far as a list shows it."""

from collections.abc import Collection
from uuid import UUID

from loyalty.queries.counting import counts_of

MOST = 1000
"""So many are counted of a reward; where the answer is this, there may be more."""

MANY = 100_000
"""So many codes left are counted on a reward's own page alone: that takes some 40 ms."""

# By the index on (reward, occurred_at).
_TAKEN = """
loyalty_redemption AS sold
WHERE sold.reward_id = wanted.id AND sold.status IN ('pending', 'fulfilled')
"""

# By the index on (reward, status, id).
_CODES = "loyalty_rewardcode AS code WHERE code.reward_id = wanted.id AND code.status = 'available'"


def taken_of(rewards: Collection[UUID]) -> dict[UUID, int]:
    """Of each reward the redemptions that stand, at most `MOST`; one statement."""
    return counts_of(rewards, _TAKEN, most=MOST)


def codes_left(rewards: Collection[UUID], *, most: int | None = MOST) -> dict[UUID, int]:
    """How many codes wait in the pool of each of these rewards, at most so many of each (None: all are counted,
    which costs with the pool); one statement."""
    return counts_of(rewards, _CODES, most=most)


def in_words(count: int) -> str:
    """A count of at most `MOST`: 1000 → 1,000+."""
    return f"{count:,}{'+' if count >= MOST else ''}"
