"""The console's first page: how the program does in a period, against the one before (console.md)."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from loyalty.actions.reports import note_report
from loyalty.admin.asked import Asked, asked_for, refused_file
from loyalty.admin.charts.reports import Report
from loyalty.admin.charts.scales import words_of
from loyalty.admin.money import money_words
from loyalty.admin.overview_figures import Figure, figures_of
from loyalty.admin.overview_reports import report_of, reports_of
from loyalty.admin.periods import PRESETS
from loyalty.ledger.consistent import one_state
from loyalty.queries.analytics.members import members_counted
from loyalty.queries.analytics.points import active_members, points_of_period
from loyalty.queries.history import latest_activity
from loyalty.queries.webhook_lists import troubled_endpoints
from programs.admin.base import actor_of, require, required_environment
from programs.models import Environment


@dataclass(frozen=True, slots=True)
class Choice:
    """A link to the same page for another period or metric."""

    name: str
    query: str
    is_chosen: bool


def overview_shown(request: HttpRequest, environment: Environment) -> dict[str, Any]:
    """What the page needs; its figures are of one state of the database. As many statements whatever the period, and
    however many entries there are."""
    asked = asked_for(request, environment)
    context = {
        "latest": latest_activity(environment=environment),
        "troubled_endpoints": troubled_endpoints(environment, timezone.now()),
    }
    if asked is None:
        return context
    with one_state():
        return context | _figures_shown(asked)


def report_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The figures of one of the page's charts, for a spreadsheet; it is in the trail who took them."""
    require(request, "analyst")
    asked = asked_for(request, required_environment(request))
    with one_state():
        report = report_of(slug, asked) if asked else None
    if asked is None or report is None:
        raise Http404("There is no such file.")
    return refused_file(request.GET, asked, asked.chosen.form) or taken(request, report, asked)


def taken(request: HttpRequest, report: Report, asked: Asked) -> StreamingHttpResponse:
    """The report's file."""
    period = {"first": f"{asked.period.first}", "last": f"{asked.period.last}"}
    note_report(
        environment=asked.environment,
        report=report.slug,
        name=report.title,
        asked={"metric": asked.metric.code, **period},
        actor=actor_of(request),
        now=asked.now,
    )
    return report.as_csv("-".join([report.slug, asked.metric.code, *period.values()]))


def choices_of(asked: Asked) -> dict[str, Any]:
    """The links to other periods and metrics, for console/period.html."""
    metric = {"metric": asked.metric.code}
    return {
        "periods": [
            Choice(name, urlencode({"period": key} | metric), key == asked.chosen.preset)
            for key, name in PRESETS.items()
        ],
        "metrics": [
            Choice(one.title, urlencode(asked.chosen.query | {"metric": one.code}), one == asked.metric)
            for one in asked.metrics
        ],
    }


def _figures_shown(asked: Asked) -> dict[str, Any]:
    where: dict[str, Any] = {"environment": asked.environment, "now": asked.now}
    now, before = (
        points_of_period(metric=asked.metric, first=period.first, last=period.last, **where)
        for period in (asked.period, asked.before)
    )
    active = [
        active_members(first=period.first, last=period.last, **where)
        for period in (asked.period, asked.before)
    ]
    return choices_of(asked) | {
        "asked": asked,
        "figures": [*figures_of(now, before, active=(active[0], active[1])), _members(asked)],
        "outstanding_value": money_words(asked.metric, now.closing),
        "reports": [
            replace(report, csv=f"{reverse('admin:report_csv', args=[report.slug])}?{asked.query}")
            for report in reports_of(asked)
        ],
    }


def _members(asked: Asked) -> Figure:
    everybody, new = members_counted(environment=asked.environment, period=asked.instants)
    return Figure(
        "Members", words_of(everybody), change=f"{words_of(new)} new in this period", note="as of now"
    )
