"""All that is configured in an environment, as JSON documents by noun and by what calls name it by.

No document holds a key of the database: what another environment has under the same names is the same. Fields are read
off the models, so that a new one is copied too; `LEFT_OUT` says what belongs to its environment or is noted by the
engine.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db.models import BinaryField, F, Field, ForeignKey, Func, Model, Prefetch

from programs.models import (
    Challenge,
    ChallengeReward,
    Coupon,
    EarningRule,
    EarningRuleRevision,
    Environment,
    InventoryItem,
    InventorySet,
    MemberApp,
    Metric,
    Milestone,
    MilestoneSet,
    Mission,
    Picture,
    Program,
    Reward,
    StampProgram,
    Tier,
    TierLadder,
)

Document = dict[str, Any]
Documents = dict[str, dict[str, Document]]
"""By noun in the order in which they can be made, then by key."""

NOUNS: Final[dict[str, type[Model]]] = {
    "programs": Program,
    "metrics": Metric,
    "inventory_sets": InventorySet,
    "coupons": Coupon,
    "milestone_sets": MilestoneSet,
    "tier_ladders": TierLadder,
    "earning_rules": EarningRule,
    "rewards": Reward,
    "stamp_programs": StampProgram,
    "challenges": Challenge,
    "member_app": MemberApp,
}
PARTS: Final = (InventoryItem, Milestone, Tier, Mission, ChallengeReward)
"""What the documents of others hold."""
_NEVER: Final = frozenset({"id", "environment", "public_id", "created_at", "updated_at"})
LEFT_OUT: Final[Mapping[type[Model], frozenset[str]]] = {
    EarningRule: frozenset({"status"}),  # follows from its revisions
    InventoryItem: frozenset({"inventory_set"}),
    Coupon: frozenset({"item"}),
    Milestone: frozenset({"milestone_set"}),
    Tier: frozenset({"ladder", "code"}),
    StampProgram: frozenset({"thresholds"}),  # those that cards here began under
    Challenge: frozenset({"changes", "settled", "look_again_at"}),
    Mission: frozenset({"challenge", "removed_at"}),
    ChallengeReward: frozenset({"challenge", "place"}),
    MemberApp: frozenset({"public_host", "origins"}),  # where this environment's app is served
}
AS_DRAFTED: Final = "as drafted"
Names = dict[type[Model], dict[Any, str]]


def configuration(environment: Environment) -> Documents:
    """What is configured now, removed missions and the names of members' hosts left out. A score of statements."""
    names = {model: names_of(environment, model) for model in _NAMED}
    return {noun: dict(_READ[noun](environment, names)) for noun in NOUNS}


def copied_fields(model: type[Model]) -> "list[Field[Any, Any]]":
    """The fields that a document holds."""
    out = _NEVER | LEFT_OUT.get(model, frozenset())
    return [field for field in model._meta.concrete_fields if field.name not in out]


def names_of(environment: Environment, model: type[Model]) -> dict[Any, str]:
    """What the environment's rows are called in documents, by primary key: programs and metrics by their code, a tier
    `program/code`, an item `set/item`, a picture by its content. One statement."""
    rows = model._default_manager.filter(environment=environment)
    return {row[0]: "/".join(str(part) for part in row[1:]) for row in _NAMED[model](rows)}


def _digests(pictures: Any) -> Iterable[tuple[Any, ...]]:
    digest = Func(F("content"), function="sha256", output_field=BinaryField())
    rows = pictures.annotate(digest=digest).values_list("pk", "digest")
    return [(key, f"sha256:{bytes(digest).hex()}") for key, digest in rows]


_NAMED: Final[Mapping[type[Model], Callable[[Any], Iterable[tuple[Any, ...]]]]] = {
    Program: lambda rows: rows.values_list("pk", "code"),
    Metric: lambda rows: rows.values_list("pk", "code"),
    Tier: lambda rows: rows.values_list("pk", "ladder__program__code", "code"),
    InventoryItem: lambda rows: rows.values_list("pk", "inventory_set__public_id", "public_id"),
    Picture: _digests,
}


def document_of(instance: Model, names: Names) -> Document:
    """Its fields as JSON, other objects by their names."""
    return {
        field.name: _value(field, field.value_from_object(instance), names)
        for field in copied_fields(type(instance))
    }


def _value(field: "Field[Any, Any]", value: Any, names: Names) -> Any:
    if isinstance(field, ForeignKey):
        return None if value is None else names[field.related_model][value]
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    return value


Read = Iterator[tuple[str, Document]]


def _programs(environment: Environment, names: Names) -> Read:
    for each in Program.objects.filter(environment=environment).order_by("created_at", "id"):
        yield each.code, {"id": each.public_id, **document_of(each, names)}


def _metrics(environment: Environment, names: Names) -> Read:
    for each in Metric.objects.filter(environment=environment).order_by("created_at", "id"):
        yield each.code, document_of(each, names)


def _inventory_sets(environment: Environment, names: Names) -> Read:
    """Without the items that are coupons: those are the coupons'."""
    plain = InventoryItem.objects.filter(coupon=None).order_by("id")
    sets = InventorySet.objects.filter(environment=environment).order_by("created_at", "id")
    for each in sets.prefetch_related(Prefetch("items", plain)):
        items = {item.public_id: document_of(item, names) for item in each.items.all()}
        yield each.public_id, {**document_of(each, names), "items": items}


def _coupons(environment: Environment, names: Names) -> Read:
    coupons = Coupon.objects.filter(environment=environment).select_related("item")
    for each in coupons.order_by("created_at", "id"):
        yield each.item.public_id, {**document_of(each.item, names), **document_of(each, names)}


def _milestone_sets(environment: Environment, names: Names) -> Read:
    sets = MilestoneSet.objects.filter(environment=environment).order_by("created_at", "id")
    for each in sets.prefetch_related("milestones"):
        milestones = {one.public_id: document_of(one, names) for one in each.milestones.all()}
        yield each.public_id, {**document_of(each, names), "milestones": milestones}


def _tier_ladders(environment: Environment, names: Names) -> Read:
    ladders = TierLadder.objects.filter(environment=environment).select_related("program")
    for each in ladders.order_by("created_at", "id").prefetch_related("tiers"):
        levels = {tier.code: document_of(tier, names) for tier in each.tiers.all()}
        yield each.program.code, {"id": each.public_id, **document_of(each, names), "levels": levels}


def _earning_rules(environment: Environment, names: Names) -> Read:
    newest = EarningRuleRevision.objects.order_by("-number")
    rules = EarningRule.objects.filter(environment=environment).order_by("created_at", "id")
    for each in rules.prefetch_related(Prefetch("revisions", newest)):
        draft = document_of(each, names)
        last = next(iter(each.revisions.all()), None)
        in_force = _in_force(last.definition, names) if last and last.definition else None
        yield (
            each.public_id,
            draft | {"status": str(each.status), "in_force": AS_DRAFTED if in_force == draft else in_force},
        )


def _in_force(definition: Mapping[str, Any], names: Names) -> Document:
    """What a revision says, as the draft would say it; keys from before there were limits have no limits."""
    return {
        field.name: _value(field, field.to_python(definition.get(field.attname, field.get_default())), names)
        for field in copied_fields(EarningRule)
    }


def _rewards(environment: Environment, names: Names) -> Read:
    for each in Reward.objects.filter(environment=environment).order_by("created_at", "id"):
        yield each.public_id, document_of(each, names)


def _stamp_programs(environment: Environment, names: Names) -> Read:
    for each in StampProgram.objects.filter(environment=environment).order_by("id"):
        yield each.public_id, document_of(each, names)


def _challenges(environment: Environment, names: Names) -> Read:
    there = Mission.objects.filter(removed_at=None)
    challenges = Challenge.objects.filter(environment=environment).order_by("id")
    for each in challenges.prefetch_related(Prefetch("missions", there), "rewards"):
        missions = {str(one.public_id): document_of(one, names) for one in each.missions.all()}
        rewards = {f"{n}": document_of(one, names) for n, one in enumerate(each.rewards.all(), 1)}
        yield (
            str(each.public_id),
            {**document_of(each, names), "missions": missions, "rewards": rewards},
        )


def _member_app(environment: Environment, names: Names) -> Read:
    for each in MemberApp.objects.filter(environment=environment):
        yield "member_app", document_of(each, names)


_READ: Final[Mapping[str, Callable[[Environment, Names], Read]]] = {
    "programs": _programs,
    "metrics": _metrics,
    "inventory_sets": _inventory_sets,
    "coupons": _coupons,
    "milestone_sets": _milestone_sets,
    "tier_ladders": _tier_ladders,
    "earning_rules": _earning_rules,
    "rewards": _rewards,
    "stamp_programs": _stamp_programs,
    "challenges": _challenges,
    "member_app": _member_app,
}
