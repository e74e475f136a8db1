"""/v1/sandbox: the test clock."""

from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.actions.clock import set_clock
from loyalty.actions.configuration import configure_once
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
