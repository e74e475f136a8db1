"""client.stamp_programs, client.stamp_collections, client.stamp_rewards"""

from datetime import datetime
from typing import Literal, Unpack

from loyalty_engine_client.pages import Page
from loyalty_engine_client.resources.base import Resource, path
from loyalty_engine_client.shapes import (
    StampCollection,
    StampCollectionBody,
    StampPaymentBody,
    StampProgram,
    StampProgramBody,
    StampProgramChanges,
    StampReward,
    StampRewardWithStamps,
)

Order = Literal["asc", "desc"]


class StampPrograms(Resource):
    """Stamp cards: so many purchases, and one is paid back, or an amount is paid. With a customer named: those that
    can be joined now, and those that this customer has a card of."""

    def list(
        self,
        *,
        customer_id: str | None = None,
        member_id: str | None = None,
        status: str | None = None,
        program: str | None = None,
        limit: int | None = None,
        order: Order | None = None,
        cursor: str | None = None,
    ) -> Page[StampProgram]:
        query = {
            "customer_id": customer_id,
            "member_id": member_id,
            "status": status,
            "program": program,
            "limit": limit,
            "order": order,
            "cursor": cursor,
        }
        return self._page(StampProgram, path("stamp-programs"), query)

    def retrieve(
        self, stamp_program_id: str, *, customer_id: str | None = None, member_id: str | None = None
    ) -> StampProgram:
        query = {"customer_id": customer_id, "member_id": member_id}
        return self._read(StampProgram, path("stamp-programs", stamp_program_id), query)

    def create(self, *, idempotency_key: str | None = None, **body: Unpack[StampProgramBody]) -> StampProgram:
        """Make a stamp program; a draft, unless `status` says more."""
        return self._write(StampProgram, "POST", path("stamp-programs"), body, idempotency_key)

    def update(
        self,
        stamp_program_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[StampProgramChanges],
    ) -> StampProgram:
        """Change what is named; `reward` and `display` are replaced whole."""
        where = path("stamp-programs", stamp_program_id)
        return self._write(StampProgram, "PATCH", where, body, idempotency_key)


class StampCollections(Resource):
    """Customers' cards; of one customer, see client.customers.stamp_collections."""

    def create(
        self, *, idempotency_key: str | None = None, **body: Unpack[StampCollectionBody]
    ) -> StampCollection:
        """Enrol a customer in a stamp program; their purchases stamp the card from then on."""
        return self._write(StampCollection, "POST", path("stamp-collections"), body, idempotency_key)

    def retrieve(self, stamp_collection_id: str) -> StampCollection:
        return self._read(StampCollection, path("stamp-collections", stamp_collection_id))


class StampRewards(Resource):
    """What full cards gave: money that you pay."""

    def list(
        self,
        *,
        customer_id: str | None = None,
        member_id: str | None = None,
        stamp_program: str | None = None,
        status: str | None = None,
        from_: datetime | str | None = None,
        to: datetime | str | None = None,
        limit: int | None = None,
        order: Order | None = None,
        cursor: str | None = None,
    ) -> Page[StampReward]:
        """Those of `status="issued"` wait to be paid."""
        query = {
            "customer_id": customer_id,
            "member_id": member_id,
            "stamp_program": stamp_program,
            "status": status,
            "from": from_,
            "to": to,
            "limit": limit,
            "order": order,
            "cursor": cursor,
        }
        return self._page(StampReward, path("stamp-rewards"), query)

    def retrieve(self, stamp_reward_id: str) -> StampRewardWithStamps:
        """With the stamps in it."""
        return self._read(StampRewardWithStamps, path("stamp-rewards", stamp_reward_id))

    def pay(
        self, stamp_reward_id: str, *, idempotency_key: str | None = None, **body: Unpack[StampPaymentBody]
    ) -> StampRewardWithStamps:
        """Say that it was paid; raises StampRewardClosedError for one that was before, or was revoked."""
        where = path("stamp-rewards", stamp_reward_id, "pay")
        return self._write(StampRewardWithStamps, "POST", where, body, idempotency_key)
