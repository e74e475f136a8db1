"""/v1/events/batch: up to 1,000 events at once, each applied or refused on its own."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit.errors import DomainError, FieldError, InvalidRequest, told
from loyalty.actions.events import record_batch
from loyalty.api.common.fields import Body
from loyalty.api.common.parsing import ItemsApart, check_text, check_values, may_hide
from loyalty.api.common.problems import PROBLEMS
from loyalty.api.common.views import EngineView, checked
from loyalty.api.v1 import earning_examples, earning_shapes
from loyalty.api.v1.batch_parts import Read, recorded_apart
from loyalty.api.v1.docs import operation
from loyalty.api.v1.effects import recorded_all
from loyalty.api.v1.events import EventBody
from loyalty.queries.events import RecordedEvent, ReportedEvent
from programs.models import Environment

MAX_EVENTS = 1000

Outcome = RecordedEvent | DomainError


@extend_schema_field(
    {
        "type": "array",
        "minItems": 1,
        "maxItems": MAX_EVENTS,
        "items": {
            "anyOf": [
                {"$ref": "#/components/schemas/EventBodyRequest"},
                {"description": "Anything else is refused in its place."},
            ]
        },
    }
)
class Events(serializers.Field[list[Any], Any, Any, Any]):
    """A list of 1 to 1,000 of anything: each is checked as an event by itself."""

    default_error_messages = {
        "invalid": "Must be a list of events.",
        "min_length": "Give at least one event.",
        "max_length": "Give at most {most} events; these are {given}. Send the rest in another batch.",
    }

    def to_internal_value(self, data: Any) -> list[Any]:
        if not isinstance(data, list):
            self.fail("invalid")
        if not data:
            self.fail("min_length")
        if len(data) > MAX_EVENTS:
            self.fail("max_length", most=MAX_EVENTS, given=len(data))
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class BatchBody(Body):
    events = Events(help_text="1 to 1,000 events, as POST /v1/events takes them; at most 8 MiB together.")


class BatchView(EngineView):
    scopes = {"POST": "events:write"}
    parser_classes = [ItemsApart]

    @operation(
        "record_events",
        "Report many events",
        scope="events:write",
        body=BatchBody,
        request_example=earning_examples.BATCH_REQUEST,
        answer=earning_shapes.BatchShape,
        example=earning_examples.BATCH,
        writes=True,
        tag="events",
        description="A result for each event, in the order of the list: `applied`, `duplicate`, or `refused` with the "
        "`error` that it would have got by itself. A refused one leaves the others as they are; the outcome is the "
        "same as if each had been sent by itself, one after the other. 200 also where all are refused. With an "
        "`Idempotency-Key` the whole answer is repeated.",
    )
    def post(self, request: Request) -> Response:
        items = self.body(BatchBody)["events"]
        look_at_text = may_hide(request._request.body)
        read: list[Read] = [_read(item, look_at_text=look_at_text) for item in items]
        answer = recorded_apart(
            self,
            read,
            lambda place, part: self._recorded(place, items, part),
            lambda index, refusal: refused(index, items[index], refusal),
        )
        self.note_refused({one.program for one in read if isinstance(one, ReportedEvent) and one.program})
        return answer

    def _recorded(self, place: Environment, items: Sequence[Any], part: Sequence[Read]) -> Response:
        """Those events of the batch that are of this place, each answered where it stands; null for the others."""
        return self.write(
            record_batch,
            lambda found: {"results": _results(items, _in_place(part, found), place)},
            environment=place,
            events=[one for one in part if isinstance(one, ReportedEvent)],
            actor=self.actor,
            now=self.now_at(place),
        )


def _read(item: Any, *, look_at_text: bool) -> ReportedEvent | InvalidRequest:
    """One item as POST /v1/events would take it, or why it would not."""
    if not isinstance(item, dict):
        return InvalidRequest(
            "Must be a JSON object.", errors=[FieldError("", "invalid", "Must be a JSON object.")]
        )
    try:
        check_values(item, "", 0, look_at_text=look_at_text)
        return ReportedEvent(**checked(EventBody, item))
    except InvalidRequest as refusal:
        return refusal


def _in_place(read: Sequence[Read], found: Sequence[Outcome]) -> list[Outcome | None]:
    """The outcome of each item: what was read well has the next of those found."""
    following = iter(found)
    return [next(following) if isinstance(one, ReportedEvent) else one for one in read]


def _results(
    items: Sequence[Any], outcomes: Sequence[Outcome | None], environment: Environment
) -> list[dict[str, Any] | None]:
    shown = recorded_all([one for one in outcomes if isinstance(one, RecordedEvent)], environment)
    return [
        refused(index, item, outcome)
        if isinstance(outcome, DomainError)
        else _done(outcome, next(shown))
        if outcome
        else None
        for index, (item, outcome) in enumerate(zip(items, outcomes, strict=True))
    ]


def _done(found: RecordedEvent, shown: dict[str, Any]) -> dict[str, Any]:
    outcome = "duplicate" if found.duplicate else "applied"
    return {"event_id": found.event.event_id, "outcome": outcome, **shown, "error": None}


def refused(index: int, item: Any, refusal: DomainError) -> dict[str, Any]:
    errors = [FieldError(_placed(index, e.field), e.code, e.detail) for e in refusal.errors]
    detail = told(errors) or refusal.detail
    return {
        "event_id": _event_id(item),
        "outcome": "refused",
        "event": None,
        "effects": [],
        "reasons": [],
        "error": {
            "code": refusal.code,
            "title": PROBLEMS[refusal.code].title,
            "detail": detail,
            "errors": [error.as_json() for error in errors],
            **refusal.data,
        },
    }


def _placed(index: int, field: str) -> str:
    """The place of a fault in the whole list: `events[3].type`."""
    return ".".join(filter(None, (f"events[{index}]", "" if field == "body" else field)))


def _event_id(item: Any) -> str | None:
    """The id that the caller gave, where it is text that can be shown."""
    found = item.get("event_id") if isinstance(item, dict) else None
    try:
        if not isinstance(found, str) or len(found) > 200:
            return None
        check_text(found, "event_id")
    except InvalidRequest:
        return None
    return found
