"""The form of an earning rule, for the console's tests."""

from typing import Any

from programs.models import Environment, Metric, Program


def rule_form(environment: Environment, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Weekend",
        "program": str(Program.objects.get(environment=environment).pk),
        "metric": str(Metric.objects.get(environment=environment).pk),
        "event_type": "purchase",
        "priority": "0",
        "condition": "{}",
        "award_kind": "fixed",
        "award_points": "10",
        "entry_type": "earned",
    } | changes
