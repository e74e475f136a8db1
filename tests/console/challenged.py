"""A weekly challenge, with what its missions count, for the console's tests."""

from typing import Any

from loyalty.models import Event
from programs.models import Challenge, Environment, InventoryItem, InventorySet, Metric, Program
from tests import factories

MISSIONS = [
    {"title": "Come three times", "event_type": "visit", "target": 3},
    {"title": "Walk 20 km", "event_type": "walk", "measure": "sum", "field": "data.km", "target": "20"},
]


def crown_of(environment: Environment) -> InventoryItem:
    """An item of a set of its own."""
    program = Program.objects.get(environment=environment, code="default")
    badges = InventorySet.objects.create(
        environment=environment, program=program, public_id="ins_badges", title="Badges"
    )
    return InventoryItem.objects.create(
        environment=environment, inventory_set=badges, public_id="crown", title="Crown"
    )


def active_week(environment: Environment, **changes: Any) -> Challenge:
    """Gives 150 points, a crown, and a coupon with a code for each."""
    rewards = [
        {
            "kind": "metric",
            "metric": Metric.objects.get(environment=environment, code="points"),
            "quantity": 150,
        },
        {"kind": "inventory_item", "item": crown_of(environment)},
        {"kind": "coupon", "item": factories.make_coupon(environment, code_pattern="TEA-########").item},
    ]
    given: dict[str, Any] = {"title": "Active week", "per": "week", "missions": MISSIONS, "rewards": rewards}
    return factories.make_challenge(factories.reload(environment), **(given | changes))


def happened(environment: Environment, event_id: str, event_type: str, **data: Any) -> Event:
    """An event of ada's."""
    return factories.report(environment, event_id, type=event_type, member="ada", data=data).event
