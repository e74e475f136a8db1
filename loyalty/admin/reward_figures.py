"""How rewards do in a period: which are chosen most, and what becomes of their codes (domain.md 11)."""

from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from loyalty.admin.csv_files import csv_answer
from loyalty.admin.overview import Choice
from loyalty.admin.overview_figures import rate_words
from loyalty.admin.periods import PRESETS, Chosen, Period, chosen, fault_of
from loyalty.admin.reward_report import reward_report
from loyalty.queries.analytics.periods import days
from loyalty.queries.reward_figures import RewardFigures, reward_figures
from programs.admin.base import TenantAdmin, require, required_environment
from programs.admin.detail import Crumb
from programs.models import Reward
from programs.queries.environments import now_in

_COLUMNS = (
    *("reward_id", "name", "kind", "redemptions", "members", "points", "share", "pending", "fulfilled"),
    *("cancelled", "failed", "codes_issued", "codes_used", "codes_expired", "use_rate"),
    *("median_seconds_to_use", "p90_seconds_to_use"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A reward's figures as they are read."""

    figures: RewardFigures
    kind: str
    share: str
    use_rate: str
    median: str
    slow: str


def figures_page(page: TenantAdmin[Reward], request: HttpRequest) -> HttpResponse:
    require(request, page.reader)
    asked = _asked(request)
    found = _figures(request, asked.period)
    context = {
        "original": Crumb(Reward(), "Analytics"),
        "chosen": asked,
        "periods": [
            Choice(name, urlencode({"period": key}), key == asked.preset) for key, name in PRESETS.items()
        ],
        "lines": [_line(figures) for figures in found],
        "report": replace(reward_report(found), title="Most popular"),
        "query": urlencode(asked.query),
        "total": sum(figures.redemptions for figures in found),
        "points": sum(figures.points for figures in found),
        "issued": sum(figures.codes_issued for figures in found),
        "used": sum(figures.codes_used for figures in found),
    }
    return page.page(request, "reward_figures.html", "Reward analytics", **context)


def figures_csv(page: TenantAdmin[Reward], request: HttpRequest) -> HttpResponseBase:
    """The same figures as a file for a spreadsheet."""
    require(request, page.reader)
    asked = _asked(request)
    if fault := fault_of(request.GET, asked.form):
        return HttpResponse(fault, status=400, content_type="text/plain; charset=utf-8")
    period = asked.period
    rows = [_cells(figures) for figures in _figures(request, period)]
    return csv_answer(f"rewards-{period.first}-{period.last}", _COLUMNS, rows)


def _asked(request: HttpRequest) -> Chosen:
    return chosen(request.GET, today=timezone.localdate(now_in(required_environment(request))))


def _figures(request: HttpRequest, period: Period) -> list[RewardFigures]:
    environment = required_environment(request)
    asked = days(environment, period.first, period.last)
    return reward_figures(
        environment=environment,
        begins_at=asked.begins_at,
        ends_at=asked.ends_at,
        now=now_in(environment),
    )


def _line(figures: RewardFigures) -> Line:
    return Line(
        figures=figures,
        kind=str(dict(Reward.Kind.choices).get(figures.kind, figures.kind)),
        share=rate_words(figures.share),
        use_rate="–" if figures.use_rate is None else rate_words(figures.use_rate),
        median=duration_words(figures.median_to_use),
        slow=duration_words(figures.p90_to_use),
    )


def duration_words(duration: timedelta | None) -> str:
    """ "3 days", "5 hours", "12 min", "under 1 min", in the unit that says it in about two digits."""
    if duration is None:
        return "–"
    seconds = duration.total_seconds()
    for unit, size in (("day", 86_400), ("hour", 3600)):
        if seconds >= 2 * size:
            return f"{round(seconds / size):,} {unit}s"
    minutes = round(seconds / 60)
    if seconds < 60:
        return "under 1 min"
    return f"{minutes:,} min"


def _cells(figures: RewardFigures) -> list[object]:
    def seconds(duration: timedelta | None) -> object:
        return "" if duration is None else int(duration.total_seconds())

    rate = "" if figures.use_rate is None else figures.use_rate
    return [
        *(figures.public_id, figures.name, figures.kind, figures.redemptions, figures.members),
        *(figures.points, figures.share, figures.pending, figures.fulfilled, figures.cancelled),
        *(figures.failed, figures.codes_issued, figures.codes_used, figures.codes_expired, rate),
        *(seconds(figures.median_to_use), seconds(figures.p90_to_use)),
    ]
