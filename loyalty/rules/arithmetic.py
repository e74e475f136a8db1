"""The arithmetic of one award: its base, exact; its rounding; and the cuts of caps and budget."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)
from typing import Any

from loyalty.rules.compiled import CompiledRule, Room, Rounding
from loyalty.rules.verdicts import Outcome, Step
from programs.awards import FixedAward, PerAmountAward, PerItemAward
from programs.conditions import Facts, look_up
from programs.conditions.values import number, plain, show
from programs.limits import Cap, cap_in_words

MAX_AMOUNT = Decimal(10**12)
"""An amount above this is a mistake, not a purchase."""

# Its own context: the thread's has 28 digits and may be changed by anyone. Digits cost nothing until they
# are there; this many keep the product of over a thousand multipliers exact.
EXACT = Context(
    prec=10_000,
    rounding=ROUND_HALF_EVEN,
    Emin=-999_999,
    Emax=999_999,
    capitals=1,
    clamp=0,
    flags=[],
    traps=[InvalidOperation, DivisionByZero, Overflow],
)
_ROUNDING = {"down": ROUND_FLOOR, "half_up": ROUND_HALF_UP, "up": ROUND_CEILING}
_ROUNDED = {"down": "down", "half_up": "to the nearest, half up", "up": "up"}
_ONE = Decimal(1)
_MAX_PIECES = int(MAX_AMOUNT)


@dataclass(frozen=True, slots=True)
class Nothing:
    """Why an event has no base for an award."""

    outcome: Outcome
    reason: str


def base_of(award: FixedAward | PerAmountAward | PerItemAward, facts: Facts) -> Step | Nothing:
    """What the award gives before multipliers. Never raises, whatever the data."""
    if isinstance(award, PerAmountAward):
        return _per_amount(award, facts)
    if isinstance(award, FixedAward):
        return Step("base", f"fixed: {award.points}", Decimal(award.points))
    return _per_item(award, facts)


def _per_amount(award: PerAmountAward, facts: Facts) -> Step | Nothing:
    """`rate` for each full step: 9.99 at 2 points per 1 is 9 full steps, 18 points."""
    actual = look_up(facts.data, award.keys)
    if actual is None:
        return Nothing("amount_missing", f"The event has no {award.field}.")
    amount = number(actual)
    if amount is None:
        reason = f"{award.field} is {show(actual)}, which is not a number."
    elif amount < 0:
        reason = f"{award.field} is {show(actual)}; nothing is earned on less than zero."
    elif amount > MAX_AMOUNT:
        reason = f"{award.field} is {show(actual)}; amounts above 10^12 earn nothing."
    else:
        return _full_steps(amount, award.step, award.rate, plain(amount))
    return Nothing("amount_unusable", reason)


def _full_steps(amount: Decimal, step: Decimal, rate: Decimal, words: str) -> Step:
    steps = EXACT.divide_int(amount, step)
    said = f"{words} holds {plain(steps)} times {plain(step)}, at {plain(rate)} each"
    return Step("base", said, EXACT.multiply(steps, rate))


def _per_item(award: PerItemAward, facts: Facts) -> Step | Nothing:
    lines = facts.lines
    if not lines:
        return Nothing("amount_missing", "The event has no line items (data.items).")
    matches = award.where.root.holds if award.where.root else None
    chosen = [line for line in lines if isinstance(line, dict) and (matches is None or matches(line))]
    of = f"{len(chosen)} of {len(lines)} {'line' if len(lines) == 1 else 'lines'}"
    if award.each == "line":
        return Step(
            "base", f"{of}, at {plain(award.points)} each", EXACT.multiply(Decimal(len(chosen)), award.points)
        )
    if award.each == "amount":
        amount = _sum(line.get("amount") for line in chosen)
        return _full_steps(amount, award.step, award.points, f"{plain(amount)} in {of}")
    # a line that doesn't say how many pieces it is, is one
    pieces = _sum(1 if (count := line.get("quantity")) is None else count for line in chosen)
    noun = "piece" if pieces == 1 else "pieces"
    words = f"{plain(pieces)} {noun} in {of}, at {plain(award.points)} each"
    return Step("base", words, EXACT.multiply(pieces, award.points))


def _sum(values: Iterator[Any]) -> Decimal:
    """The exact sum; what is no number, below zero or above 10^12 counts nothing."""
    whole, total = 0, Decimal(0)
    for value in values:
        if type(value) is int:  # the common case, many times as fast; a bool is no number
            whole += value if 0 <= value <= _MAX_PIECES else 0
        elif value is None:
            continue
        elif (amount := number(value)) is not None and 0 <= amount <= MAX_AMOUNT:
            total = EXACT.add(total, amount)
    return EXACT.add(total, Decimal(whole))


def rounded(points: Decimal, rounding: Rounding) -> Decimal:
    """Whole points, by the metric's rounding."""
    return points.quantize(_ONE, rounding=_ROUNDING[rounding], context=EXACT)


def rounding_in_words(points: Decimal, whole: Decimal, rounding: Rounding) -> str:
    """ "7.5 rounded down to 7"."""
    return f"{plain(points)} rounded {_ROUNDED[rounding]} to {plain(whole)}"


class Left:
    """What one rule has left for one member while an event is judged. All awards of an event together
    count as one time."""

    __slots__ = ("budget", "caps", "rule")

    def __init__(self, rule: CompiledRule, room: Room | None) -> None:
        self.rule = rule
        known = room.caps if room else (None,) * len(rule.caps)
        pairs = zip(rule.caps, known, strict=True)
        self.caps = [cap.limit if left is None else max(0, left) for cap, left in pairs]
        self.budget = rule.budget
        if room and rule.budget is not None and room.budget is not None:
            self.budget = max(0, room.budget)

    def cut(self, points: int, *, below: int = 0, name: str = "") -> tuple[int, list[Step]]:
        """Points cut to what the caps, in their order, and then the budget leave. The steps' points stand
        on `below`, what was given before; `name` says whose extra it is."""
        steps: list[Step] = []
        for cap, left in zip(self.rule.caps, self.caps, strict=True):
            most = points if cap.unit == "times" and left else left
            if points > most:
                points = most
                words = f"{name}cut to {points}: {_cap_left(cap, left)}"
                steps.append(Step("cap", words, Decimal(below + points)))
        if self.budget is not None and points > self.budget:
            points = self.budget
            words = f"{name}cut to {points}: {points} of the budget of {self.rule.budget} left"
            steps.append(Step("budget", words, Decimal(below + points)))
        return points, steps

    def take(self, points: int) -> None:
        """Points were given; the next award of the event finds less."""
        for index, cap in enumerate(self.rule.caps):
            if cap.unit == "points":
                self.caps[index] -= points
        if self.budget is not None:
            self.budget -= points


def _cap_left(cap: Cap, left: int) -> str:
    """ "at most 500 points a day, 60 left"."""
    return cap_in_words(cap) + ("" if left == cap.limit else f", {left or 'none'} left")
