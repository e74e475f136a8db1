"""Rate limits: a fixed window of one minute, counted in Django's cache."""

from dataclasses import dataclass
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


def count(caller: str) -> RateLimit:
    """Count one request of `caller`."""
    limit = settings.API_REQUESTS_PER_MINUTE
    now = int(time())
    window = now // WINDOW
    key = f"rate:{caller}:{window}"
    used = 1
    if not cache.add(key, 1, timeout=2 * WINDOW):
        try:
            used = cache.incr(key)
        except ValueError:  # it was evicted between the two calls
            cache.set(key, 1, timeout=2 * WINDOW)
    reset = (window + 1) * WINDOW - now
    return RateLimit(limit, max(0, limit - used), reset, used > limit)
