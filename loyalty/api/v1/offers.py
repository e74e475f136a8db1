"""/v1/offer and /v1/user: rewards are redeemed as the Lynes document writes it; an offer is a reward."""

from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.api.common.fields import Body, ExternalId, Integer, JsonObject, Text, check_external_id
from loyalty.api.common.parsing import check_text
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import reward_examples, reward_shapes
from loyalty.api.v1.docs import operation
from loyalty.api.v1.redeeming import REDEEM_REFUSALS, redeemed
from programs.models.rewards import MAX_COST


class OfferBody(Body):
    points = Integer(
        required=False,
        min_value=0,
        max_value=MAX_COST,
        help_text="Of a variable cost: how many to spend. Of a fixed one, if sent, the cost itself.",
    )
    metadata = JsonObject(required=False, allow_null=True, help_text="Kept with the redemption.")


class NamedOfferBody(OfferBody):
    userId = ExternalId(help_text="The customer, by your own id.")  # noqa: N815 - as documented
    offerId = Text(max_length=64, help_text="The reward's id.")  # noqa: N815 - as documented


class OfferRedeemView(EngineView):
    scopes = {"POST": "redemptions:write"}
    members_may = frozenset({"POST"})

    @operation(
        "redeem_offer",
        "Redeem an offer for a user",
        scope="redemptions:write",
        body=NamedOfferBody,
        request_example={"userId": "cus_abc123", "offerId": "rwd_xyz789", "metadata": {"source": "app"}},
        answer=reward_shapes.RedemptionShape,
        example=reward_examples.REDEEMED,
        status=201,
        refusals=REDEEM_REFUSALS,
        writes=True,
        tag="offers",
        description="With a secret key, or with a member token whose `sub` is that user. Where several things stand "
        "against it, the answer names the first; `GET /v1/rewards?customer_id=…` names them all.",
    )
    def post(self, request: Request) -> Response:
        body = self.body(NamedOfferBody)
        member = self.own(body.pop("userId"))
        return redeemed(self, member, body.pop("offerId"), body)


class UserOfferRedeemView(EngineView):
    scopes = {"POST": "redemptions:write"}
    members_may = frozenset({"POST"})

    @operation(
        "redeem_user_offer",
        "Redeem a specific offer for a specific user",
        scope="redemptions:write",
        body=OfferBody,
        request_example={"metadata": {"source": "app"}},
        answer=reward_shapes.RedemptionShape,
        example=reward_examples.REDEEMED,
        status=201,
        refusals=REDEEM_REFUSALS,
        writes=True,
        tag="offers",
        description="As `POST /v1/offer/redeem`; the body may be empty.",
    )
    def post(self, request: Request, user_id: str, offer_id: str) -> Response:
        check_external_id(user_id, "user_id")
        check_text(offer_id, "offer_id")
        body = self.body(OfferBody)
        return redeemed(self, self.own(user_id), offer_id, body)
