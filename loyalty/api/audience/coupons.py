"""GET /api/loyalty/coupons/{couponId}: what the member needs to use a coupon."""

from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.actions.profiles import open_profile
from loyalty.api.audience import examples, rendering, shapes
from loyalty.api.audience.docs import operation
from loyalty.api.audience.views import AudienceView
from loyalty.api.common.parsing import check_text
from loyalty.queries.coupons import member_coupon


class CouponView(AudienceView):
    @operation(
        "audience_coupon",
        "Get coupon data by id",
        answer=shapes.AudienceCouponAnswer,
        example=examples.COUPON,
        refusals=["not_found"],
        description="Of a coupon that the member has; its id is that of the item in the inventory set `coupons`.",
    )
    def get(self, request: Request, couponId: str) -> Response:  # noqa: N803 - the document's name
        check_text(couponId, "couponId")
        member = open_profile(
            environment=self.environment, member=self.member, actor=self.actor, now=self.now
        )
        found = member_coupon(environment=self.environment, member=member, coupon=couponId)
        return self.envelope(rendering.coupon(found))
