"""POST /api/loyalty/action: what the member did."""

from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.actions.reporting import report_action
from loyalty.api.audience import examples
from loyalty.api.audience.bodies import AudienceActionBody
from loyalty.api.audience.docs import operation
from loyalty.api.audience.views import AudienceView
from loyalty.api.common.rendering import Rendered

_NOTHING = Rendered("")


class ActionView(AudienceView):
    @operation(
        "audience_action",
        "Report an action",
        answer=None,
        body=AudienceActionBody,
        request_example=examples.ACTION,
        refusals=["member_frozen"],
        writes=True,
        description="The event of that type by the token's member, now. 200 with an empty body. A type that nothing "
        "looks at is stored, and causes nothing; one that causes something must be among the types that members may "
        "report, else it is `permission_denied`, as `purchase` and `refund` always are.",
    )
    def post(self, request: Request) -> Response:
        body = self.body(AudienceActionBody)
        return self.write(
            report_action,
            lambda _: _NOTHING,
            member=self.member,
            action=body["action"],
            data=body.get("data", {}),
            actor=self.actor,
            now=self.now,
        )
