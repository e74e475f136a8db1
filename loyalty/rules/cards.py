"""The arithmetic of one stamp card (domain.md 7.1, 7.2). Pure.

A card has *open* stamps, which are in no reward, and *owes* stamps to rewards that were paid before one of their
stamps was taken back. Its counter is the open ones less the owed ones; after `settle` it never has both.

A card that is running goes by the lowest threshold since it began: a change counts for it only in the member's
favour. The next card begins under the threshold of then. A lower threshold fills cards at once: `due` tells which,
whenever it is asked, so that it matters to nobody when a worker writes that down.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from programs.currencies import minor_units


@dataclass(frozen=True, slots=True)
class OpenStamp:
    """A stamp in no reward. `unit_price` in the program's currency; None where none is known."""

    id: UUID
    unit_price: Decimal | None


@dataclass(frozen=True, slots=True)
class Owing:
    """A paid reward that lost so many of its stamps."""

    reward: UUID
    stamps: int


@dataclass(frozen=True, slots=True)
class Full:
    """A card that is full: the stamps of its reward, and where its thresholds began."""

    stamps: tuple[OpenStamp, ...]
    cycle_from: int

    @property
    def lowest_price(self) -> Decimal:
        """The lowest price among its stamps; 0 where none is known."""
        return min(
            (each.unit_price for each in self.stamps if each.unit_price is not None), default=Decimal(0)
        )


@dataclass(frozen=True, slots=True)
class Settled:
    """What becomes of a card: stamps that replace owed ones (stamp, reward), cards that are full, and where the
    thresholds of the running card begin."""

    replacements: tuple[tuple[UUID, UUID], ...]
    full: tuple[Full, ...]
    cycle_from: int


def threshold_of(thresholds: Sequence[int], cycle_from: int) -> int:
    """The threshold of a card that began when the one at place `cycle_from` held: the lowest since."""
    return min(thresholds[min(cycle_from, len(thresholds) - 1) :])


def due(counter: int, thresholds: Sequence[int], cycle_from: int) -> tuple[list[tuple[int, int]], int]:
    """The cards that changes of the threshold have filled, in time order, each with its size and where its
    thresholds begin; and where those of the running card begin."""
    filled = []
    for now in range(cycle_from, len(thresholds)):
        while counter >= (size := min(thresholds[cycle_from : now + 1])):
            filled.append((size, cycle_from))
            counter -= size
            cycle_from = now
    return filled, cycle_from


def settle_due(stamps: Sequence[OpenStamp], thresholds: Sequence[int], cycle_from: int) -> Settled:
    """What changes of the threshold have made of a card, its stamps oldest first."""
    filled, running = due(len(stamps), thresholds, cycle_from)
    full, begin = [], 0
    for size, began in filled:
        full.append(Full(tuple(stamps[begin : begin + size]), began))
        begin += size
    return Settled((), tuple(full), running)


def settle(
    stamps: Sequence[OpenStamp],
    owing: Iterable[Owing],
    thresholds: Sequence[int],
    cycle_from: int,
    revoked: Iterable[int] = (),
) -> Settled:
    """Let the open stamps, oldest first, replace what is owed, oldest first; then each full card is a reward.

    `revoked`: where the thresholds of rewards began that have just lost a stamp; their other stamps may fill cards
    under the same promise again, so that many refunds leave what one does."""
    left = list(stamps)
    replacements: list[tuple[UUID, UUID]] = []
    for owed in owing:
        taken, left = left[: owed.stamps], left[owed.stamps :]
        replacements += [(each.id, owed.reward) for each in taken]
    full: list[Full] = []
    begin = 0
    begun = sorted([cycle_from, *revoked])
    while len(left) - begin >= (size := threshold_of(thresholds, begun[0])):
        full.append(Full(tuple(left[begin : begin + size]), begun.pop(0)))
        begin += size
        begun = begun or [len(thresholds) - 1]
    return Settled(tuple(replacements), tuple(full), begun[0])


def shown(counter: int, thresholds: Sequence[int], cycle_from: int) -> int:
    """The stamps that the member is shown: never below zero, and without those of a card that is full, whose
    reward a lower threshold has made due."""
    filled, _ = due(counter, thresholds, cycle_from)
    return max(0, counter - sum(size for size, _ in filled))


def running_threshold(counter: int, thresholds: Sequence[int], cycle_from: int) -> int:
    """So many stamps fill the card that the member is shown."""
    _, running = due(counter, thresholds, cycle_from)
    return threshold_of(thresholds, running)


def reward_amount(kind: str, fixed: int | None, lowest_price: Decimal, currency: str) -> int:
    """What a full card pays, in minor units: the fixed amount, or of `refund` its lowest price, rounded down."""
    return minor_units(lowest_price, currency) if kind == "refund" else fixed or 0
