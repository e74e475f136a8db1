"""/v1/stamp-programs: stamp cards as they are set up, and as a customer sees them (domain.md 7)."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from audit.errors import InvalidRequest, NotFound
from loyalty.actions.configuration import configure_once
from loyalty.actions.points import find_program
from loyalty.api.common.parsing import check_text
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import examples, stamp_examples, stamp_rendering, stamp_shapes
from loyalty.api.v1.docs import operation
from loyalty.api.v1.filters import StampProgramFilters
from loyalty.api.v1.lists import ListView, PageQuery
from loyalty.api.v1.points import MemberBody
from loyalty.api.v1.rewards import address, member_of
from loyalty.api.v1.stamp_bodies import (
    StampProgramBody,
    StampProgramChanges,
    in_stamp_words,
    pictures_of,
    settings_of,
)
from loyalty.queries.stamp_details import seen_by
from loyalty.queries.stamps import find_stamp_program, stamp_programs_of
from programs.actions.stamp_programs import save_stamp_program
from programs.models import StampProgram
from programs.queries.snapshots import snapshot


class StampProgramQuery(MemberBody):
    member_needed = False


class StampProgramsQuery(PageQuery, StampProgramQuery):
    pass


class StampProgramListView(ListView):
    feature = "stamps"
    scopes = {"GET": "config:read", "POST": "config:write"}
    members_may = frozenset({"GET"})
    filters = StampProgramFilters
    paging = StampProgramsQuery

    @operation(
        "list_stamp_programs",
        "Stamp programs, as set up or as a customer sees them",
        scope="config:read",
        query=StampProgramsQuery,
        filters=StampProgramFilters,
        answer=stamp_shapes.StampProgramPage,
        example=examples.page(stamp_examples.STAMP_PROGRAM),
        refusals=["feature_not_in_plan"],
        tag="stamps",
        description="With `customer_id`, and always with a member token: those that can be joined now, and those that "
        "this customer has a card of. Without a customer: all, drafts too.",
    )
    def get(self, request: Request) -> Response:
        return self.listed(visible(self, self.parameters().get("member")), renderer(self))

    @operation(
        "create_stamp_program",
        "Make a stamp program",
        scope="config:write",
        body=StampProgramBody,
        request_example=stamp_examples.STAMP_PROGRAM_REQUEST,
        answer=stamp_shapes.StampProgramShape,
        example=stamp_examples.NEW_STAMP_PROGRAM,
        status=201,
        refusals=["feature_not_in_plan", "program_not_found"],
        writes=True,
        tag="stamps",
        description="A draft, unless `status` says otherwise. Its program and currency stay as they are made.",
    )
    def post(self, request: Request) -> Response:
        body = self.body(StampProgramBody)
        program = find_program(snapshot(self.environment), body.pop("program", "default"))
        new = StampProgram(environment=self.environment, program=program)
        if "id" in body:
            new.public_id = body.pop("id")
        return saved(self, new, body, 201)


class StampProgramView(EngineView):
    feature = "stamps"
    scopes = {"GET": "config:read", "PATCH": "config:write"}
    members_may = frozenset({"GET"})

    @operation(
        "retrieve_stamp_program",
        "A stamp program, as set up or as a customer sees it",
        scope="config:read",
        query=StampProgramQuery,
        answer=stamp_shapes.StampProgramShape,
        example=stamp_examples.STAMP_PROGRAM,
        refusals=["not_found"],
        tag="stamps",
        description="As GET /v1/stamp-programs shows it.",
    )
    def get(self, request: Request, stamp_program_id: str) -> Response:
        check_text(stamp_program_id, "stamp_program_id")
        rows = visible(self, self.query(StampProgramQuery).get("member"))
        found = rows.filter(public_id=stamp_program_id).first()
        if found is None:
            raise NotFound(f"There is no stamp program {stamp_program_id!r} in this environment.")
        return Response(renderer(self)(found))

    @operation(
        "update_stamp_program",
        "Change a stamp program",
        scope="config:write",
        body=StampProgramChanges,
        request_example={"threshold": 4},
        answer=stamp_shapes.StampProgramShape,
        example=stamp_examples.STAMP_PROGRAM | {"threshold": 4},
        refusals=["not_found"],
        writes=True,
        tag="stamps",
        description="Counts from the next purchase on. A lower threshold counts for every running card at once, and a "
        "worker issues what it makes due; a higher one for cards that begin later. What has begun is no draft again, "
        "and what has `ended` stays so. `reward` and `display` are replaced whole.",
    )
    def patch(self, request: Request, stamp_program_id: str) -> Response:
        check_text(stamp_program_id, "stamp_program_id")
        body = self.body(StampProgramChanges)
        found = find_stamp_program(environment=self.environment, stamp_program=stamp_program_id)
        return saved(self, found, body, 200)


def visible(view: EngineView, named: str | None) -> QuerySet[StampProgram]:
    """Those that the caller sees: of a key that names nobody all."""
    member = member_of(view, named)
    if member is None:
        return stamp_programs_of(view.environment)
    return seen_by(environment=view.environment, member=member, now=view.now)


def saved(view: EngineView, stamp_program: StampProgram, body: dict[str, Any], status: int) -> Response:
    def change() -> StampProgram:
        changes = settings_of(body)
        if "display" in body:
            changes |= pictures_of(body["display"], view.environment, view.request.get_host())
        try:
            made = save_stamp_program(
                environment=view.environment,
                stamp_program=stamp_program,
                actor=view.actor,
                now=view.now,
                changes=changes,
            )
        except InvalidRequest as refusal:
            raise in_stamp_words(refusal) from refusal
        return stamp_programs_of(view.environment).get(pk=made.pk)

    return view.write(configure_once, renderer(view), http_status=status, change=change)


def renderer(view: EngineView) -> Callable[[StampProgram], dict[str, Any]]:
    """Shows stamp programs to the caller; no statement."""
    at, to_member = address(view), view.principal.member is not None
    return lambda found: stamp_rendering.stamp_program(found, address=at, to_member=to_member)
