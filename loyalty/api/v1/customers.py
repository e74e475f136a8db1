"""/v1/customers and /v1/members: the same resource by two names."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.actions.erasing import erase_member
from loyalty.actions.members import MAX_ATTRIBUTES, update_member
from loyalty.actions.merging import merge_members
from loyalty.api.common.fields import Body, Choice, ExternalId, JsonObject, Text
from loyalty.api.common.parsing import check_text
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import examples, rendering, shapes
from loyalty.api.v1.docs import operation
from loyalty.api.v1.filters import MemberFilters
from loyalty.api.v1.lists import ListView, PageQuery
from loyalty.models import Member
from loyalty.queries.balances import balances_of, balances_of_many
from loyalty.queries.members import find_member, members_of
from loyalty.queries.tiers import tiers_of, tiers_of_many
from programs.queries.snapshots import snapshot


class CustomerListView(ListView):
    scopes = {"GET": "members:read"}
    filters = MemberFilters
    key = ("created_at", "id")

    @operation(
        "list_customers",
        "Customers, newest first",
        scope="members:read",
        query=PageQuery,
        filters=MemberFilters,
        answer=shapes.CustomerPage,
        example=examples.page(examples.CUSTOMER),
        tag="customers",
    )
    def get(self, request: Request) -> Response:
        page = self.page(members_of(self.environment))
        asked: dict[str, Any] = {
            "environment": self.environment,
            "member_ids": [member.id for member in page.rows],
            "now": self.now,
        }
        balances, tiers = balances_of_many(**asked), tiers_of_many(**asked)
        config = snapshot(self.environment)
        shown = [
            rendering.customer(member, balances[member.id], tiers[member.id], config) for member in page.rows
        ]
        return Response(page.as_json(shown))


class CustomerBody(Body):
    attributes = JsonObject(
        required=False, max_bytes=MAX_ATTRIBUTES, help_text="Merged; null removes a name."
    )
    status = Choice(choices=["active", "frozen"], required=False)


class CustomerView(EngineView):
    scopes = {"GET": "members:read", "PATCH": "members:write", "DELETE": "members:write"}
    members_may = frozenset({"GET"})

    @operation(
        "retrieve_customer",
        "A customer, their balances and tiers",
        scope="members:read",
        answer=shapes.Customer,
        example=examples.CUSTOMER,
        refusals=["not_found"],
        tag="customers",
    )
    def get(self, request: Request, customer_id: str) -> Response:
        check_text(customer_id, "customer_id")
        member = self.own(customer_id)
        return Response(self._shown(find_member(environment=self.environment, member=member)))

    @operation(
        "update_customer",
        "Change attributes or status",
        scope="members:write",
        body=CustomerBody,
        request_example={"attributes": {"country": "NG"}},
        answer=shapes.Customer,
        example=examples.CUSTOMER,
        refusals=["not_found"],
        writes=True,
        tag="customers",
    )
    def patch(self, request: Request, customer_id: str) -> Response:
        check_text(customer_id, "customer_id")
        body = self.body(CustomerBody)
        return self.write(
            update_member, self._shown, member=customer_id, actor=self.actor, now=self.now, **body
        )

    @operation(
        "erase_customer",
        "Erase a customer",
        scope="members:write",
        answer=shapes.Erased,
        example=examples.ERASED,
        refusals=["not_found"],
        writes=True,
        tag="customers",
        description="Holds are released, every balance is adjusted to zero, and what was written in words about the "
        "customer is blanked; whoever was merged into them is erased too, and the id of somebody who was merged "
        "away means who they were merged into. Figures stay. The same id may come back later: as someone new, who "
        "starts from zero. Erasing again is `not_found`, as is every other call by that id; with the same "
        "Idempotency-Key it gets the first answer.",
    )
    def delete(self, request: Request, customer_id: str) -> Response:
        check_text(customer_id, "customer_id")
        return self.write(
            erase_member,
            lambda member: {"status": member.status},
            member=customer_id,
            actor=self.actor,
            now=self.now,
        )

    def _shown(self, member: Member) -> dict[str, Any]:
        asked: dict[str, Any] = {"environment": self.environment, "member_id": member.id, "now": self.now}
        return rendering.customer(member, balances_of(**asked), tiers_of(**asked), snapshot(self.environment))


class MergeBody(Body):
    into = ExternalId(help_text="The customer who remains, by your own id.")
    reason = Text(required=False, help_text="Why; it stands in both histories.")


class MergeView(EngineView):
    scopes = {"POST": "members:write"}

    @operation(
        "merge_customer",
        "Merge a customer into another",
        scope="members:write",
        body=MergeBody,
        request_example={"into": "cus_def456", "reason": "Two accounts of one person"},
        answer=shapes.Merged,
        example=examples.MERGED,
        refusals=["not_found", "member_frozen"],
        writes=True,
        tag="customers",
        description="Lots, pending points, holds and debt move to the customer named by `into`; attributes of that one "
        "stay as they are. From then on the merged id means the survivor in every call. Answers the survivor.",
    )
    def post(self, request: Request, customer_id: str) -> Response:
        check_text(customer_id, "customer_id")
        return self.write(
            merge_members,
            lambda survivor: rendering.member_alone(survivor) | {"merged_id": customer_id},
            member=customer_id,
            actor=self.actor,
            now=self.now,
            **{"reason": None, **self.body(MergeBody)},
        )


@extend_schema_view(get=extend_schema(operation_id="list_members"))
class MemberListView(CustomerListView):
    """The same by its other name."""


@extend_schema_view(
    get=extend_schema(operation_id="retrieve_member"),
    patch=extend_schema(operation_id="update_member"),
    delete=extend_schema(operation_id="erase_member"),
)
class MemberView(CustomerView):
    """The same by its other name."""


@extend_schema_view(post=extend_schema(operation_id="merge_member"))
class MemberMergeView(MergeView):
    """The same by its other name."""
