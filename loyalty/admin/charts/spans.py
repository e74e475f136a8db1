"""Days as a chart shows them: each its own column, or by weeks or months where they would be too many to see."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

_MOST_DAYS = 92
_MOST_WEEKS = 80


@dataclass(frozen=True, slots=True)
class Span:
    """Days of the period from `first` to `last`; `name` in full, `short` below the chart."""

    first: date
    last: date
    name: str
    short: str


@dataclass(frozen=True, slots=True)
class Spans:
    """`unit`: day, week or month."""

    unit: str
    spans: Sequence[Span]


def spans_of(first: date, last: date) -> Spans:
    """All days from the first to the last, in order; a week or month that lies partly outside is cut."""
    days = (last - first).days + 1
    if days <= _MOST_DAYS:
        return Spans("day", _cut(first, last, lambda day: day, _day))
    if days <= 7 * _MOST_WEEKS:
        return Spans("week", _cut(first, last, lambda day: day + timedelta(days=6 - day.weekday()), _week))
    return Spans("month", _cut(first, last, _end_of_month, _month))


def _cut(
    first: date, last: date, end: Callable[[date], date], named: Callable[[date, date], Span]
) -> list[Span]:
    found, day = [], first
    while day <= last:
        until = min(end(day), last)
        found.append(named(day, until))
        day = until + timedelta(days=1)
    return found


def _end_of_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _day(first: date, last: date) -> Span:
    return Span(first, last, f"{first:%a} {first.day} {first:%b %Y}", f"{first.day} {first:%b}")


def _week(first: date, last: date) -> Span:
    name = (
        f"{first.day} {first:%b} to {last.day} {last:%b %Y}"
        if first != last
        else f"{first.day} {first:%b %Y}"
    )
    return Span(first, last, name, f"{first.day} {first:%b}")


def _month(first: date, last: date) -> Span:
    return Span(first, last, f"{first:%B %Y}", f"{first:%b %Y}")
