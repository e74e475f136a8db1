"""What became of attempts, written: delivered, to be tried again, failed; and what that says of the endpoint."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.instants import rfc3339
from audit.models import AuditEvent, WebhookDelivery, WebhookEndpoint
from audit.record import Actor
from audit.webhooks.endpoints import switch_off
from audit.webhooks.schedule import next_attempt

KEPT_ANSWER = 1_024  # bytes
KEPT_ATTEMPTS = 50
GONE = 410
_LONGEST_ERROR = 300
_DELIVERED, _PENDING, _FAILED = (
    WebhookDelivery.Status.DELIVERED,
    WebhookDelivery.Status.PENDING,
    WebhookDelivery.Status.FAILED,
)
_WRITTEN = (
    "status",
    "next_attempt_at",
    "leased_until",
    "delivered_at",
    "response_status",
    "latency_ms",
    "response",
    "error",
    "history",
    "erased",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One attempt: the status answered, or None and an error. `lease`: what it was claimed until."""

    delivery: UUID
    endpoint: UUID
    lease: datetime
    status: int | None
    latency_ms: int
    text: str
    error: str

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    def said(self) -> str:
        """What went wrong, in a sentence; empty where nothing did."""
        if self.succeeded or self.status is None:
            return self.error
        if 300 <= self.status < 400:
            return f"It answered {self.status}, a redirect, and none is followed: name the URL itself."
        return f"It answered {self.status}."


@transaction.atomic
def write(outcomes: Sequence[Outcome], *, now: datetime) -> None:
    """Write what became of these attempts. A delivery that another worker has meanwhile begun to send takes a success,
    and no failure; one that was resent meanwhile notes a failure and is sent again. Locks: the endpoints, then the
    deliveries, each in order of their ids.
    """
    endpoints = {row.pk: row for row in _locked_endpoints({each.endpoint for each in outcomes})}
    rows = {row.pk: row for row in _locked_deliveries({each.delivery for each in outcomes})}
    blank = _blank({row.event_id for row in rows.values() if row.member_id})
    for outcome in sorted(outcomes, key=lambda each: not each.succeeded):
        row, endpoint = rows.get(outcome.delivery), endpoints.get(outcome.endpoint)
        if row is None or endpoint is None:
            continue
        is_ours = row.leased_until == outcome.lease
        if is_ours:
            row.leased_until = None
        if row.status != _PENDING or not (is_ours or outcome.succeeded):
            continue
        row.erased = row.erased or row.event_id in blank
        _note(row, outcome, now)
        if outcome.succeeded:
            _succeed(row, endpoint, now)
        else:
            _fail(row, endpoint, outcome, now)
    WebhookDelivery.objects.bulk_update(rows.values(), _WRITTEN)
    WebhookEndpoint.objects.bulk_update(endpoints.values(), ["failing_since", "last_success_at"])


def _locked_endpoints(keys: set[UUID]) -> list[WebhookEndpoint]:
    return list(WebhookEndpoint.objects.filter(pk__in=keys).select_for_update(no_key=True).order_by("pk"))


def _locked_deliveries(keys: set[UUID]) -> list[WebhookDelivery]:
    return list(WebhookDelivery.objects.filter(pk__in=keys).select_for_update(no_key=True).order_by("pk"))


def _blank(events: set[UUID]) -> set[UUID]:
    """Those of the events that were redacted since they were sent."""
    return set(AuditEvent.objects.filter(pk__in=events, salt__isnull=True).values_list("pk", flat=True))


def _note(row: WebhookDelivery, outcome: Outcome, now: datetime) -> None:
    row.response_status, row.latency_ms = outcome.status, outcome.latency_ms
    if row.erased:
        row.response, row.error, row.history = "", "", []
        return
    error = _plain(outcome.said())[:_LONGEST_ERROR]
    row.response, row.error = _plain(_beginning(outcome.text)), error
    attempt = {"at": rfc3339(now), "status": outcome.status, "latency_ms": outcome.latency_ms, "error": error}
    row.history = [*row.history, attempt][-KEPT_ATTEMPTS:]


def _beginning(text: str) -> str:
    return text.encode()[:KEPT_ANSWER].decode(errors="ignore")


def _plain(text: str) -> str:
    """As PostgreSQL takes it."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _succeed(row: WebhookDelivery, endpoint: WebhookEndpoint, now: datetime) -> None:
    row.status, row.delivered_at = _DELIVERED, now
    endpoint.last_success_at, endpoint.failing_since = now, None


def _fail(row: WebhookDelivery, endpoint: WebhookEndpoint, outcome: Outcome, now: datetime) -> None:
    endpoint.failing_since = endpoint.failing_since or now
    if row.next_attempt_at != outcome.lease and outcome.status != GONE and endpoint.archived_at is None:
        return  # it was resent, or its endpoint enabled, meanwhile
    again = next_attempt(row.pk, row.attempts, now, row.give_up_at or now)
    if again and outcome.status != GONE and endpoint.archived_at is None:
        row.next_attempt_at = again
        return
    row.status = _FAILED
    reason = _reason_to_stop(row, endpoint, outcome)
    if reason and endpoint.archived_at is None:
        switch_off(endpoint, actor=Actor.system("webhooks"), now=now, reason=reason)


def _reason_to_stop(row: WebhookDelivery, endpoint: WebhookEndpoint, outcome: Outcome) -> str:
    if outcome.status == GONE:
        return "It answered 410 Gone."
    since = row.first_attempt_at
    if since and (endpoint.last_success_at is None or endpoint.last_success_at < since):
        return f"Nothing was delivered for three days. {row.error}".strip()
    return ""
