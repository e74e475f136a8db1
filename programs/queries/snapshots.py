"""An environment's compiled configuration, cached in the process by its config_version."""

from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from threading import Lock
from typing import Any, Literal, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Model, Prefetch, QuerySet

from programs.awards import Award, parse_award
from programs.conditions import Condition, event_types_counted, parse
from programs.limits import Cap, Schedule, parse_caps, parse_schedule
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
    MilestoneSet,
    Mission,
    Program,
    Reward,
    StampProgram,
    Tier,
    TierLadder,
)
from programs.models.plans import FEATURES
from programs.queries.plans import terms_of

EntryType = Literal["earned", "bonus"]

ModelT = TypeVar("ModelT", bound=Model)

_KEPT = 256  # snapshots per process; the least recently used one goes


@dataclass(frozen=True, eq=False)
class PublishedRule:
    """One revision of an earning rule, parsed when it is first needed; in force for
    `valid_from <= occurred_at < valid_until`."""

    rule_id: UUID
    revision_id: UUID
    number: int
    name: str
    program_id: UUID
    metric_id: UUID
    event_type: str
    definition: dict[str, Any]
    priority: int
    valid_from: datetime
    valid_until: datetime | None

    @cached_property
    def condition(self) -> Condition:
        return parse(self.definition["condition"])

    @cached_property
    def award(self) -> Award:
        return parse_award(self.definition["award"])

    # definitions from before there were limits lack these keys

    @cached_property
    def caps(self) -> tuple[Cap, ...]:
        return parse_caps(self.definition.get("caps"))

    @cached_property
    def schedule(self) -> Schedule:
        return parse_schedule(self.definition.get("schedule"))

    @property
    def entry_type(self) -> EntryType:
        return "bonus" if self.definition.get("entry_type") == "bonus" else "earned"

    @property
    def exclusive_group(self) -> str:
        return str(self.definition.get("exclusive_group") or "")

    @property
    def budget(self) -> int | None:
        """Points for all members together."""
        budget: int | None = self.definition.get("budget")
        return budget

    @property
    def starts_at(self) -> datetime | None:
        return _instant(self.definition.get("starts_at"))

    @property
    def ends_at(self) -> datetime | None:
        return _instant(self.definition.get("ends_at"))

    def in_force(self, at: datetime) -> bool:
        return self.valid_from <= at and (self.valid_until is None or at < self.valid_until)


@dataclass(frozen=True, slots=True)
class Drafts:
    """What those look at that nobody has published or begun yet: earning rules, missions, stamp programs.
    `conditions`: their JSON."""

    event_types: frozenset[str] = frozenset()
    conditions: tuple[Any, ...] = ()


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything configured in one environment at one `config_version`."""

    environment_id: UUID
    version: int
    time_zone: ZoneInfo
    programs: tuple[Program, ...]
    metrics: tuple[Metric, ...]
    rules: tuple[PublishedRule, ...]
    ladders: tuple[TierLadder, ...] = ()
    tiers: tuple[Tier, ...] = ()
    rewards: tuple[Reward, ...] = ()
    """All but archived ones."""
    stamp_programs: tuple[StampProgram, ...] = ()
    """All but drafts, by id."""
    challenges: tuple[Challenge, ...] = ()
    """All but drafts, in their order; with `missions` (removed ones too) and `rewards`."""
    milestone_sets: tuple[MilestoneSet, ...] = ()
    """With their milestones, ascending."""
    inventory_sets: tuple[InventorySet, ...] = ()
    """With their items and pictures."""
    coupons: tuple[Coupon, ...] = ()
    member_app: MemberApp | None = None
    features: frozenset[str] = frozenset(FEATURES)
    """Of the plan. What is off stays configured, and does nothing new."""
    drafts: Drafts = Drafts()
    derived: dict[UUID, Any] = field(default_factory=dict)
    """What the layers above make of an object here, by its id; it goes when the snapshot goes."""

    @cached_property
    def metrics_by_id(self) -> dict[UUID, Metric]:
        return {metric.id: metric for metric in self.metrics}

    @cached_property
    def rules_by_event_type(self) -> dict[str, tuple[PublishedRule, ...]]:
        found: defaultdict[str, list[PublishedRule]] = defaultdict(list)
        for rule in self.rules:
            found[rule.event_type].append(rule)
        return {event_type: tuple(rules) for event_type, rules in found.items()}

    @cached_property
    def _levels(self) -> dict[UUID, tuple[Tier, ...]]:
        found: defaultdict[UUID, list[Tier]] = defaultdict(list)
        for tier in sorted(self.tiers, key=lambda tier: tier.threshold):
            found[tier.ladder_id].append(tier)
        return {ladder_id: tuple(tiers) for ladder_id, tiers in found.items()}

    def levels_of(self, ladder_id: UUID) -> tuple[Tier, ...]:
        """The ladder's levels, ascending by threshold."""
        return self._levels.get(ladder_id, ())

    @cached_property
    def _rewards_by_id(self) -> dict[str, Reward]:
        return {reward.public_id: reward for reward in self.rewards}

    def reward(self, public_id: str) -> Reward | None:
        """A reward that is not archived, by its `rwd_` id."""
        return self._rewards_by_id.get(public_id)

    @cached_property
    def stamp_programs_by_id(self) -> dict[UUID, StampProgram]:
        return {stamp_program.id: stamp_program for stamp_program in self.stamp_programs}

    @cached_property
    def challenges_by_id(self) -> dict[UUID, Challenge]:
        return {challenge.id: challenge for challenge in self.challenges}

    @cached_property
    def _milestones(self) -> dict[UUID, tuple[MilestoneSet, ...]]:
        found: defaultdict[UUID, list[MilestoneSet]] = defaultdict(list)
        for each in self.milestone_sets:
            found[each.metric_id].append(each)
        return {metric_id: tuple(sets) for metric_id, sets in found.items()}

    def milestone_sets_of(self, metric_id: UUID) -> tuple[MilestoneSet, ...]:
        return self._milestones.get(metric_id, ())

    @cached_property
    def items_by_id(self) -> dict[UUID, tuple[InventorySet, InventoryItem]]:
        return {item.id: (each, item) for each in self.inventory_sets for item in each.items.all()}

    @cached_property
    def coupons_by_item(self) -> dict[UUID, Coupon]:
        return {coupon.item_id: coupon for coupon in self.coupons}

    @cached_property
    def event_types_used(self) -> frozenset[str]:
        """Of events that anything configured looks at, drafts too: what they cause is not for members to claim,
        and what was claimed before a draft begins counts from then on."""
        missions = [one for challenge in self.challenges for one in challenge.missions.all()]
        conditions = [rule.condition for rule in self.rules]
        conditions += [parse(one.condition) for one in missions]
        conditions += [parse(each.condition) for each in self.stamp_programs]
        conditions += [parse(each.condition) for each in self.rewards]
        conditions += [parse(condition) for condition in self.drafts.conditions]
        counted = {type_ for condition in conditions for type_ in event_types_counted(condition)}
        ladders = {ladder.event_type for ladder in self.ladders if ladder.event_type}
        return frozenset(
            {"purchase", "refund"}
            | self.rules_by_event_type.keys()
            | {one.event_type for one in missions}
            | counted
            | ladders
            | self.drafts.event_types
        )

    def program(self, name: str) -> Program | None:
        """A program by its code or its `prg_` id."""
        return next((p for p in self.programs if name in (p.code, p.public_id)), None)

    def metric(self, code: str) -> Metric | None:
        return next((metric for metric in self.metrics if metric.code == code), None)


_cache: OrderedDict[UUID, Snapshot] = OrderedDict()
_lock = Lock()


def snapshot(environment: Environment) -> Snapshot:
    """The compiled configuration of an environment that was read in this request.

    No statement when the process has seen this `config_version`, else eighteen at most.
    """
    with _lock:
        cached = _cache.get(environment.id)
        if cached and cached.version == environment.config_version:
            _cache.move_to_end(environment.id)
            return cached
    fresh = _compile(environment)
    with _lock:
        _cache[environment.id] = fresh
        _cache.move_to_end(environment.id)
        while len(_cache) > _KEPT:
            _cache.popitem(last=False)
    return fresh


def _compile(environment: Environment) -> Snapshot:
    challenges, stamp_programs = list(_challenges(environment)), list(_stamp_programs(environment))
    return Snapshot(
        environment_id=environment.id,
        version=environment.config_version,
        time_zone=ZoneInfo(environment.project.time_zone),
        programs=tuple(Program.objects.filter(environment=environment)),
        metrics=tuple(Metric.objects.filter(environment=environment)),
        rules=tuple(_rules(environment)),
        ladders=tuple(TierLadder.objects.filter(environment=environment).order_by("created_at", "id")),
        tiers=tuple(Tier.objects.filter(environment=environment)),
        rewards=tuple(_rewards(environment)),
        stamp_programs=tuple(each for each in stamp_programs if not _is_draft(each)),
        challenges=tuple(each for each in challenges if not _is_draft(each)),
        milestone_sets=tuple(_own(MilestoneSet, environment).prefetch_related("milestones")),
        inventory_sets=tuple(_inventory_sets(environment)),
        coupons=tuple(_own(Coupon, environment)),
        member_app=_own(MemberApp, environment).first(),
        features=terms_of(environment).features,
        drafts=_drafts(
            environment,
            [mission for each in challenges if _is_draft(each) for mission in each.missions.all()],
            [each for each in stamp_programs if _is_draft(each)],
        ),
    )


def _is_draft(one: Challenge | StampProgram) -> bool:
    return one.status == "draft"


def _drafts(environment: Environment, missions: list[Mission], stamp_programs: list[StampProgram]) -> Drafts:
    rules = list(_own(EarningRule, environment).values_list("event_type", "condition"))
    return Drafts(
        frozenset([*(type_ for type_, _ in rules), *(mission.event_type for mission in missions)]),
        tuple(
            condition
            for condition in (
                *(condition for _, condition in rules),
                *(mission.condition for mission in missions),
                *(each.condition for each in stamp_programs),
            )
            if condition
        ),
    )


def _own(model: type[ModelT], environment: Environment) -> QuerySet[ModelT]:
    return model._default_manager.filter(environment=environment)


def _challenges(environment: Environment) -> QuerySet[Challenge]:
    rewards = ChallengeReward.objects.select_related("metric", "item__inventory_set")
    return _own(Challenge, environment).prefetch_related(
        Prefetch("missions", Mission.objects.order_by("place", "id")), Prefetch("rewards", rewards)
    )


def _inventory_sets(environment: Environment) -> QuerySet[InventorySet]:
    items = InventoryItem.objects.order_by("title", "id")
    return _own(InventorySet, environment).prefetch_related(Prefetch("items", items))


def _rewards(environment: Environment) -> QuerySet[Reward]:
    offered = Reward.objects.exclude(status=Reward.Status.ARCHIVED).filter(environment=environment)
    return offered.select_related("metric", "gives_metric", "gives_tier", "gives_item__inventory_set")


def _stamp_programs(environment: Environment) -> QuerySet[StampProgram]:
    return _own(StampProgram, environment).select_related("picture", "logo").order_by("id")


def _rules(environment: Environment) -> list[PublishedRule]:
    revisions = EarningRuleRevision.objects.filter(environment=environment).order_by("rule_id", "-number")
    rules: list[PublishedRule] = []
    later: EarningRuleRevision | None = None
    for revision in revisions:
        until = later.effective_from if later and later.rule_id == revision.rule_id else None
        later = revision
        if revision.definition is not None:
            rules.append(_published(revision, revision.definition, until))
    return sorted(rules, key=lambda rule: (-rule.priority, rule.name, rule.number))


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _published(
    revision: EarningRuleRevision, definition: dict[str, Any], valid_until: datetime | None
) -> PublishedRule:
    return PublishedRule(
        rule_id=revision.rule_id,
        revision_id=revision.id,
        number=revision.number,
        name=definition["name"],
        program_id=UUID(definition["program_id"]),
        metric_id=UUID(definition["metric_id"]),
        event_type=definition["event_type"],
        definition=definition,
        priority=definition["priority"],
        valid_from=revision.effective_from,
        valid_until=valid_until,
    )
