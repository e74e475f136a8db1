"""/v1/customers and /v1/members: the same resource by two names."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.actions.members import MAX_ATTRIBUTES, update_member
from loyalty.api.common.fields import Body, JsonObject
from loyalty.api.common.parsing import check_text
from loyalty.api.common.rendering import instant
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import examples, rendering, shapes
from loyalty.api.v1.docs import operation
from loyalty.api.v1.filters import MemberFilters
from loyalty.api.v1.lists import ListView, PageQuery
from loyalty.models import Member
from loyalty.queries.balances import balances_of, balances_of_many
from loyalty.queries.members import find_member, members_of


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
        balances = balances_of_many(
            environment=self.environment, member_ids=[member.id for member in page.rows], now=self.now
        )
        return Response(
            page.as_json([rendering.customer(member, balances[member.id]) for member in page.rows])
        )


class CustomerBody(Body):
    attributes = JsonObject(
        required=False, max_bytes=MAX_ATTRIBUTES, help_text="Merged; null removes a name."
    )
    status = serializers.ChoiceField(choices=["active", "frozen"], required=False)


class CustomerView(EngineView):
    scopes = {"GET": "members:read", "PATCH": "members:write"}

    @operation(
        "retrieve_customer",
        "A customer and their balances",
        scope="members:read",
        answer=shapes.Customer,
        example=examples.CUSTOMER,
        refusals=["not_found"],
        tag="customers",
    )
    def get(self, request: Request, customer_id: str) -> Response:
        check_text(customer_id, "customer_id")
        return Response(self._shown(find_member(environment=self.environment, member=customer_id)))

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

    def _shown(self, member: Member) -> dict[str, Any]:
        balances = balances_of(environment=self.environment, member_id=member.id, now=self.now)
        return rendering.customer(member, balances)


class BalancesView(EngineView):
    scopes = {"GET": "points:read"}

    @operation(
        "retrieve_balances",
        "A member's balance in each metric",
        scope="points:read",
        answer=shapes.Balances,
        example=examples.BALANCES,
        refusals=["not_found"],
        tag="customers",
        description="Right now: what has expired is gone, even if no job has run.",
    )
    def get(self, request: Request, customer_id: str) -> Response:
        check_text(customer_id, "customer_id")
        member = find_member(environment=self.environment, member=customer_id)
        balances = balances_of(environment=self.environment, member_id=member.id, now=self.now)
        data = [rendering.balance(found) for found in balances]
        return Response({"member_id": member.external_id, "as_of": instant(self.now), "data": data})


@extend_schema_view(get=extend_schema(operation_id="list_members"))
class MemberListView(CustomerListView):
    """The same by its other name."""


@extend_schema_view(
    get=extend_schema(operation_id="retrieve_member"), patch=extend_schema(operation_id="update_member")
)
class MemberView(CustomerView):
    """The same by its other name."""


@extend_schema_view(get=extend_schema(operation_id="retrieve_member_balances"))
class MemberBalancesView(BalancesView):
    """The same by its other name."""
