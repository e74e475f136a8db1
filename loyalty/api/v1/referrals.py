"""/v1/members/{id}/referral: a member's own code, and through whom they came (domain.md 4.3)."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.actions.referrals import refer, referral_code_of
from loyalty.api.common.fields import Body, Pattern, check_external_id
from loyalty.api.common.parsing import check_text
from loyalty.api.common.rendering import instant
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import earning_examples, earning_shapes
from loyalty.api.v1.docs import operation
from loyalty.queries.members import find_member
from loyalty.queries.referrals import referrals_of


class ReferralBody(Body):
    code = Pattern(r"^[A-Za-z0-9]{1,20}\Z", help_text="Of whoever referred them; in capitals or not.")


class ReferralView(EngineView):
    scopes = {"GET": "members:read", "POST": "members:write"}
    members_may = frozenset({"GET"})

    @operation(
        "retrieve_customer_referral",
        "A customer's own code, and through whom they came",
        scope="members:read",
        answer=earning_shapes.ReferralShape,
        example=earning_examples.REFERRAL,
        refusals=["not_found"],
        tag="customers",
        description="The code is made when it is first asked for.",
    )
    def get(self, request: Request, customer_id: str) -> Response:
        check_text(customer_id, "customer_id")
        own = self.own(customer_id)
        member = find_member(environment=self.environment, member=own)
        referral_code_of(environment=self.environment, member=own, actor=self.actor, now=self.now)
        shown = referral(member.external_id, member.pk)
        if self.principal.member is not None and shown["referral"]:
            shown["referral"]["referrer_id"] = None  # who that is, is not theirs to know
        return Response(shown)

    @operation(
        "refer_customer",
        "Say through whose code a customer came",
        scope="members:write",
        body=ReferralBody,
        request_example={"code": "K7WQ2MXD"},
        answer=earning_shapes.ReferralShape,
        example=earning_examples.REFERRAL | {"code": None},
        refusals=["not_found", "already_referred", "member_frozen"],
        writes=True,
        tag="customers",
        description="The customer's first event that a rule with a `referral` award takes gives both sides their "
        "points, once. A new customer is made. The same code again changes nothing.",
    )
    def post(self, request: Request, customer_id: str) -> Response:
        check_external_id(customer_id, "customer_id")
        return self.write(
            refer,
            lambda _: referral(customer_id, find_member(environment=self.environment, member=customer_id).pk),
            member=customer_id,
            actor=self.actor,
            now=self.now,
            **self.body(ReferralBody),
        )


def referral(name: str | None, member_id: Any) -> dict[str, Any]:
    found = referrals_of(member_id=member_id)
    own = found.referral
    return {
        "member_id": name,
        "code": found.code.code if found.code else None,
        "referral": own
        and {
            "referrer_id": found.referrer,
            "status": own.status,
            "created_at": instant(own.created_at),
            "awarded_at": instant(own.awarded_at),
        },
        "referred": {"pending": found.pending, "awarded": found.awarded},
    }


@extend_schema_view(
    get=extend_schema(operation_id="retrieve_member_referral"),
    post=extend_schema(operation_id="refer_member"),
)
class MemberReferralView(ReferralView):
    """The same by its other name."""
