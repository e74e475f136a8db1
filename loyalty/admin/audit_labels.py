"""What the objects of audit events are called, where the events themselves don't say."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from django.db.models import Model

from audit.ids import parse_public
from audit.models import AuditEvent
from loyalty.queries.webhook_lists import all_endpoints_of
from programs.models import (
    Challenge,
    EarningRule,
    Environment,
    InventorySet,
    Metric,
    MilestoneSet,
    Program,
    Reward,
    StampProgram,
    TierLadder,
)

_FACTS: Final = ("name", "title", "external_id", "username", "role", "kind", "code", "clock", "url", "type")
_MODELS: Final[Mapping[str, type[Model]]] = {
    "challenge": Challenge,
    "earningrule": EarningRule,
    "inventoryset": InventorySet,
    "metric": Metric,
    "milestoneset": MilestoneSet,
    "program": Program,
    "reward": Reward,
    "stampprogram": StampProgram,
}


def said_of(event: AuditEvent) -> str:
    """What the event itself calls its object; blank where it does not."""
    facts: dict[str, Any] = {**(event.before or {}), **(event.after or {})}
    return next((str(facts[key]) for key in _FACTS if facts.get(key)), "")


def labels_of(environment: Environment, events: Iterable[AuditEvent]) -> dict[UUID, str]:
    """By event, what its object is called now, of the environment's own. One statement for each kind of object."""
    kinds: dict[str, dict[UUID, list[UUID]]] = defaultdict(lambda: defaultdict(list))
    for event in events:
        if key := _key(event.object_id):
            kinds[event.object_type][key].append(event.pk)
    return {
        event: name
        for kind, keys in kinds.items()
        for key, name in _names(environment, kind, list(keys)).items()
        for event in keys[key]
    }


def _names(environment: Environment, kind: str, keys: list[UUID]) -> dict[UUID, str]:
    if kind == "environment":
        kinds = Environment.objects.filter(project=environment.project_id, pk__in=keys)
        return {each.pk: each.kind for each in kinds}
    if kind == "webhookendpoint":
        endpoints = all_endpoints_of(environment).filter(pk__in=keys)
        return {each.pk: each.description or each.url for each in endpoints}
    if kind == "tierladder":
        ladders = TierLadder.objects.filter(environment=environment, pk__in=keys)
        return {key: f"Tiers of {name}" for key, name in ladders.values_list("pk", "program__name")}
    model = _MODELS.get(kind)
    if model is None:
        return {}
    return {
        each.pk: str(each) for each in model._default_manager.filter(environment=environment, pk__in=keys)
    }


def _key(object_id: str) -> UUID | None:
    try:
        return parse_public("whe", object_id) or UUID(object_id)
    except ValueError:
        return None
