"""/v1/tiers: the levels of programs, one ladder a program (domain.md 6)."""

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from audit.errors import InvalidRequest, NotFound
from loyalty.actions.configuration import configure_once
from loyalty.actions.ladders import save_ladder
from loyalty.actions.points import find_metric, find_program
from loyalty.api.common.fields import Body, Choice, Figure, Flag, Integer, Items, Pattern, Text
from loyalty.api.common.parsing import check_text
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import earning_examples, earning_shapes, examples, rendering
from loyalty.api.v1.docs import operation
from loyalty.api.v1.lists import ListView, PageQuery
from loyalty.queries.tiers import members_per_level
from programs.actions.tiers import MAX_LEVELS
from programs.event_types import EVENT_TYPE
from programs.models import Environment, TierLadder
from programs.models.metrics import MAX_DAYS
from programs.queries.environments import environment_by_id
from programs.queries.snapshots import snapshot


class LevelBody(Body):
    code = Pattern(
        r"^[A-Za-z0-9_-]{1,50}\Z", help_text="A level is known by it, also when the list is sent anew."
    )
    title = Text(max_length=200)
    threshold = Figure(help_text="Points, money or events, as `basis` says; reached at it and above.")
    multiplier = Figure(
        required=False, help_text="Earned points are multiplied by it, 1 to 1000; 1, if absent."
    )


class LadderChanges(Body):
    metric = Text(required=False, max_length=50, help_text="What the levels multiply, and what points count.")
    basis = Choice(choices=TierLadder.Basis.choices, required=False)
    event_type = Pattern(EVENT_TYPE, required=False, help_text="Of spend and events: the type that counts.")
    currency = Pattern(
        r"^([A-Z]{3})?\Z",
        required=False,
        allow_null=True,
        allow_blank=True,
        help_text="Of spend: the currency that counts; null: any.",
    )
    period = Choice(choices=TierLadder.Period.choices, required=False)
    days = Integer(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=MAX_DAYS,
        help_text="Of rolling days: how many count, and how long a level lasts.",
    )
    grace_days = Integer(required=False, min_value=0, max_value=MAX_DAYS)
    downgrade = Choice(choices=TierLadder.Downgrade.choices, required=False)
    active = Flag(required=False, help_text="false: the levels have no effect.")
    levels = Items(
        LevelBody(),
        min_length=1,
        max_length=MAX_LEVELS,
        required=False,
        help_text="All of them, in any order: one that is left out is removed, unless a member holds it.",
    )


class LadderBody(LadderChanges):
    id = Pattern(r"^tl_[A-Za-z0-9_-]{1,60}\Z", required=False, help_text="Chosen, or made for you.")
    program = Text(required=False, max_length=64, help_text="Code or id; default, if absent.")
    levels = Items(LevelBody(), min_length=1, max_length=MAX_LEVELS, help_text="In any order.")


class LadderListView(ListView):
    scopes = {"GET": "config:read", "POST": "config:write"}

    @operation(
        "list_tiers",
        "Tiers of all programs",
        scope="config:read",
        query=PageQuery,
        answer=earning_shapes.LadderPage,
        example=examples.page(earning_examples.LADDER),
        tag="tiers",
    )
    def get(self, request: Request) -> Response:
        return self.listed(ladders(self.environment), renderer(self.environment))

    @operation(
        "create_tiers",
        "Give a program its tiers",
        scope="config:write",
        body=LadderBody,
        request_example=earning_examples.LADDER_REQUEST,
        answer=earning_shapes.LadderShape,
        example=earning_examples.LADDER,
        status=201,
        refusals=["not_found", "program_not_found"],
        writes=True,
        tag="tiers",
        description="Members rise inside the event that reaches a level, and that event keeps the multiplier from "
        "before it. A level of rolling days lasts so many days; then, at the project's midnight, the days before "
        "decide. A level with threshold 0 is everybody's. A program has one list of tiers.",
    )
    def post(self, request: Request) -> Response:
        body = self.body(LadderBody)
        config = snapshot(self.environment)
        program = find_program(config, body.pop("program", "default"))
        body["metric"] = find_metric(config, body.get("metric"), program.code)
        if "id" in body:
            body["public_id"] = body.pop("id")
        return saved(self, TierLadder(environment=self.environment, program=program), body, 201)


class LadderView(EngineView):
    scopes = {"GET": "config:read", "PATCH": "config:write"}

    @operation(
        "retrieve_tiers",
        "The tiers of a program",
        scope="config:read",
        answer=earning_shapes.LadderShape,
        example=earning_examples.LADDER,
        refusals=["not_found"],
        tag="tiers",
        description="With how many members are on each level now.",
    )
    def get(self, request: Request, ladder_id: str) -> Response:
        ladder = find_ladder(self, ladder_id)
        return Response(renderer(self.environment, [ladder.pk])(ladder))

    @operation(
        "update_tiers",
        "Change the tiers of a program",
        scope="config:write",
        body=LadderChanges,
        request_example={"grace_days": 30},
        answer=earning_shapes.LadderShape,
        example=earning_examples.LADDER | {"grace_days": 30},
        refusals=["not_found"],
        writes=True,
        tag="tiers",
        description="Counts from the next event on, and at each member's next evaluation; nobody is lowered by the "
        "change itself. Where another thing counts from now on (`basis`, `metric`, `event_type`, `currency`, "
        "`period`), a worker counts the progress of every member anew.",
    )
    def patch(self, request: Request, ladder_id: str) -> Response:
        body = self.body(LadderChanges)
        ladder = find_ladder(self, ladder_id)
        if "metric" in body:
            body["metric"] = find_metric(snapshot(self.environment), body["metric"], ladder.program.code)
        return saved(self, ladder, body, 200)


def saved(view: EngineView, ladder: TierLadder, body: dict[str, Any], status: int) -> Response:
    levels = body.pop("levels", None)
    if "active" in body:
        body["is_active"] = body.pop("active")
    if "currency" in body:
        body["currency"] = body["currency"] or ""

    def change() -> TierLadder:
        if ladder._state.adding:
            refuse_second(ladder)
        return save_ladder(
            environment=view.environment, ladder=ladder, actor=view.actor, changes=body, levels=levels
        )

    def stored(found: TierLadder) -> dict[str, Any]:
        environment = environment_by_id(view.environment.pk)  # at its new version
        return renderer(environment, [found.pk])(ladders(environment).get(pk=found.pk))

    return view.write(configure_once, stored, http_status=status, change=change)


def refuse_second(ladder: TierLadder) -> None:
    """Raises InvalidRequest where the program has its tiers."""
    known = TierLadder.objects.filter(program=ladder.program).values_list("public_id", flat=True).first()
    if known:
        detail = f"It has its tiers already; change them with PATCH /v1/tiers/{known}."
        raise InvalidRequest.field("program", "unique", detail)


def ladders(environment: Environment) -> QuerySet[TierLadder]:
    rows = TierLadder.objects.filter(environment=environment).select_related("program", "metric")
    return rows.prefetch_related("tiers")


def find_ladder(view: EngineView, ladder_id: str) -> TierLadder:
    """The ladder by its `tl_` id. Raises NotFound; also for another environment's."""
    check_text(ladder_id, "ladder_id")
    found = ladders(view.environment).filter(public_id=ladder_id).first()
    if found is None:
        raise NotFound(f"There are no tiers {ladder_id!r} in this environment.")
    return found


def renderer(
    environment: Environment, only: Collection[UUID] | None = None
) -> Callable[[TierLadder], dict[str, Any]]:
    """Shows ladders, all or `only` these, with the members on each level, counted once for all of them."""
    counts = members_per_level(environment, only)
    return lambda ladder: rendering.ladder(ladder, counts.get(ladder.pk, {}))
