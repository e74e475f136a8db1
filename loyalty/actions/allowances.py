"""Events of a month that a plan limits: processes lease blocks of what is left (domain.md 10).

A call takes what it may need from its process's block, in memory, and gives back what it did not record. A block is
leased before the call's transaction begins, so nobody waits for anybody longer than the lease takes. What a process
that dies leaves behind comes back by a recount once its leases are over. A plan without the limit costs nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from threading import Lock
from time import monotonic
from typing import Any, TypeVar

from django.db import Error as DatabaseError
from django.db import OperationalError, connection
from django.utils import timezone
from psycopg import errors as pg

from loyalty.actions.event_leases import (
    GRACE,
    LEASE,
    LIMIT,
    Leased,
    Month,
    lease,
    month_of,
    settle_directly,
    take_directly,
)
from loyalty.errors import ServiceUnavailable
from programs.errors import PlanLimitExceeded
from programs.models import Environment
from programs.queries.plans import terms_of

R = TypeVar("R")

_SAFE = GRACE.total_seconds() / 2  # what is older may have been recounted


@dataclass(slots=True)
class Allowance:
    """How many events a call may record: `granted`, or any number; `used`: those that it has recorded so far.
    `taken`: of the month in all, of those `allowed`."""

    granted: int | None = None
    taken: int = 0
    allowed: int = 0
    used: int = 0

    def begin(self) -> None:
        """The call's transaction begins, maybe once more."""
        self.used = 0

    def check(self) -> None:
        """Raises PlanLimitExceeded where one more is too many."""
        if self.granted is not None and self.used >= self.granted:
            raise PlanLimitExceeded(LIMIT, used=self.taken, allowed=self.allowed)


@dataclass(slots=True)
class _Block:
    """What this process has left of a month. `until`: by the process's own clock, in seconds."""

    lock: Lock = field(default_factory=Lock)
    left: int = 0
    until: float = 0.0


_blocks: dict[Month, _Block] = {}
_lock = Lock()


def metered(action: Callable[..., R]) -> Callable[..., R]:
    """Let an action that records events know by `allowance` how many it may record: `events`, or one."""

    @wraps(action)
    def wrapper(*, environment: Environment, **arguments: Any) -> R:
        wanted = len(arguments["events"]) if "events" in arguments else 1
        with allowance_of(environment, wanted) as allowance:
            return action(environment=environment, allowance=allowance, **arguments)

    return wrapper


@contextmanager
def allowance_of(environment: Environment, wanted: int) -> Iterator[Allowance]:
    """As many events as the plan allows now, at most `wanted`; those that are not used by the end are given back.

    Without the limit no statement; else one short transaction of its own where the process's block does not hold
    as many. Within a transaction of the caller's it is part of that, and other leases of the month wait for it.
    """
    allowed = terms_of(environment).limits.get(LIMIT)
    if allowed is None:
        yield Allowance()
    elif connection.in_atomic_block:
        yield from _directly(environment, wanted, allowed)
    else:
        yield from _from_block(environment, wanted, allowed)


def forget_blocks() -> None:
    """Empty this process's blocks; what was left of them is recounted later."""
    with _lock:
        _blocks.clear()


def _directly(environment: Environment, wanted: int, allowed: int) -> Iterator[Allowance]:
    now = timezone.now()
    month = month_of(environment, now)
    got = take_directly(month, wanted, allowed, now)
    allowance = Allowance(got.events, got.taken, allowed)
    done = False
    try:
        yield allowance
        done = True
    finally:
        if not connection.needs_rollback:
            used = allowance.used if done else 0
            settle_directly(environment, month, got, used=used, allowed=allowed)


def _from_block(environment: Environment, wanted: int, allowed: int) -> Iterator[Allowance]:
    month, began = month_of(environment, timezone.now()), monotonic()
    block = _block_of(month)
    granted, taken = _take(block, environment, month, wanted, allowed)
    allowance = Allowance(granted, taken, allowed)
    unused = granted
    try:
        yield allowance
        unused -= allowance.used
    except DatabaseError:
        unused -= allowance.used  # it may have been committed all the same; a recount will tell
        raise
    finally:
        now = monotonic()
        with block.lock:
            if now < block.until and now < began + _SAFE:
                block.left += unused


def _block_of(month: Month) -> _Block:
    with _lock:
        if month not in _blocks:
            for old in [each for each in _blocks if each.first < month.first and each.whose == month.whose]:
                del _blocks[old]
            _blocks[month] = _Block()
        return _blocks[month]


def _take(
    block: _Block, environment: Environment, month: Month, wanted: int, allowed: int
) -> tuple[int, int]:
    """How many of `wanted` there are; and how many of the month are taken by now, where those are fewer."""
    with block.lock:
        began, taken = monotonic(), allowed
        if block.left < wanted or block.until <= began:
            # What is left of the older lease goes back: each event is used in its own lease's time.
            back = block.left if began < block.until + _SAFE else 0
            block.left = 0
            leased = _lease(environment, month, wanted=wanted, back=back, allowed=allowed)
            block.left, block.until, taken = leased.events, began + LEASE.total_seconds(), leased.taken
        granted = min(wanted, block.left)
        block.left -= granted
        return granted, taken


def _lease(environment: Environment, month: Month, *, wanted: int, back: int, allowed: int) -> Leased:
    try:
        return lease(
            environment=environment,
            month=month,
            wanted=wanted,
            back=back,
            allowed=allowed,
            now=timezone.now(),
        )
    except OperationalError as error:
        if isinstance(error.__cause__, pg.LockNotAvailable):
            raise ServiceUnavailable(
                "The plan's allowance is being counted; nothing was written. Try again.", retry_after=1
            ) from error
        raise
