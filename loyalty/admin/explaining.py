"""The stored explanation of an event as its page shows it (domain.md 4.1).

It may be older than this code, or written by a later one: nothing in it is taken for granted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.models import Event, LedgerEntry, Referral, TierChange
from loyalty.queries.explanations import (
    LevelThen,
    LotNow,
    levels_then,
    lots_now,
    reward_taken_back,
)
from loyalty.queries.families import answers_for
from loyalty.queries.timeline import Line, caused_by
from programs.admin.tables import shown
from programs.models import TierLadder
from programs.queries.snapshots import Snapshot

_OUTCOMES = {
    "awarded": "Awarded",
    "multiplied": "Multiplied",
    "not_reached": "Did not reach its program",
    "not_in_force": "Not in force",
    "outside_window": "Outside its dates",
    "outside_schedule": "Outside its days and hours",
    "condition_failed": "Did not match",
    "amount_missing": "Amount missing",
    "amount_unusable": "Amount unusable",
    "too_many_points": "Too many points",
    "zero_points": "Nothing to award",
    "nothing_to_multiply": "Nothing to multiply",
    "not_referred": "Not referred",
    "group_lost": "Lost to its group",
    "cap_reached": "Cap reached",
    "budget_spent": "Budget spent",
    "maximum_reached": "Maximum reached",
}
_STAGES = {
    "base": "Base",
    "multiplier": "Multiplier",
    "rounding": "Rounded",
    "cap": "Cap",
    "budget": "Budget",
    "maximum": "Maximum",
}
CHANGES = {
    "reached": "reached",
    "confirmed": "confirmed for another period",
    "grace": "kept for days of grace",
    "lowered": "lowered",
    "merged": "taken over by a merge",
}
_SIDES = ("earned", "recomputed", "target", "before", "by_hand", "reversed")


@dataclass(frozen=True, slots=True)
class Explanation:
    """Verdicts, the member's levels before the event and, of a refund, its arithmetic; `known`: whether one is
    stored."""

    known: bool
    verdicts: list[dict[str, Any]]
    levels: list[LevelThen]
    refund: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Consequence:
    """A ledger entry of the event, and what it put in."""

    line: Line
    lots: list[LotNow]


@dataclass(frozen=True, slots=True)
class TierStep:
    """A change of a level in words: "Silver reached, at 250 of its ladder"."""

    program: str
    before: str | None
    after: str | None
    words: str
    progress: str


def explained(event: Event, config: Snapshot) -> Explanation:
    """What is stored with the event, or with one that was tried."""
    explanation: Any = event.explanation
    found = explanation if isinstance(explanation, dict) else {}
    verdicts = found.get("verdicts")
    refund = found.get("refund")
    whole = bool((event.figures or {}).get("whole"))
    return Explanation(
        known=explanation is not None,
        verdicts=[_verdict(one) for one in verdicts or [] if isinstance(one, dict)]
        if isinstance(verdicts, list)
        else [],
        levels=[level for level in levels_then(event, config) if level.code],
        refund=_refund(refund, whole) if isinstance(refund, dict) else None,
    )


def outcomes_in_words(outcomes: Any) -> str:
    """A back-test's counts by outcome, with what took effect first: "12 awarded, 389 did not match"; empty
    where none are kept."""
    counts = outcomes if isinstance(outcomes, dict) else {}
    places = {outcome: place for place, outcome in enumerate(_OUTCOMES)}
    ordered = sorted(counts.items(), key=lambda one: (places.get(one[0], len(places)), one[0]))
    return ", ".join(f"{count:,} {outcome_words(outcome).lower()}" for outcome, count in ordered)


def outcome_words(outcome: str) -> str:
    """`cap_reached` → "Cap reached"."""
    return _OUTCOMES.get(outcome, outcome.replace("_", " ").capitalize())


def _verdict(verdict: dict[str, Any]) -> dict[str, Any]:
    outcome = str(verdict.get("outcome", "–"))
    steps = verdict.get("steps")
    return verdict | {
        "label": outcome_words(outcome),
        "rule_id": _uuid(verdict.get("rule_id")),
        "steps": [
            step | {"label": _STAGES.get(str(step.get("stage")), "")}
            for step in (steps if isinstance(steps, list) else [])
            if isinstance(step, dict)
        ],
    }


def _refund(refund: dict[str, Any], whole: bool) -> dict[str, Any]:
    sides = refund.get("sides")
    return {
        "words": _refund_in_words(refund, whole),
        "sides": [
            {"whose": "Referrer" if side.get("recipient") == "referrer" else "Member"}
            | {name: shown(side.get(name)) for name in ("metric", *_SIDES)}
            for side in (sides if isinstance(sides, list) else [])
            if isinstance(side, dict)
        ],
    }


def _refund_in_words(refund: dict[str, Any], whole: bool) -> str:
    purchase, gross, net = (shown(refund.get(name)) for name in ("purchase", "gross", "net"))
    if whole:
        return f"Nothing is left of the purchase {purchase}."
    if refund.get("in_proportion"):
        return (
            f"What was sent with the purchase {purchase} is erased, so it can't be judged again. Points are taken "
            f"back in proportion to its money: {net} of {gross} is left."
        )
    if refund.get("gross") is None:
        return f"The purchase {purchase}, which has no amount, was judged again without the lines that are refunded."
    return f"The purchase {purchase} was judged again without what is refunded: {net} of {gross} is left."


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


def consequences_of(event: Event, now: datetime) -> list[Consequence]:
    """What the event put into its member's ledger, each entry with its lots as they stand `now`."""
    lines = caused_by(event)
    lots = lots_now([line.entry for line in lines], now)
    return [Consequence(line, lots.get(line.entry.pk, [])) for line in lines]


def tier_steps(changes: Sequence[TierChange]) -> list[TierStep]:
    """Changes of levels with the levels' titles, where they still exist; two statements for all."""
    ladders = TierLadder.objects.select_related("program").prefetch_related("tiers")
    known = ladders.in_bulk([change.ladder_id for change in changes])
    found = []
    for change in changes:
        ladder = known.get(change.ladder_id)
        titles = {tier.code: tier.title for tier in ladder.tiers.all()} if ladder else {}
        before, after = (titles.get(code or "", code) for code in (change.from_code, change.to_code))
        program = ladder.program.name if ladder else ""
        words = CHANGES.get(change.kind, change.kind)
        found.append(TierStep(program, before, after, words, shown_figure(change.progress)))
    return found


def shown_figure(figure: Any) -> str:
    """250.000000 as 250, 99.500000 as 99.50: points and events are whole, money has its cents."""
    whole = figure == figure.to_integral_value()
    return f"{figure:,.0f}" if whole else f"{figure:,.2f}"


@dataclass(frozen=True, slots=True)
class ReferralOf:
    """The referral that the event completed, or whose reward its refund took back: who had referred the member
    (None: erased), and the referrer's entries."""

    referrer: UUID | None
    entries: list[LedgerEntry]
    taken_back: bool


def referral_of_event(event: Event) -> ReferralOf | None:
    """None where the event has nothing to do with one."""
    if taken := reward_taken_back(event):
        return ReferralOf(answers_for(taken.referral.referrer_id), taken.entries, taken_back=True)
    referral = Referral.objects.filter(event=event).first()
    if referral is None:
        return None
    rows = LedgerEntry.objects.select_related("account__metric")
    reward = rows.filter(pk=referral.referrer_entry_id) if referral.referrer_entry_id else ()
    return ReferralOf(answers_for(referral.referrer_id), list(reward), taken_back=False)
