"""Documents of configuration become objects of an environment, by the actions that the console and the API save with:
whatever they refuse is refused here, and each object is audited as ever."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

from django.db import transaction
from django.db.models import ForeignKey, Model

from audit.errors import DomainError, FieldError, InvalidRequest, NotFound
from audit.record import Actor
from loyalty.actions.catalogue import UNCHANGED, save_reward
from loyalty.actions.inventory_sets import save_inventory_set
from loyalty.actions.ladders import save_ladder
from loyalty.models import RewardStock
from programs.actions.challenges import save_challenge
from programs.actions.configure import configure, refusal_of
from programs.actions.coupons import save_coupon
from programs.actions.member_apps import save_member_app
from programs.actions.milestones import save_milestone_set
from programs.actions.programs import save_program
from programs.actions.publish import archive, publish
from programs.actions.rules import save_rule
from programs.actions.stamp_programs import save_stamp_program
from programs.errors import FeatureNotInPlan, PlanLimitExceeded
from programs.models import (
    Challenge,
    ChallengeReward,
    Coupon,
    EarningRule,
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
from programs.models.challenges import COUPONS
from programs.queries.configuration import AS_DRAFTED, Document, copied_fields, names_of
from programs.queries.differences import Change

ModelT = TypeVar("ModelT", bound=Model)


@dataclass(slots=True)
class Copier:
    """Writes documents of `source` into `target`. `now`: the target's own. `stocks`: how many of a limited reward
    there are to be in the target, when it is made there. `in_force_since`: of rules by their public id, from when a
    revision is to be in force; else from `now` on. `replaces`: the target takes the source's place, so that no more is
    made than the plan allowed."""

    source: Environment
    target: Environment
    actor: Actor
    now: datetime
    stocks: Callable[[int], int]
    in_force_since: Mapping[str, datetime] = field(default_factory=dict)
    replaces: bool = False
    _known: dict[type[Model], dict[str, Any]] = field(default_factory=dict)

    def write(self, changes: Sequence[Change]) -> None:
        """Make and change all of them. What is refused is tried again when the others are done: it may need them.
        Raises InvalidRequest naming every refusal as `rewards.rwd_1.points`, and what is no fault of one object.
        Must be called in a transaction, which a refusal must undo. Locks: as the actions."""
        waiting = list(changes)
        while waiting:
            refused = [(change, fault) for change in waiting if (fault := self._tried(change))]
            if len(refused) == len(waiting):
                raise refusal_of([error for change, fault in refused for error in _named(change, fault)])
            waiting = [change for change, _ in refused]

    def _tried(self, change: Change) -> DomainError | None:
        try:
            with transaction.atomic():
                _WRITE[change.noun](self, change.key, change.document)
        except (InvalidRequest, NotFound, FeatureNotInPlan, PlanLimitExceeded) as refusal:
            return refusal
        return None

    def common(self) -> dict[str, Any]:
        """What every action takes."""
        return {"environment": self.target, "actor": self.actor}

    def mine(self, model: type[ModelT], **named: Any) -> ModelT | None:
        """The target's own of that name."""
        return model._default_manager.filter(environment=self.target, **named).first()

    def values(self, model: type[Model], document: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of a document as the actions take them: other objects are the target's own. Raises NotFound."""
        return {
            each.name: self._found(each.related_model, document[each.name])
            if isinstance(each, ForeignKey)
            else each.to_python(document[each.name])
            for each in copied_fields(model)
        }

    def _found(self, model: type[Model], name: str | None) -> Any:
        if name is None:
            return None
        if name not in self._known.get(model, {}):
            self._known[model] = {name: key for key, name in names_of(self.target, model).items()}
        if name in self._known[model]:
            return model._default_manager.get(pk=self._known[model][name])
        if model is Picture:
            return self._picture(name)
        raise NotFound(f"There is no {model._meta.verbose_name} {name!r} there.")

    def _picture(self, name: str) -> Picture:
        """A copy, to the byte: it was made safe when it was uploaded."""
        keys = {name: key for key, name in names_of(self.source, Picture).items()}
        shown = Picture.objects.get(pk=keys[name])
        copied = Picture.objects.create(
            environment=self.target, content=shown.content, width=shown.width, height=shown.height
        )
        self._known[Picture][name] = copied.pk
        return copied


def _named(change: Change, fault: DomainError) -> list[FieldError]:
    where = f"{change.noun}.{change.key}"
    if not fault.errors:
        return [FieldError(where, "invalid", f"{change.title}: {fault.detail}")]
    return [
        FieldError(f"{where}.{each.field}", each.code, f"{change.title}, {each.field}: {each.detail}")
        if each.field
        else FieldError(where, each.code, f"{change.title}: {each.detail}")
        for each in fault.errors
    ]


def _program(copier: Copier, key: str, document: Document) -> None:
    found = copier.mine(Program, code=key)
    made = found or Program(environment=copier.target, public_id=document["id"])
    values = copier.values(Program, document)
    if copier.replaces:
        configure(**copier.common(), instance=made, changes=values)
    else:
        save_program(**copier.common(), program=made, changes=values)


def _metric(copier: Copier, key: str, document: Document) -> None:
    made = Metric(environment=copier.target)
    values = copier.values(Metric, document)
    configure(**copier.common(), instance=copier.mine(Metric, code=key) or made, changes=values)


def _inventory_set(copier: Copier, key: str, document: Document) -> None:
    """Its items replace those of the same id; others stay."""
    found = copier.mine(InventorySet, public_id=key)
    items = {item.public_id: _as_given(item) for item in found.items.all()} if found else {}
    for name, item in document["items"].items():
        items[name] = {"id": name, **copier.values(InventoryItem, item)}
    save_inventory_set(
        **copier.common(),
        inventory_set=found or InventorySet(environment=copier.target, public_id=key),
        changes=copier.values(InventorySet, document),
        items=list(items.values()),
    )


def _as_given(item: InventoryItem) -> dict[str, Any]:
    return {"id": item.public_id, "title": item.title, "media": item.media, "picture": item.picture}


def _coupon(copier: Copier, key: str, document: Document) -> None:
    found = copier.mine(Coupon, item__inventory_set__public_id=COUPONS, item__public_id=key)
    save_coupon(
        **copier.common(),
        coupon=found or Coupon(environment=copier.target),
        now=copier.now,
        changes={
            "id": key,
            **copier.values(InventoryItem, document),
            **copier.values(Coupon, document),
        },
    )


def _milestone_set(copier: Copier, key: str, document: Document) -> None:
    made = MilestoneSet(environment=copier.target, public_id=key)
    save_milestone_set(
        **copier.common(),
        milestone_set=copier.mine(MilestoneSet, public_id=key) or made,
        changes=copier.values(MilestoneSet, document),
        milestones=[
            {"id": name, **copier.values(Milestone, one)} for name, one in document["milestones"].items()
        ],
    )


def _tier_ladder(copier: Copier, key: str, document: Document) -> None:
    save_ladder(
        **copier.common(),
        ladder=copier.mine(TierLadder, program__code=key)
        or TierLadder(environment=copier.target, public_id=document["id"]),
        changes=copier.values(TierLadder, document),
        levels=[{"code": code, **copier.values(Tier, level)} for code, level in document["levels"].items()],
    )


def _earning_rule(copier: Copier, key: str, document: Document) -> None:
    """Published as it is published there, and then its draft."""
    found = copier.mine(EarningRule, public_id=key) or EarningRule(environment=copier.target, public_id=key)
    in_force = document["in_force"]
    if isinstance(in_force, dict):
        found = save_rule(**copier.common(), rule=found, changes=copier.values(EarningRule, in_force))
        _publish(copier, key, found)
    found = save_rule(**copier.common(), rule=found, changes=copier.values(EarningRule, document))
    if in_force == AS_DRAFTED:
        _publish(copier, key, found)
    if document["status"] == EarningRule.Status.ARCHIVED and found.status != EarningRule.Status.ARCHIVED:
        archive(**copier.common(), rule=found, now=copier.now)


def _publish(copier: Copier, key: str, rule: EarningRule) -> None:
    publish(**copier.common(), rule=rule, now=copier.in_force_since.get(key, copier.now))


def _reward(copier: Copier, key: str, document: Document) -> None:
    """Codes never come with it, nor what is left: a limited one is limited to what `stocks` says."""
    found = copier.mine(Reward, public_id=key)
    limit = None if found else _limit(copier.source, key)
    save_reward(
        **copier.common(),
        reward=found or Reward(environment=copier.target, public_id=key),
        changes=copier.values(Reward, document),
        stock=UNCHANGED if limit is None else copier.stocks(limit),
    )


def _limit(environment: Environment, reward: str) -> int | None:
    rows = RewardStock.objects.filter(reward__environment=environment, reward__public_id=reward)
    return rows.values_list("stock", flat=True).first()


def _stamp_program(copier: Copier, key: str, document: Document) -> None:
    made = StampProgram(environment=copier.target, public_id=key)
    save_stamp_program(
        **copier.common(),
        stamp_program=copier.mine(StampProgram, public_id=key) or made,
        now=copier.now,
        changes=copier.values(StampProgram, document),
    )


def _challenge(copier: Copier, key: str, document: Document) -> None:
    missions = sorted(document["missions"].items(), key=lambda one: one[1]["place"])
    save_challenge(
        **copier.common(),
        challenge=copier.mine(Challenge, public_id=key)
        or Challenge(environment=copier.target, public_id=key),
        now=copier.now,
        changes=copier.values(Challenge, document),
        missions=[{"id": name, **_without_place(copier.values(Mission, one))} for name, one in missions],
        rewards=[copier.values(ChallengeReward, one) for one in document["rewards"].values()],
    )


def _without_place(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "place"}


def _member_app(copier: Copier, _key: str, document: Document) -> None:
    save_member_app(**copier.common(), changes=copier.values(MemberApp, document))


_WRITE: Final[Mapping[str, Callable[[Copier, str, Document], None]]] = {
    "programs": _program,
    "metrics": _metric,
    "inventory_sets": _inventory_set,
    "coupons": _coupon,
    "milestone_sets": _milestone_set,
    "tier_ladders": _tier_ladder,
    "earning_rules": _earning_rule,
    "rewards": _reward,
    "stamp_programs": _stamp_program,
    "challenges": _challenge,
    "member_app": _member_app,
}
