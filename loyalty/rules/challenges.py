"""Which events count for a mission, by how much, and when a challenge is complete (domain.md 8). Pure.

* Of a count each matching event is one; of a sum it is the field, where that is a number above zero.
* In a sequence a mission waits until those before it are complete.
* Progress goes on beyond the target, so that a refund leaves what the other events earned.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal
from uuid import UUID

from loyalty.rules.arithmetic import MAX_AMOUNT
from programs.conditions import (
    Condition,
    Facts,
    Failure,
    event_types_counted,
    fields_used,
    look_up,
    parse,
)
from programs.conditions.values import number, plain

Outcome = Literal["counted", "not_in_force", "condition_failed", "no_amount", "waits"]
ZERO = Decimal(0)
_ONE = Decimal(1)
_PLACES = Decimal("0.000001")
_ATTRIBUTES = "member.attributes."


@dataclass(frozen=True, slots=True)
class MissionRule:
    """What of a mission decides over an event. `path`: of a sum, as `data.amount`."""

    condition: Condition
    measure: str
    path: str
    program_id: UUID
    asks_attributes: frozenset[str] = field(init=False, compare=False, repr=False)
    asks_counts: frozenset[str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        put, used = object.__setattr__, fields_used(self.condition)  # the class is frozen
        attributes = (name.removeprefix(_ATTRIBUTES) for name in used if name.startswith(_ATTRIBUTES))
        put(self, "asks_attributes", frozenset(name.split(".")[0] for name in attributes))
        put(self, "asks_counts", frozenset(event_types_counted(self.condition)))

    @classmethod
    def of(cls, *, condition: object, measure: str, path: str, program_id: UUID) -> "MissionRule":
        """From a condition as it is stored. Raises ConditionError."""
        return cls(parse(condition), measure, path, program_id)

    def to_json(self) -> dict[str, Any]:
        """As it is kept with an event that counted, for its refunds."""
        return {
            "condition": self.condition.to_json(),
            "measure": self.measure,
            "field": self.path,
            "program_id": str(self.program_id),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "MissionRule":
        return cls.of(
            condition=kept["condition"],
            measure=kept["measure"],
            path=kept["field"],
            program_id=UUID(kept["program_id"]),
        )


@dataclass(frozen=True, slots=True)
class Judgement:
    """`amount`: what it counts, above zero where `counted`; `reason` is a sentence."""

    outcome: Outcome
    reason: str
    amount: Decimal = ZERO
    failed: Failure | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "outcome": self.outcome,
            "reason": self.reason,
            "failed": self.failed.to_json() if self.failed else None,
            "amount": plain(self.amount),
        }


def judge(rule: MissionRule, facts: Facts) -> Judgement:
    """What an event counts for a mission of its type. Never raises, whatever the event's data."""
    verdict = rule.condition.evaluate(facts)
    if verdict.failed:
        words = f"The condition is not met: {verdict.failed.words}."
        return Judgement("condition_failed", words, failed=verdict.failed)
    if rule.measure == "count":
        return Judgement("counted", "It counts.", _ONE)
    amount = _amount(look_up(facts.data, rule.path.split(".")[1:]))
    if amount <= 0:
        words = f"{rule.path} is no number from {plain(_PLACES)} to {plain(MAX_AMOUNT)}."
        return Judgement("no_amount", words)
    return Judgement("counted", f"It counts with {plain(amount)}.", amount)


def _amount(value: Any) -> Decimal:
    found = number(value)
    if found is None or not 0 < found <= MAX_AMOUNT:
        return ZERO
    return found.quantize(_PLACES, rounding=ROUND_HALF_UP)


def not_in_force(reason: str) -> Judgement:
    return Judgement("not_in_force", reason)


def waiting(first: str) -> Judgement:
    """It is not the mission's turn; `first`: the title of the one whose turn it is."""
    return Judgement("waits", f"The missions come one after the other, and “{first}” comes first.")


@dataclass(frozen=True, slots=True)
class Step:
    """A mission of a run: its place in the order, its target by now and, where it was completed, by then."""

    mission_id: UUID
    target: Decimal
    progress: Decimal = ZERO
    target_then: Decimal | None = None

    @property
    def is_done(self) -> bool:
        return self.target_then is not None

    @property
    def is_reached(self) -> bool:
        return self.progress >= self.target

    @property
    def still_holds(self) -> bool:
        """Of one that is done: whether what is left is enough, by the target of then or by that of now."""
        return self.progress >= min(self.target, self.target_then or self.target)


def in_turn(steps: Sequence[Step], *, sequence: bool) -> set[UUID]:
    """The missions that events may count for now: all, or in a sequence those that are done, or reached by an edit
    that is not settled yet, and the next."""
    if not sequence:
        return {step.mission_id for step in steps}
    found = set()
    for step in steps:
        found.add(step.mission_id)
        if not (step.is_done or step.is_reached):
            break
    return found


def newly_done(steps: Sequence[Step], *, sequence: bool) -> list[UUID]:
    """The missions that are complete and were not, in their order; in a sequence up to the first that is not."""
    found = []
    for step in steps:
        if not step.is_done and step.is_reached:
            found.append(step.mission_id)
        elif sequence and not step.is_done:
            break
    return found


def is_complete(missions: Collection[UUID], done: Collection[UUID]) -> bool:
    """Whether every mission is done; one without any never is."""
    return bool(missions) and set(missions) <= set(done)


def shown(progress: Decimal, target: Decimal, *, done: bool) -> Decimal:
    """The progress that members see: never above the target, and all of it once it was complete."""
    return target if done else min(progress, target)
