"""What a draft would have given, worked out anew in a few plain lines that know nothing of the engine."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.loyalty.back_tests.past import Past


@dataclass
class Reckoning:
    """2 points for each full 5 of purchases of 20 or more; at most 30 points a day and 3 purchases a week of
    each member, and `budget` in all. Beside it another rule's 5 points for each purchase."""

    budget: int
    by_rule: int = 0
    would: int = 0
    by_day: Counter[str] = field(default_factory=Counter)
    by_member: Counter[str] = field(default_factory=Counter)
    reached: set[str] = field(default_factory=set)

    def go_through(self, events: list[Past]) -> "Reckoning":
        days: defaultdict[tuple[str, str], int] = defaultdict(int)
        weeks: defaultdict[tuple[str, str], int] = defaultdict(int)
        for event in sorted(events, key=lambda one: one.at):
            amount = Decimal((event.data or {})["amount"])
            day = event.at.date()
            monday = (day - timedelta(days=day.weekday())).isoformat()
            of_day, of_week = (event.member, day.isoformat()), (event.member, monday)
            points = int(amount // 5) * 2 if amount >= 20 else 0
            points = min(points, 30 - days[of_day], self.budget - self.by_rule)
            if weeks[of_week] == 3:
                points = 0
            if points:
                days[of_day] += points
                weeks[of_week] += 1
                self.reached.add(event.member)
            self.by_rule += points
            self.would += points + 5
            self.by_day[day.isoformat()] += points + 5
            self.by_member[event.member] += points + 5
        return self

    def most(self) -> list[tuple[int, str]]:
        return sorted(((points, member) for member, points in self.by_member.items()), reverse=True)


DRAFT: dict[str, Any] = {
    "award": {"kind": "per_amount", "field": "data.amount", "rate": "2", "step": "5"},
    "condition": {"field": "data.amount", "op": "gte", "value": "20"},
    "caps": [{"per": "day", "points": 30}, {"per": "week", "times": 3}],
}
