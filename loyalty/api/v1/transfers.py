"""/v1/points/transfer: from one customer to another."""

from dataclasses import replace
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from audit.errors import InvalidRequest, told
from loyalty.actions.points import MAX_POINTS
from loyalty.actions.transfers import Transfer, transfer
from loyalty.api.common.fields import Body, ExternalId, Integer, JsonObject, Text
from loyalty.api.common.schema import ClosedBody
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import examples, rendering, shapes
from loyalty.api.v1.docs import operation
from loyalty.api.v1.points import take_one
from loyalty.queries.history import owner_name

SENDER = ("from_customer_id", "from_member_id")
RECEIVER = ("to_customer_id", "to_member_id")


class TransferBody(Body):
    """Each side is named once, by either of its two names."""

    from_customer_id = ExternalId(required=False, help_text="Who gives, by your own id.")
    from_member_id = ExternalId(required=False, help_text="The same as from_customer_id.")
    to_customer_id = ExternalId(required=False, help_text="Who receives, by your own id.")
    to_member_id = ExternalId(required=False, help_text="The same as to_customer_id.")
    points = Integer(min_value=1, max_value=MAX_POINTS)
    reason = Text(required=False, help_text="Shown in both histories.")
    metadata = JsonObject(required=False, help_text="Kept with both transactions.")
    metric = Text(required=False, max_length=50, help_text="points, if absent.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        sides = {"sender": take_one(attrs, *SENDER), "receiver": take_one(attrs, *RECEIVER)}
        return {"reason": None, **attrs, **sides}


class EachSide(ClosedBody):  # type: ignore[no-untyped-call]
    """OpenAPI: of the two names of each side at least one."""

    target_class = "loyalty.api.v1.transfers.TransferBody"
    priority = 1

    def map_serializer(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        schema = super().map_serializer(auto_schema, direction)
        sides = [[{"required": [name]} for name in names] for names in (SENDER, RECEIVER)]
        return schema | {"allOf": [{"anyOf": names} for names in sides]}


class TransferView(EngineView):
    scopes = {"POST": "points:write"}

    @operation(
        "transfer_points",
        "Transfer points to another customer",
        scope="points:write",
        body=TransferBody,
        request_example={
            "from_customer_id": "cus_abc123",
            "to_customer_id": "cus_def456",
            "points": 100,
            "reason": "Family gift",
        },
        answer=shapes.TransferShape,
        example=examples.TRANSFER,
        status=201,
        refusals=[
            "plan_limit_exceeded",
            "not_found",
            "insufficient_balance",
            "maximum_reached",
            "member_frozen",
        ],
        writes=True,
        tag="points",
        description="Lots are taken by earliest expiry, then oldest first, and keep their dates; they pay the "
        "receiver's debt first. The receiver is made if they are new.",
    )
    def post(self, request: Request) -> Response:
        body = self.body(TransferBody)
        try:
            return self.write(
                transfer,
                lambda found: self._shown(found, body),
                http_status=201,
                actor=self.actor,
                now=self.now,
                **body,
            )
        except InvalidRequest as error:
            raise _on_the_wire(error) from error

    def _shown(self, found: Transfer, body: dict[str, Any]) -> dict[str, Any]:
        """Both transactions; a statement for a side that has merged, to name who it is now."""
        sent, received = found.sent, found.received
        giver, taker = (
            owner_name(environment=self.environment, member_id=entry.member_id, named=body[side])
            for entry, side in ((sent, "sender"), (received, "receiver"))
        )
        metric = sent.account.metric.code
        return {
            "sent": rendering.transaction(sent, giver, metric, counterpart=taker),
            "received": rendering.transaction(received, taker, metric, counterpart=giver),
        }


def _on_the_wire(error: InvalidRequest) -> InvalidRequest:
    """The same refusal, its fields by the names that the call knows."""
    names = {"sender": SENDER[0], "receiver": RECEIVER[0]}
    errors = [replace(each, field=names.get(each.field, each.field)) for each in error.errors]
    return InvalidRequest(told(errors) or error.detail, errors=errors)
