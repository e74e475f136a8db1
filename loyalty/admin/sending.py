"""An event sent by hand: recorded as the API would, by the same action, and what came of it (console.md)."""

import shlex
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import simplejson
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from audit.errors import DomainError
from audit.ids import new_id
from audit.instants import rfc3339
from loyalty.actions.events import dry_run, record_event
from loyalty.admin.event_templates import COLUMNS, Template, choices, items_of, like, template_of
from loyalty.admin.explaining import explained
from loyalty.admin.samples import SampleRow, as_text, sample_rows
from loyalty.admin.shared import uuid_or_none
from loyalty.admin.trying import Expected, SampleForm, data_sent, rows_sent
from loyalty.models import Event
from loyalty.queries.balances import balances_of
from loyalty.queries.events import RecordedEvent, ReportedEvent, recorded_events
from loyalty.queries.suggestions import event_types
from programs.admin.base import TenantAdmin, actor_of, form_errors, required_environment
from programs.admin.widgets import text_input
from programs.models import Environment
from programs.queries.environments import now_in
from programs.queries.snapshots import snapshot

_FIELDS = {"member": "member", "occurred_at": "occurred_at", "data": "json"}


class EventForm(SampleForm):
    type = forms.CharField(
        max_length=200,
        widget=text_input(list="lc-event-types", autocomplete="off"),
        help_text="Earning rules are about a type: an event of another type earns nothing by them.",
    )
    event_id = forms.CharField(
        label="Event id",
        max_length=200,
        widget=text_input(autocomplete="off"),
        help_text="Each event has one of its own, such as the order's number: the same id again counts once.",
    )

    field_order = ("type", "member", "event_id", "occurred_at", "json")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["member"].help_text = "Your own id of the person. A new id makes a new member."


@dataclass(slots=True)
class Sending:
    """One request: its form, its rows, and what was made of them."""

    form: EventForm
    rows: list[SampleRow]
    items: list[dict[str, Any]] = field(default_factory=list)
    reported: ReportedEvent | None = None
    expected: RecordedEvent | None = None


def send_page(page: TenantAdmin[Event], request: HttpRequest) -> HttpResponse:
    """A form; in the sandbox its post records the event, in live it first shows what the event would do."""
    environment = required_environment(request)
    if request.method != "POST" or request.POST.get("step") == "back":
        sending = _again(request) if request.method == "POST" else _begun(request, environment)
        return _form_page(page, request, environment, sending)
    sending = _sent(request)
    asks = environment.kind == Environment.Kind.LIVE and request.POST.get("step") != "confirm"
    if sending.reported is None:
        return _form_page(page, request, environment, sending)
    if asks:
        _expect(request, environment, sending)
    elif done := _record(page, request, environment, sending):
        return done
    if sending.expected is not None:
        return _confirm_page(page, request, environment, sending)
    return _form_page(page, request, environment, sending)


def _begun(request: HttpRequest, environment: Environment) -> Sending:
    """As the chosen type, or the event that is to be sent again, would fill the form."""
    source = uuid_or_none(request.GET.get("like"))
    event = _event(environment, source) if source else None
    kind = request.GET.get("type", "").replace("\x00", "")[:200]
    if event is not None:
        template = like(event)
    else:
        kind = kind or next(iter(event_types(environment)), "purchase")
        template = template_of(environment, kind)
    return _filled(template, request.GET.get("member", "").replace("\x00", "")[:200])


def _event(environment: Environment, key: UUID) -> Event | None:
    rows = Event.objects.filter(environment_id=environment.pk, pk=key, data__isnull=False)
    return rows.select_related("member").first()


def _filled(template: Template, member: str) -> Sending:
    items, data = items_of(template.data)
    rows, rest = sample_rows(data)
    initial = {
        "type": template.type,
        "member": member or template.member,
        "event_id": f"console-{new_id().hex[-10:]}",
        "json": as_text(rest) if rest else "",
    }
    return Sending(EventForm(initial=initial), rows, items)


def _again(request: HttpRequest) -> Sending:
    """What was entered, to be changed."""
    return Sending(EventForm(initial=request.POST.dict()), rows_sent(request), _items_sent(request))


def _sent(request: HttpRequest) -> Sending:
    form, items = EventForm(request.POST), _items_sent(request)
    sending = Sending(form, rows_sent(request), items)
    if not form.is_valid():
        return sending
    lines = [
        SampleRow(f"items[{place}].{name}", str(value), "" if name in ("quantity", "amount") else "text")
        for place, item in enumerate(items)
        for name, value in item.items()
    ]
    data = data_sent(form, [*sending.rows, *lines])
    if data is not None:
        sent = form.cleaned_data
        sending.reported = ReportedEvent(
            sent["event_id"], sent["type"], sent["member"], data, sent["occurred_at"]
        )
    return sending


def _items_sent(request: HttpRequest) -> list[dict[str, Any]]:
    columns = (request.POST.getlist(f"item_{name}") for name in COLUMNS)
    rows = (
        {n: value.strip() for n, value in zip(COLUMNS, row, strict=True)}
        for row in zip(*columns, strict=False)
    )
    return [kept for row in rows if (kept := {name: value for name, value in row.items() if value})]


def _expect(request: HttpRequest, environment: Environment, sending: Sending) -> None:
    """What the event would cause now; a refusal is said on the form."""
    assert sending.reported is not None  # noqa: S101 - the caller has looked
    try:
        sending.expected = dry_run(
            environment=environment,
            event=sending.reported,
            actor=actor_of(request),
            now=now_in(environment),
        )
    except DomainError as error:
        form_errors(sending.form, error, _FIELDS)


def _record(
    page: TenantAdmin[Event], request: HttpRequest, environment: Environment, sending: Sending
) -> HttpResponse | None:
    """By the action that the API calls."""
    assert sending.reported is not None  # noqa: S101 - the caller has looked
    reported = sending.reported
    try:
        done = record_event(
            environment=environment,
            event_id=reported.event_id,
            type=reported.type,
            member=reported.member,
            data=reported.data,
            occurred_at=reported.occurred_at,
            actor=actor_of(request),
            now=now_in(environment),
        )
    except DomainError as error:
        form_errors(sending.form, error, _FIELDS)
        return None
    if done.duplicate:
        messages.info(request, "This event was recorded before, by the same id; nothing was done again.")
    return HttpResponseRedirect(page.url("sent", done.event.pk))


def _form_page(
    page: TenantAdmin[Event], request: HttpRequest, environment: Environment, sending: Sending
) -> HttpResponse:
    return page.page(
        request,
        "event_send.html",
        "Send an event",
        form=sending.form,
        sample_rows=sending.rows,
        items=[_cells(item) for item in sending.items],
        blank=_cells({}),
        choices=choices(environment),
        chosen=sending.form["type"].value(),
        types=event_types(environment),
        is_live=environment.kind == Environment.Kind.LIVE,
    )


def _cells(item: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(name, item.get(name, "")) for name in COLUMNS]


def _confirm_page(
    page: TenantAdmin[Event], request: HttpRequest, environment: Environment, sending: Sending
) -> HttpResponse:
    assert sending.reported is not None and sending.expected is not None  # noqa: S101, PT018 - the caller has looked
    sent = [(name, value) for name in request.POST for value in request.POST.getlist(name)]
    return page.page(
        request,
        "event_send_confirm.html",
        "Send an event to LIVE",
        reported=sending.reported,
        entries=[Expected.of(entry) for entry in sending.expected.entries],
        why=explained(sending.expected.event, snapshot(environment)),
        sent=[pair for pair in sent if pair[0] not in ("csrfmiddlewaretoken", "step")],
        curl=curl_of(request, sending.reported),
    )


def sent_page(page: TenantAdmin[Event], request: HttpRequest, found: Event) -> HttpResponse:
    """What the event has done: what the rules said, and what the member has now."""
    environment = required_environment(request)
    (recorded,) = recorded_events([found], duplicate=False)
    member = found.member.external_id
    reported = ReportedEvent(found.event_id, found.type, member or "", found.data or {}, found.occurred_at)
    return page.page(
        request,
        "event_sent.html",
        "What the event did",
        object=found,
        entries=[Expected.of(entry) for entry in recorded.entries],
        why=explained(found, snapshot(environment)),
        balances=balances_of(environment=environment, member_id=found.member_id, now=now_in(environment)),
        curl=curl_of(request, reported) if found.data is not None else "",
    )


def curl_of(request: HttpRequest, reported: ReportedEvent) -> str:
    """The same by the API, to be pasted into a shell; the key is the caller's own."""
    body: dict[str, Any] = {
        "event_id": reported.event_id,
        "type": reported.type,
        "member_id": reported.member,
        "data": reported.data,
    }
    if reported.occurred_at is not None:
        body["occurred_at"] = rfc3339(timezone.localtime(reported.occurred_at))
    text = simplejson.dumps(body, use_decimal=True, ensure_ascii=False, indent=2)
    url = request.build_absolute_uri("/v1/events")
    return (
        f"curl -X POST {shlex.quote(url)} \\\n"
        '  -H "Authorization: Bearer $API_KEY" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        f"  -d {shlex.quote(text)}"
    )
