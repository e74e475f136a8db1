"""client.redemptions, client.offers"""

from datetime import datetime
from typing import Any, Literal, Unpack

from loyalty_engine_client.pages import Page
from loyalty_engine_client.resources.base import Resource, path
from loyalty_engine_client.shapes import (
    CancelRedemptionBody,
    FailBody,
    FulfilBody,
    OfferBody,
    Redemption,
    UseBody,
)


class Redemptions(Resource):
    """Rewards that were redeemed (client.points.redeem), and their codes at the till."""

    def list(
        self,
        *,
        customer_id: str | None = None,
        member_id: str | None = None,
        status: str | None = None,
        reward_id: str | None = None,
        code: str | None = None,
        from_: datetime | str | None = None,
        to: datetime | str | None = None,
        limit: int | None = None,
        order: Literal["asc", "desc"] | None = None,
        cursor: str | None = None,
    ) -> Page[Redemption]:
        query = {
            "customer_id": customer_id,
            "member_id": member_id,
            "status": status,
            "reward_id": reward_id,
            "code": code,
            "from": from_,
            "to": to,
            "limit": limit,
            "order": order,
            "cursor": cursor,
        }
        return self._page(Redemption, path("redemptions"), query)

    def retrieve(self, redemption_id: str) -> Redemption:
        return self._read(Redemption, path("redemptions", redemption_id))

    def fulfil(
        self, redemption_id: str, *, idempotency_key: str | None = None, **body: Unpack[FulfilBody]
    ) -> Redemption:
        """Say that a pending one was handed over."""
        return self._do(redemption_id, "fulfil", body, idempotency_key)

    def fail(
        self, redemption_id: str, *, idempotency_key: str | None = None, **body: Unpack[FailBody]
    ) -> Redemption:
        """Say that a pending one can't be fulfilled; everything is given back."""
        return self._do(redemption_id, "fail", body, idempotency_key)

    def cancel(
        self, redemption_id: str, *, idempotency_key: str | None = None, **body: Unpack[CancelRedemptionBody]
    ) -> Redemption:
        """Undo one whose code was not used: points, stock and code go back."""
        return self._do(redemption_id, "cancel", body, idempotency_key)

    def validate(self, code: str) -> Redemption:
        """Whether a code can be used now; raises what `use` would."""
        return self._write(Redemption, "POST", path("redemptions", "validate"), {"code": code}, None)

    def use(self, *, idempotency_key: str | None = None, **body: Unpack[UseBody]) -> Redemption:
        """Use a code, once; raises CodeAlreadyUsedError with `used_at` and `used_place` in its data."""
        return self._write(Redemption, "POST", path("redemptions", "use"), body, idempotency_key)

    def _do(self, redemption_id: str, what: str, body: Any, key: str | None) -> Redemption:
        return self._write(Redemption, "POST", path("redemptions", redemption_id, what), body, key)


class Offers(Resource):
    """Rewards under the names of the Gamification API."""

    def redeem(
        self, user_id: str, offer_id: str, *, idempotency_key: str | None = None, **body: Unpack[OfferBody]
    ) -> Redemption:
        """Redeem an offer for a user."""
        named = {"userId": user_id, "offerId": offer_id, **body}
        return self._write(Redemption, "POST", path("offer", "redeem"), named, idempotency_key)

    def redeem_for(
        self, user_id: str, offer_id: str, *, idempotency_key: str | None = None, **body: Unpack[OfferBody]
    ) -> Redemption:
        """The same, at the address that names user and offer."""
        where = path("user", user_id, "offer", offer_id, "redeem")
        return self._write(Redemption, "POST", where, body, idempotency_key)
