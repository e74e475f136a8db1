"""Random histories through the product's own actions: debts, shortfalls, holds, pending and lapsed lots, merges."""

import contextlib
import random
from collections.abc import Callable, Iterator

from audit.errors import DomainError
from loyalty.models import Hold, LedgerEntry
from programs.models import Environment
from tests.factories import make_metric, reload
from tests.loyalty.ledger.till import Till

MEMBERS = ("ada", "bob", "cyd", "dan")


class RandomWorld(Till):
    """What happens to four members, the same for the same seed."""

    def __init__(self, environment: Environment, seed: int) -> None:
        super().__init__(environment)
        self.chance = random.Random(seed)
        self.posted: list[LedgerEntry] = []
        self.holds: list[Hold] = []
        self.refused = 0
        policy = self.chance.choice(["debt", "debt", "clip"])
        vesting = self.chance.choice([0, 0, 3])
        make_metric(reload(environment), negative_balance=policy, vesting_days=vesting)

    def steps(self, number: int) -> Iterator[None]:
        """Lets so much happen, and time pass; yields after each step. What is refused did not happen."""
        for _ in range(number):
            self.today += self.chance.choice([0, 0, 0.01, 0.5, 1, 1, 4, 20])
            try:
                self.chance.choices(*zip(*self._what(), strict=True))[0]()
            except DomainError:
                self.refused += 1
            yield

    def _what(self) -> list[tuple[Callable[[], object], int]]:
        chance, member = self.chance, self.chance.choice(MEMBERS)
        points = chance.choice([5, 20, 40])
        return [
            (lambda: self._give(points, member), 8),
            (lambda: self.posted.append(self.spend(points, member)), 4),
            (
                lambda: self.holds.append(
                    self.hold(points, member, until=self.today + chance.choice([1, 30]))
                ),
                4,
            ),
            (self._close_a_hold, 2),
            (self._reverse_one, 6),
            (lambda: self.adjust(chance.choice([-1, 1]) * points, member), 2),
            (lambda: self.transfer(points, member, chance.choice(MEMBERS)), 1),
            (lambda: self.merge(member, chance.choice(MEMBERS)), 1),
        ]

    def _give(self, points: int, member: str) -> None:
        lasts = self.chance.choice([None, None, -1, 3, 20, 70])
        expires = None if lasts is None else self.today + lasts
        self.posted.append(self.give(points, member, expires=expires))

    def _reverse_one(self) -> None:
        if self.posted:
            self.reverse(self.posted.pop(self.chance.randrange(len(self.posted))))

    def _close_a_hold(self) -> None:
        if self.holds:
            hold = self.holds.pop()
            with contextlib.suppress(IndexError):
                self.posted.append(self.capture(hold, max(1, hold.points // 2)))
