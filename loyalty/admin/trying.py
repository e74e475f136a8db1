"""A rule's draft tried on one event: what every rule would say, and what it would give. Nothing is written."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from audit.errors import DomainError
from loyalty.actions.events import dry_run
from loyalty.actions.points import policy_of
from loyalty.admin.explaining import explained, tier_steps
from loyalty.admin.samples import FaultySampleError, SampleRow, as_text, data_from, parsed, sample_rows
from loyalty.models import Event, LedgerEntry
from loyalty.queries.events import RecordedEvent, ReportedEvent
from loyalty.queries.suggestions import latest_event
from loyalty.rules.lots import expiry_of
from programs.admin.base import TenantAdmin, actor_of, form_errors, required_environment
from programs.admin.rule_words import sentence_of
from programs.admin.widgets import date_time, text_area, text_input
from programs.models import EarningRule, Environment
from programs.queries.environments import now_in
from programs.queries.snapshots import snapshot

_FIELDS = {"member": "member", "occurred_at": "occurred_at", "data": "json"}


class StoredForm(forms.Form):
    event = forms.CharField(
        label="Event id", max_length=200, widget=text_input(autocomplete="off"), strip=True
    )


class SampleForm(forms.Form):
    member = forms.CharField(label="Member id", max_length=200, widget=text_input(autocomplete="off"))
    occurred_at = forms.DateTimeField(
        label="When",
        required=False,
        widget=date_time(),
        help_text="Empty: now, as this environment's clock tells.",
    )
    json = forms.CharField(
        label="More data as JSON",
        required=False,
        widget=text_area(rows=6),
        help_text="An object whose fields are used together with the rows above.",
    )


@dataclass(frozen=True, slots=True)
class Expected:
    """An entry that would be written and, of a credit, from when and until when it could be spent."""

    entry: LedgerEntry
    available_at: datetime | None = None
    expires_at: datetime | None = None

    @classmethod
    def of(cls, entry: LedgerEntry) -> "Expected":
        if entry.points <= 0:
            return cls(entry)
        metric = entry.account.metric
        zone = ZoneInfo(timezone.get_current_timezone_name())
        available_at = (
            entry.occurred_at + timedelta(days=metric.vesting_days) if metric.vesting_days else None
        )
        return cls(entry, available_at, expiry_of(policy_of(metric), entry.occurred_at, zone))


@dataclass(slots=True)
class Trial:
    """One request's sample, as its inputs show it, and what came of it."""

    stored: StoredForm
    sample: SampleForm
    rows: list[SampleRow]
    result: RecordedEvent | None = None

    def shown(self, rule: EarningRule, environment: Environment) -> dict[str, Any]:
        context: dict[str, Any] = {"stored": self.stored, "sample": self.sample, "sample_rows": self.rows}
        if self.result is not None:
            why = explained(self.result.event, snapshot(environment))
            why.verdicts.sort(key=lambda verdict: verdict["rule_id"] != rule.pk)
            context |= {
                "result": self.result,
                "why": why,
                "entries": [Expected.of(entry) for entry in self.result.entries],
                "tier_steps": tier_steps(self.result.changes),
            }
        return context


def try_page(page: TenantAdmin[EarningRule], request: HttpRequest, rule: EarningRule) -> HttpResponse:
    """A stored event or a sample is judged by the draft and by all the other rules in force."""
    environment = required_environment(request)
    if request.method != "POST":
        trial = _prefilled(latest_event(environment, rule.event_type))
    elif request.POST.get("step") == "stored":
        trial = _try_stored(request, environment, rule)
    else:
        trial = _try_sample(request, environment, rule)
    context = {"object": rule, "sentence": sentence_of(rule), "draft": rule.pk} | trial.shown(
        rule, environment
    )
    return page.page(request, "rule_try.html", f"Try {rule}", **context)


def _prefilled(event: Event | None, occurred_at: datetime | None = None) -> Trial:
    """The inputs as that event would fill them; without one, an amount to begin with."""
    data = {"amount": "50.00"} if event is None or event.data is None else event.data
    rows, rest = sample_rows(data)
    member = event.member.external_id if event else ""
    initial = {"member": member, "occurred_at": occurred_at, "json": as_text(rest) if rest else ""}
    return Trial(StoredForm(), SampleForm(initial=initial), rows)


def _try_stored(request: HttpRequest, environment: Environment, rule: EarningRule) -> Trial:
    form = StoredForm(request.POST)
    trial = _prefilled(latest_event(environment, rule.event_type))
    trial.stored = form
    if not form.is_valid():
        return trial
    name = form.cleaned_data["event"].replace("\x00", "")
    event = (
        Event.objects.filter(environment_id=environment.pk, event_id=name).select_related("member").first()
    )
    if event is None:
        form.add_error("event", f"There is no event {name!r} in this environment.")
    elif event.data is None or event.member.external_id is None:
        form.add_error("event", "What was sent with this event is erased.")
    elif event.type != rule.event_type:
        form.add_error("event", f"It is of type {event.type}; this rule is about {rule.event_type}.")
    else:
        trial = _prefilled(event, event.occurred_at)
        trial.stored = form
        reported = _reported(rule, event.member.external_id, event.data, event.occurred_at)
        _run(request, environment, rule, reported, trial, form)
    return trial


def _try_sample(request: HttpRequest, environment: Environment, rule: EarningRule) -> Trial:
    form, rows = SampleForm(request.POST), rows_sent(request)
    trial = Trial(StoredForm(), form, rows)
    if not form.is_valid():
        return trial
    sent = form.cleaned_data
    data = data_sent(form, rows)
    if data is None:
        return trial
    _run(request, environment, rule, _reported(rule, sent["member"], data, sent["occurred_at"]), trial, form)
    return trial


def data_sent(form: forms.Form, rows: list[SampleRow]) -> dict[str, Any] | None:
    """The rows and the JSON together; None with the fault on the form."""
    text = form.cleaned_data["json"].strip()
    try:
        rest = parsed(text) if text else {}
    except FaultySampleError as error:
        form.add_error("json", str(error))
        return None
    try:
        return data_from(rows, rest)
    except FaultySampleError as error:
        form.add_error(None, str(error))
        return None


def rows_sent(request: HttpRequest) -> list[SampleRow]:
    names = ("path", "value", "kind")
    sent = zip(*(request.POST.getlist(f"sample_{name}") for name in names), strict=False)
    return [
        SampleRow(path.strip(), value, kind) for path, value, kind in sent if path.strip() or value.strip()
    ]


def _reported(rule: EarningRule, member: str, data: dict[str, Any], at: datetime | None) -> ReportedEvent:
    """With an id of its own: a stored event's would be a repetition."""
    return ReportedEvent(f"try-{uuid4().hex}", rule.event_type, member, data, at)


def _run(
    request: HttpRequest,
    environment: Environment,
    rule: EarningRule,
    event: ReportedEvent,
    trial: Trial,
    form: forms.Form,
) -> None:
    try:
        trial.result = dry_run(
            environment=environment,
            event=event,
            actor=actor_of(request),
            now=now_in(environment),
            draft=rule,
        )
    except DomainError as error:
        form_errors(form, error, _FIELDS if isinstance(form, SampleForm) else None)
