"""GET /v1/plan: what the organization's plan allows, and how much of it is used (domain.md 10)."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from audit.instants import rfc3339
from loyalty.api.common.views import EngineView
from loyalty.api.v1.docs import operation
from loyalty.queries.plan_usage import PlanUse, plan_use
from programs.models.plans import FEATURES, LIMITS

EXAMPLE: dict[str, Any] = {
    "name": "Growth",
    "limits": [
        {"limit": "projects", "used": 1, "allowed": 3},
        {"limit": "programs", "used": 2, "allowed": None},
        {"limit": "members", "used": 8_120, "allowed": 10_000},
        {"limit": "webhook_endpoints", "used": 1, "allowed": 5},
        {"limit": "events_per_month", "used": 41_233, "allowed": 100_000},
        {"limit": "history_days", "used": None, "allowed": 365},
        {"limit": "requests_per_minute", "used": None, "allowed": 600},
    ],
    "features": ["challenges", "stamps", "webhooks"],
    "resets_at": "2026-12-01T00:00:00Z",
}


class PlanLimitShape(s.Serializer[Any]):
    limit = s.ChoiceField(choices=list(LIMITS))
    used = s.IntegerField(allow_null=True, help_text="null: it is not used up.")
    allowed = s.IntegerField(allow_null=True, help_text="null: unlimited.")


class PlanShape(s.Serializer[Any]):
    name = s.CharField()
    limits = PlanLimitShape(many=True)
    features = s.ListField(child=s.ChoiceField(choices=list(FEATURES)))
    resets_at = s.DateTimeField(help_text="When the month of the events begins anew, in the project's zone.")


class PlanView(EngineView):
    scopes = {"GET": "config:read"}

    @operation(
        "retrieve_plan",
        "The plan: what it allows, and what is used",
        scope="config:read",
        answer=PlanShape,
        example=EXAMPLE,
        tag="plan",
        description="Used is what all environments of the key's kind have in the organization together; projects "
        "are counted once.",
    )
    def get(self, request: Request) -> Response:
        return Response(_told(plan_use(environment=self.environment, now=timezone.now())))


def _told(found: PlanUse) -> dict[str, Any]:
    return {
        "name": found.terms.name,
        "limits": [
            {"limit": each.limit, "used": each.used, "allowed": each.allowed} for each in found.limits
        ],
        "features": [name for name, holds in found.features.items() if holds],
        "resets_at": rfc3339(found.resets_at),
    }
