"""client.points"""

from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict, Unpack, overload

from loyalty_engine_client.pages import Page
from loyalty_engine_client.resources.base import Resource, path
from loyalty_engine_client.shapes import (
    AdjustBody,
    AwardBody,
    PlainSpend,
    Redemption,
    Transaction,
    Transfer,
    TransferBody,
)


class RewardToRedeem(TypedDict):
    """Of a fixed cost, `points` may be left out; of a variable one, they say how many are spent."""

    customer_id: NotRequired[str]
    member_id: NotRequired[str]
    reward_id: str
    points: NotRequired[int]
    reason: NotRequired[str]
    metadata: NotRequired[dict[str, Any]]
    metric: NotRequired[str]


class PointsToSpend(TypedDict):
    """Points that are spent on nothing the engine knows."""

    customer_id: NotRequired[str]
    member_id: NotRequired[str]
    points: int
    reason: NotRequired[str]
    metadata: NotRequired[dict[str, Any]]
    metric: NotRequired[str]


class Points(Resource):
    """Points given, spent and corrected. A customer is named by your own id, as customer_id or member_id."""

    def award(self, *, idempotency_key: str | None = None, **body: Unpack[AwardBody]) -> Transaction:
        """Give points."""
        return self._write(Transaction, "POST", path("points", "award"), body, idempotency_key)

    @overload
    def redeem(self, *, idempotency_key: str | None = None, **body: Unpack[RewardToRedeem]) -> Redemption: ...
    @overload
    def redeem(self, *, idempotency_key: str | None = None, **body: Unpack[PointsToSpend]) -> PlainSpend: ...
    def redeem(self, *, idempotency_key: str | None = None, **body: Any) -> Any:
        """Redeem a reward: the answer has its `code`. Without reward_id, points are spent plainly."""
        return self._write(Any, "POST", path("points", "redeem"), body, idempotency_key)

    def adjust(self, *, idempotency_key: str | None = None, **body: Unpack[AdjustBody]) -> Transaction:
        """Correct a balance by hand, with a reason and a note."""
        return self._write(Transaction, "POST", path("points", "adjust"), body, idempotency_key)

    def transfer(self, *, idempotency_key: str | None = None, **body: Unpack[TransferBody]) -> Transfer:
        """Give one customer's points to another."""
        return self._write(Transfer, "POST", path("points", "transfer"), body, idempotency_key)

    def list(
        self,
        *,
        customer_id: str | None = None,
        member_id: str | None = None,
        limit: int | None = None,
        order: Literal["asc", "desc"] | None = None,
        cursor: str | None = None,
        type: str | None = None,
        metric: str | None = None,
        program: str | None = None,
        from_: datetime | str | None = None,
        to: datetime | str | None = None,
    ) -> Page[Transaction]:
        """A customer's points history; of what happened from `from_` up to, but not at, `to`."""
        query = {
            "customer_id": customer_id,
            "member_id": member_id,
            "limit": limit,
            "order": order,
            "cursor": cursor,
            "type": type,
            "metric": metric,
            "program": program,
            "from": from_,
            "to": to,
        }
        return self._page(Transaction, path("points"), query)
