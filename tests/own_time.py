"""How long something takes by itself, for tests of how its time grows."""

import time
from collections.abc import Callable


def fastest(call: Callable[[], object]) -> float:
    """Seconds of this thread's own work, so that a busy machine does not count; the least of seven."""
    return min(_seconds(call) for _ in range(7))


def _seconds(call: Callable[[], object]) -> float:
    start = time.thread_time()
    call()
    return time.thread_time() - start
