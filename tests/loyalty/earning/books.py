"""The books of a shop that gives points for purchases and takes them back with refunds: plain Python that shares
no code with the engine, and the same read from the engine's tables.

A refund runs the purchase less all its refunds again, with the level and the room that the purchase had. What
it caused above that is taken back, and the room returned to the day of the purchase (a refund takes no room of
a rule that comes to give more); nothing else is calculated anew, and nobody gets more than the purchase gave.
Money given back without saying of what takes its part of every article.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import Sum

from loyalty.models import Account, MemberTier, RuleBudget, RuleUsage, TierProgress
from programs.models import Environment
from tests.loyalty.earning.plain import MANY, Item, Points, Purchase, Room, Rule, give

Lines = Mapping[int, tuple[int, Decimal]]  # by line: pieces and money


@dataclass
class Sale:
    """A purchase, what is left of it, and what it has given. `taken`: what it took of each rule's room, of which
    `used` is not given back."""

    member: str
    bought: Purchase
    left: Purchase
    level: Fraction
    room: Room
    earned: int
    kept: int
    taken: Points
    used: Points


class Books:
    """Without refunds, levels are reached and never lost."""

    def __init__(self, rules: Sequence[Rule], levels: Sequence[tuple[str, int, str]] = ()) -> None:
        self.rules = rules
        self.levels = levels
        self.sales: dict[str, Sale] = {}
        self.used: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
        self.spent: dict[str, int] = defaultdict(int)
        self.reached: dict[str, int] = defaultdict(lambda: -1)

    def buy(self, event_id: str, member: str, purchase: Purchase) -> None:
        rank = self.reached[member]
        level = Fraction(self.levels[rank][2]) if rank >= 0 else Fraction(1)
        room = {rule.name: self._room(rule, member, purchase.on) for rule in self.rules}
        given, added = give(self.rules, purchase, level, room)
        earned = sum(given.values())
        sale = Sale(member, purchase, purchase, level, room, earned, earned, given | added, {})
        self.sales[event_id] = sale
        self._use(sale, sale.taken)
        self._review(member)

    def refund(self, purchase: str, amount: Decimal, lines: Lines | None = None) -> None:
        sale = self.sales[purchase]
        items = dict(sale.left.items)
        for line, (quantity, money) in (lines or {}).items():
            item = items.pop(line)
            if item.quantity > quantity:
                items[line] = Item(item.sku, item.quantity - quantity, item.amount - money)
        left, of_lines = sale.left.amount - amount, sum(item.amount for item in items.values())
        before = sum(item.amount for item in sale.bought.items.values())
        share = Fraction(left) / Fraction(sale.bought.amount - before + of_lines) if left else Fraction(0)
        sale.left = replace(sale.left, amount=left, items=items, share=share)
        given, added = give(self.rules, sale.left, sale.level, sale.room) if sale.left.amount else ({}, {})
        sale.kept = min(sale.earned, sum(given.values()))
        again = given | added
        self._use(sale, {name: min(was, again.get(name, 0)) for name, was in sale.taken.items()})

    def total(self, member: str) -> int:
        return sum(sale.kept for sale in self.sales.values() if sale.member == member)

    def to_json(self) -> dict[str, Any]:
        members = {sale.member for sale in self.sales.values() if sale.earned}
        return {
            "totals": {member: self.total(member) for member in members},
            "usage": {key: tuple(used) for key, used in self.used.items() if any(used)},
            "budgets": {r.name: self.spent[r.name] for r in self.rules if r.budget and self.spent[r.name]},
            "progress": {m: self.total(m) for m in members if self.total(m)} if self.levels else {},
            "levels": {member: self.levels[rank][0] for member, rank in self.reached.items() if rank >= 0},
        }

    def _room(self, rule: Rule, member: str, on: date) -> int:
        room = MANY if rule.budget is None else rule.budget - self.spent[rule.name]
        for per, unit, limit in rule.caps:
            points, times = (0, 0) if per == "event" else self.used[member, rule.name, period(per, on)]
            left = limit - points if unit == "points" else MANY * (times < limit)
            room = min(room, left)
        return max(0, room)

    def _use(self, sale: Sale, used: Points) -> None:
        """The sale uses that much, instead of what it used before."""
        for rule in self.rules:
            was, now = sale.used.get(rule.name, 0), used.get(rule.name, 0)
            self.spent[rule.name] += now - was
            for per in {per for per, _, _ in rule.caps} - {"event"}:
                usage = self.used[sale.member, rule.name, period(per, sale.bought.on)]
                usage[0] += now - was
                usage[1] += (now > 0) - (was > 0)
        sale.used = used

    def _review(self, member: str) -> None:
        progress = self.total(member)
        reached = max((n for n, level in enumerate(self.levels) if level[1] <= progress), default=-1)
        self.reached[member] = max(reached, self.reached[member])


def period(per: str, on: date) -> str:
    return "ever" if per == "ever" else f"day:{on}"


def read_books(environment: Environment) -> dict[str, Any]:
    """The same as the engine has it. Of usage and levels only what is not nothing."""
    here = {"environment_id": environment.id}
    usage = RuleUsage.objects.filter(**here).select_related("rule", "member")
    progress = TierProgress.objects.filter(**here).values("member__external_id").annotate(sum=Sum("figure"))
    levels = MemberTier.objects.filter(**here, tier__isnull=False).select_related("tier", "member")
    accounts = Account.objects.filter(**here).select_related("member")
    budgets = RuleBudget.objects.filter(**here, spent__gt=0).select_related("rule")
    return {
        "totals": {str(account.member): account.total for account in accounts},
        "usage": {
            (str(row.member), row.rule.name, row.period): (row.points, row.times)
            for row in usage
            if row.points or row.times
        },
        "budgets": {row.rule.name: row.spent for row in budgets},
        "progress": {row["member__external_id"]: row["sum"] for row in progress if row["sum"]},
        "levels": {str(row.member): row.tier.code for row in levels if row.tier},
    }
