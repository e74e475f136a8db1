"""What the program owes its members: how it came about in a month, and when it will expire (console.md).

A statement that an auditor can tie out: opening, what moved, closing; each line leads to its ledger entries.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from loyalty.admin.asked import Asked, metrics_of, refused_file
from loyalty.admin.charts.reports import Report
from loyalty.admin.forecast_report import forecast_report
from loyalty.admin.money import money_words
from loyalty.admin.overview import Choice, taken
from loyalty.admin.overview_figures import rate_words
from loyalty.admin.periods import Chosen, DaysForm, Period, month_before, month_of
from loyalty.admin.points_report import outstanding_report, points_report
from loyalty.admin.statement import Statement, statement_of, statement_report
from loyalty.ledger.consistent import one_state
from loyalty.rules.days import FIRST_YEAR
from programs.admin.base import require, required_environment
from programs.admin.widgets import month_input
from programs.models import Environment
from programs.queries.environments import now_in

REPORTS: Mapping[str, Callable[[Asked], Report]] = {
    "statement": statement_report,
    "liability": forecast_report,
    "days": outstanding_report,
    "points": points_report,
}


class MonthForm(forms.Form):
    """In the address, so that the page can be kept and passed on."""

    month = forms.RegexField(
        r"^[0-9]{4}-(0[1-9]|1[0-2])$",
        label="Month",
        required=False,
        widget=month_input(),
        error_messages={"invalid": "Write the month as year and month: 2026-02."},
    )


@dataclass(frozen=True, slots=True)
class Month:
    """The month that is asked for; `form` says what is wrong with it."""

    period: Period
    form: MonthForm
    today: date

    @property
    def choices(self) -> list[tuple[str, date]]:
        """The months round it, and those that are asked for most."""
        last, this = month_before(self.today).first, self.today.replace(day=1)
        return [("Last month", last), ("This month so far", this)]


def liability_shown(request: HttpRequest) -> dict[str, Any]:
    """What the page needs; its figures are of one state of the database. As many statements whatever the month."""
    require(request, "analyst")
    environment = required_environment(request)
    month = _month(request, timezone.localdate(now_in(environment)))
    asked = _asked(request, environment, month)
    if asked is None:
        return {"month": month}
    with one_state():
        statement = statement_of(asked)
        reports = [
            _addressed(make(asked), asked) for make in (outstanding_report, points_report, forecast_report)
        ]
    return {
        "month": month,
        "asked": asked,
        "statement": statement,
        "rates": _rates(statement),
        "closing_value": money_words(asked.metric, statement.closing),
        "reports": reports,
        "statement_csv": _csv("statement", asked),
        **_choices(asked, month),
    }


def _rates(statement: Statement) -> str:
    if statement.redemption_rate is None:
        return ""
    redeemed, expired = (rate_words(rate) for rate in (statement.redemption_rate, statement.breakage_rate))
    return f"Of what was issued, less what was taken back, {redeemed} was redeemed and {expired} expired."


def liability_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The figures of one part of the page, for a spreadsheet; it is in the trail who took them."""
    require(request, "analyst")
    environment = required_environment(request)
    month = _month(request, timezone.localdate(now_in(environment)))
    asked = _asked(request, environment, month)
    if asked is None or slug not in REPORTS:
        raise Http404("There is no such file.")
    refused = refused_file(request.GET, asked, month.form)
    return refused or taken(request, REPORTS[slug](asked), asked)


def _month(request: HttpRequest, today: date) -> Month:
    """Last month, unless another is asked for; of the month of today, the days so far."""
    usual = month_before(today)
    sent = {"month": request.GET.get("month") or f"{usual.first:%Y-%m}"}
    form = MonthForm(sent)
    if form.is_valid():
        first = date(int(sent["month"][:4]) or 1, int(sent["month"][5:]), 1)
        if first > today:
            form.add_error("month", "That month is still to come.")
        elif first.year < FIRST_YEAR:
            form.add_error("month", f"Choose a month from {FIRST_YEAR} on.")
        else:
            whole = month_of(first)
            return Month(replace(whole, last=min(whole.last, today)), form, today)
    return Month(usual, form, today)


def _asked(request: HttpRequest, environment: Environment, month: Month) -> Asked | None:
    metrics = metrics_of(environment)
    if not metrics:
        return None
    metric = next((one for one in metrics if one.code == request.GET.get("metric")), metrics[0])
    chosen = Chosen("", month.period, month_before(month.period.first), DaysForm())
    return Asked(environment, now_in(environment), metrics, metric, chosen)


def _choices(asked: Asked, month: Month) -> dict[str, Any]:
    def link(name: str, first: date, metric: str, *, is_chosen: bool) -> Choice:
        return Choice(name, urlencode({"month": f"{first:%Y-%m}", "metric": metric}), is_chosen)

    here, code = asked.period.first, asked.metric.code
    before, after = month_before(here).first, _next(here)
    return {
        "periods": [link(name, first, code, is_chosen=first == here) for name, first in month.choices],
        "metrics": [link(one.title, here, one.code, is_chosen=one == asked.metric) for one in asked.metrics],
        "earlier": link(f"{before:%B %Y}", before, code, is_chosen=False)
        if before.year >= FIRST_YEAR
        else None,
        "later": link(f"{after:%B %Y}", after, code, is_chosen=False) if after <= month.today else None,
    }


def _next(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def _addressed(report: Report, asked: Asked) -> Report:
    return replace(report, csv=_csv(report.slug, asked))


def _csv(slug: str, asked: Asked) -> str:
    query = urlencode({"month": f"{asked.period.first:%Y-%m}", "metric": asked.metric.code})
    return f"{reverse('admin:liability_csv', args=[slug])}?{query}"
