"""What a process remembers of the keys that it was shown."""

from threading import Lock
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")

# A revocation counts within this many seconds, in every process.
CACHE_SECONDS = 5
_CACHED_KEYS = 10_000


class WarmKeys(Generic[T]):
    """Keys by name, each for CACHE_SECONDS after it was read."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[str, tuple[float, T]] = {}

    def get(self, name: str) -> T | None:
        kept = self._kept.get(name)
        return kept[1] if kept and kept[0] > monotonic() else None

    def keep(self, name: str, key: T) -> None:
        with self._lock:
            if len(self._kept) >= _CACHED_KEYS:
                self._kept.clear()
            self._kept[name] = (monotonic() + CACHE_SECONDS, key)

    def drop(self, name: str) -> None:
        with self._lock:
            self._kept.pop(name, None)

    def forget(self) -> None:
        with self._lock:
            self._kept.clear()
