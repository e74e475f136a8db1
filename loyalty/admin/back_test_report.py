"""What a back-test would have given, day by day, against what was given: the chart, and its file."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from loyalty.admin.charts.plots import Series, lines
from loyalty.admin.charts.reports import Column, Report, Sheet
from loyalty.admin.charts.scales import words_of
from loyalty.admin.periods import short_days


def back_test_report(found: Sequence[Mapping[str, object]]) -> Report:
    """Of `{"day", "would", "given"}` in order; days between them count as nothing."""
    days = _days(found)
    would, given = sum(day[1] for day in days), sum(day[2] for day in days)
    drawing = lines(
        names=[f"{day:%a} {day.day} {day:%b %Y}" for day, _, _ in days],
        below=short_days([day for day, _, _ in days]) if days else [],
        series=[
            Series("Was given", "given", [day[2] for day in days]),
            Series("Would be given", "would", [day[1] for day in days]),
        ],
        filled="given",
    )
    return Report(
        slug="days",
        title="Points per day",
        summary=f"{words_of(would)} would be given, {words_of(given)} were.",
        drawing=drawing,
        sheet=Sheet(
            [
                Column("day", "Day", is_figure=False),
                Column("would_give", "Would be given"),
                Column("given", "Was given"),
                Column("difference", "Difference"),
            ],
            [(day, would, given, would - given) for day, would, given in days],
        ),
        empty="No event fell into the period.",
    )


def _days(found: Sequence[Mapping[str, object]]) -> list[tuple[date, int, int]]:
    known = {date.fromisoformat(str(row["day"])): row for row in found}
    if not known:
        return []
    first = min(known)
    days = [first + timedelta(days=number) for number in range((max(known) - first).days + 1)]
    return [(day, _figure(known.get(day, {}), "would"), _figure(known.get(day, {}), "given")) for day in days]


def _figure(row: Mapping[str, object], name: str) -> int:
    value = row.get(name, 0)
    return value if isinstance(value, int) else 0
