"""client.rewards, client.inventory_sets"""

from collections.abc import Sequence
from typing import Any, Literal, Unpack, overload

from loyalty_engine_client.pages import Page
from loyalty_engine_client.resources.base import Resource, path
from loyalty_engine_client.shapes import (
    Code,
    CodesAdded,
    CodesRemoved,
    InventorySet,
    InventorySetBody,
    InventorySetChanges,
    Offer,
    Reward,
    RewardBody,
    RewardChanges,
)

Order = Literal["asc", "desc"]


class Rewards(Resource):
    """What points buy. With a customer named: as they have it, with `eligible` and the `reasons` why not.

    A member token answers that always; name its customer, so that the types say so too.
    """

    @overload
    def list(
        self,
        *,
        customer_id: str,
        kind: str | None = None,
        program: str | None = None,
        limit: int | None = None,
        order: Order | None = None,
        cursor: str | None = None,
    ) -> Page[Offer]: ...
    @overload
    def list(
        self,
        *,
        member_id: str,
        kind: str | None = None,
        program: str | None = None,
        limit: int | None = None,
        order: Order | None = None,
        cursor: str | None = None,
    ) -> Page[Offer]: ...
    @overload
    def list(
        self,
        *,
        status: str | None = None,
        kind: str | None = None,
        program: str | None = None,
        limit: int | None = None,
        order: Order | None = None,
        cursor: str | None = None,
    ) -> Page[Reward]: ...
    def list(
        self,
        *,
        customer_id: str | None = None,
        member_id: str | None = None,
        status: str | None = None,
        kind: str | None = None,
        program: str | None = None,
        limit: int | None = None,
        order: Order | None = None,
        cursor: str | None = None,
    ) -> Page[Any]:
        query = {
            "customer_id": customer_id,
            "member_id": member_id,
            "status": status,
            "kind": kind,
            "program": program,
            "limit": limit,
            "order": order,
            "cursor": cursor,
        }
        return self._page(Any, path("rewards"), query)

    @overload
    def retrieve(self, reward_id: str) -> Reward: ...
    @overload
    def retrieve(self, reward_id: str, *, customer_id: str) -> Offer: ...
    @overload
    def retrieve(self, reward_id: str, *, member_id: str) -> Offer: ...
    def retrieve(
        self, reward_id: str, *, customer_id: str | None = None, member_id: str | None = None
    ) -> Any:
        query = {"customer_id": customer_id, "member_id": member_id}
        return self._read(Any, path("rewards", reward_id), query)

    def create(self, *, idempotency_key: str | None = None, **body: Unpack[RewardBody]) -> Reward:
        """Make a reward; a draft, unless `status` says more."""
        return self._write(Reward, "POST", path("rewards"), body, idempotency_key)

    def update(
        self, reward_id: str, *, idempotency_key: str | None = None, **body: Unpack[RewardChanges]
    ) -> Reward:
        """Change what is named; nested objects are replaced whole."""
        return self._write(Reward, "PATCH", path("rewards", reward_id), body, idempotency_key)

    def upload_codes(
        self,
        reward_id: str,
        codes: Sequence[str],
        *,
        dry_run: bool = False,
        idempotency_key: str | None = None,
    ) -> CodesAdded:
        """Put up to 100,000 codes into the reward's pool; with `dry_run` only say what would be added."""
        body = {"codes": [*codes], "dry_run": dry_run}
        return self._write(CodesAdded, "POST", path("rewards", reward_id, "codes"), body, idempotency_key)

    def codes(
        self,
        reward_id: str,
        *,
        status: str | None = None,
        limit: int | None = None,
        order: Order | None = None,
        cursor: str | None = None,
    ) -> Page[Code]:
        query = {"status": status, "limit": limit, "order": order, "cursor": cursor}
        return self._page(Code, path("rewards", reward_id, "codes"), query)

    def remove_codes(self, reward_id: str, *, idempotency_key: str | None = None) -> CodesRemoved:
        """Take the codes that nobody has yet out of the pool."""
        return self._write(CodesRemoved, "DELETE", path("rewards", reward_id, "codes"), {}, idempotency_key)


class InventorySets(Resource):
    """Sets of items that rewards give."""

    def list(
        self, *, limit: int | None = None, order: Order | None = None, cursor: str | None = None
    ) -> Page[InventorySet]:
        query = {"limit": limit, "order": order, "cursor": cursor}
        return self._page(InventorySet, path("inventory-sets"), query)

    def retrieve(self, set_id: str) -> InventorySet:
        return self._read(InventorySet, path("inventory-sets", set_id))

    def create(self, *, idempotency_key: str | None = None, **body: Unpack[InventorySetBody]) -> InventorySet:
        return self._write(InventorySet, "POST", path("inventory-sets"), body, idempotency_key)

    def update(
        self, set_id: str, *, idempotency_key: str | None = None, **body: Unpack[InventorySetChanges]
    ) -> InventorySet:
        """`items`, if sent, replaces the whole list; an item is known by its id."""
        return self._write(InventorySet, "PATCH", path("inventory-sets", set_id), body, idempotency_key)
