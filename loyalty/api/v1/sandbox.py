"""/v1/sandbox: the test clock, and a new beginning."""

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.actions.clock import set_clock
from loyalty.actions.configuration import configure_once
from loyalty.actions.sandbox_reset import reset_sandbox
from loyalty.api.common.fields import Body, Instant
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import examples, rendering, shapes
from loyalty.api.v1.docs import operation


class ClockBody(Body):
    now = Instant(allow_null=True, help_text="Time stands still here until it is set again; null: real time.")


class ClockView(EngineView):
    scopes = {"POST": "sandbox:write"}

    @operation(
        "set_sandbox_clock",
        "Set the sandbox's test clock",
        scope="sandbox:write",
        body=ClockBody,
        request_example={"now": "2040-01-31T12:00:00Z"},
        answer=shapes.EnvironmentShape,
        example=examples.ENVIRONMENT,
        writes=True,
        tag="sandbox",
        description="To any instant while the sandbox holds no member, then only forward. Publish rules after "
        "setting it: a rule counts from the instant at which it was published.",
    )
    def post(self, request: Request) -> Response:
        clock = self.body(ClockBody)["now"]
        return self.write(
            configure_once,
            rendering.environment,
            change=lambda: set_clock(environment=self.environment, clock=clock, actor=self.actor),
        )


class ResetView(EngineView):
    scopes = {"POST": "sandbox:write"}

    @operation(
        "reset_sandbox",
        "Begin the sandbox anew",
        scope="sandbox:write",
        answer=shapes.EnvironmentShape,
        example={**examples.ENVIRONMENT, "clock": None},
        refusals=["environment_archived"],
        writes=True,
        tag="sandbox",
        description="Members, events, points and codes are gone for good; what is configured stays, under the same "
        "ids, and keys, token keys, webhook endpoints and the app's host work on. The test clock is free again. "
        "Answers the new environment. A call that is being worked on meanwhile counts as made before.",
    )
    def post(self, request: Request) -> Response:
        return self.write(reset_sandbox, rendering.environment, actor=self.actor, now=timezone.now())
