"""Levels and multiplying rules raise earned points; each extra is cut by its own rule's caps and budget."""

from dataclasses import dataclass, field
from decimal import Decimal

from loyalty.rules.arithmetic import EXACT, Left, rounded, rounding_in_words
from loyalty.rules.compiled import CompiledRule
from loyalty.rules.situation import Level
from loyalty.rules.verdicts import Outcome, RuleVerdict, Stage, Step
from programs.awards import MAX_POINTS
from programs.conditions.values import plain


@dataclass(slots=True)
class Multiplier:
    """A multiplying rule that matched the event, and what becomes of it."""

    rule: CompiledRule
    factor: Decimal
    left: Left
    asked: int = 0
    """How many awards it multiplied."""
    offered: int = 0
    granted: int = 0
    """What its own caps and budget left of that."""
    arrived: int = 0
    cut_by: Stage | None = None
    steps: list[Step] = field(default_factory=list)

    def allowed(self, points: int, given: int) -> tuple[int, list[Step]]:
        """What it may add to what was given so far."""
        self.asked += 1
        self.offered += points
        extra, steps = self.left.cut(points, below=given, name=f"{self.rule.name}: ")
        self.granted += extra
        if steps:
            self.cut_by = steps[-1].stage
        return extra, steps

    def arrive(self, award: CompiledRule, extra: int) -> None:
        """So much of what it added was really given."""
        self.left.take(extra)
        self.arrived += extra
        self.steps.append(Step("multiplier", f"{award.name}: {extra} extra", Decimal(extra)))

    def verdict(self) -> RuleVerdict:
        """What is said of it once all awards are made."""
        code, steps = self.rule.metric_code, tuple(self.steps)
        if self.arrived:
            reason = f"The condition is met: times {plain(self.factor)} adds {self.arrived} {code}."
            return RuleVerdict(self.rule, "multiplied", reason, self.arrived, steps)
        outcome: Outcome = "nothing_to_multiply"
        if not self.asked:
            reason = f"The condition is met, but the event earned no {code} to multiply; a bonus never is."
        elif not self.offered:
            reason = f"The condition is met, but times {plain(self.factor)} adds 0 {code}."
        elif self.granted:
            reason = "The condition is met, but what it added was cut again by a limit of what it multiplies."
        elif self.cut_by == "budget":
            outcome, reason = "budget_spent", "The condition is met, but the rule's budget is spent."
        else:
            outcome = "cap_reached"
            reason = "The condition is met, but the member has reached the rule's cap."
        return RuleVerdict(self.rule, outcome, reason, steps=steps)


@dataclass(slots=True)
class Product:
    """Points of an award after multipliers: `points` includes the extras, in the multipliers' order."""

    points: int
    steps: list[Step]
    extras: list[tuple[Multiplier, int]]

    def arrive(self, award: CompiledRule, given: int) -> None:
        """So many points were given: what was cut off is taken from the last extras first."""
        lost = self.points - given
        arrived = []
        for multiplier, extra in reversed(self.extras):
            gone = min(lost, extra)
            lost -= gone
            arrived.append((multiplier, extra - gone))
        for multiplier, extra in reversed(arrived):
            multiplier.arrive(award, extra)


def multiply(
    rule: CompiledRule, base: Step, level: Level | None, multipliers: list[Multiplier]
) -> Product | tuple[Step, ...]:
    """Base times level, rounded; then each multiplier's extra, the difference of two products that are
    each rounded once. Where a product is above MAX_POINTS, the steps so far."""
    steps = [base]
    exact = base.points
    if rule.entry_type == "bonus":
        if level or multipliers:
            steps.append(Step("multiplier", "a bonus is never multiplied", exact))
        level, multipliers = None, []
    if level:
        exact = EXACT.multiply(exact, level.multiplier)
        words = f"{level.title}: {plain(base.points)} × {plain(level.multiplier)} = {plain(exact)}"
        steps.append(Step("multiplier", words, exact))
    whole = rounded(exact, rule.rounding)
    if whole != exact:
        steps.append(Step("rounding", rounding_in_words(exact, whole, rule.rounding), whole))
    if whole > MAX_POINTS:
        return tuple(steps)
    return _with_extras(rule, exact, whole, steps, multipliers)


def _with_extras(
    rule: CompiledRule, exact: Decimal, whole: Decimal, steps: list[Step], multipliers: list[Multiplier]
) -> Product | tuple[Step, ...]:
    product = Product(int(whole), steps, [])
    for multiplier in multipliers:
        before, so_far = exact, int(whole)
        exact = EXACT.multiply(exact, multiplier.factor)
        whole = rounded(exact, rule.rounding)
        makes = plain(exact) if whole == exact else rounding_in_words(exact, whole, rule.rounding)
        extra = int(whole) - so_far
        words = f"{plain(before)} × {plain(multiplier.factor)} = {makes}, {extra} extra"
        at = Decimal(product.points + extra)
        steps.append(Step("multiplier", f"{multiplier.rule.name}: {words}", at))
        if whole > MAX_POINTS:
            return tuple(steps)
        granted, cuts = multiplier.allowed(extra, product.points)
        steps += cuts
        product.points += granted
        product.extras.append((multiplier, granted))
    return product
