"""Work that is counted instead of timed: the count is the same on a busy machine, so a test may insist on it."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def steps_of(call: Callable[[], object]) -> int:
    """How many instructions of Python the call takes in this thread. What C does by itself counts as the one
    instruction that called it: for that see `Watched`."""
    steps = 0

    def entered(frame: FrameType, _event: str, _argument: Any) -> Any:
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        return within

    def within(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal steps
        steps += event == "opcode"
        return within

    before = sys.gettrace()
    sys.settrace(entered)
    try:
        call()
    finally:
        sys.settrace(before)
    return steps


class Watched(str):
    """A text that counts how often it and its like are hashed, compared or written into another text, by C too."""

    __slots__ = ()
    touched = 0

    def __hash__(self) -> int:
        Watched.touched += 1
        return super().__hash__()

    def __eq__(self, other: object) -> bool:
        Watched.touched += 1
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        Watched.touched += 1
        return super().__ne__(other)

    def __add__(self, other: str) -> str:
        Watched.touched += 1
        return super().__add__(other)

    def __radd__(self, other: str) -> str:
        Watched.touched += 1
        return other + str(self)

    def __format__(self, spec: str) -> str:
        Watched.touched += 1
        return super().__format__(spec)


def touches_of(call: Callable[[], object]) -> int:
    """How often the call did something with a `Watched`."""
    before = Watched.touched
    call()
    return Watched.touched - before
