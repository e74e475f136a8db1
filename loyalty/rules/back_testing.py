"""A draft rule tried on what has happened (domain.md 4.2): running totals over events in time order. Pure.

Events are evaluated by the same function as live ones, each with what the run itself has given before it:
caps and budgets begin with nothing used. Nothing grows with the number of events, only with members and days.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Any
from uuid import UUID

from loyalty.rules.earning import (
    CompiledRule,
    Evaluation,
    Level,
    Referred,
    Room,
    Situation,
    evaluate,
    periods_of,
    room_of,
)
from loyalty.rules.verdicts import Recipient, RuleVerdict
from programs.conditions import Facts, event_types_counted, fields_used

MOST_AFFECTED = 20  # members named in the result
NOT_REACHED = "not_reached"
"""What became of an event that the draft never saw: sent to another program, or while its own was not active."""
_ATTRIBUTES = "member.attributes."


def attributes_read(rules: Iterable[CompiledRule]) -> frozenset[str]:
    """The first names of the member's attributes that these rules' conditions read."""
    fields = {name for rule in rules for name in fields_used(rule.condition)}
    return frozenset(
        name.removeprefix(_ATTRIBUTES).split(".")[0] for name in fields if name.startswith(_ATTRIBUTES)
    )


def types_counted(rules: Iterable[CompiledRule]) -> frozenset[str]:
    """The event types that these rules' conditions count."""
    return frozenset(type_ for rule in rules for type_ in event_types_counted(rule.condition))


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules by which an event is tried: those in force then, and the draft instead of its revision."""

    rules: tuple[CompiledRule, ...]
    limited: tuple[CompiledRule, ...]
    """Those of them of whose caps and budget it must be known what is left."""
    counted: frozenset[str]
    """The event types that conditions count."""
    attributes: frozenset[str]
    """The member's attributes that conditions read."""
    kept_counts: frozenset[str]
    """The event types that the rules of the time counted: the event has kept those counts."""
    kept_attributes: frozenset[str]
    """The attributes that the rules of the time read: the event has kept those, if the member had them."""

    @classmethod
    def of(cls, in_force: Iterable[CompiledRule], draft: CompiledRule | None) -> "RuleSet":
        """`draft`: None where the event does not reach its program."""
        then = tuple(in_force)
        rules = then if draft is None else (*(rule for rule in then if rule.id != draft.id), draft)
        return cls(
            rules=rules,
            limited=tuple(rule for rule in rules if rule.keeps_usage),
            counted=types_counted(rules),
            attributes=attributes_read(rules),
            kept_counts=types_counted(then),
            kept_attributes=attributes_read(then),
        )


@dataclass(frozen=True, slots=True)
class PastReferral:
    """Through whom the event's member came. `is_pending`: no event before the run's has settled it."""

    referrer_id: UUID
    is_pending: bool
    by_oneself: bool = False


@dataclass(frozen=True, slots=True)
class TriedEvent:
    """One event of the past. What it really gave in the draft's metric, before refunds, in points: `given`
    to the member, `given_to_referrer`, and `given_by_rule` what of both came through the rule."""

    member_id: UUID
    facts: Facts
    levels: Mapping[UUID, Level] = field(default_factory=dict)
    given: int = 0
    given_by_rule: int = 0
    referral: PastReferral | None = None
    given_to_referrer: int = 0


@dataclass(slots=True)
class Sum:
    """Points that would have been given, and that were."""

    would: int = 0
    given: int = 0

    def add(self, would: int, given: int) -> None:
        self.would += would
        self.given += given

    def to_json(self) -> dict[str, int]:
        return {"would": self.would, "given": self.given}


class Usage:
    """What the run has given against caps and budgets. Of the past only the newest periods are kept."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._used: defaultdict[tuple[UUID, UUID], dict[str, tuple[int, int]]] = defaultdict(dict)
        self.spent: defaultdict[UUID, int] = defaultdict(int)

    def room(self, rule: CompiledRule, member_id: UUID, at: datetime) -> Room:
        """What is left of the rule for that member at that instant."""
        used = self._used.get((rule.id, member_id), {})
        now = {period: used[period] for period in periods_of(rule, at, self._zone) if period in used}
        return room_of(rule, now, self.spent[rule.id])

    def add(self, rule: CompiledRule, member_id: UUID, at: datetime, points: int, times: int) -> None:
        """Note what an event used of a rule."""
        if rule.budget is not None:
            self.spent[rule.id] += points
        periods = periods_of(rule, at, self._zone)
        used = self._used[rule.id, member_id] if periods else {}
        for period in periods:
            before = used.pop(period, (0, 0))  # and in again at the end: the first is the oldest
            used[period] = (before[0] + points, before[1] + times)
        # Twice as many as are open: where clocks go back over midnight, yesterday comes once more.
        while len(used) > 2 * len(periods):
            del used[next(iter(used))]


@dataclass(slots=True)
class Trial:
    """One run of a draft. `take` the events in the order of (`occurred_at`, id), then ask for the `result`."""

    draft: CompiledRule
    zone: tzinfo
    usage: Usage = field(init=False)
    events: int = 0
    total: Sum = field(default_factory=Sum)
    this_rule: Sum = field(default_factory=Sum)
    members: defaultdict[UUID, Sum] = field(default_factory=lambda: defaultdict(Sum))
    days: defaultdict[date, Sum] = field(default_factory=lambda: defaultdict(Sum))
    reached: set[UUID] = field(default_factory=set)
    """Members whose events the draft gives something for."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """What the draft made of the events; each is counted once."""
    is_limited: bool = False
    """Whether any rule has caps or a budget of which it counted what is left."""
    _settled: set[UUID] = field(default_factory=set)
    """Members whose referral an event of the run has settled."""

    def __post_init__(self) -> None:
        self.usage = Usage(self.zone)

    def take(self, event: TriedEvent, rules: RuleSet) -> None:
        """Evaluate one event and add it to the totals. Never raises, whatever the event's data."""
        evaluation = evaluate(event.facts, rules.rules, self._situation(event, rules))
        if rules.limited:
            self.is_limited = True
            self._use(evaluation, rules, event)
        if evaluation.referral:
            self._settled.add(event.member_id)
        own = self._points(evaluation, "member")
        verdict = self._verdict(evaluation)
        self.outcomes[verdict.outcome if verdict else NOT_REACHED] += 1
        by_draft = verdict.points + verdict.referrer_points if verdict else 0
        if by_draft:
            self.reached.add(event.member_id)
        given, would = event.given, own
        self.members[event.member_id].add(own, given)
        if event.referral is not None:
            to_referrer = self._points(evaluation, "referrer")
            given, would = given + event.given_to_referrer, would + to_referrer
            if to_referrer or event.given_to_referrer:
                self.members[event.referral.referrer_id].add(to_referrer, event.given_to_referrer)
        self.events += 1
        self.total.add(would, given)
        self.this_rule.add(by_draft, event.given_by_rule)
        self.days[event.facts.local_time.date()].add(would, given)

    def _situation(self, event: TriedEvent, rules: RuleSet) -> Situation:
        at = event.facts.occurred_at
        rooms = self._rooms(event.member_id, rules, at) if rules.limited else {}
        past, referral = event.referral, None
        if past is not None and past.is_pending and event.member_id not in self._settled:
            theirs = self._rooms(past.referrer_id, rules, at)
            referral = Referred(rooms=theirs, by_oneself=past.by_oneself)
        return Situation(levels=event.levels, rooms=rooms, referral=referral)

    def _rooms(self, member_id: UUID, rules: RuleSet, at: datetime) -> dict[UUID, Room]:
        return {rule.id: self.usage.room(rule, member_id, at) for rule in rules.limited}

    def _use(self, evaluation: Evaluation, rules: RuleSet, event: TriedEvent) -> None:
        limited = {rule.id: rule for rule in rules.limited}
        for used in evaluation.usage:
            of_referrer = used.recipient == "referrer" and event.referral is not None
            member_id = event.referral.referrer_id if of_referrer and event.referral else event.member_id
            at = event.facts.occurred_at
            self.usage.add(limited[used.rule_id], member_id, at, used.points, used.times)

    def _points(self, evaluation: Evaluation, recipient: Recipient) -> int:
        """What the recipient would have had of the draft's metric, by all rules."""
        metric = self.draft.metric_id
        return sum(
            award.points
            for award in evaluation.awards
            if award.metric_id == metric and award.recipient == recipient
        )

    def _verdict(self, evaluation: Evaluation) -> RuleVerdict | None:
        """The draft's own. Its points to both sides came through it, of a multiplier the extra ones."""
        return next((verdict for verdict in evaluation.verdicts if verdict.rule.id == self.draft.id), None)

    def result(self) -> dict[str, Any]:
        """The totals as JSON values; members by their internal keys, days in order."""
        draft, spent = self.draft, self.usage.spent[self.draft.id]
        return {
            "metric": draft.metric_code,
            "events": self.events,
            "members": len(self.members),
            "members_affected": sum(one.would != one.given for one in self.members.values()),
            "would": self.total.would,
            "given": self.total.given,
            "this_rule": self.this_rule.would,
            "this_rule_given": self.this_rule.given,
            "this_rule_members": len(self.reached),
            "outcomes": dict(self.outcomes),
            "budget": None if draft.budget is None else {"limit": draft.budget, "spent": spent},
            "days": [{"day": day.isoformat(), **one.to_json()} for day, one in sorted(self.days.items())],
            "most_affected": self._most_affected(),
        }

    def _most_affected(self) -> list[dict[str, Any]]:
        changed = [(abs(one.would - one.given), key) for key, one in self.members.items()]
        most = sorted((one for one in changed if one[0]), key=lambda one: (-one[0], one[1]))[:MOST_AFFECTED]
        return [{"member": str(key), **self.members[key].to_json()} for _, key in most]
