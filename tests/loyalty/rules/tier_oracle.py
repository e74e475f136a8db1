"""Tiers by the plainest reading of domain.md 6: every midnight of the zone in its turn, every count kept.

Shares no code with the engine. A ladder is a dictionary, a level its threshold; None is no level.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

Told = tuple[str, Decimal | None, Decimal | None, Decimal, datetime]  # kind, from, to, progress, at
_FROM, _UNTIL = datetime(2016, 1, 1, tzinfo=UTC), datetime(2022, 1, 1, tzinfo=UTC)


@cache
def midnights(zone: str) -> list[datetime]:
    """The first instant of each local day, found by looking at the clock every quarter of an hour."""
    found, at, local = [], _FROM, _FROM.astimezone(ZoneInfo(zone)).date()
    while at < _UNTIL:
        at += timedelta(minutes=15)
        today = at.astimezone(ZoneInfo(zone)).date()
        if today > local:
            found.append(at)
            local = today
    return found


@dataclass
class Oracle:
    zone: str
    period: str
    days: int
    grace_days: int
    downgrade: str
    thresholds: list[Decimal]
    counts: list[tuple[date, Decimal]] = field(default_factory=list)
    level: Decimal | None = None
    since: datetime | None = None
    due: datetime | None = None
    grace: bool = False
    told: list[Told] = field(default_factory=list)
    clock: datetime = _FROM

    def __post_init__(self) -> None:
        if 0 in self.thresholds:
            self.level = Decimal(0)

    def day(self, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self.zone)).date()

    def total(self, first: date, last: date) -> Decimal:
        return sum((figure for day, figure in self.counts if first <= day <= last), Decimal(0))

    def progress(self, at: datetime) -> Decimal:
        today = self.day(at)
        first = {
            "rolling": today - timedelta(days=self.days - 1),
            "calendar_year": date(today.year, 1, 1),
            "lifetime": date.min,
        }[self.period]
        return self.total(first, today)

    def decisive(self, midnight: datetime) -> Decimal:
        begins = self.day(midnight)
        first, last = {
            "rolling": (begins - timedelta(days=self.days), begins - timedelta(days=1)),
            "calendar_year": (date(begins.year - 1, 1, 1), date(begins.year - 1, 12, 31)),
            "lifetime": (date.min, date.max),
        }[self.period]
        return self.total(first, last)

    def qualified(self, progress: Decimal) -> Decimal | None:
        reached = [threshold for threshold in self.thresholds if threshold <= progress or threshold == 0]
        return max(reached, default=None)

    def wall(self, at: datetime) -> datetime:
        """The local clock; that of a day's first instant is 00:00, whatever it jumps to."""
        if at in midnights(self.zone):
            return datetime.combine(self.day(at), time())
        return at.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)

    def take(self, level: Decimal | None, at: datetime) -> None:
        self.level, self.since, self.grace, self.due = level, at, False, None
        if not level or self.period == "lifetime":
            return
        if self.period == "rolling":
            earliest = self.wall(at) + timedelta(days=self.days)
            self.due = next(m for m in midnights(self.zone) if self.wall_label(m) >= earliest)
        else:
            year = self.day(at).year
            self.due = next(m for m in midnights(self.zone) if self.day(m) == date(year + 1, 1, 1))

    def wall_label(self, midnight: datetime) -> datetime:
        return datetime.combine(self.day(midnight), time())

    def advance(self, now: datetime) -> None:
        """Time passes, midnight by midnight."""
        all_of_them = midnights(self.zone)
        for midnight in all_of_them[bisect_right(all_of_them, self.clock) : bisect_right(all_of_them, now)]:
            if self.due == midnight and self.level is not None:
                self.evaluate(midnight, self.level)
        self.clock = now

    def evaluate(self, midnight: datetime, level: Decimal) -> None:
        progress = self.decisive(midnight)
        if progress >= level:
            self.take(level, midnight)
            self.told.append(("confirmed", level, level, progress, midnight))
        elif self.grace_days and not self.grace:
            place = bisect_left(midnights(self.zone), midnight)
            self.grace, self.due = True, midnights(self.zone)[place + self.grace_days]
            self.told.append(("grace", level, level, progress, midnight))
        else:
            below = [threshold for threshold in self.thresholds if threshold < level]
            one_down = max(below, default=None)
            lower = one_down if self.downgrade == "one_down" else self.qualified(progress)
            self.take(lower, midnight)
            self.told.append(("lowered", level, lower, progress, midnight))

    def count(self, now: datetime, at: datetime, figure: Decimal) -> None:
        """An event at `now` counts on the day of `at`."""
        self.advance(now)
        self.counts.append((self.day(at), figure))
        progress, before = self.progress(now), self.level
        best = self.qualified(progress)
        if best is not None and (before is None or best > before):
            self.take(best, now)
            self.told.append(("reached", before, best, progress, now))
        elif self.grace and before is not None and progress >= before:
            self.take(before, now)
            self.told.append(("confirmed", before, before, progress, now))
        elif self.period == "lifetime" and before and figure < 0 and progress < before and not self.due:
            self.due = next(m for m in midnights(self.zone) if m > now)
