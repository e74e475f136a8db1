"""Which parts of a reward's set-up its kind, its cost and its codes have a use for."""

from collections.abc import Iterator, Mapping
from typing import Any

from audit.errors import FieldError
from programs.actions.configure import refusal_of
from programs.models import Reward

_FIXED = ("cost.points", "cost.tier_points", "discount_amount", "discount_percent", "gives.points")
_VARIABLE = ("cost.min", "cost.max", "cost.step", "cost.value_per_point")
_KINDS = {
    "gives.metric": (Reward.Kind.METRIC, Reward.Kind.CASHBACK),
    "gives.points": (Reward.Kind.METRIC,),
    "gives.tier": (Reward.Kind.TIER_UPGRADE,),
    "gives.set": (Reward.Kind.INVENTORY_ITEM,),
    "gives.item": (Reward.Kind.INVENTORY_ITEM,),
}


def check_uses(body: Mapping[str, Any], reward: Reward) -> None:
    """Refuse a value that the reward, once `body` is applied to it, has no use for: it would be dropped.

    Raises InvalidRequest naming each.
    """
    faults = [
        FieldError(name, "invalid", f"{why} has no use for it; leave it out.")
        for name, why in dict(_unused(body, reward)).items()
        if _value(body, name) not in (None, "", {})
    ]
    if faults:
        raise refusal_of(faults)


def _unused(body: Mapping[str, Any], reward: Reward) -> Iterator[tuple[str, str]]:
    kind = body.get("kind", reward.kind)
    for name, kinds in _KINDS.items():
        if kind not in kinds:
            yield name, f"A reward of kind {kind}"
    cost = _value(body, "cost.kind") or reward.cost_kind
    for name in _VARIABLE if cost == Reward.CostKind.FIXED else _FIXED:
        yield name, f"A {cost} cost"
    source = _value(body, "code.source") or reward.code_source
    if source != Reward.CodeSource.GENERATED:
        yield "code.pattern", f"The code source {source}"
    if source == Reward.CodeSource.NONE:
        yield "code.valid_days", f"The code source {source}"


def _value(body: Mapping[str, Any], name: str) -> Any:
    """What stands at `cost.min`; None where it, or the whole cost, was left out."""
    found: Any = body
    for part in name.split("."):
        found = (found or {}).get(part)
    return found
