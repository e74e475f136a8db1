"""The movement statement of a period: opening, what moved, closing, in points and in money."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from loyalty.admin.asked import Asked
from loyalty.admin.charts.reports import Column, Report, Sheet
from loyalty.admin.money import is_valued, money_words
from loyalty.admin.periods import day_words
from loyalty.queries.analytics.money import value_of
from loyalty.queries.analytics.points import PointsPeriod, points_of_period

_COLUMNS = ("environment", "metric", "from", "to", "line", "points", "value", "currency", "as_of")
_REVERSED = {
    "issued": "taken back by refunds and reversals",
    "redeemed": "given back by cancellations",
    "adjusted": "adjustments undone",
}


@dataclass(frozen=True, slots=True)
class Line:
    """`points` signed, so that the lines sum to the closing; `link`: the ledger entries of it. `key` names it in the
    file. `is_total`: opening and closing. `parts` sum to it, and stand in the file in its place; what they
    are of is told by the entries of the whole only."""

    key: str
    name: str
    detail: str
    points: int
    value: str
    link: str = ""
    is_total: bool = False
    parts: tuple["Line", ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    lines: list[Line]
    opening: int
    closing: int
    redemption_rate: Any
    breakage_rate: Any


def statement_of(asked: Asked) -> Statement:
    """Of the period that is asked for."""
    period = points_of_period(
        environment=asked.environment,
        metric=asked.metric,
        first=asked.period.first,
        last=asked.period.last,
        now=asked.now,
    )
    lines = list(_lines(asked, period))
    return Statement(lines, period.opening, period.closing, period.redemption_rate, period.breakage_rate)


def statement_report(asked: Asked) -> Report:
    """The same as a file; each row says of what it is, so that a copied line still does."""
    about = (str(asked.environment), asked.metric.code, asked.period.first, asked.period.last)
    currency = asked.metric.unit_currency if is_valued(asked.metric) else None
    rows = [
        (*about, line.key, line.points, value_of(asked.metric, line.points), currency, asked.now.isoformat())
        for whole in statement_of(asked).lines
        for line in whole.parts or (whole,)
    ]
    sheet = Sheet([Column(name, name) for name in _COLUMNS], rows)
    return Report("statement", "Movement statement", "", None, sheet, "")


def _lines(asked: Asked, period: PointsPeriod) -> Iterator[Line]:
    def line(key: str, name: str, detail: str, points: int, *types: str) -> Line:
        link = _entries(asked, types) if types else ""
        return Line(key, name, detail, points, money_words(asked.metric, points), link, is_total=not types)

    began, ended = day_words(period.first), day_words(period.last)
    yield line("opening", "Opening", f"outstanding when {began} begins", period.opening)
    yield line("issued", "Issued", "earned and given as bonus", period.issued, "earned", "bonus")
    yield line("redeemed", "Redeemed", "spent by members", -period.redeemed, "redeemed")
    yield line("expired", "Expired", "breakage: not used in time", -period.expired, "expired")
    yield _reversed(asked, period)
    yield line("adjusted", "Adjusted", "by hand, up or down", period.adjusted, "adjusted")
    detail = "between members; what came less what went"
    yield line("transferred", "Transferred", detail, period.transferred, "transferred")
    yield line("closing", "Closing", f"outstanding when {ended} ends", period.closing)


def _reversed(asked: Asked, period: PointsPeriod) -> Line:
    """By what was reversed."""
    parts = []
    for what, detail in _REVERSED.items():
        points = getattr(period, f"reversed_{what}")
        parts.append(
            Line(f"reversed_{what}", f"Of {what}", detail, points, money_words(asked.metric, points))
        )
    points, link = sum(part.points for part in parts), _entries(asked, ("reversed",))
    value = money_words(asked.metric, points)
    return Line("reversed", "Reversed", "what was undone", points, value, link, parts=tuple(parts))


def _entries(asked: Asked, types: tuple[str, ...]) -> str:
    """The list of the ledger entries behind a line."""
    query = {
        "type__exact" if len(types) == 1 else "type__in": ",".join(types),
        "metric": asked.metric.code,
        "occurred_at_from": f"{asked.period.first}",
        "occurred_at_to": f"{asked.period.last}",
    }
    return f"{reverse('admin:loyalty_ledgerentry_changelist')}?{urlencode(query)}"
