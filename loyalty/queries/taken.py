"""How often rewards were taken and how many codes wait, counted only as far as a list shows it."""

from collections.abc import Collection
from uuid import UUID

from django.db import connection

MOST = 1000
"""So many are counted of a reward; where the answer is this, there may be more."""

MANY = 100_000
"""So many codes left are counted on a reward's own page alone: that takes some 40 ms."""

# By the index on (reward, occurred_at); at most 1,000 rows of each reward are read, however many there are.
_TAKEN = """
SELECT wanted.id, (
    SELECT count(*) FROM (
        SELECT FROM loyalty_redemption AS sold
        WHERE sold.reward_id = wanted.id AND sold.status IN ('pending', 'fulfilled') LIMIT %(most)s
    ) AS found
)
FROM unnest(%(rewards)s::uuid[]) AS wanted (id)
"""

# By the index on (reward, status, id).
_CODES = """
SELECT wanted.id, (
    SELECT count(*) FROM (
        SELECT FROM loyalty_rewardcode AS code
        WHERE code.reward_id = wanted.id AND code.status = 'available' LIMIT %(most)s
    ) AS found
)
FROM unnest(%(rewards)s::uuid[]) AS wanted (id)
"""


def taken_of(rewards: Collection[UUID]) -> dict[UUID, int]:
    """Of each reward the redemptions that stand, at most `MOST`; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKEN, {"rewards": list(rewards), "most": MOST})
        return dict(cursor.fetchall())


def codes_left(rewards: Collection[UUID], *, most: int | None = MOST) -> dict[UUID, int]:
    """How many codes wait in the pool of each of these rewards, at most so many of each (None: all are counted,
    which costs with the pool); one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_CODES, {"rewards": list(rewards), "most": most})
        return dict(cursor.fetchall())


def in_words(count: int) -> str:
    """A count of at most `MOST`: 1000 → 1,000+."""
    return f"{count:,}{'+' if count >= MOST else ''}"
