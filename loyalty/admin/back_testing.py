"""Back-tests of a rule's draft: begun here, worked off by a worker, shown with a chart (domain.md 4.2)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.errors import DomainError
from loyalty.actions.back_tests import start_back_test
from loyalty.admin.back_test_report import back_test_report
from loyalty.admin.explaining import outcomes_in_words
from loyalty.admin.keyset import KeysetAdmin
from loyalty.models import BackTest
from loyalty.queries.analytics.periods import days, zone_of
from loyalty.queries.back_tests import back_tests_of, most_affected
from loyalty.rules.days import day_of, midnight
from programs.actions.publish import definition_of
from programs.admin.base import TenantAdmin, actor_of, form_errors, may, required_environment
from programs.admin.detail import DetailAdmin
from programs.admin.rule_words import sentence_of, words_of
from programs.admin.widgets import day_input, select
from programs.models import EarningRule, Environment
from programs.queries.environments import now_in

_DAYS = (
    (7, "The last 7 days"),
    (30, "The last 30 days"),
    (90, "The last 90 days"),
    (365, "The last 365 days"),
)
_SHOWN = 10


class PeriodForm(forms.Form):
    days = forms.TypedChoiceField(
        label="Over",
        choices=[*_DAYS, ("", "Days of my choice")],
        coerce=int,
        required=False,
        initial=30,
        widget=select(),
    )
    first = forms.DateField(label="From", required=False, widget=day_input())
    last = forms.DateField(label="To", required=False, widget=day_input(), help_text="This day included.")

    def clean(self) -> dict[str, Any]:
        sent = super().clean() or {}
        if not sent.get("days") and not self.errors:
            if not sent.get("first"):
                self.add_error("first", "Give the first day.")
            if not sent.get("last"):
                self.add_error("last", "Give the last day.")
        return sent

    def period(self, environment: Environment, now: datetime) -> tuple[datetime, datetime]:
        """From a midnight of the project's zone to another, or to now. Raises OverflowError at the calendar's ends."""
        sent, zone = self.cleaned_data, zone_of(environment)
        if sent["days"]:
            return midnight(day_of(now, zone) - timedelta(days=sent["days"]), zone), now
        asked = days(environment, sent["first"], sent["last"])
        return asked.begins_at, min(asked.ends_at, now)


def back_test_page(page: TenantAdmin[EarningRule], request: HttpRequest, rule: EarningRule) -> HttpResponse:
    """The question of the period; a post begins the run and goes to its page."""
    environment = required_environment(request)
    form = PeriodForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        now = now_in(environment)
        try:
            begins_at, ends_at = form.period(environment, now)
            started = start_back_test(
                environment=environment,
                rule=rule,
                begins_at=begins_at,
                ends_at=ends_at,
                actor=actor_of(request),
                now=now,
            )
        except OverflowError:
            form.add_error(None, "Choose a period that is over.")
        except DomainError as error:
            form_errors(form, error, {"from": "first", "to": "last", "begins_at": "first", "ends_at": "last"})
        else:
            return HttpResponseRedirect(reverse("admin:loyalty_backtest_change", args=[started.pk]))
    context = {"object": rule, "form": form, "sentence": sentence_of(rule)}
    context["back_tests"] = list(back_tests_of(rule)[:_SHOWN])
    return page.page(request, "rule_back_test.html", f"Back-test {rule}", **context)


@admin.register(BackTest)
class BackTestAdmin(KeysetAdmin[BackTest], DetailAdmin[BackTest]):
    detail_template = "back_test.html"
    explanation = "A back-test tries a rule's draft on the events of the past, and writes no points."
    first_step = "Open an earning rule and choose “Back-test”."
    list_display = ("rule_name", "period", "state", "created_at")
    list_display_links = ("rule_name",)
    list_filter = ("status",)
    list_select_related = ("rule",)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[BackTest]:
        return super().get_queryset(request).select_related("rule__metric")

    @admin.display(description="Rule")
    def rule_name(self, back_test: BackTest) -> str:
        return str(back_test.rule)

    @admin.display(description="Period")
    def period(self, back_test: BackTest) -> str:
        begin, end = (timezone.localtime(at) for at in (back_test.begins_at, back_test.ends_at))
        return f"{begin.day} {begin:%b %Y} to {end.day} {end:%b %Y}"

    @admin.display(description="Status")
    def state(self, back_test: BackTest) -> SafeString:
        return format_html(
            '<span class="lc-tag lc-{}">{}</span>', back_test.status, back_test.get_status_display()
        )

    def get_urls(self) -> list[URLPattern]:
        return [self.object_page("csv", self.as_csv, self.reader), *super().get_urls()]

    def detail_title(self, found: BackTest) -> str:
        return f"Back-test of {found.rule}"

    def detail(self, request: HttpRequest, found: BackTest) -> dict[str, Any]:
        result = found.result if isinstance(found.result, dict) else None
        return {
            "result": result,
            "sentence": words_of(found.definition, found.rule.metric.title),
            "is_older": definition_of(found.rule) != found.definition,
            "period": self.period(found),
            "unfinished": found.status in (BackTest.Status.QUEUED, BackTest.Status.RUNNING),
            "outcomes": outcomes_in_words(result.get("outcomes")) if result else "",
            "difference": result["would"] - result["given"] if result else 0,
            "report": replace(
                back_test_report(result["days"] if result else []), csv=self.url("csv", found.pk)
            ),
            "affected": most_affected(found),
            "may_operate": may(request, "operator"),
        }

    def as_csv(self, request: HttpRequest, found: BackTest) -> StreamingHttpResponse:
        """The days as a file for a spreadsheet."""
        return back_test_report((found.result or {}).get("days", [])).as_csv(found.public_id)
