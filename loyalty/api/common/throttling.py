"""Rate limits: a fixed window of one minute.

Counted in the process, or in Django's cache where CACHE_URL names one that processes share.
"""

from collections import Counter
from dataclasses import dataclass
from threading import Lock
from time import time

from django.conf import settings
from django.core.cache import cache

WINDOW = 60  # seconds


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What is left in the present window. `reset` is in seconds."""

    limit: int
    remaining: int
    reset: int
    exceeded: bool

    def headers(self) -> dict[str, str]:
        found = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
        }
        return found | {"Retry-After": str(self.reset)} if self.exceeded else found


class _Window:
    """What each caller has asked in the present minute, in this process."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.number = 0
        self.used: Counter[str] = Counter()

    def count(self, caller: str, number: int) -> int:
        with self.lock:
            if number != self.number:  # the last minute's callers are forgotten all at once
                self.number = number
                self.used.clear()
            self.used[caller] += 1
            return self.used[caller]


_window = _Window()


def count(caller: str, limit: int | None = None) -> RateLimit:
    """Count one request of `caller`. `limit`: else that of the settings."""
    limit = settings.API_REQUESTS_PER_MINUTE if limit is None else limit
    now = int(time())
    number = now // WINDOW
    used = _count_together(caller, number) if settings.CACHE_IS_SHARED else _window.count(caller, number)
    reset = (number + 1) * WINDOW - now
    return RateLimit(limit, max(0, limit - used), reset, used > limit)


def counted() -> dict[str, int]:
    """This process's present window: requests by caller."""
    with _window.lock:
        return dict(_window.used)


def forget_counts() -> None:
    """Begin this process's window anew."""
    with _window.lock:
        _window.used.clear()


def _count_together(caller: str, number: int) -> int:
    key = f"rate:{caller}:{number}"
    if cache.add(key, 1, timeout=2 * WINDOW):
        return 1
    try:
        return int(cache.incr(key))
    except ValueError:  # it was evicted between the two calls
        cache.set(key, 1, timeout=2 * WINDOW)
        return 1
