"""What is outstanding, by the month in which it will expire unless it is used."""

from collections.abc import Callable
from datetime import date
from typing import Any

from loyalty.admin.asked import Asked
from loyalty.admin.charts.plots import Plot, Series, columns
from loyalty.admin.charts.reports import Column, Report, Sheet
from loyalty.admin.charts.scales import words_of
from loyalty.admin.money import is_valued
from loyalty.queries.analytics.liability import Liability, liability
from loyalty.queries.analytics.money import value_of
from programs.models import Metric

_MOST_MONTHS = 24


def forecast_report(asked: Asked) -> Report:
    """As of now, whichever period was asked for: the past can't expire any more."""
    found = liability(environment=asked.environment, metric=asked.metric, now=asked.now)
    return Report(
        slug="liability",
        title="Liability by expiry month",
        summary=_summary(found),
        drawing=_drawn(found, asked.today) if found.cohorts or found.debt else None,
        sheet=_sheet(asked.metric, found, lambda month: _month(month) if month else "Never"),
        file=_sheet(asked.metric, found, lambda month: f"{month:%Y-%m}" if month else "never"),
        empty="Nobody holds points yet. The chart shows in which month they will expire.",
        note="As of now: points that are pending or on hold are counted too.",
    )


def _sheet(metric: Metric, found: Liability, named: Callable[[date | None], str]) -> Sheet:
    """The rows sum to what is outstanding, which is the last one."""
    rows: list[tuple[str, int]] = [(named(cohort.month), cohort.points) for cohort in found.cohorts]
    if found.debt:
        rows.append(("Owed by members", found.debt))
    rows.append(("Outstanding", found.outstanding))
    columns: list[Column] = [Column("expires_in", "Expires in", is_figure=False), Column("points", "Points")]
    if not is_valued(metric):
        return Sheet(columns, rows)
    money = Column("value", f"Value in {metric.unit_currency}")
    currency = Column("currency", "Currency", is_figure=False)
    valued: list[tuple[Any, ...]] = [
        (name, points, value_of(metric, points), metric.unit_currency) for name, points in rows
    ]
    return Sheet([*columns, money, currency], valued)


def _summary(found: Liability) -> str:
    said = f"{words_of(found.outstanding)} outstanding"
    dated = [cohort for cohort in found.cohorts if cohort.month]
    if dated:
        expiring = words_of(sum(cohort.points for cohort in dated))
        said += f", of which {expiring} expire; next {words_of(dated[0].points)} in {dated[0].month:%B %Y}"
    elif found.cohorts:
        said += ", none of which expires"
    if found.debt:
        said += f". Members owe {words_of(-found.debt)}, which is taken off"
    return f"{said}."


def _drawn(found: Liability, today: date) -> Plot | None:
    """Every month from now to the last one, at most two years of them; the others in a column."""
    dated = {cohort.month: cohort.points for cohort in found.cohorts if cohort.month}
    months = _months(today.replace(day=1), max(dated, default=today))
    later = sum(points for month, points in dated.items() if month not in months)
    bars = [(_month(month), f"{month:%b %Y}", dated.get(month, 0)) for month in (months if dated else [])]
    if later:
        bars.append((f"After {_month(months[-1])}", "Later", later))
    never = sum(cohort.points for cohort in found.cohorts if cohort.month is None)
    if never:
        bars.append(("Never", "Never", never))
    points = [max(0, figure) for _, _, figure in bars]
    series = [Series("Expires", "issued", points)]
    if found.debt:
        bars.append(("Owed by members", "Owed", found.debt))
        series = [
            Series("Outstanding", "issued", [*points, 0]),
            Series("Owed by members", "expired", [*(0 for _ in points), found.debt]),
        ]
    return columns(names=[name for name, _, _ in bars], below=[short for _, short, _ in bars], series=series)


def _months(first: date, last: date) -> list[date]:
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    numbers = range(first.month - 1, first.month - 1 + min(max(count, 1), _MOST_MONTHS))
    return [date(first.year + number // 12, number % 12 + 1, 1) for number in numbers]


def _month(month: date) -> str:
    return f"{month:%B %Y}"
