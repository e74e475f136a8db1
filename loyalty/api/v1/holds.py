"""/v1/holds: points reserved now, and spent or given back later (domain.md 3.6)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit.errors import NotFound
from audit.ids import parse_public
from loyalty.actions.holds import (
    LONGEST_LIFE,
    Capture,
    cancel_capture,
    capture_hold,
    hold_points,
    release_hold,
)
from loyalty.actions.points import MAX_POINTS
from loyalty.api.common.fields import Body, Choice, Instant, Integer, JsonObject, Text
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import examples, rendering, shapes
from loyalty.api.v1.docs import operation
from loyalty.api.v1.filters import HoldFilters
from loyalty.api.v1.lists import ListView, PageQuery
from loyalty.api.v1.points import MemberBody
from loyalty.api.v1.reversing import reversal
from loyalty.models import Hold
from loyalty.queries.history import names_of, owner_name
from loyalty.queries.holds import find_hold, holds_of
from loyalty.queries.members import find_member

MAX_SECONDS = int(LONGEST_LIFE.total_seconds())


class HoldsQuery(PageQuery, MemberBody):
    member_needed = False
    status = Choice(
        choices=["open", "captured", "released", "expired"], required=False, help_text="As it stands now."
    )


class HoldBody(MemberBody):
    points = Integer(min_value=1, max_value=MAX_POINTS)
    expires_in = Integer(
        min_value=1, max_value=MAX_SECONDS, required=False, help_text="Seconds; 7 days, if both are absent."
    )
    expires_at = Instant(required=False, help_text="Instead of expires_in; at most 366 days from now.")
    reason = Text(required=False, help_text="Shown in the history, once it is captured.")
    metadata = JsonObject(required=False, help_text="Kept with the hold.")
    metric = Text(required=False, max_length=50, help_text="points, if absent.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "expires_in" in attrs and "expires_at" in attrs:
            raise serializers.ValidationError(
                {
                    "expires_in": serializers.ErrorDetail(
                        "Send only one of expires_in and expires_at.", "invalid"
                    )
                }
            )
        return super().validate(attrs)


class HoldListView(ListView):
    scopes = {"GET": "points:read", "POST": "points:write"}
    filters = HoldFilters
    paging = HoldsQuery

    @operation(
        "list_holds",
        "Holds, newest first",
        scope="points:read",
        query=HoldsQuery,
        filters=HoldFilters,
        answer=shapes.HoldPage,
        example=examples.page(examples.HOLD),
        refusals=["not_found"],
        tag="holds",
        description="As they stand now: one whose time is up is `expired`, even if no job has run.",
    )
    def get(self, request: Request) -> Response:
        query = self.parameters()
        member = query.get("member")
        rows = holds_of(
            environment=self.environment,
            now=self.now,
            status=query.get("status"),
            member_id=member and find_member(environment=self.environment, member=member).id,
        )
        return self.listed(rows, self._shown)

    def _shown(self, found: Hold) -> dict[str, Any]:
        return rendering.hold(found, found.member.external_id, found.account.metric.code, self.now)

    @operation(
        "create_hold",
        "Reserve points",
        scope="points:write",
        body=HoldBody,
        request_example={"customer_id": "cus_abc123", "points": 200, "expires_in": 900, "reason": "Checkout"},
        answer=shapes.HoldShape,
        example=examples.HOLD,
        status=201,
        refusals=["not_found", "insufficient_balance", "member_frozen"],
        writes=True,
        tag="holds",
        description="Reserved points can't be spent and do not expire meanwhile. Lots are reserved by earliest "
        "expiry, then oldest first.",
    )
    def post(self, request: Request) -> Response:
        body = self.body(HoldBody)
        if "expires_in" in body:
            body["expires_at"] = self.now + timedelta(seconds=body.pop("expires_in"))
        return self.write(
            hold_points,
            lambda found: made(self, found, body["member"]),
            http_status=201,
            actor=self.actor,
            now=self.now,
            **body,
        )


class HoldView(EngineView):
    scopes = {"GET": "points:read"}

    @operation(
        "retrieve_hold",
        "A hold",
        scope="points:read",
        answer=shapes.HoldShape,
        example=examples.HOLD,
        refusals=["not_found"],
        tag="holds",
        description="As it stands now. After a merge of two customers it goes on under another id, which its old id "
        "answers too.",
    )
    def get(self, request: Request, hold_id: str) -> Response:
        found = find_hold(environment=self.environment, hold=key_of(hold_id))
        return Response(rendering.hold(found, found.member.external_id, found.account.metric.code, self.now))


class CaptureBody(Body):
    points = Integer(
        min_value=1, max_value=MAX_POINTS, required=False, help_text="At most what is held; all, if absent."
    )
    reason = Text(required=False, help_text="That of the hold, if absent.")


class CaptureView(EngineView):
    scopes = {"POST": "points:write"}

    @operation(
        "capture_hold",
        "Spend held points, all or a part",
        scope="points:write",
        body=CaptureBody,
        request_example={"points": 150},
        answer=shapes.CaptureShape,
        example=examples.CAPTURE,
        status=201,
        refusals=["not_found", "hold_not_open"],
        writes=True,
        tag="holds",
        description="Once. The rest is given back at once, and expires if it is due.",
    )
    def post(self, request: Request, hold_id: str) -> Response:
        return self.write(
            capture_hold,
            lambda done: captured(self, done),
            http_status=201,
            hold=key_of(hold_id),
            actor=self.actor,
            now=self.now,
            **self.body(CaptureBody),
        )


class ReleaseView(EngineView):
    scopes = {"POST": "points:write"}

    @operation(
        "release_hold",
        "Give held points back",
        scope="points:write",
        answer=shapes.HoldShape,
        example=examples.RELEASED,
        refusals=["not_found", "hold_not_open"],
        writes=True,
        tag="holds",
        description="To the lots that they stand on; what was due to expire meanwhile expires at once.",
    )
    def post(self, request: Request, hold_id: str) -> Response:
        return self.write(
            release_hold,
            lambda found: made(self, found),
            hold=key_of(hold_id),
            actor=self.actor,
            now=self.now,
        )


class CancelBody(CaptureBody):
    points = Integer(
        min_value=1, max_value=MAX_POINTS, required=False, help_text="Everything that is left, if absent."
    )
    reason = Text(required=False, help_text="Why; shown in the history.")


class CancelView(EngineView):
    scopes = {"POST": "points:write"}

    @operation(
        "cancel_hold",
        "Undo a capture, whole or in parts",
        scope="points:write",
        body=CancelBody,
        request_example={"points": 50, "reason": "Order cancelled"},
        answer=shapes.ReversalShape,
        example=examples.REVERSAL | {"hold_id": None},
        status=201,
        refusals=["not_found", "hold_not_open", "not_reversible", "already_reversed"],
        writes=True,
        tag="holds",
        description="Reverses the transaction of the capture, as `POST /v1/transactions/{transaction_id}/reverse` "
        "does any other spend. An open hold is released instead.",
    )
    def post(self, request: Request, hold_id: str) -> Response:
        return self.write(
            cancel_capture,
            reversal,
            http_status=201,
            hold=key_of(hold_id),
            actor=self.actor,
            now=self.now,
            **self.body(CancelBody),
        )


def key_of(hold_id: str) -> UUID:
    """The key in a `hold_` id. Raises NotFound for any other text."""
    key = parse_public("hold", hold_id)
    if key is None:
        raise NotFound(f"There is no hold {hold_id!r} in this environment.")
    return key


def made(view: EngineView, found: Hold, named: str | None = None) -> dict[str, Any]:
    """A hold just written; no statement where it is the member's that the call named, else one."""
    if named is None:
        name = names_of([found.member_id])[found.member_id]
    else:
        name = owner_name(environment=view.environment, member_id=found.member_id, named=named)
    return rendering.hold(found, name, found.account.metric.code, view.now)


def captured(view: EngineView, done: Capture) -> dict[str, Any]:
    """The hold and the transaction that spent it; one statement, for the name."""
    name, metric = names_of([done.hold.member_id])[done.hold.member_id], done.entry.account.metric.code
    return {
        "hold": rendering.hold(done.hold, name, metric, view.now),
        "transaction": rendering.transaction(done.entry, name, metric),
    }
