"""/v1/programs and /v1/metrics: set-up by call, for configuration as code."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit.errors import NotFound
from loyalty.actions.configuration import configure_once
from loyalty.actions.points import MAX_POINTS, find_program
from loyalty.api.common.fields import Body, Choice, Day, Figure, Flag, Instant, Integer, Pattern, Text
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import examples, rendering, shapes
from loyalty.api.v1.docs import operation
from loyalty.api.v1.lists import ListView, PageQuery
from programs.actions.configure import configure
from programs.actions.programs import save_program
from programs.models import Metric, Program
from programs.queries.snapshots import snapshot


class ProgramChanges(Body):
    name = Text(required=False, max_length=200, allow_blank=False)
    status = Choice(choices=Program.Status.choices, required=False)
    starts_at = Instant(required=False, allow_null=True)
    ends_at = Instant(required=False, allow_null=True)
    retention_days = Integer(required=False, allow_null=True, min_value=1, max_value=36_500)
    adjustment_limit = Integer(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=MAX_POINTS,
        help_text="An adjustment of more points needs a second person; null: none does.",
    )


class ProgramBody(ProgramChanges):
    id = Pattern(r"^prg_[A-Za-z0-9_-]{1,60}\Z", required=False, help_text="Chosen, or made for you.")
    code = Pattern(r"^[a-z0-9_-]{1,50}\Z")
    name = Text(max_length=200)


class ProgramListView(ListView):
    scopes = {"GET": "config:read", "POST": "config:write"}
    key = ("id",)

    @operation(
        "list_programs",
        "Programs",
        scope="config:read",
        query=PageQuery,
        answer=shapes.ProgramPage,
        example=examples.page(examples.PROGRAM),
        tag="programs",
    )
    def get(self, request: Request) -> Response:
        return self.listed(Program.objects.filter(environment=self.environment), rendering.program)

    @operation(
        "create_program",
        "Create a program",
        scope="config:write",
        body=ProgramBody,
        request_example={"code": "vip", "name": "VIP club"},
        answer=shapes.ProgramShape,
        example=examples.PROGRAM,
        status=201,
        refusals=["plan_limit_exceeded", "feature_not_in_plan"],
        writes=True,
        tag="programs",
    )
    def post(self, request: Request) -> Response:
        body = self.body(ProgramBody)
        if "id" in body:
            body["public_id"] = body.pop("id")
        return self.write(
            configure_once,
            rendering.program,
            http_status=201,
            environment_first=False,
            change=lambda: save_program(
                environment=self.environment,
                program=Program(environment=self.environment),
                actor=self.actor,
                changes=body,
            ),
        )


class ProgramView(EngineView):
    scopes = {"GET": "config:read", "PATCH": "config:write"}

    @operation(
        "retrieve_program",
        "A program, by code or id",
        scope="config:read",
        answer=shapes.ProgramShape,
        example=examples.PROGRAM,
        refusals=["program_not_found"],
        tag="programs",
    )
    def get(self, request: Request, program: str) -> Response:
        return Response(rendering.program(find_program(snapshot(self.environment), program)))

    @operation(
        "update_program",
        "Change a program",
        scope="config:write",
        body=ProgramChanges,
        request_example={"status": "paused"},
        answer=shapes.ProgramShape,
        example=examples.PROGRAM,
        refusals=["program_not_found", "feature_not_in_plan"],
        writes=True,
        tag="programs",
    )
    def patch(self, request: Request, program: str) -> Response:
        body = self.body(ProgramChanges)
        found = find_program(snapshot(self.environment), program)
        return self.write(
            configure_once,
            rendering.program,
            change=lambda: save_program(
                environment=self.environment, program=found, actor=self.actor, changes=body
            ),
        )


class MetricChanges(Body):
    title = Text(required=False, max_length=200)
    media = serializers.URLField(required=False, max_length=500, allow_blank=True)
    default_value = Integer(required=False, min_value=0, max_value=MAX_POINTS)
    minimum = Integer(required=False, allow_null=True, min_value=-MAX_POINTS, max_value=0)
    maximum = Integer(required=False, allow_null=True, min_value=0, max_value=MAX_POINTS)
    expiry = Choice(choices=Metric.Expiry.choices, required=False)
    expiry_count = Integer(
        required=False, allow_null=True, min_value=1, max_value=36_500, help_text="Days or months."
    )
    expiry_date = Day(required=False, allow_null=True)
    expiry_month_end = Flag(required=False)
    vesting_days = Integer(required=False, min_value=0, max_value=3_650)
    negative_balance = Choice(choices=Metric.NegativeBalance.choices, required=False)
    rounding = Choice(choices=Metric.Rounding.choices, required=False)
    unit_value = Figure(
        required=False,
        allow_null=True,
        help_text="What one is worth in money, in major units of `unit_currency` (0.01: £0.01): reports then show what "
        "is outstanding in money too. Both or none.",
    )
    unit_currency = Pattern(r"^([A-Z]{3})?\Z", required=False, allow_null=True, allow_blank=True)


class MetricBody(MetricChanges):
    code = Pattern(r"^[a-z0-9_-]{1,50}\Z")
    program = Text(required=False, max_length=64, help_text="Code or id; default, if absent.")
    title = Text(max_length=200)


class MetricListView(ListView):
    scopes = {"GET": "config:read", "POST": "config:write"}

    @operation(
        "list_metrics",
        "Metrics",
        scope="config:read",
        query=PageQuery,
        answer=shapes.MetricPage,
        example=examples.page(examples.METRIC),
        tag="programs",
    )
    def get(self, request: Request) -> Response:
        rows = Metric.objects.filter(environment=self.environment).select_related("program")
        return self.listed(rows, rendering.metric)

    @operation(
        "create_metric",
        "Create a metric",
        scope="config:write",
        body=MetricBody,
        request_example={"code": "xp", "title": "Experience", "expiry": "never"},
        answer=shapes.MetricShape,
        example=examples.METRIC,
        status=201,
        refusals=["program_not_found"],
        writes=True,
        tag="programs",
    )
    def post(self, request: Request) -> Response:
        body = _plain(self.body(MetricBody))
        program = find_program(snapshot(self.environment), body.pop("program", "default"))
        return configured(self, Metric(environment=self.environment, program=program), body, 201)


class MetricView(EngineView):
    scopes = {"GET": "config:read", "PATCH": "config:write"}
    http_method_names = ["get", "head", "patch"]

    @operation(
        "retrieve_metric",
        "A metric",
        scope="config:read",
        answer=shapes.MetricShape,
        example=examples.METRIC,
        refusals=["not_found"],
        tag="programs",
    )
    def get(self, request: Request, metric: str) -> Response:
        return Response(rendering.metric(self._find(metric)))

    @operation(
        "update_metric",
        "Change a metric's point rules",
        scope="config:write",
        body=MetricChanges,
        request_example={"expiry": "months", "expiry_count": 12, "expiry_month_end": True},
        answer=shapes.MetricShape,
        example=examples.METRIC,
        refusals=["not_found"],
        writes=True,
        tag="programs",
        description="Expiry and vesting are fixed on a lot when it is made; a change counts for later ones.",
    )
    def patch(self, request: Request, metric: str) -> Response:
        body = _plain(self.body(MetricChanges))
        return configured(self, self._find(metric), body, 200)

    def _find(self, code: str) -> Metric:
        found = snapshot(self.environment).metric(code)
        if found is None:
            raise NotFound(f"There is no metric {code!r} in this environment.")
        return found


def _plain(body: dict[str, Any]) -> dict[str, Any]:
    """As the model has it: no currency is an empty one."""
    return body | {"unit_currency": body["unit_currency"] or ""} if "unit_currency" in body else body


def configured(view: EngineView, metric: Metric, changes: dict[str, Any], status: int) -> Response:
    return view.write(
        configure_once,
        rendering.metric,
        http_status=status,
        change=lambda: configure(
            environment=view.environment, instance=metric, actor=view.actor, changes=changes
        ),
    )
