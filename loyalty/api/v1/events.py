"""/v1/events: what happened in the tenant's product."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from audit.ids import public
from loyalty.actions.events import MAX_DATA, REFUND, record_event
from loyalty.api.common.fields import ExternalId, Instant, JsonObject, Pattern, Text
from loyalty.api.common.parsing import check_text
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import examples, rendering, shapes
from loyalty.api.v1.docs import operation
from loyalty.api.v1.points import MemberBody
from loyalty.models import LedgerEntry
from loyalty.queries.events import RecordedEvent, find_event


class EventBody(MemberBody):
    event_id = ExternalId(help_text="Your own id of the event; the same event again changes nothing.")
    type = Pattern(r"^[A-Za-z0-9_.:-]{1,100}\Z", help_text="purchase, refund, or any name of yours.")
    occurred_at = Instant(required=False, help_text="Now, if absent; at most 30 days ago.")
    data = JsonObject(  # type: ignore[assignment]  # a field of that name, not DRF's property
        max_bytes=MAX_DATA, help_text="Anything that rules may use; at most 32 KiB."
    )
    program = Text(required=False, max_length=64, help_text="Code or id; all active programs, if absent.")


class EventListView(EngineView):
    scopes = {"POST": "events:write"}

    @operation(
        "record_event",
        "Report an event",
        scope="events:write",
        body=EventBody,
        request_example={
            "event_id": "order-12345",
            "type": "purchase",
            "member_id": "cus_abc123",
            "data": {"amount": "59.90", "currency": "GBP"},
        },
        answer=shapes.RecordedEvent,
        example=examples.RECORDED,
        status=[200, 201],
        refusals=["program_not_found", "event_id_reused", "event_too_late", "member_frozen"],
        writes=True,
        tag="events",
        description="201 when it is new, 200 when it is a duplicate. Refunds are stored and not applied yet.",
    )
    def post(self, request: Request) -> Response:
        return self.write(
            record_event,
            recorded,
            http_status=lambda found: 200 if found.duplicate else 201,
            actor=self.actor,
            now=self.now,
            **self.body(EventBody),
        )


class EventView(EngineView):
    scopes = {"GET": "events:read"}

    @operation(
        "retrieve_event",
        "An event and what it caused",
        scope="events:read",
        answer=shapes.RecordedEvent,
        example=examples.RECORDED,
        refusals=["not_found"],
        tag="events",
    )
    def get(self, request: Request, event_id: str) -> Response:
        check_text(event_id, "event_id")
        return Response(recorded(find_event(environment=self.environment, event_id=event_id)))


def recorded(found: RecordedEvent) -> dict[str, Any]:
    effects = [_effect(entry, found.member) for entry in found.entries]
    if found.event.type == REFUND:
        effects.append(
            {"kind": "not_applied", "detail": "Refunds are stored; this version does not apply them yet."}
        )
    return {
        "event": rendering.event(found.event, found.member),
        "effects": effects,
        "duplicate": found.duplicate,
    }


def _effect(entry: LedgerEntry, member: str | None) -> dict[str, Any]:
    return {
        "kind": "points",
        "transaction": rendering.transaction(entry, member, entry.account.metric.code),
        "rule_revision": entry.rule_revision_id and public("rev", entry.rule_revision_id),
    }
