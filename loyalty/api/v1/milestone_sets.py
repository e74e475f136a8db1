"""/v1/milestone-sets: thresholds on a metric's total (domain.md 8)."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.actions.configuration import configure_once
from loyalty.actions.points import find_metric
from loyalty.api.common.fields import CHOSEN_ID, Body, Integer, Items, Pattern, Text
from loyalty.api.common.parsing import check_text
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import challenge_examples, challenge_shapes, examples
from loyalty.api.v1.challenge_rendering import milestone_set
from loyalty.api.v1.docs import operation
from loyalty.api.v1.lists import ListView, PageQuery
from loyalty.queries.milestones import find_milestone_set, milestone_sets_in
from programs.actions.milestones import MAX_MILESTONES, save_milestone_set
from programs.models import MilestoneSet
from programs.models.metrics import MAX_POINTS
from programs.queries.snapshots import snapshot


class MilestoneBody(Body):
    id = Pattern(
        CHOSEN_ID,
        required=False,
        help_text="Chosen, or made for you. A milestone is known by it, also when the list is sent anew.",
    )
    title = Text(max_length=200)
    media = serializers.URLField(required=False, max_length=500, allow_blank=True)
    threshold = Integer(
        min_value=-MAX_POINTS,
        max_value=MAX_POINTS,
        help_text="Reached at so many points, lost below; each once in a set.",
    )


class MilestoneSetChanges(Body):
    title = Text(required=False, max_length=200)
    milestones = Items(
        MilestoneBody(),
        max_length=MAX_MILESTONES,
        required=False,
        help_text="All of them, in any order: one that is left out is removed.",
    )


class MilestoneSetBody(MilestoneSetChanges):
    id = Pattern(CHOSEN_ID, required=False, help_text="Chosen, or made for you.")
    metric = Text(max_length=50, help_text="Whose total counts; it stays.")
    title = Text(max_length=200)


class MilestoneSetListView(ListView):
    scopes = {"GET": "config:read", "POST": "config:write"}

    @operation(
        "list_milestone_sets",
        "Milestone sets",
        scope="config:read",
        query=PageQuery,
        answer=challenge_shapes.MilestoneSetPage,
        example=examples.page(challenge_examples.MILESTONE_SET),
        tag="milestones",
    )
    def get(self, request: Request) -> Response:
        return self.listed(milestone_sets_in(self.environment), milestone_set)

    @operation(
        "create_milestone_set",
        "Make a set of milestones",
        scope="config:write",
        body=MilestoneSetBody,
        request_example=challenge_examples.MILESTONE_SET_REQUEST,
        answer=challenge_shapes.MilestoneSetShape,
        example=challenge_examples.MILESTONE_SET,
        status=201,
        refusals=["not_found"],
        writes=True,
        tag="milestones",
        description="Whenever a customer's points of the metric cross a threshold, up or down, their history tells the "
        "milestone before and after. Crossings are told from then on.",
    )
    def post(self, request: Request) -> Response:
        body = self.body(MilestoneSetBody)
        metric = find_metric(snapshot(self.environment), body.pop("metric"), None)
        new = MilestoneSet(environment=self.environment, metric=metric)
        if "id" in body:
            new.public_id = body.pop("id")
        return saved(self, new, body, 201)


class MilestoneSetView(EngineView):
    scopes = {"GET": "config:read", "PATCH": "config:write"}
    http_method_names = ["get", "head", "patch"]

    @operation(
        "retrieve_milestone_set",
        "A milestone set",
        scope="config:read",
        answer=challenge_shapes.MilestoneSetShape,
        example=challenge_examples.MILESTONE_SET,
        refusals=["not_found"],
        tag="milestones",
    )
    def get(self, request: Request, milestone_set_id: str) -> Response:
        return Response(milestone_set(found_milestone_set(self, milestone_set_id)))

    @operation(
        "update_milestone_set",
        "Change a set of milestones",
        scope="config:write",
        body=MilestoneSetChanges,
        request_example={"title": "Ranks"},
        answer=challenge_shapes.MilestoneSetShape,
        example=challenge_examples.MILESTONE_SET | {"title": "Ranks"},
        refusals=["not_found"],
        writes=True,
        tag="milestones",
        description="`milestones` is the whole list. What customers crossed before stays told as it was.",
    )
    def patch(self, request: Request, milestone_set_id: str) -> Response:
        body = self.body(MilestoneSetChanges)
        return saved(self, found_milestone_set(self, milestone_set_id), body, 200)


def saved(view: EngineView, found: MilestoneSet, body: dict[str, Any], status: int) -> Response:
    milestones = body.pop("milestones", None)

    def change() -> MilestoneSet:
        made = save_milestone_set(
            environment=view.environment,
            milestone_set=found,
            actor=view.actor,
            changes=body,
            milestones=milestones,
        )
        return milestone_sets_in(view.environment).get(pk=made.pk)

    return view.write(configure_once, milestone_set, http_status=status, change=change)


def found_milestone_set(view: EngineView, milestone_set_id: str) -> MilestoneSet:
    check_text(milestone_set_id, "milestone_set_id")
    return find_milestone_set(environment=view.environment, milestone_set=milestone_set_id)
