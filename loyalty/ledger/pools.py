"""The pool of uploaded codes of a reward: filled and emptied, many at a time (domain.md 5)."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from audit.ids import new_id
from programs.models import Reward

PIECE = 10_000  # codes of one statement

# In the order of the codes, as every other call does it: two with the same codes don't lock each other out.
_INSERT = """
INSERT INTO loyalty_rewardcode (id, environment_id, reward_id, code, source, status, added_at)
SELECT given.id, %s, %s, given.code, 'pool', 'available', %s
FROM unnest(%s::uuid[], %s::text[]) AS given (id, code)
ORDER BY given.code COLLATE "C"
ON CONFLICT (environment_id, code) DO NOTHING
RETURNING code
"""

# Those that a redemption is just claiming are left to it.
_DELETE = """
DELETE FROM loyalty_rewardcode WHERE id IN (
    SELECT id FROM loyalty_rewardcode WHERE reward_id = %s AND status = 'available' FOR UPDATE SKIP LOCKED
)
"""


def insert_codes(reward: Reward, codes: Sequence[str], at: datetime) -> set[str]:
    """Put canonical codes, each once, into the reward's pool, to be issued in the order given; those that the
    environment did not have yet, which are all that are added. `at`: real time. One statement for 10,000 codes.

    Must be used in a transaction. Locks: the codes; waits for whoever adds the same ones.
    """
    rows = sorted(((code, new_id()) for code in codes), key=lambda row: row[0])
    added: set[str] = set()
    with connection.cursor() as cursor:
        for start in range(0, len(rows), PIECE):
            piece = rows[start : start + PIECE]
            ids, names = [key for _, key in piece], [code for code, _ in piece]
            cursor.execute(_INSERT, [reward.environment_id, reward.pk, at, ids, names])
            added.update(code for (code,) in cursor.fetchall())
    return added


def delete_available(reward: Reward) -> int:
    """Remove the codes of the pool that are nobody's; how many. One statement. Locks: the codes; one that a
    redemption is claiming stays, whether or not it keeps it."""
    with connection.cursor() as cursor:
        cursor.execute(_DELETE, [reward.pk])
        removed: int = cursor.rowcount
    return removed
