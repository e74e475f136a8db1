"""Points of a metric day by day, by what moved them: the chart, and the rows of its file."""

from collections.abc import Sequence
from typing import Any

from loyalty.admin.asked import Asked
from loyalty.admin.charts.plots import Plot, Series, columns, lines
from loyalty.admin.charts.reports import Column, Report, Sheet
from loyalty.admin.charts.scales import words_of
from loyalty.admin.charts.spans import Span, spans_of
from loyalty.admin.periods import short_days
from loyalty.queries.analytics.points import PointsDay, points_by_day

_MOVED = (
    Column("issued", "Issued"),
    Column("redeemed", "Redeemed"),
    Column("expired", "Expired"),
    Column("reversed", "Reversed"),
    Column("adjusted", "Adjusted"),
    Column("transferred", "Transferred"),
)
_OUTSTANDING = Column("outstanding", "Outstanding at the end")


def points_report(asked: Asked) -> Report:
    """What moved points in the period: in columns above zero what came, below it what went."""
    days = days_of(asked)
    found = spans_of(asked.period.first, asked.period.last)
    rows: list[tuple[Any, ...]] = [
        (span.name, *_moved(_within(days, span)), _within(days, span)[-1].outstanding) for span in found.spans
    ]
    anything = any(any(_moved([day])) for day in days)
    return Report(
        slug="points",
        title=f"Points per {found.unit}",
        summary=_summary(rows, found.unit),
        drawing=_drawn(rows, [span.short for span in found.spans]) if anything else None,
        sheet=Sheet(
            [Column(found.unit, found.unit.capitalize(), is_figure=False), *_MOVED, _OUTSTANDING], rows
        ),
        file=day_sheet(days),
        empty="No points moved in this period. The chart shows what members earn, spend and lose; publish an earning"
        " rule and send the first event to see it begin.",
        note="Other is what was reversed, adjusted or transferred." + _finer(found.unit),
    )


def outstanding_report(asked: Asked) -> Report:
    """What members held at each day's end."""
    days = days_of(asked)
    names = [f"{day.day:%a} {day.day.day} {day.day:%b %Y}" for day in days]
    figures = [day.outstanding for day in days]
    drawing = lines(
        names=names,
        below=short_days([day.day for day in days]),
        series=[Series("Outstanding", "issued", figures)],
        filled="issued",
    )
    return Report(
        slug="days",
        title="Outstanding at each day’s end",
        summary=f"From {words_of(min(figures))} to {words_of(max(figures))} points.",
        drawing=drawing if any(figures) or any(any(_moved([day])) for day in days) else None,
        sheet=day_sheet(days),
        empty="Nobody held points in this period. The chart shows what members hold at the end of each day.",
    )


def days_of(asked: Asked) -> list[PointsDay]:
    return points_by_day(
        environment=asked.environment,
        metric=asked.metric,
        first=asked.period.first,
        last=asked.period.last,
        now=asked.now,
    )


def day_sheet(days: Sequence[PointsDay]) -> Sheet:
    """Each day a row; the figures of a row and the row before it tie out."""
    rows = [(day.day, *_moved([day]), day.outstanding) for day in days]
    return Sheet([Column("day", "Day", is_figure=False), *_MOVED, _OUTSTANDING], rows)


def _moved(days: Sequence[PointsDay]) -> list[int]:
    return [sum(getattr(day, column.key) for day in days) for column in _MOVED]


def _within(days: Sequence[PointsDay], span: Span) -> list[PointsDay]:
    begin = (span.first - days[0].day).days
    return list(days[begin : begin + (span.last - span.first).days + 1])


def _drawn(rows: Sequence[tuple[Any, ...]], below: Sequence[str]) -> Plot | None:
    series = [
        Series("Issued", "issued", [row[1] for row in rows]),
        Series("Redeemed", "redeemed", [-row[2] for row in rows]),
        Series("Expired", "expired", [-row[3] for row in rows]),
        Series("Other", "other", [row[4] + row[5] + row[6] for row in rows]),
    ]
    return columns(names=[str(row[0]) for row in rows], series=series, below=below)


def _summary(rows: Sequence[tuple[Any, ...]], unit: str) -> str:
    issued, redeemed, expired = (sum(row[place] for row in rows) for place in (1, 2, 3))
    said = f"{words_of(issued)} issued, {words_of(redeemed)} redeemed, {words_of(expired)} expired"
    if issued and len(rows) > 1:
        best = max(rows, key=lambda row: row[1])
        said += f"; most issued in a {unit}: {words_of(best[1])} ({best[0]})"
    return f"{said}."


def _finer(unit: str) -> str:
    return "" if unit == "day" else " The file has each day."
