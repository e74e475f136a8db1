"""When a failed delivery is tried again (docs/webhooks.md). Pure."""

from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

DELAYS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=4),
    timedelta(hours=8),
    timedelta(hours=12),  # and so on
)
GIVE_UP = timedelta(days=3)  # after the first attempt
JITTER = 0.1  # of the delay, either way


def next_attempt(delivery: UUID, attempts: int, failed_at: datetime, give_up_at: datetime) -> datetime | None:
    """When to try again after that many attempts, at least one; None: no more.

    The jitter hangs on the delivery and the attempt alone, so that everybody works out the same instant.
    """
    delay = DELAYS[min(attempts, len(DELAYS)) - 1]
    at = failed_at + delay * (1 - JITTER + 2 * JITTER * _share(delivery, attempts))
    return at if at <= give_up_at else None


def _share(delivery: UUID, attempts: int) -> float:
    """From 0 to 1."""
    digest = sha256(f"{delivery.hex}:{attempts}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
