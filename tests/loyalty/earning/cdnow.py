"""A record shop's customers, and what they should have: plain Python that shares no code with the engine.

The program, as domain.md 2, 4 and 6 say it:

* 1 point for each full dollar, times the level that the customer had before the purchase; twice that on
  Saturdays and Sundays, of which the second half is at most 100 points a day; rounded down once.
* 25 points more for the first purchase, never multiplied.
* Points last 12 months and then to the month's end: they are gone at 00:00 on the 1st.
* Silver (1.25) at 250 points earned in 365 days, Gold (1.5) at 750. A level is reached with the purchase that
  crosses it and then stands until the first midnight that is 365 days later or more; then the 365 days
  before decide: it is confirmed, or falls to the level that they reach.

A purchase happens at 12:00 in the shop's zone, and the shop reports it at once.
"""

import csv
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/New_York")
YEAR = timedelta(days=365)
LEVELS = [("silver", 250, Fraction(5, 4)), ("gold", 750, Fraction(3, 2))]  # the lowest first
WELCOME = 25
EXTRA_A_DAY = 100


class Purchase(NamedTuple):
    event_id: str
    customer: str
    on: date
    amount: str  # dollars and cents


def read(path: Path) -> list[Purchase]:
    """The file's purchases, in its own order."""
    with path.open(newline="") as file:
        return [
            Purchase(f"cd-{number}", row["customer"], date.fromisoformat(row["purchased_on"]), row["amount"])
            for number, row in enumerate(csv.DictReader(file), start=1)
        ]


def generated(customers: int, days: int, seed: int = 1997) -> list[Purchase]:
    """A history of the same shape from that seed, of customers who buy much more."""
    chance = random.Random(seed)
    made: list[Purchase] = []
    for customer in range(customers):
        eager, generous = chance.uniform(0.002, 0.06), chance.uniform(10, 120)
        for day in range(days):
            while chance.random() < eager:
                cents = int(chance.expovariate(1 / generous) * 100)
                on = date(1997, 1, 1) + timedelta(days=day)
                made.append(
                    Purchase(f"cd-{len(made) + 1}", f"{customer:03}", on, f"{cents // 100}.{cents % 100:02}")
                )
    return made


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), ZONE)


def midnight(day: date) -> datetime:
    """The instant with which the day begins."""
    return datetime.combine(day, time(), ZONE)


class Level(NamedTuple):
    """`code` None: below Silver. `decided_on`: the day at whose midnight it is decided anew."""

    code: str | None
    since: datetime | None
    decided_on: date | None


BELOW = Level(None, None, None)


@dataclass
class Customer:
    """What one customer has, at the end of the day `until`."""

    lots: list[tuple[date, int]] = field(default_factory=list)  # day of the purchase, points
    level: Level = BELOW
    changes: list[tuple[str, str | None, str | None, datetime]] = field(default_factory=list)
    purchases: int = 0
    last: date = date.min
    extra: dict[date, int] = field(default_factory=lambda: defaultdict(int))

    def buy(self, purchase: Purchase) -> None:
        """The purchase's points, and the level that they reach."""
        self.pass_midnights(purchase.on)
        points = self._multiplied(int(purchase.amount.split(".")[0]), purchase.on)
        for given in (points, 0 if self.purchases else WELCOME):
            if given:
                self.lots.append((purchase.on, given))
        self.purchases += 1
        self.last = purchase.on
        reached = level_at(self.earned(purchase.on - YEAR + timedelta(days=1), purchase.on))
        if rank(reached) > rank(self.level.code):
            at = noon(purchase.on)
            # 365 days after a noon is a noon: the next midnight begins the day after that.
            self._become("reached", Level(reached, at, purchase.on + YEAR + timedelta(days=1)))

    def pass_midnights(self, until: date) -> None:
        """Every decision that is due by the midnight with which `until` begins."""
        while self.level.decided_on is not None and self.level.decided_on <= until:
            day = self.level.decided_on
            qualified = level_at(self.earned(day - YEAR, day - timedelta(days=1)))
            if rank(qualified) >= rank(self.level.code):
                self._become("confirmed", Level(self.level.code, midnight(day), day + YEAR))
            else:
                self._become("lowered", Level(qualified, midnight(day), day + YEAR if qualified else None))

    def earned(self, first: date, last: date) -> int:
        """Points earned on these days, both included."""
        return sum(points for on, points in self.lots if first <= on <= last)

    def open_lots(self, at: datetime) -> list[tuple[int, datetime]]:
        """Points and expiry of what is not gone, sorted."""
        dated = [(points, expiry(on)) for on, points in self.lots]
        return sorted(lot for lot in dated if at < lot[1])

    def _multiplied(self, dollars: int, on: date) -> int:
        times = next((times for code, _, times in LEVELS if code == self.level.code), Fraction(1))
        once = int(dollars * times)
        if on.isoweekday() < 6:
            return once
        extra = min(int(dollars * times * 2) - once, EXTRA_A_DAY - self.extra[on])
        self.extra[on] += extra
        return once + extra

    def _become(self, kind: str, level: Level) -> None:
        assert level.since is not None
        self.changes.append((kind, self.level.code, level.code, level.since))
        self.level = level


def level_at(points: int) -> str | None:
    """The highest level that so many points reach."""
    return max((code for code, threshold, _ in LEVELS if threshold <= points), key=rank, default=None)


def rank(code: str | None) -> int:
    return [None, *(code for code, _, _ in LEVELS)].index(code)


def expiry(on: date) -> datetime:
    """The 1st after the month that lies 12 months later."""
    years, month = divmod(on.month, 12)
    return midnight(date(on.year + 1 + years, month + 1, 1))


def days_of(purchases: Iterable[Purchase]) -> Iterator[tuple[date, list[Purchase]]]:
    """Day after day, each in the file's order."""
    days = defaultdict(list)
    for purchase in purchases:
        days[purchase.on].append(purchase)
    yield from sorted(days.items())


def expected(purchases: Iterable[Purchase], until: date) -> dict[str, Customer]:
    """What each customer has at the end of the day `until`."""
    customers: dict[str, Customer] = defaultdict(Customer)
    for _, bought in days_of(purchases):
        for purchase in bought:
            customers[purchase.customer].buy(purchase)
    for customer in customers.values():
        customer.pass_midnights(until)
    return dict(customers)
