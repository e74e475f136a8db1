"""What is kept for a time only."""

from datetime import datetime, timedelta

from django.db import connection

from loyalty.actions.pace import Pace

IDEMPOTENCY_DAYS = 30  # domain.md 3.7; a promise to callers
CHUNK = 2_000  # rows

# Oldest first by the index on created_at; rows that another run is deleting are left to it.
# An array is found once. Rows of IN are found again for each row in some plans, and are then others each time.
_DELETE = """
DELETE FROM loyalty_idempotencyrecord WHERE id = ANY (ARRAY(
    SELECT id FROM loyalty_idempotencyrecord WHERE created_at < %s
    ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED
))
"""


def delete_idempotency_records(*, now: datetime, pace: Pace, chunk: int = CHUNK) -> int:
    """Delete the answers kept for `Idempotency-Key`s for longer than 30 days of real time; how many.

    One statement and transaction a chunk. Locks: the rows deleted, which nobody else reads any more.
    """
    before = now - timedelta(days=IDEMPOTENCY_DAYS)
    deleted = 0
    for _ in pace.chunks():
        with connection.cursor() as cursor:
            cursor.execute(_DELETE, [before, chunk])
            found = cursor.rowcount
        deleted += found
        if found < chunk:
            break
    return deleted
