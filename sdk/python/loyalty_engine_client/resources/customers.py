"""client.customers"""

from datetime import datetime
from typing import Any, Literal, Unpack

from loyalty_engine_client import shapes
from loyalty_engine_client.pages import Page
from loyalty_engine_client.resources.base import Resource, path
from loyalty_engine_client.shapes import Customer, CustomerBody


class Customers(Resource):
    """Your customers, by your own ids."""

    def retrieve(self, customer_id: str) -> Customer:
        """A customer, with `points_balance` and all balances and tiers."""
        return self._read(Customer, path("customers", customer_id))

    def list(
        self,
        *,
        status: Literal["active", "frozen"] | None = None,
        limit: int | None = None,
        order: Literal["asc", "desc"] | None = None,
        cursor: str | None = None,
    ) -> Page[Customer]:
        query = {"status": status, "limit": limit, "order": order, "cursor": cursor}
        return self._page(Customer, path("customers"), query)

    def update(
        self, customer_id: str, *, idempotency_key: str | None = None, **body: Unpack[CustomerBody]
    ) -> Customer:
        """Change attributes (merged; None removes a name) or status; a customer not yet known is made."""
        return self._write(Customer, "PATCH", path("customers", customer_id), body, idempotency_key)

    def merge(
        self, customer_id: str, *, idempotency_key: str | None = None, **body: Unpack[shapes.MergeBody]
    ) -> shapes.Merged:
        """Join another customer into this one."""
        return self._write(
            shapes.Merged, "POST", path("customers", customer_id, "merge"), body, idempotency_key
        )

    def export(self, customer_id: str) -> shapes.Export:
        """All that is kept of a customer. It may be large."""
        return self._write(shapes.Export, "POST", path("customers", customer_id, "export"), {}, None)

    def delete(self, customer_id: str, *, idempotency_key: str | None = None) -> shapes.Erased:
        """Erase a customer: what names them is gone for good, the ledger stays."""
        return self._write(shapes.Erased, "DELETE", path("customers", customer_id), {}, idempotency_key)

    def balances(
        self,
        customer_id: str,
        *,
        as_of: datetime | str | None = None,
        recorded_as_of: datetime | str | None = None,
        program: str | None = None,
        lots: bool | None = None,
    ) -> shapes.Balances:
        """Balances now, or as they stood at `as_of`, or as they were known at `recorded_as_of`."""
        query: dict[str, Any] = {
            "as_of": as_of,
            "recorded_as_of": recorded_as_of,
            "program": program,
            "lots": lots,
        }
        return self._read(shapes.Balances, path("customers", customer_id, "balances"), query)

    def tier(self, customer_id: str) -> shapes.MemberTiers:
        """The customer's level in each program, and what is missing for the next."""
        return self._read(shapes.MemberTiers, path("customers", customer_id, "tier"))

    def challenges(self, customer_id: str) -> shapes.MemberChallenges:
        """How far the customer is with each challenge, in the period that is running."""
        return self._read(shapes.MemberChallenges, path("customers", customer_id, "challenges"))

    def stamp_collections(
        self,
        customer_id: str,
        *,
        stamp_program: str | None = None,
        limit: int | None = None,
        order: Literal["asc", "desc"] | None = None,
        cursor: str | None = None,
    ) -> Page[shapes.StampCollection]:
        """The customer's stamp cards, and how far each is."""
        query = {"stamp_program": stamp_program, "limit": limit, "order": order, "cursor": cursor}
        where = path("customers", customer_id, "stamp-collections")
        return self._page(shapes.StampCollection, where, query)

    def referral(self, customer_id: str) -> shapes.Referral:
        """The customer's own code, through whom they came, and who came through them."""
        return self._read(shapes.Referral, path("customers", customer_id, "referral"))

    def refer(
        self, customer_id: str, *, idempotency_key: str | None = None, **body: Unpack[shapes.ReferralBody]
    ) -> shapes.Referral:
        """Note through whose code the customer came, or make the customer's own code."""
        return self._write(
            shapes.Referral, "POST", path("customers", customer_id, "referral"), body, idempotency_key
        )
