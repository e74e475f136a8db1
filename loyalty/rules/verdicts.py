"""What an evaluation answers: awards to post, what they use, and a verdict of each rule (domain.md 4.1)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from loyalty.rules.compiled import CompiledRule, EntryType
from programs.conditions import Failure
from programs.conditions.values import plain

Outcome = Literal[
    "awarded",
    "multiplied",
    "not_in_force",
    "outside_window",
    "outside_schedule",
    "condition_failed",
    "amount_missing",
    "amount_unusable",
    "too_many_points",
    "zero_points",
    "nothing_to_multiply",
    "not_referred",
    "group_lost",
    "cap_reached",
    "budget_spent",
    "maximum_reached",
]
Stage = Literal["base", "multiplier", "rounding", "cap", "budget", "maximum"]
Recipient = Literal["member", "referrer"]

_UNMATCHED = ("not_in_force", "outside_window", "outside_schedule", "condition_failed")


@dataclass(frozen=True, slots=True)
class Award:
    """Points to post, above zero, to the recipient's account of `metric_id`. `asked`: what they were before
    the metric's maximum cut them, if it did."""

    rule_id: UUID
    revision_id: UUID
    metric_id: UUID
    points: int
    type: EntryType
    recipient: Recipient = "member"
    asked: int | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """What the event takes from a rule's caps and budget: of the recipient's caps, of all members' budget.
    Only for rules that keep usage, and only above zero points."""

    rule_id: UUID
    points: int
    times: int
    recipient: Recipient = "member"


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of an award's arithmetic: what was done, in words, and the points after it (exact); of a
    multiplier's own verdict, what it added to one award."""

    stage: Stage
    words: str
    points: Decimal

    def to_json(self) -> dict[str, str]:
        return {"stage": self.stage, "words": self.words, "points": plain(self.points)}


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """What one rule made of the event. `matched`: in force, in time, and its condition is true; it may
    still award nothing. `points`: what the event's member gets by it (of a multiplier: what it added);
    `referrer_points`: what the referrer gets. `reason` is a sentence; `failed` the part of the condition
    that was false."""

    rule: CompiledRule
    outcome: Outcome
    reason: str
    points: int = 0
    steps: tuple[Step, ...] = ()
    failed: Failure | None = None
    referrer_points: int = 0

    @property
    def matched(self) -> bool:
        return self.outcome not in _UNMATCHED

    def to_json(self) -> dict[str, Any]:
        """As stored with the event and shown by explain (domain.md 4.1)."""
        told = {
            "rule_id": str(self.rule.id),
            "revision_id": str(self.rule.revision_id),
            "revision": self.rule.revision_number,
            "name": self.rule.name,
            "group": self.rule.exclusive_group,
            "metric": self.rule.metric_code,
            "matched": self.matched,
            "outcome": self.outcome,
            "reason": self.reason,
            "failed": self.failed.to_json() if self.failed else None,
            "points": self.points,
            "type": self.rule.entry_type,
            "steps": [step.to_json() for step in self.steps],
        }
        return told | ({"referrer_points": self.referrer_points} if self.referrer_points else {})


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`awards` to post and a verdict for every rule of the event's type, both by priority, then name; what
    the awards use; and the rule, if one did, that settled the member's referral."""

    awards: tuple[Award, ...]
    verdicts: tuple[RuleVerdict, ...]
    usage: tuple[Used, ...] = ()
    referral: CompiledRule | None = None

    def to_json(self) -> dict[str, Any]:
        return {"verdicts": [verdict.to_json() for verdict in self.verdicts]}
