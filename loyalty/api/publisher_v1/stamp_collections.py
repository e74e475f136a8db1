"""wallet.stamp-collection/*: members join programs, and see how many stamps they have."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from audit.errors import NotFound
from audit.ids import parse_public
from loyalty.actions.stamps import enrol
from loyalty.api.publisher_v1 import examples, shapes
from loyalty.api.publisher_v1.bodies import PublisherCardBody, PublisherCardListBody, PublisherEnrolBody
from loyalty.api.publisher_v1.docs import operation
from loyalty.api.publisher_v1.rendering import stamp_collection
from loyalty.api.publisher_v1.views import PublisherView
from loyalty.queries.stamps import collections_of, find_collection


class CreateView(PublisherView):
    feature = "stamps"
    scopes = {"POST": "members:write"}

    @operation(
        "publisher_create_collection",
        "Enrol a member in a loyalty program",
        scope="members:write",
        body=PublisherEnrolBody,
        request_example={"loyalty_program_id": "lp_abc123", "member_id": "m_x1y2z3"},
        answer=shapes.PublisherCard,
        example=examples.CARD | {"unredeemed_purchases": 0},
        refusals=["not_found", "already_enrolled", "stamp_program_not_available", "member_frozen"],
        writes=True,
        description="Once a member and program. Purchases that are recorded from then on stamp the card.",
    )
    def post(self, request: Request) -> Response:
        body = self.body(PublisherEnrolBody)
        return self.write(
            enrol,
            stamp_collection,
            stamp_program=body["loyalty_program_id"],
            member=body["member_id"],
            actor=self.actor,
            now=self.now,
        )


class CollectionView(PublisherView):
    feature = "stamps"
    scopes = {"POST": "members:read"}

    @operation(
        "publisher_get_collection",
        "One stamp collection",
        scope="members:read",
        body=PublisherCardBody,
        request_example={"id": examples.CARD["id"]},
        answer=shapes.PublisherCard,
        example=examples.CARD,
        refusals=["not_found"],
        description="After a merge of two members, the id of either card shows the one that goes on.",
    )
    def post(self, request: Request) -> Response:
        wanted = key_of(self.body(PublisherCardBody)["id"])
        return Response(stamp_collection(find_collection(environment=self.environment, collection=wanted)))


class CollectionListView(PublisherView):
    feature = "stamps"
    scopes = {"POST": "members:read"}

    @operation(
        "publisher_list_collections",
        "A member's stamp collections",
        scope="members:read",
        body=PublisherCardListBody,
        request_example={"member_id": "m_x1y2z3", "pagination": {"limit": 20}},
        answer=shapes.PublisherCards,
        example=examples.CARDS,
        description="Oldest first; an empty list for a member who is not known.",
    )
    def post(self, request: Request) -> Response:
        body = self.body(PublisherCardListBody)
        rows = collections_of(environment=self.environment, member=body["member_id"])
        return self.page(rows, body.get("pagination"), stamp_collection)


def key_of(collection_id: str) -> UUID:
    """The key in an `sc_` id. Raises NotFound for any other text."""
    key = parse_public("sc", collection_id)
    if key is None:
        raise NotFound(f"There is no stamp collection {collection_id!r} in this environment.")
    return key
