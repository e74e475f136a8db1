"""What a member's card holds, after domain.md 7: plain Python that shares no code with the engine."""

from dataclasses import dataclass, field
from decimal import Decimal
from math import floor
from typing import Literal, NamedTuple

Per = Literal["purchase", "quantity", "day"]


class Bought(NamedTuple):
    """One line: pieces and the price of one, in pence."""

    pieces: int
    pence: int


@dataclass
class Purchase:
    name: str
    day: int
    lines: list[Bought]
    left: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.left = [line.pieces for line in self.lines]

    @property
    def pence(self) -> int:
        """What is left of it."""
        return sum(line.pence * left for line, left in zip(self.lines, self.left, strict=True))


@dataclass
class Reward:
    pence: int
    size: int
    since: int
    status: str = "issued"
    owed: int = 0


@dataclass
class Stamp:
    purchase: Purchase
    line: int | None
    pence: int
    reward: Reward | None = None
    gone: bool = False


@dataclass
class Card:
    """`history`: every threshold so far; the running card goes by the lowest from place `since` on."""

    per: Per
    history: list[int]
    since: int = 0
    stamps: list[Stamp] = field(default_factory=list)
    rewards: list[Reward] = field(default_factory=list)

    @property
    def open(self) -> list[Stamp]:
        return [stamp for stamp in self.stamps if not stamp.gone and stamp.reward is None]

    @property
    def counter(self) -> int:
        return len(self.open) - sum(reward.owed for reward in self.rewards)

    @property
    def shown(self) -> int:
        """Less the rewards that are due."""
        due = self.counter
        if due >= self.threshold:
            due -= self.threshold
            while due >= self.history[-1]:
                due -= self.history[-1]
        return max(0, due)

    @property
    def threshold(self) -> int:
        return min(self.history[self.since :])

    def buy(self, purchase: Purchase) -> None:
        if self.per == "quantity":
            for number, line in enumerate(purchase.lines, start=1):
                self.stamps += [Stamp(purchase, number, line.pence) for _ in range(line.pieces)]
        elif self.per == "purchase" or not any(
            stamp.purchase.day == purchase.day and not stamp.gone for stamp in self.stamps
        ):
            self.stamps.append(Stamp(purchase, None, min(line.pence for line in purchase.lines)))
        else:
            return
        self.settle()

    def refund(self, purchase: Purchase) -> None:
        """Its lines have less left than they had stamps."""
        gone: list[Stamp] = []
        own = [stamp for stamp in self.stamps if stamp.purchase is purchase and not stamp.gone]
        if self.per == "quantity":
            for number, left in enumerate(purchase.left, start=1):
                gone += [stamp for stamp in own if stamp.line == number][left:]
        elif not any(purchase.left):
            gone = own
        for stamp in gone:
            self._return(stamp)
        if gone:
            self.settle()

    def _return(self, stamp: Stamp) -> None:
        stamp.gone, reward = True, stamp.reward
        if reward is None:
            return
        if reward.status == "paid":
            reward.owed += 1
            return
        reward.status = "revoked"
        for other in self.stamps:
            if other.reward is reward:
                other.reward = None
        self.since = min(self.since, reward.since)

    def settle(self) -> None:
        for reward in self.rewards:
            for stamp in self.open[: reward.owed]:
                stamp.reward = reward
                reward.owed -= 1
        while len(self.open) >= self.threshold:
            full = self.open[: self.threshold]
            reward = Reward(min(stamp.pence for stamp in full), len(full), self.since)
            self.rewards.append(reward)
            for stamp in full:
                stamp.reward = reward
            self.since = len(self.history) - 1


def points(purchases: list[Purchase]) -> int:
    """One for each whole pound that is left of each."""
    return sum(floor(Decimal(purchase.pence) / 100) for purchase in purchases)
