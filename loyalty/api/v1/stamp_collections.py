"""/v1/stamp-collections: customers join stamp programs, and their cards (domain.md 7)."""

from collections.abc import Collection
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from audit.errors import NotFound
from audit.ids import parse_public
from loyalty.actions.stamps import enrol
from loyalty.api.common.fields import Text
from loyalty.api.common.parsing import check_text
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import examples, stamp_examples, stamp_shapes
from loyalty.api.v1.docs import operation
from loyalty.api.v1.lists import ListView, PageQuery
from loyalty.api.v1.points import MemberBody
from loyalty.api.v1.stamp_rendering import stamp_collection
from loyalty.models import StampCollection
from loyalty.queries.history import owner_name
from loyalty.queries.members import find_member
from loyalty.queries.stamp_details import reward_counts
from loyalty.queries.stamps import collections_of, find_collection


class StampCollectionBody(MemberBody):
    member_needed = False  # the member's own token says who it is
    stamp_program = Text(max_length=64, help_text="lp_…")


class EnrolView(EngineView):
    feature = "stamps"
    scopes = {"POST": "members:write"}
    members_may = frozenset({"POST"})

    @operation(
        "create_stamp_collection",
        "Enrol a customer in a stamp program",
        scope="members:write",
        body=StampCollectionBody,
        request_example=stamp_examples.STAMP_COLLECTION_REQUEST,
        answer=stamp_shapes.StampCollectionShape,
        example=stamp_examples.NEW_STAMP_COLLECTION,
        status=201,
        refusals=["not_found", "already_enrolled", "stamp_program_not_available", "member_frozen"],
        writes=True,
        tag="stamps",
        description="Once for each customer and stamp program; a customer not yet known is made. Purchases that are "
        "reported from then on stamp the card. With a member token: the member's own.",
    )
    def post(self, request: Request) -> Response:
        body = self.body(StampCollectionBody)
        member = self.own(body.get("member"))

        def made(row: StampCollection) -> dict[str, Any]:
            named = owner_name(environment=self.environment, member_id=row.member_id, named=member)
            return stamp_collection(row, member=named, rewards={})

        return self.write(
            enrol,
            made,
            http_status=201,
            stamp_program=body["stamp_program"],
            member=member,
            actor=self.actor,
            now=self.now,
        )


class StampCollectionView(EngineView):
    feature = "stamps"
    scopes = {"GET": "members:read"}
    members_may = frozenset({"GET"})

    @operation(
        "retrieve_stamp_collection",
        "A customer's stamp card",
        scope="members:read",
        answer=stamp_shapes.StampCollectionShape,
        example=stamp_examples.STAMP_COLLECTION,
        refusals=["not_found"],
        tag="stamps",
        description="After a merge the id of either card means the one that goes on.",
    )
    def get(self, request: Request, stamp_collection_id: str) -> Response:
        missing = NotFound(f"There is no stamp collection {stamp_collection_id!r} in this environment.")
        key = parse_public("sc", stamp_collection_id)
        if key is None:
            raise missing
        found = find_collection(environment=self.environment, collection=key)
        if self.principal.member is not None:
            own = find_member(environment=self.environment, member=self.own(None))
            if found.member_id != own.pk:
                raise missing
        return Response(shown([found])[0])


class StampCollectionsQuery(PageQuery):
    stamp_program = Text(required=False, max_length=64, help_text="lp_…")


class StampCollectionListView(ListView):
    feature = "stamps"
    scopes = {"GET": "members:read"}
    members_may = frozenset({"GET"})
    paging = StampCollectionsQuery

    @operation(
        "list_customer_stamp_collections",
        "A customer's stamp cards, newest first",
        scope="members:read",
        query=StampCollectionsQuery,
        answer=stamp_shapes.StampCollectionPage,
        example=examples.page(stamp_examples.STAMP_COLLECTION),
        refusals=["not_found"],
        tag="stamps",
    )
    def get(self, request: Request, customer_id: str) -> Response:
        check_text(customer_id, "customer_id")
        member = find_member(environment=self.environment, member=self.own(customer_id))
        query = self.parameters()
        rows = collections_of(environment=self.environment, stamp_program=query.get("stamp_program"))
        page = self.page(rows.filter(member=member.pk))
        return Response(page.as_json(shown(page.rows)))


@extend_schema_view(get=extend_schema(operation_id="list_member_stamp_collections"))
class MemberStampCollectionListView(StampCollectionListView):
    """The same by its other name."""


def shown(rows: Collection[StampCollection]) -> list[dict[str, Any]]:
    """Cards with their rewards counted; one statement."""
    counts = reward_counts([row.pk for row in rows])
    return [
        stamp_collection(row, member=row.member.external_id, rewards=counts.get(row.pk, {})) for row in rows
    ]
