"""How rewards do in a period: which are chosen most, and what becomes of their codes (domain.md 11)."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django import forms
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone

from loyalty.admin.csv_files import csv_answer
from loyalty.admin.reward_report import reward_report
from loyalty.queries.reward_figures import RewardFigures, reward_figures
from programs.admin.base import TenantAdmin, require, required_environment
from programs.admin.detail import Crumb
from programs.admin.widgets import day_input, select
from programs.models import Reward
from programs.queries.environments import now_in

_DAYS = (
    (7, "The last 7 days"),
    (30, "The last 30 days"),
    (90, "The last 90 days"),
    (365, "The last 365 days"),
)
_USUAL = 30
_COLUMNS = (
    *("reward_id", "name", "kind", "redemptions", "members", "points", "share", "pending", "fulfilled"),
    *("cancelled", "failed", "codes_issued", "codes_used", "codes_expired", "use_rate"),
    *("median_seconds_to_use", "p90_seconds_to_use"),
)


class PeriodForm(forms.Form):
    """In the address, so that the page and its file can be kept and passed on."""

    days = forms.TypedChoiceField(
        label="Over",
        choices=[*_DAYS, ("", "Days of my choice")],
        coerce=int,
        required=False,
        widget=select(),
    )
    first = forms.DateField(label="From", required=False, widget=day_input())
    last = forms.DateField(label="To, this day included", required=False, widget=day_input())


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
    form = PeriodForm(_asked(request))
    begins_at, ends_at = _period(form, now_in(required_environment(request)))
    found = _figures(request, begins_at, ends_at)
    context = {
        "original": Crumb(Reward(), "Analytics"),
        "form": form,
        "lines": [_line(figures) for figures in found],
        "report": replace(reward_report(found), title="Most popular"),
        "period": _in_words(begins_at, ends_at),
        "query": request.GET.urlencode(),
        "total": sum(figures.redemptions for figures in found),
        "points": sum(figures.points for figures in found),
        "issued": sum(figures.codes_issued for figures in found),
        "used": sum(figures.codes_used for figures in found),
    }
    return page.page(request, "reward_figures.html", "Reward analytics", **context)


def figures_csv(page: TenantAdmin[Reward], request: HttpRequest) -> StreamingHttpResponse:
    """The same figures as a file for a spreadsheet."""
    require(request, page.reader)
    begins_at, ends_at = _period(PeriodForm(_asked(request)), now_in(required_environment(request)))
    rows = [_cells(figures) for figures in _figures(request, begins_at, ends_at)]
    begin, end = _days(begins_at, ends_at)
    return csv_answer(f"rewards-{begin:%Y-%m-%d}-{end:%Y-%m-%d}", _COLUMNS, rows)


def _figures(request: HttpRequest, begins_at: datetime, ends_at: datetime) -> list[RewardFigures]:
    environment = required_environment(request)
    return reward_figures(
        environment=environment, begins_at=begins_at, ends_at=ends_at, now=now_in(environment)
    )


def _asked(request: HttpRequest) -> dict[str, str]:
    return {"days": str(_USUAL)} | request.GET.dict()


def _period(form: PeriodForm, now: datetime) -> tuple[datetime, datetime]:
    """From a midnight of the project's zone to another, or to now. What is asked for and makes no sense is said
    at the form, and the usual period is shown."""
    sent = form.cleaned_data if form.is_valid() else {}
    first, last = sent.get("first"), sent.get("last")
    if not sent.get("days") and not form.errors:
        if first and last and first <= last and last.year < 9999:
            return _midnight(first), _midnight(last + timedelta(days=1))
        form.add_error("first", "Give the first day and the last, the first not after the last.")
    days = sent.get("days") or _USUAL
    return _midnight(timezone.localdate(now) - timedelta(days=days)), now


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _in_words(begins_at: datetime, ends_at: datetime) -> str:
    begin, end = _days(begins_at, ends_at)
    return f"{begin.day} {begin:%b %Y} to {end.day} {end:%b %Y}"


def _days(begins_at: datetime, ends_at: datetime) -> tuple[date, date]:
    """The first day and the last, in the project's zone."""
    return timezone.localdate(begins_at), timezone.localdate(ends_at - timedelta(microseconds=1))


def _line(figures: RewardFigures) -> Line:
    return Line(
        figures=figures,
        kind=str(dict(Reward.Kind.choices).get(figures.kind, figures.kind)),
        share=_percent(figures.share),
        use_rate="–" if figures.use_rate is None else _percent(figures.use_rate),
        median=duration_words(figures.median_to_use),
        slow=duration_words(figures.p90_to_use),
    )


def _percent(share: Decimal) -> str:
    return f"{share * 100:.1f}%".replace(".0%", "%")


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
