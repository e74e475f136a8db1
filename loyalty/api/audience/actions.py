"""POST /api/loyalty/action: what the member did."""

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from audit.ids import parse_public
from loyalty.actions.reporting import report_action
from loyalty.api.audience import examples
from loyalty.api.audience.bodies import AudienceActionBody
from loyalty.api.audience.docs import operation
from loyalty.api.audience.views import AudienceView
from loyalty.api.common.rendering import Rendered

_NOTHING = Rendered("")
_EVENT_ID = OpenApiParameter(
    "Event-Id",
    {"type": "string", "pattern": "^act_[0-9a-f]{32}$"},
    OpenApiParameter.HEADER,
    response=[200],
    description="The event that the action is: `GET /v1/events/{event_id}`. Also of one that was done before, unless "
    "its member was erased.",
)


class ActionView(AudienceView):
    @operation(
        "audience_action",
        "Report an action",
        answer=None,
        body=AudienceActionBody,
        request_example=examples.ACTION,
        refusals=["member_frozen"],
        writes=True,
        parameters=[_EVENT_ID],
        description="The event of that type by the token's member, now. 200 with an empty body. A type that nothing "
        "looks at is stored, and causes nothing; one that causes something must be among the types that members may "
        "report, else it is `permission_denied`, as `purchase` and `refund` always are.",
    )
    def post(self, request: Request) -> Response:
        body = self.body(AudienceActionBody)
        answer = self.write(
            report_action,
            lambda recorded: Rendered(recorded.event.event_id),  # kept for the key, to be told again
            member=self.member,
            action=body["action"],
            data=body.get("data") or {},
            actor=self.actor,
            now=self.now,
        )
        event_id, answer.data = answer.data, _NOTHING
        if parse_public("act", event_id):  # not where it was blanked with an erased member
            answer.headers["Event-Id"] = str(event_id)  # wsgiref takes no kind of str but str
        return answer
