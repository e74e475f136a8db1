"""Deliveries of webhooks are kept for a time only."""

from datetime import datetime

from audit.webhooks.deliveries import delete_old
from loyalty.actions.pace import Pace

CHUNK = 2_000  # rows


def delete_deliveries(*, now: datetime, pace: Pace, chunk: int = CHUNK) -> int:
    """Delete those older than 30 days of real time that don't wait any more; how many. One statement and
    transaction a chunk."""
    deleted = 0
    for _ in pace.chunks():
        found = delete_old(now=now, limit=chunk)
        deleted += found
        if found < chunk:
            break
    return deleted
