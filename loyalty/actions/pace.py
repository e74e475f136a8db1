"""How a job of many chunks goes about: until when, and how much of the time it leaves to others."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Event


@dataclass(frozen=True, slots=True)
class Pace:
    """Ask for each chunk; whatever a chunk did must be committed when the next is asked for.

    `seconds` is when no further chunk is begun (None: not before the work is done); `stopping` ends it
    sooner, between two chunks. After each chunk it rests for `rest` times as long as that took, so that
    the requests of the web are not outnumbered.
    """

    seconds: float | None = None
    stopping: Event = field(default_factory=Event)
    rest: float = 0.5

    def chunks(self) -> Iterator[int]:
        """0, 1, 2, … while there is time."""
        end = None if self.seconds is None else time.monotonic() + self.seconds
        number = 0
        while not self.stopping.is_set() and (end is None or time.monotonic() < end):
            began = time.monotonic()
            yield number
            number += 1
            self.stopping.wait(self.rest * (time.monotonic() - began))
