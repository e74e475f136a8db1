"""What one event earns by the rules in force when it happened (domain.md 4, 6).

Pure: the event, the member's figures, the compiled rules and what was left before the event come in;
awards, what they use and an explanation go out. The same function serves live events, dry runs, back-tests
and refunds. docs/earning.md tells it to operators.

One award is worked out in this order, each stage a `Step` of the explanation (domain.md 6, last line):
base times multipliers → rounded once → caps → budget → maximum.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from operator import attrgetter
from typing import TypeVar
from uuid import UUID

from loyalty.rules.arithmetic import MAX_AMOUNT, Left
from loyalty.rules.compiled import CompiledRule, EntryType, Room, Rounding, periods_of, room_of
from loyalty.rules.granting import Granting
from loyalty.rules.multiplying import Multiplier
from loyalty.rules.situation import NOTHING, Level, Referred, Situation, with_tier
from loyalty.rules.verdicts import Award, Evaluation, Outcome, RuleVerdict, Step, Used
from programs.awards import MultiplierAward
from programs.conditions import Facts
from programs.conditions.values import plain

__all__ = [
    "MAX_AMOUNT",
    "Award",
    "CompiledRule",
    "EntryType",
    "Evaluation",
    "Level",
    "Outcome",
    "Referred",
    "Room",
    "Rounding",
    "RuleVerdict",
    "Situation",
    "Step",
    "Used",
    "evaluate",
    "periods_of",
    "room_of",
]

T = TypeVar("T")

_ORDER = attrgetter("order")


def evaluate(facts: Facts, rules: Iterable[CompiledRule], situation: Situation = NOTHING) -> Evaluation:
    """Judge an event by every rule of its type. `rules` may hold several revisions of one rule, of any
    time and order: the one in force at `occurred_at` counts. `member.tier` in a condition is the member's
    level in the rule's own program, by `situation`. Never raises, whatever the event's data."""
    chosen = _chosen(facts, rules)
    verdicts: dict[UUID, RuleVerdict] = {}
    multiplying: list[CompiledRule] = []
    awarding: list[CompiledRule] = []
    for rule in chosen:
        if refused := _refusal(rule, facts, situation):
            verdicts[rule.id] = refused
        elif isinstance(rule.award, MultiplierAward):
            multiplying.append(rule)
        else:
            awarding.append(rule)
    granting = Granting(facts, situation, _best_multipliers(multiplying, situation, verdicts))
    for rule in _best_awards(awarding, granting, verdicts):
        verdicts[rule.id] = granting.give(rule)
    for multiplier in granting.multipliers:
        verdicts[multiplier.rule.id] = granting.settle(multiplier)
    in_order = tuple([verdicts[rule.id] for rule in chosen])
    return Evaluation(tuple(granting.awards), in_order, tuple(granting.usage), granting.referral)


# -- the rules that match


def _chosen(facts: Facts, rules: Iterable[CompiledRule]) -> list[CompiledRule]:
    """One revision of each rule for this type of event, by priority, name and id."""
    revisions: dict[UUID, CompiledRule] = {}
    for rule in rules:
        if rule.event_type == facts.event_type:
            other = revisions.get(rule.id)
            revisions[rule.id] = _revision_of(rule, other, facts.occurred_at) if other else rule
    return sorted(revisions.values(), key=_ORDER)


def _revision_of(one: CompiledRule, other: CompiledRule, at: datetime) -> CompiledRule:
    """The revision in force; if there is none, the newer, to be reported as not in force. Should two
    be in force (nothing publishes such), the newer: a rule awards an event once (domain.md 3.8)."""
    return max(one, other, key=lambda rule: (rule.in_force(at), rule.revision_number))


def _refusal(rule: CompiledRule, facts: Facts, situation: Situation) -> RuleVerdict | None:
    """Why the rule is not asked for points; None if it matches."""
    if not rule.in_force(facts.occurred_at):
        return RuleVerdict(rule, "not_in_force", "The rule was not in force when the event happened.")
    if rule.is_timed and (untimely := _untimely(rule, facts)):
        return untimely
    verdict = rule.condition.evaluate(
        with_tier(facts, situation.levels, rule.program_id) if rule.asks_tier else facts
    )
    if verdict.failed:
        reason = f"The condition is not met: {verdict.failed.words}."
        return RuleVerdict(rule, "condition_failed", reason, failed=verdict.failed)
    return None


def _untimely(rule: CompiledRule, facts: Facts) -> RuleVerdict | None:
    if rule.starts_at and facts.occurred_at < rule.starts_at:
        local = rule.starts_at.astimezone(facts.time_zone)
        reason = f"The rule gives for events from {local:%Y-%m-%d %H:%M} on."
        return RuleVerdict(rule, "outside_window", reason)
    if rule.ends_at and facts.occurred_at >= rule.ends_at:
        local = rule.ends_at.astimezone(facts.time_zone)
        reason = f"The rule gives for events before {local:%Y-%m-%d %H:%M}."
        return RuleVerdict(rule, "outside_window", reason)
    refusal = rule.schedule.refusal(facts.local_time) if rule.schedule else None
    return RuleVerdict(rule, "outside_schedule", refusal) if refusal else None


# -- exclusive groups


def _best_multipliers(
    rules: list[CompiledRule], situation: Situation, verdicts: dict[UUID, RuleVerdict]
) -> list[Multiplier]:
    """The largest factor of each group; the first of equal ones. The others' verdicts are put down."""
    found = [
        Multiplier(rule, rule.award.factor, Left(rule, situation.rooms.get(rule.id)))
        for rule in rules
        if isinstance(rule.award, MultiplierAward)
    ]
    for group in _groups(found, lambda multiplier: multiplier.rule):
        best = max(group, key=lambda multiplier: multiplier.factor)
        for lost in group:
            if lost is not best:
                figures = f"times {plain(best.factor)}, against {plain(lost.factor)}"
                verdicts[lost.rule.id] = _lost(lost.rule, best.rule, figures)
                found.remove(lost)
    return found


def _best_awards(
    rules: list[CompiledRule], granting: Granting, verdicts: dict[UUID, RuleVerdict]
) -> list[CompiledRule]:
    """The rule of each group that gives most by itself; the first of equal ones. The others' verdicts are
    put down. A rule that gives nothing by itself has its own reason, and stays."""
    if not any(rule.exclusive_group for rule in rules):
        return rules
    by_themselves = [granting.worth(rule) for rule in rules if rule.exclusive_group]
    lost: set[UUID] = set()
    for group in _groups([grant for grant in by_themselves if grant.total], lambda grant: grant.rule):
        best = max(group, key=lambda grant: grant.total)
        for grant in group:
            if grant is not best:
                figures = f"{best.total} {best.rule.metric_code}, against {grant.total}"
                verdicts[grant.rule.id] = _lost(grant.rule, best.rule, figures, tuple(grant.steps))
                lost.add(grant.rule.id)
    return [rule for rule in rules if rule.id not in lost]


def _groups(members: list[T], rule_of: Callable[[T], CompiledRule]) -> list[list[T]]:
    """Those of each exclusive group of each program, in order."""
    groups: defaultdict[tuple[UUID, str], list[T]] = defaultdict(list)
    for member in members:
        rule = rule_of(member)
        if rule.exclusive_group:
            groups[rule.program_id, rule.exclusive_group].append(member)
    return list(groups.values())


def _lost(
    rule: CompiledRule, winner: CompiledRule, figures: str, steps: tuple[Step, ...] = ()
) -> RuleVerdict:
    reason = f"Of the group {rule.exclusive_group}, {winner.name} is applied: it gives {figures}."
    return RuleVerdict(rule, "group_lost", reason, steps=steps)
