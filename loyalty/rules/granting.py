"""Awards of one event, one after the other, sharing what multipliers, maximum and a referral leave."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from loyalty.rules.arithmetic import Left, Nothing, base_of
from loyalty.rules.compiled import CompiledRule
from loyalty.rules.multiplying import Multiplier, Product, multiply
from loyalty.rules.situation import Level, Situation
from loyalty.rules.verdicts import Award, Outcome, Recipient, RuleVerdict, Stage, Step, Used
from programs.awards import MultiplierAward, ReferralAward
from programs.conditions import Facts

_CUT_TO_NOTHING: dict[Stage, tuple[Outcome, str]] = {
    "cap": ("cap_reached", "The condition is met, but the member has reached the rule's cap."),
    "budget": ("budget_spent", "The condition is met, but the rule's budget is spent."),
    "maximum": ("maximum_reached", "The condition is met, but the account is full."),
}


@dataclass(slots=True)
class Grant:
    """What a rule gives by itself, before the metric's maximum, with the steps to it; or why nothing."""

    rule: CompiledRule
    points: int = 0
    steps: list[Step] = field(default_factory=list)
    product: Product | None = None
    refusal: RuleVerdict | None = None
    referrer_points: int = 0
    referrer_steps: list[Step] = field(default_factory=list)
    cut_by: Stage | None = None

    def cut(self, cuts: list[Step], steps: list[Step]) -> None:
        """By the rule's own caps and budget, or by the maximum; `steps` tell it."""
        if cuts:
            steps += cuts
            self.cut_by = cuts[-1].stage

    @property
    def total(self) -> int:
        return self.points + self.referrer_points


class Granting:
    """The awards of one event so far."""

    def __init__(self, facts: Facts, situation: Situation, multipliers: list[Multiplier]) -> None:
        self.multipliers = multipliers
        self.awards: list[Award] = []
        self.usage: list[Used] = []
        self.referral: CompiledRule | None = None
        self._facts = facts
        self._situation = situation
        self._maximum = dict(situation.maximum)
        self._referrer_maximum = dict(situation.referral.maximum) if situation.referral else {}
        self._multipliers: defaultdict[tuple[UUID, UUID], list[Multiplier]] = defaultdict(list)
        for multiplier in multipliers:
            rule = multiplier.rule
            self._multipliers[rule.program_id, rule.metric_id].append(multiplier)

    def worth(self, rule: CompiledRule) -> Grant:
        """What the rule would give now; nothing is taken."""
        award = rule.award
        if isinstance(award, ReferralAward):
            return self._referred(rule, award)
        if isinstance(award, MultiplierAward):
            raise TypeError("A multiplier gives nothing by itself.")
        base = base_of(award, self._facts)
        if isinstance(base, Nothing):
            return Grant(rule, refusal=RuleVerdict(rule, base.outcome, base.reason))
        product = multiply(rule, base, self._level(rule), self._multipliers_of(rule))
        if not isinstance(product, Product):
            reason = "The award would be above 10^15 points; check the rule's rate."
            refusal = RuleVerdict(rule, "too_many_points", reason, steps=product)
            return Grant(rule, refusal=refusal)
        grant = Grant(rule, product.points, product.steps, product)
        if rule.caps or rule.budget is not None:
            grant.points, cuts = Left(rule, self._situation.rooms.get(rule.id)).cut(product.points)
            grant.cut(cuts, grant.steps)
        return grant

    def give(self, rule: CompiledRule) -> RuleVerdict:
        """Award what the rule gives; the verdict tells how it came to that."""
        grant = self.worth(rule)
        if grant.refusal:
            return grant.refusal
        points = self._within(self._maximum, grant, grant.points, grant.steps)
        if grant.product:
            grant.product.arrive(rule, points)
        self._post(rule, points, grant.points, "member")
        if not isinstance(rule.award, ReferralAward):
            return _concluded(grant, points)
        theirs = self._within(self._referrer_maximum, grant, grant.referrer_points, grant.referrer_steps)
        self._post(rule, theirs, grant.referrer_points, "referrer")
        if points or theirs:
            self.referral = rule
        return _concluded(grant, points, theirs)

    def settle(self, multiplier: Multiplier) -> RuleVerdict:
        """A multiplier's usage and verdict, once all awards are made."""
        self._use(multiplier.rule, multiplier.arrived, "member")
        return multiplier.verdict()

    def _level(self, rule: CompiledRule) -> Level | None:
        level = self._situation.levels.get(rule.program_id)
        return level if level and level.metric_id == rule.metric_id and level.multiplier != 1 else None

    def _multipliers_of(self, rule: CompiledRule) -> list[Multiplier]:
        if not self.multipliers:
            return self.multipliers
        return self._multipliers.get((rule.program_id, rule.metric_id), [])

    def _referred(self, rule: CompiledRule, award: ReferralAward) -> Grant:
        """Both sides of a referral, each within its own caps; the budget serves the member first."""
        reason = self._not_referred()
        if reason:
            return Grant(rule, refusal=RuleVerdict(rule, "not_referred", reason))
        referral = self._situation.referral
        own = Left(rule, self._situation.rooms.get(rule.id))
        grant = Grant(rule)
        grant.points, cuts = own.cut(award.member)
        grant.steps = [Step("base", f"a referred member: {award.member}", Decimal(award.member))]
        grant.cut(cuts, grant.steps)
        theirs = Left(rule, referral.rooms.get(rule.id) if referral else None)
        if theirs.budget is not None and own.budget is not None:
            theirs.budget = max(0, min(theirs.budget, own.budget) - grant.points)
        # Not by name: what explains one member's event must not hold another one's id.
        grant.referrer_points, cuts = theirs.cut(award.referrer, name="the referrer: ")
        grant.referrer_steps = [Step("base", f"the referrer: {award.referrer}", Decimal(award.referrer))]
        grant.cut(cuts, grant.referrer_steps)
        return grant

    def _not_referred(self) -> str | None:
        referral = self._situation.referral
        if referral is None:
            return "The member has no referral that waits for its first qualifying event."
        if referral.by_oneself:
            return "The referrer is the member; nobody refers themselves."
        if self.referral:
            return f"The referral is awarded once, and {self.referral.name} awarded it."
        return None

    def _within(self, maximum: dict[UUID, int], grant: Grant, points: int, steps: list[Step]) -> int:
        """Points cut to what the account has room for, which becomes less."""
        rule = grant.rule
        room = maximum.get(rule.metric_id)
        if room is None:
            return points
        given = min(points, max(0, room))
        maximum[rule.metric_id] = room - given
        if given < points:
            words = f"cut to {given}: the account has room for {given or 'no'} {rule.metric_code} more"
            grant.cut([Step("maximum", words, Decimal(given))], steps)
        return given

    def _post(self, rule: CompiledRule, points: int, asked: int, recipient: Recipient) -> None:
        if points:
            cut = asked if asked > points else None
            self.awards.append(
                Award(rule.id, rule.revision_id, rule.metric_id, points, rule.entry_type, recipient, cut)
            )
            self._use(rule, points, recipient)

    def _use(self, rule: CompiledRule, points: int, recipient: Recipient) -> None:
        if points and rule.keeps_usage:
            self.usage.append(Used(rule.id, points, 1, recipient))


def _concluded(grant: Grant, points: int, referrer_points: int = 0) -> RuleVerdict:
    rule, steps = grant.rule, tuple(grant.steps + grant.referrer_steps)
    if points or referrer_points:
        reason = f"The condition is met: {points} {rule.metric_code}."
        if referrer_points:
            reason = f"{reason[:-1]}, and {referrer_points} for the referrer."
        return RuleVerdict(rule, "awarded", reason, points, steps, None, referrer_points)
    if grant.cut_by:
        outcome, reason = _CUT_TO_NOTHING[grant.cut_by]
        return RuleVerdict(rule, outcome, reason, steps=steps)
    reason = "The condition is met, but the award comes to 0 points."
    return RuleVerdict(rule, "zero_points", reason, steps=steps)
