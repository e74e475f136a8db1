"""client.holds, client.transactions"""

from datetime import datetime
from typing import Literal, Unpack

from loyalty_engine_client.pages import Page
from loyalty_engine_client.resources.base import Resource, path
from loyalty_engine_client.shapes import (
    CancelBody,
    Capture,
    CaptureBody,
    Hold,
    HoldBody,
    Reversal,
    ReverseBody,
    Transaction,
)


class Holds(Resource):
    """Points that are reserved, and captured or released later."""

    def create(self, *, idempotency_key: str | None = None, **body: Unpack[HoldBody]) -> Hold:
        """Reserve points of a customer."""
        return self._write(Hold, "POST", path("holds"), body, idempotency_key)

    def retrieve(self, hold_id: str) -> Hold:
        return self._read(Hold, path("holds", hold_id))

    def list(
        self,
        *,
        customer_id: str | None = None,
        member_id: str | None = None,
        status: str | None = None,
        metric: str | None = None,
        limit: int | None = None,
        order: Literal["asc", "desc"] | None = None,
        cursor: str | None = None,
    ) -> Page[Hold]:
        query = {
            "customer_id": customer_id,
            "member_id": member_id,
            "status": status,
            "metric": metric,
            "limit": limit,
            "order": order,
            "cursor": cursor,
        }
        return self._page(Hold, path("holds"), query)

    def capture(
        self, hold_id: str, *, idempotency_key: str | None = None, **body: Unpack[CaptureBody]
    ) -> Capture:
        """Spend what is held, or a part of it; the rest is free again."""
        return self._write(Capture, "POST", path("holds", hold_id, "capture"), body, idempotency_key)

    def release(self, hold_id: str, *, idempotency_key: str | None = None) -> Hold:
        """Free what is held."""
        return self._write(Hold, "POST", path("holds", hold_id, "release"), {}, idempotency_key)

    def cancel(
        self, hold_id: str, *, idempotency_key: str | None = None, **body: Unpack[CancelBody]
    ) -> Reversal:
        """Give a captured hold's points back, whole or in parts."""
        return self._write(Reversal, "POST", path("holds", hold_id, "cancel"), body, idempotency_key)


class Transactions(Resource):
    """Every change of a balance in the environment."""

    def list(
        self,
        *,
        type: str | None = None,
        metric: str | None = None,
        from_: datetime | str | None = None,
        to: datetime | str | None = None,
        limit: int | None = None,
        order: Literal["asc", "desc"] | None = None,
        cursor: str | None = None,
    ) -> Page[Transaction]:
        """Of all customers; of one, see client.points.list."""
        query = {
            "type": type,
            "metric": metric,
            "from": from_,
            "to": to,
            "limit": limit,
            "order": order,
            "cursor": cursor,
        }
        return self._page(Transaction, path("transactions"), query)

    def retrieve(self, transaction_id: str) -> Transaction:
        return self._read(Transaction, path("transactions", transaction_id))

    def reverse(
        self, transaction_id: str, *, idempotency_key: str | None = None, **body: Unpack[ReverseBody]
    ) -> Reversal:
        """Take a transaction back, whole or in parts."""
        return self._write(
            Reversal, "POST", path("transactions", transaction_id, "reverse"), body, idempotency_key
        )
