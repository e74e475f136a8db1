"""What tests of webhooks over /v1 share."""

from typing import Any

from audit.ids import parse_public
from audit.models import WebhookEndpoint
from programs.actions.plans import save_plan, set_plan
from programs.models import Environment, Plan
from tests.api.v1.days import done
from tests.conftest import Api
from tests.factories import make_actor

URL = "https://93.184.215.14/hooks"


def make(api: Api, url: str = URL, *event_types: str, **more: Any) -> dict[str, Any]:
    """An endpoint as its making was answered."""
    body = {"url": url, "event_types": list(event_types or ("points.*",))} | more
    return done(api.post("/v1/webhook-endpoints", body))


def on_plan(environment: Environment, *features: str, **limits: int) -> None:
    """Put the environment's organization on a plan that holds this much."""
    kept = {"features": list(features), "limits": limits}
    plan = save_plan(
        plan=Plan(code=f"small-{environment.pk}"[:50], name="Small"), changes=kept, actor=make_actor()
    )
    set_plan(organization=environment.project.organization, plan=plan, actor=make_actor())


def stored(found: dict[str, Any]) -> WebhookEndpoint:
    """The row that an answer speaks of."""
    key = parse_public("whe", found["id"])
    assert key is not None
    return WebhookEndpoint.objects.get(pk=key)
