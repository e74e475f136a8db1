"""The demo's shop with all that it has configured, and how two environments compare by content."""

from typing import Any

from django.utils import timezone

from loyalty.demo import challenges, rewards, shop, stamps
from programs.models import Environment, InventoryItem, Program, TierLadder
from programs.queries.snapshots import Snapshot, snapshot
from tests import factories

_OWN = {"id", "environment_id", "created_at", "updated_at", "thresholds", "public_host", "origins"}


def set_up(environment: Environment) -> None:
    """Everything that `make demo` configures; no member and no order."""
    now = timezone.now()
    common: dict[str, Any] = {"environment": environment, "actor": factories.make_actor()}
    shop.ensure_rules(since=now, **common)
    shop.ensure_tiers(**common)
    rewards.ensure_rewards(now=now, **common)
    stamps.ensure_stamp_programs(now=now, **common)
    challenges.ensure_challenges(now=now, **common)
    challenges.ensure_app(url="http://127.0.0.1:8000", **common)


def content(environment: Environment) -> dict[str, Any]:
    """What the engine works by, without keys of the database."""
    found = snapshot(factories.reload(environment))
    return {
        "programs": _all(found.programs),
        "metrics": _all(found.metrics),
        "rules": [_rule(found, each) for each in found.rules],
        "ladders": _all(found.ladders),
        "tiers": _all(found.tiers),
        "rewards": _all(found.rewards),
        "stamp_programs": _all(found.stamp_programs),
        "challenges": [
            (_plain(each), _all(each.missions.all(), ordered=True), _all(each.rewards.all(), ordered=True))
            for each in found.challenges
        ],
        "milestones": [(_plain(each), _all(each.milestones.all())) for each in found.milestone_sets],
        "inventory": [(_plain(each), _all(each.items.all())) for each in found.inventory_sets],
        "coupons": _all(found.coupons),
        "event_types": found.member_app and found.member_app.event_types,
        "drafts": (found.drafts.event_types, sorted(map(str, found.drafts.conditions))),
    }


def _all(rows: Any, *, ordered: bool = False) -> list[Any]:
    plain = [_plain(row) for row in rows]
    return plain if ordered else sorted(plain, key=repr)


def _plain(row: Any) -> dict[str, Any]:
    left = _OWN | ({"public_id"} if isinstance(row, Program | TierLadder) else set())
    return {
        field.name: _named(getattr(row, field.name)) if field.is_relation else getattr(row, field.name)
        for field in row._meta.concrete_fields
        if field.attname not in left
    }


def _named(found: Any) -> Any:
    if hasattr(found, "content"):
        return bytes(found.content)
    if isinstance(found, InventoryItem):
        return found.inventory_set.public_id, found.public_id
    if isinstance(found, TierLadder):
        return found.program.code
    return (found and getattr(found, "code", None)) or (found and str(found.public_id))


def _rule(found: Snapshot, rule: Any) -> dict[str, Any]:
    codes = {str(each.pk): each.code for each in found.programs}
    codes |= {str(each.pk): each.code for each in found.metrics}
    told = {name: codes.get(str(value), value) for name, value in rule.definition.items()}
    return told | {"is_over": rule.valid_until is not None}
