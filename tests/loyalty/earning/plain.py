"""What rules give, after domain.md 4 and 6: plain Python that shares no code with the engine.

Not everything that the engine knows: amounts, pieces of an article, weekends, groups, caps, budgets and a level,
rounded down.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any, Literal, NamedTuple

Kind = Literal["fixed", "per_amount", "per_piece", "multiplier"]
Cap = tuple[Literal["event", "day", "ever"], Literal["points", "times"], int]
MANY = 10**9


class Item(NamedTuple):
    sku: str
    quantity: int
    amount: Decimal


@dataclass(frozen=True)
class Purchase:
    """`items` by line number, from 1. `share`: how much of each is left, where money was given back without
    saying of what: in the proportion of the money."""

    on: date
    amount: Decimal
    items: Mapping[int, Item] = field(default_factory=dict)
    share: Fraction = Fraction(1)

    def to_json(self) -> dict[str, Any]:
        return {
            "amount": str(self.amount),
            "items": [
                {"line": line, "sku": item.sku, "quantity": item.quantity, "amount": str(item.amount)}
                for line, item in self.items.items()
            ],
        }


@dataclass(frozen=True)
class Rule:
    """`figure`: points, points a `step`, points a piece, or the factor. It holds from `least` on, below
    `below`, with that article, at weekends, as far as they are given."""

    name: str
    kind: Kind
    figure: str
    step: str = "1"
    sku: str | None = None
    least: str | None = None
    below: str | None = None
    weekend: bool = False
    is_bonus: bool = False
    group: str = ""
    caps: tuple[Cap, ...] = ()
    budget: int | None = None
    priority: int = 0

    def matches(self, purchase: Purchase) -> bool:
        return (
            (self.least is None or purchase.amount >= Decimal(self.least))
            and (self.below is None or purchase.amount < Decimal(self.below))
            and (not self.weekend or purchase.on.isoweekday() >= 6)
        )

    def base(self, purchase: Purchase) -> Fraction:
        figure = Fraction(self.figure)
        if self.kind == "fixed":
            return figure
        if self.kind == "per_amount":
            return figure * floor(Fraction(purchase.amount) / Fraction(self.step))
        bought = (item for item in purchase.items.values() if self.sku in (None, item.sku))
        return figure * purchase.share * sum(item.quantity for item in bought)

    def options(self) -> dict[str, Any]:
        """Of `make_rule`."""
        return {
            "name": self.name,
            "award": self._award(),
            "condition": {"all": self._conditions()} if self._conditions() else {},
            "entry_type": "bonus" if self.is_bonus else "earned",
            "exclusive_group": self.group,
            "caps": [{"per": per, unit: limit} for per, unit, limit in self.caps],
            "budget": self.budget,
            "priority": self.priority,
        }

    def _award(self) -> dict[str, Any]:
        where = {"all": [{"field": "item.sku", "op": "eq", "value": self.sku}]} if self.sku else {}
        awards: dict[str, dict[str, Any]] = {
            "fixed": {"kind": "fixed", "points": int(self.figure) if self.kind == "fixed" else 0},
            "per_amount": {"kind": "per_amount", "rate": self.figure, "step": self.step},
            "per_piece": {"kind": "per_item", "each": "quantity", "points": self.figure, "where": where},
            "multiplier": {"kind": "multiplier", "factor": self.figure},
        }
        return awards[self.kind]

    def _conditions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        if self.least is not None:
            found.append({"field": "data.amount", "op": "gte", "value": self.least})
        if self.below is not None:
            found.append({"field": "data.amount", "op": "lt", "value": self.below})
        if self.weekend:
            found.append({"field": "event.occurred_at.weekday", "op": "in", "value": [6, 7]})
        return found


Room = Mapping[str, int]  # by rule: how many points it may still give
Points = dict[str, int]  # by rule


def give(rules: Iterable[Rule], purchase: Purchase, level: Fraction, room: Room) -> tuple[Points, Points]:
    """What each awarding rule gives, and what each multiplying one added to that."""
    matched = sorted((r for r in rules if r.matches(purchase)), key=lambda r: (-r.priority, r.name))
    multipliers = [rule for rule in matched if rule.kind == "multiplier"]
    multipliers = _winners(multipliers, {rule.name: Fraction(rule.figure) for rule in multipliers})
    awards = [rule for rule in matched if rule.kind != "multiplier"]
    left = dict(room)
    alone = {rule.name: Fraction(_one(rule, purchase, level, multipliers, left)[0]) for rule in awards}
    given: Points = {}
    added: Points = {}
    for rule in _winners(awards, alone):
        given[rule.name], extras = _one(rule, purchase, level, multipliers, left)
        for name, extra in extras.items():
            added[name] = added.get(name, 0) + extra
            left[name] -= extra
    return given, added


def _winners(rules: list[Rule], worth: Mapping[str, Fraction]) -> list[Rule]:
    """The best of each group, the first of equals; and all that are in none."""
    best: dict[str, Rule] = {}
    for rule in rules:
        if rule.group and (rule.group not in best or worth[rule.name] > worth[best[rule.group].name]):
            best[rule.group] = rule
    return [rule for rule in rules if not rule.group or best[rule.group] is rule]


def _one(
    rule: Rule, purchase: Purchase, level: Fraction, multipliers: list[Rule], left: Room
) -> tuple[int, Points]:
    exact = rule.base(purchase)
    if not rule.is_bonus:
        exact *= level
    points = whole = floor(exact)
    extras: Points = {}
    for multiplier in [] if rule.is_bonus else multipliers:
        exact *= Fraction(multiplier.figure)
        extra, whole = floor(exact) - whole, floor(exact)
        extras[multiplier.name] = min(extra, left[multiplier.name])
        points += extras[multiplier.name]
    lost = max(0, points - left[rule.name])
    points -= lost
    for name in reversed(list(extras)):  # what is cut is cut from what came last
        cut = min(lost, extras[name])
        extras[name] -= cut
        lost -= cut
    return points, extras
