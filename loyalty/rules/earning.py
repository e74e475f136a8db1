"""What one event earns by the rules in force when it happened (domain.md 4, 6).

Pure: the event, the member's figures and the compiled rules come in; awards and an explanation go out.
The same function serves live events, dry runs and back-tests.

One award is worked out in this order, each stage a `Step` of the explanation (domain.md 6, last line):
base times multipliers → rounded once → caps → budget → maximum.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from uuid import UUID

from loyalty.rules.compiled import CompiledRule, EntryType, Room, Rounding, periods_of, room_of
from loyalty.rules.situation import NOTHING, Level, Referred, Situation
from loyalty.rules.verdicts import Award, Evaluation, Outcome, RuleVerdict, Step, Used
from programs.awards import MAX_POINTS, FixedAward, PerAmountAward
from programs.conditions import Facts, look_up
from programs.conditions.values import number, plain, show

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

MAX_AMOUNT = Decimal(10**12)
"""An amount above this is a mistake, not a purchase."""

# Its own context: the thread's default has 28 digits and may be changed by anyone.
_EXACT = Context(prec=100)
_ROUNDING = {"down": ROUND_FLOOR, "half_up": ROUND_HALF_UP, "up": ROUND_CEILING}
_ROUNDED = {"down": "down", "half_up": "to the nearest, half up", "up": "up"}


def evaluate(facts: Facts, rules: Iterable[CompiledRule], situation: Situation = NOTHING) -> Evaluation:
    """Judge an event by every rule of its type. `rules` may hold several revisions of one rule, of any
    time and order: the one in force at `occurred_at` counts. Never raises, whatever the event's data."""
    revisions: defaultdict[UUID, list[CompiledRule]] = defaultdict(list)
    for rule in rules:
        if rule.event_type == facts.event_type:
            revisions[rule.id].append(rule)
    chosen = [_revision_of(candidates, facts.occurred_at) for candidates in revisions.values()]
    chosen.sort(key=lambda rule: (-rule.priority, rule.name, rule.id))
    verdicts = tuple(_judge(rule, facts) for rule in chosen)
    awards = tuple(_award(verdict) for verdict in verdicts if verdict.points)
    return Evaluation(awards, verdicts)


def _revision_of(candidates: list[CompiledRule], at: datetime) -> CompiledRule:
    """The revision in force; if there is none, the newest, to be reported as not in force. Should two
    be in force (nothing publishes such), the newer: a rule awards an event once (domain.md 3.8)."""
    return max(candidates, key=lambda rule: (rule.in_force(at), rule.revision_number))


def _award(verdict: RuleVerdict) -> Award:
    rule = verdict.rule
    return Award(rule.id, rule.revision_id, rule.metric_id, verdict.points, rule.entry_type)


def _judge(rule: CompiledRule, facts: Facts) -> RuleVerdict:
    if not rule.in_force(facts.occurred_at):
        return RuleVerdict(rule, "not_in_force", "The rule was not in force when the event happened.")
    verdict = rule.condition.evaluate(facts)
    if verdict.failed:
        reason = f"The condition is not met: {verdict.failed.words}."
        return RuleVerdict(rule, "condition_failed", reason, failed=verdict.failed)
    base = _base(rule, facts)
    if isinstance(base, RuleVerdict):
        return base
    # multipliers go here: steps whose points are Decimal, before anything is rounded
    rounded = _rounded(base.points, rule.rounding)
    steps = (base,) if rounded is None else (base, rounded)
    # caps, budget and maximum go here: steps after rounding, each cutting what is left
    return _concluded(rule, steps)


def _base(rule: CompiledRule, facts: Facts) -> Step | RuleVerdict:
    """What the award gives before multipliers, or the verdict that it gives nothing."""
    award = rule.award
    if isinstance(award, FixedAward):
        return Step("base", f"fixed: {award.points}", Decimal(award.points))
    if not isinstance(award, PerAmountAward):
        return RuleVerdict(rule, "zero_points", "This kind of award is not worked out yet.")
    actual = look_up(facts.data, award.keys)
    if actual is None:
        return RuleVerdict(rule, "amount_missing", f"The event has no {award.field}.")
    amount = number(actual)
    if amount is None:
        reason = f"{award.field} is {show(actual)}, which is not a number."
    elif amount < 0:
        reason = f"{award.field} is {show(actual)}; nothing is earned on less than zero."
    elif amount > MAX_AMOUNT:
        reason = f"{award.field} is {show(actual)}; amounts above 10^12 earn nothing."
    else:
        return _per_amount(award, amount)
    return RuleVerdict(rule, "amount_unusable", reason)


def _per_amount(award: PerAmountAward, amount: Decimal) -> Step:
    """`rate` for each full step: 9.99 at 2 points per 1 is 9 full steps, 18 points."""
    steps = _EXACT.divide_int(amount, award.step)
    words = f"{plain(amount)} holds {plain(steps)} times {plain(award.step)}, at {plain(award.rate)} each"
    return Step("base", words, _EXACT.multiply(steps, award.rate))


def _rounded(points: Decimal, rounding: Rounding) -> Step | None:
    """The step that makes points whole; None if they are."""
    whole = points.quantize(Decimal(1), rounding=_ROUNDING[rounding], context=_EXACT)
    if whole == points:
        return None
    return Step("rounding", f"{plain(points)} rounded {_ROUNDED[rounding]} to {plain(whole)}", whole)


def _concluded(rule: CompiledRule, steps: tuple[Step, ...]) -> RuleVerdict:
    points = steps[-1].points
    if points > MAX_POINTS:
        reason = "The award would be above 10^15 points; check the rule's rate."
        return RuleVerdict(rule, "too_many_points", reason, steps=steps)
    if points == 0:
        reason = "The condition is met, but the award comes to 0 points."
        return RuleVerdict(rule, "zero_points", reason, steps=steps)
    reason = f"The condition is met: {plain(points)} {rule.metric_code}."
    return RuleVerdict(rule, "awarded", reason, int(points), steps)
