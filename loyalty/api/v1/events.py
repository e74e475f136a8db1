"""/v1/events: what happened in the tenant's product."""

from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.actions.events import MAX_DATA, record_event
from loyalty.api.common.fields import ExternalId, Instant, JsonObject, Pattern, Text
from loyalty.api.common.parsing import check_text
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import event_shapes, examples
from loyalty.api.v1.docs import operation
from loyalty.api.v1.effects import recorded
from loyalty.api.v1.points import MemberBody
from loyalty.queries.events import find_shown_event
from programs.event_types import EVENT_TYPE

REFUNDS = """A *refund* is an event of type `refund`; its `data` names the purchase by its `event_id`:
`{"purchase": "order-12345", "amount": "20.00", "items": [{"line": 2, "quantity": 1, "amount": "20.00"}]}`.
`items` say what of which lines: `line` is the line's own `line`, or its place from 1, with the `quantity`, the
`amount` or both that are given back. Without `amount` the refund is worth what its lines are, or without lines all
that is left. The purchase minus all its refunds so far is judged again, by the rules of its time and by what was
known of the customer then; what it would no longer have earned is taken back, so a hundred small refunds take what
one large one does. They also take back progress towards tiers and what the purchase used of caps and budgets.
`effects` lists what was taken, transaction by transaction, and `explain` shows the figures. A purchase that is not
there is `purchase_not_found`; more than is left of it is `refund_exceeds_purchase`, with what is `refundable`."""


REFUSALS = (
    "program_not_found",
    "purchase_not_found",
    "refund_exceeds_purchase",
    "event_id_reused",
    "event_too_late",
    "member_frozen",
)


class EventBody(MemberBody):
    event_id = ExternalId(help_text="Your own id of the event; the same event again changes nothing.")
    type = Pattern(EVENT_TYPE, help_text="purchase, refund, or any name of yours.")
    occurred_at = Instant(required=False, help_text="Now, if absent; at most 30 days ago.")
    data = JsonObject(  # type: ignore[assignment]  # a field of that name, not DRF's property
        max_bytes=MAX_DATA, help_text="Anything that rules may use; at most 32 KiB."
    )
    program = Text(
        required=False,
        max_length=64,
        help_text="Code or id; all active programs, if absent. By "
        "its id also one that another project shares with yours.",
    )


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
        answer=event_shapes.RecordedEvent,
        example=examples.RECORDED,
        status=[200, 201],
        refusals=["plan_limit_exceeded", *REFUSALS],
        writes=True,
        tag="events",
        description="201 when it is new, 200 when it is a duplicate. `reasons` says of each rule why it gave points, "
        f"or none.\n\n{REFUNDS}",
    )
    def post(self, request: Request) -> Response:
        body = self.body(EventBody)
        place = self.reached(body.get("program"))
        return self.write(
            record_event,
            lambda found: recorded(found, place),
            http_status=lambda found: 200 if found.duplicate else 201,
            environment=place,
            actor=self.actor,
            now=self.now_at(place),
            **body,
        )


class EventView(EngineView):
    scopes = {"GET": "events:read"}

    @operation(
        "retrieve_event",
        "An event and what it caused",
        scope="events:read",
        answer=event_shapes.RecordedEvent,
        example=examples.RECORDED,
        refusals=["not_found"],
        tag="events",
    )
    def get(self, request: Request, event_id: str) -> Response:
        check_text(event_id, "event_id")
        found = find_shown_event(environment=self.environment, event_id=event_id, now=self.now)
        return Response(recorded(found, self.environment))
