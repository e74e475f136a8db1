"""loyalty-program/*: the stamp programs that members can join."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.api.publisher_v1 import examples, rendering, shapes
from loyalty.api.publisher_v1.bodies import PublisherListBody, PublisherProgramBody
from loyalty.api.publisher_v1.docs import operation
from loyalty.api.publisher_v1.views import PublisherView
from loyalty.queries.stamps import find_stamp_program, offered
from programs.pictures import picture_path


class ProgramListView(PublisherView):
    feature = "stamps"
    scopes = {"POST": "config:read"}

    @operation(
        "publisher_list_programs",
        "Loyalty programs that can be joined",
        scope="config:read",
        body=PublisherListBody,
        request_example={"pagination": {"limit": 50}},
        answer=shapes.PublisherPrograms,
        example=examples.PROGRAMS,
        description="Oldest first: those that are active and within their dates now.",
    )
    def post(self, request: Request) -> Response:
        body = self.body(PublisherListBody)
        rows = offered(self.environment, self.now)
        return self.page(
            rows, body.get("pagination"), lambda row: rendering.loyalty_program(row, address(self))
        )


class ProgramView(PublisherView):
    feature = "stamps"
    scopes = {"POST": "config:read"}

    @operation(
        "publisher_get_program",
        "One loyalty program",
        scope="config:read",
        body=PublisherProgramBody,
        request_example={"id": "lp_abc123"},
        answer=shapes.PublisherProgram,
        example=examples.PROGRAM,
        refusals=["not_found"],
        description="Also one that can't be joined any more, since members have cards of it; no drafts.",
    )
    def post(self, request: Request) -> Response:
        wanted = self.body(PublisherProgramBody)["id"]
        found = find_stamp_program(environment=self.environment, stamp_program=wanted, drafts=False)
        return Response(rendering.loyalty_program(found, address(self)))


def address(view: PublisherView) -> rendering.Address:
    """Where uploaded pictures are served."""

    def at(picture: UUID) -> str:
        return str(view.request.build_absolute_uri(picture_path(picture)))

    return at
