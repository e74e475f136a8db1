"""/v1/members/{id}/tier: a member's level in each program, and the way to the next one (domain.md 6)."""

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.api.common.parsing import check_text
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import earning_examples, earning_shapes, rendering
from loyalty.api.v1.docs import operation
from loyalty.queries.members import find_member
from loyalty.queries.tiers import tiers_of
from programs.queries.snapshots import snapshot


class TierView(EngineView):
    scopes = {"GET": "members:read"}
    members_may = frozenset({"GET"})

    @operation(
        "retrieve_customer_tier",
        "A customer's tier in each program",
        scope="members:read",
        answer=earning_shapes.MemberTiers,
        example=earning_examples.MEMBER_TIERS,
        refusals=["not_found"],
        tag="customers",
        description="Right now: what was due at a midnight since is counted, even if no job has run.",
    )
    def get(self, request: Request, customer_id: str) -> Response:
        check_text(customer_id, "customer_id")
        member = find_member(environment=self.environment, member=self.own(customer_id))
        found = tiers_of(environment=self.environment, member_id=member.pk, now=self.now)
        config = snapshot(self.environment)
        return Response(
            {
                "member_id": member.external_id,
                "tiers": [rendering.tier_status(status, config) for status in found],
            }
        )


@extend_schema_view(get=extend_schema(operation_id="retrieve_member_tier"))
class MemberTierView(TierView):
    """The same by its other name."""
