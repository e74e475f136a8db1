"""Local days of a zone, and the instants at which they begin. Pure."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

FIRST_YEAR, LAST_YEAR = 1900, 9000
"""Of what anybody may write; in each of them, an instant is a date in every zone."""

_STEP = timedelta(microseconds=1)


def day_of(at: datetime, zone: tzinfo) -> date:
    """The local day in which an instant lies."""
    return at.astimezone(zone).date()


def days_later(day: date, days: int) -> date:
    """So many days later (earlier, below zero); at the calendar's ends, its last or first day."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min


@lru_cache(maxsize=4096)
def midnight(day: date, zone: tzinfo) -> datetime:
    """The instant (UTC) at which the local day begins: 00:00, the first of two where the clocks show it
    twice; where they skip it, the moment at which they jump."""
    local = datetime.combine(day, time.min, tzinfo=zone)
    late, early = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    if early >= late or day_of(late - _STEP, zone) < day:
        return late
    while late - early > _STEP:  # the clocks jump somewhere between the two
        middle = early + (late - early) // 2
        early, late = (early, middle) if day_of(middle, zone) >= day else (middle, late)
    return late


def is_midnight(at: datetime, zone: tzinfo) -> bool:
    """Whether a local day begins at this instant, or the clocks show 00:00 once more."""
    local = at.astimezone(zone)
    return local.time() == time.min or midnight(local.date(), zone) == at
