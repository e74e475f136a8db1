"""What the objects of audit events are called, where the events themselves don't say."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from django.db.models import Model
from django.urls import reverse

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


_PAGES: Final[Mapping[str, str]] = {
    "adjustment_request": "loyalty_adjustmentrequest",
    "apikey": "programs_apikey",
    "event": "loyalty_event",
    "hold": "loyalty_hold",
    "ledgerentry": "loyalty_ledgerentry",
    "member": "loyalty_member",
    "redemption": "loyalty_redemption",
    "stamp_collection": "loyalty_stampcollection",
    "stamp_reward": "loyalty_stampreward",
    "tierladder": "programs_tierladder",
    "tokenkey": "programs_tokenkey",
    "webhookdelivery": "audit_webhookdelivery",
    "webhookendpoint": "audit_webhookendpoint",
    **{kind: f"programs_{kind}" for kind in _MODELS},
}


def page_of(event: AuditEvent) -> str | None:
    """The console page of what the event is about, in its environment; None where there is none of its kind. The page
    itself says where the object is gone."""
    page = _PAGES.get(event.object_type)
    key = uuid_in(event.object_id)
    return reverse(f"admin:{page}_change", args=[key]) if page and key else None


def uuid_in(object_id: str) -> UUID | None:
    """Of `txn_…` and a plain UUID."""
    try:
        return UUID(object_id.rpartition("_")[2])
    except ValueError:
        return None


def _key(object_id: str) -> UUID | None:
    try:
        return parse_public("whe", object_id) or UUID(object_id)
    except ValueError:
        return None
