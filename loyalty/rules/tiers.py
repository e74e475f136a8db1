"""The arithmetic of tiers: what counts, in which days, and how a level rises and falls (domain.md 6).

Pure: `now` comes in, nothing is changed. Instants are aware datetimes, figures are points, money or events
as the ladder counts; days are local days of the project's zone. One member on one ladder is a `State`:

    state, changes = settle(ladder, state, figures, now)    # the midnights that have passed, in time order
    state, changes = review(ladder, state, progress, now)   # after what one event or call has counted
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import cached_property
from typing import Literal
from uuid import UUID

from loyalty.rules.days import day_of, days_later, is_midnight, midnight

Basis = Literal["points", "spend", "events"]
Period = Literal["rolling", "calendar_year", "lifetime"]
Downgrade = Literal["one_down", "to_qualified"]
Kind = Literal["reached", "confirmed", "grace", "lowered", "merged", "granted", "revoked"]

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Level:
    """One level: reached at `threshold` and above."""

    tier_id: UUID
    code: str
    title: str
    threshold: Decimal
    multiplier: Decimal


@dataclass(frozen=True, slots=True)
class Window:
    """Days that count together, both included; None: without end on that side."""

    first: date | None = None
    last: date | None = None

    def sum(self, figures: Mapping[date, Decimal]) -> Decimal:
        """What was counted on these days."""
        return sum((figure for day, figure in figures.items() if day in self), ZERO)

    def __contains__(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@dataclass(frozen=True, eq=False)
class Ladder:
    """The levels of a program, lowest first, and what counts towards them. `days`: of rolling days alone."""

    id: UUID
    program_id: UUID
    metric_id: UUID
    basis: Basis
    event_type: str
    currency: str
    period: Period
    days: int
    grace_days: int
    downgrade: Downgrade
    time_zone: tzinfo
    levels: tuple[Level, ...]

    @cached_property
    def base(self) -> Level | None:
        """The level that everybody holds without reaching it: the one that asks for nothing."""
        return next((level for level in self.levels if level.threshold == 0), None)

    def level(self, tier_id: UUID | None) -> Level | None:
        """The level of that id; without one, the base."""
        return next((level for level in self.levels if level.tier_id == tier_id), self.base)

    def reached_by(self, progress: Decimal) -> Level | None:
        """The highest level that so much progress reaches; at least the base."""
        reached = [level for level in self.levels if level.threshold <= progress]
        return reached[-1] if reached else self.base

    def below(self, level: Level) -> Level | None:
        """The level one down."""
        place = self.levels.index(level)
        return self.levels[place - 1] if place else None

    def above(self, level: Level | None) -> Level | None:
        """The level one up; None from the highest."""
        place = self.levels.index(level) + 1 if level else 0
        return self.levels[place] if place < len(self.levels) else None

    def is_above(self, level: Level | None, other: Level | None) -> bool:
        """Whether the level is the higher one of the two; no level is below all."""
        return level is not None and (other is None or level.threshold > other.threshold)

    def figure_of(
        self, *, event_type: str, program_id: UUID | None, amount: Decimal | None, currency: str | None
    ) -> Decimal:
        """What an event by itself counts: of money spent its amount, else 1; 0 of one that does not count.

        `program_id`: the program that it was sent to; None: all. Of points the entries count, never events.
        """
        if self.basis == "points" or event_type != self.event_type:
            return ZERO
        if program_id not in (None, self.program_id):
            return ZERO
        if self.basis == "events":
            return Decimal(1)
        if amount is None or amount < 0 or (self.currency and currency != self.currency):
            return ZERO
        return amount

    def window_at(self, now: datetime) -> Window:
        """The days that count at an instant. What is dated ahead (a till's clock may be) counts at once."""
        today = day_of(now, self.time_zone)
        if self.period == "rolling":
            return Window(days_later(today, 1 - self.days))
        return Window(date(today.year, 1, 1)) if self.period == "calendar_year" else Window()

    def window_before(self, at: datetime) -> Window:
        """The days that decide at the midnight `at`."""
        day = day_of(at, self.time_zone)
        if self.period == "rolling":
            return Window(days_later(day, -self.days), days_later(day, -1))
        if self.period == "calendar_year":
            year = max(1, day.year - 1)
            return Window(date(year, 1, 1), date(year, 12, 31))
        return Window()

    def evaluation_after(self, level: Level | None, since: datetime) -> datetime | None:
        """When a level held since then is decided anew; None: not by time alone."""
        if level is None or level.threshold == 0 or self.period == "lifetime":
            return None
        day = day_of(since, self.time_zone)
        if self.period == "calendar_year":
            return midnight(date(day.year + 1, 1, 1), self.time_zone) if day.year < date.max.year else None
        # Counted on the clocks of the zone: a level that begins within a day lasts until the next midnight.
        days = self.days if is_midnight(since, self.time_zone) else self.days + 1
        return self._midnight_in(days, day)

    def midnight_after(self, at: datetime, days: int) -> datetime | None:
        """The local midnight so many days after the one that began the day of `at`."""
        return self._midnight_in(days, day_of(at, self.time_zone))

    def _midnight_in(self, days: int, day: date) -> datetime | None:
        later = day + timedelta(days=days) if days <= (date.max - day).days else date.max
        return None if later == date.max else midnight(later, self.time_zone)


@dataclass(frozen=True, slots=True)
class State:
    """A member's level (the base, where none was reached) and since when; `next_at`: the midnight at which
    it is decided anew, None: not by time alone."""

    level: Level | None
    since: datetime | None = None
    next_at: datetime | None = None
    in_grace: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to a level, and the progress that decided."""

    kind: Kind
    before: Level | None
    after: Level | None
    progress: Decimal
    at: datetime


def settle(
    ladder: Ladder, state: State, figures: Mapping[date, Decimal], now: datetime
) -> tuple[State, list[Change]]:
    """Every evaluation that has come due by `now`, in time order, each at its own midnight.

    `figures`: what was counted on each day that can decide at `state.next_at` or later.
    """
    changes = []
    while state.next_at is not None and state.next_at <= now:
        progress = ladder.window_before(state.next_at).sum(figures)
        state, change = _evaluate(ladder, state, progress, state.next_at)
        if change:
            changes.append(change)
    return state, changes


def _evaluate(ladder: Ladder, state: State, progress: Decimal, at: datetime) -> tuple[State, Change | None]:
    level = state.level
    if level is None or level.threshold == 0:  # it asks for nothing (any more)
        return replace(state, next_at=None, in_grace=False), None
    if progress >= level.threshold:
        return _begin(ladder, level, at), Change("confirmed", level, level, progress, at)
    ends = ladder.midnight_after(at, ladder.grace_days)
    if ladder.grace_days and not state.in_grace and ends:
        return replace(state, next_at=ends, in_grace=True), Change("grace", level, level, progress, at)
    lower = ladder.below(level) if ladder.downgrade == "one_down" else ladder.reached_by(progress)
    return _begin(ladder, lower, at), Change("lowered", level, lower, progress, at)


def review(
    ladder: Ladder, state: State, progress: Decimal, now: datetime, *, taken_back: bool = False
) -> tuple[State, Change | None]:
    """The level after what one event or call has counted: reached, or confirmed in its days of grace.

    `state` is settled to `now`, `progress` is that at `now`; `taken_back`: some of it was taken back. A level
    for life that has lost its ground is decided at the next midnight.
    """
    level, reached = state.level, ladder.reached_by(progress)
    if ladder.is_above(reached, level):
        return _begin(ladder, reached, now), Change("reached", level, reached, progress, now)
    if level is None or level.threshold == 0:
        return state, None
    if state.in_grace and progress >= level.threshold:
        return _begin(ladder, level, now), Change("confirmed", level, level, progress, now)
    if taken_back and ladder.period == "lifetime" and progress < level.threshold and state.next_at is None:
        return replace(state, next_at=ladder.midnight_after(now, 1)), None
    return state, None


def grant(
    ladder: Ladder, state: State, level: Level, progress: Decimal, now: datetime
) -> tuple[State, Change]:
    """A level that is given, not reached: it lasts as long as if it had been reached now."""
    return _begin(ladder, level, now), Change("granted", state.level, level, progress, now)


def revoke(
    ladder: Ladder, state: State, before: State, progress: Decimal, now: datetime
) -> tuple[State, Change]:
    """What was given is taken back: the state from before it holds again, and where it would have been decided
    meanwhile, that is done at the next midnight."""
    next_at = before.next_at
    if next_at is not None and next_at <= now:
        next_at = ladder.midnight_after(now, 1)
    restored = replace(before, next_at=next_at)
    return restored, Change("revoked", state.level, restored.level, progress, now)


def _begin(ladder: Ladder, level: Level | None, at: datetime) -> State:
    return State(level, at, ladder.evaluation_after(level, at))


def resume(ladder: Ladder, state: State, now: datetime) -> State:
    """A level that time alone did not decide when it began, but does as the ladder is now: at the end of its
    time, and not before the next midnight."""
    if state.since is None or state.level is None:
        return state
    due = ladder.evaluation_after(state.level, state.since)
    midnight_ahead = ladder.midnight_after(now, 1)
    return replace(state, next_at=max(due, midnight_ahead)) if due and midnight_ahead else state


def merge(ladder: Ladder, source: State, target: State) -> State:
    """The state of two members who are one: the higher level with its dates; of equal ones, that which is
    decided later."""
    if ladder.is_above(source.level, target.level):
        return source
    if source.level != target.level or source.since is None or target.next_at is None:
        return target
    is_later = source.next_at is None or source.next_at > target.next_at
    return source if is_later else target
