"""The wallets of the model (model.py): lots, debts, shortfalls and holds of one member in one metric.

A wallet's total is what its lots hold less its debts: no entries are summed. All points are whole numbers.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

FOREVER = datetime.fromisoformat("9999-01-01T00:00:00+00:00")


@dataclass
class Metric:
    """A metric's settings as they stand now."""

    code: str = "points"
    policy: str = "debt"
    minimum: int | None = None
    maximum: int | None = None
    vesting_days: int = 0
    expiry_days: int | None = None


@dataclass(eq=False)
class Lot:
    earn: "Entry | None"  # the credit that made it; None of a received transfer
    remaining: int
    begins: datetime
    available_at: datetime
    expires_at: datetime | None
    number: int  # in order of making
    pending: bool = False
    held: int = 0

    @property
    def ends_at(self) -> datetime:
        return max(self.expires_at, self.begins) if self.expires_at else FOREVER

    @property
    def order(self) -> tuple[datetime, datetime, int]:
        """Domain.md 3.2: earliest expiry, never last; then oldest; then as they were made."""
        return self.expires_at or FOREVER, self.begins, self.number


Piece = tuple[Lot, int]  # of a lot, so many points


@dataclass(eq=False)
class Shortfall:
    open: int
    stamp: int  # what was made before has a smaller one
    figure: str  # the lifetime figure that its payment lowers


@dataclass(eq=False)
class Wallet:
    member: str
    metric: Metric
    lots: list[Lot] = field(default_factory=list)
    debts: list[int] = field(default_factory=list)  # oldest first
    shortfalls: list[Shortfall] = field(default_factory=list)  # oldest first
    holds: list["Hold"] = field(default_factory=list)  # open ones, oldest first
    into: "Wallet | None" = None  # where a merge has put everything
    lifetime: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("earned", "redeemed", "expired", "adjusted"), 0)
    )

    @property
    def home(self) -> "Wallet":
        return self.into.home if self.into else self

    @property
    def debt(self) -> int:
        return sum(self.debts)

    @property
    def shortfall(self) -> int:
        return sum(shortfall.open for shortfall in self.shortfalls)

    @property
    def total(self) -> int:
        return sum(lot.remaining + lot.held for lot in self.lots) - self.debt

    @property
    def pending(self) -> int:
        return sum(lot.remaining for lot in self.lots if lot.pending)

    @property
    def held(self) -> int:
        return sum(lot.held for lot in self.lots)

    @property
    def balance(self) -> int:
        return self.total - self.pending - self.held

    def open_lots(self) -> list[Lot]:
        return sorted((lot for lot in self.lots if lot.remaining or lot.held), key=lambda lot: lot.order)

    def take(self, points: int, lots: Iterable[Lot]) -> list[Piece]:
        """Up to `points` of these lots, in their order."""
        pieces = []
        for lot in list(lots):
            part = min(points, lot.remaining)
            if part:
                lot.remaining -= part
                points -= part
                pieces.append((lot, part))
        return pieces

    def spendable(self) -> list[Lot]:
        return [lot for lot in self.open_lots() if not lot.pending]

    def owe(self, points: int) -> None:
        """Take from what can be spent; what is missing is a debt."""
        missing = points - size(self.take(points, self.spendable()))
        if missing:
            self.debts.append(missing)

    def pay_debt(self, lot: Lot, points: int) -> int:
        """From this lot, the oldest debt first: how much of `points` that took."""
        paid = 0
        while self.debts and paid < points:
            part = min(self.debts[0], points - paid)
            self.debts[0] -= part
            self.debts = [debt for debt in self.debts if debt]
            paid += part
        lot.remaining -= paid
        return paid

    def pay_shortfalls(self, lot: Lot, points: int, since: int) -> int:
        """The same for shortfalls that are younger than what is given back."""
        paid = 0
        for shortfall in self.shortfalls:
            if since < shortfall.stamp:
                part = min(shortfall.open, points - paid)
                shortfall.open -= part
                self.lifetime[shortfall.figure] = self.lifetime.get(shortfall.figure, 0) - part
                paid += part
        self.shortfalls = [shortfall for shortfall in self.shortfalls if shortfall.open]
        lot.remaining -= paid
        return paid

    def expire(self, lot: Lot, points: int) -> None:
        lot.remaining -= points
        self.lifetime["expired"] += points
        if lot.earn:
            lot.earn.expired += points

    def give_back(self, pieces: list[Piece], since: int, at: datetime) -> None:
        """Into their lots; debts and later shortfalls are paid of it; what is left of an ended lot expires."""
        for lot, points in sorted(pieces, key=lambda piece: piece[0].order):
            lot.remaining += points
            left = points - self.pay_debt(lot, points)
            left -= self.pay_shortfalls(lot, left, since)
            if lot.ends_at <= at:
                self.expire(lot, left)

    def put(self, lot: Lot, at: datetime) -> Lot:
        """A new lot, which may have ended before it came."""
        self.lots.append(lot)
        lot.pending = lot.available_at > at
        if lot.ends_at <= at:
            lot.pending = False
            self.expire(lot, lot.remaining)
        elif not lot.pending:
            self.pay_debt(lot, lot.remaining)
        return lot

    def due(self) -> Iterator[tuple[datetime, int, Any, "Hold | Lot"]]:
        """All that time alone will do: at one instant holds lapse, then lots expire, then they vest."""
        for hold in self.holds:
            yield hold.expires_at, 0, (hold.number,), hold
        for lot in self.lots:
            if lot.remaining and lot.expires_at:
                yield lot.ends_at, 1, lot.order, lot
            if lot.remaining and lot.pending:
                yield lot.available_at, 2, lot.order, lot

    def settle(self, now: datetime) -> None:
        while due := [what for what in self.due() if what[0] <= now]:
            at, kind, _order, thing = min(due, key=lambda what: what[:3])
            if isinstance(thing, Hold):
                thing.close("expired", at)
            elif kind == 1:
                self.expire(thing, thing.remaining)
            else:
                thing.pending = False
                self.pay_debt(thing, thing.remaining)


@dataclass(eq=False)
class Entry:
    """A credit or debit that may be undone."""

    wallet: Wallet
    kind: str
    points: int
    stamp: int
    pieces: list[Piece] = field(default_factory=list)  # of a debit: taken and not yet given back, in order
    hold: "Hold | None" = None
    undone: int = 0
    expired: int = 0  # of a credit: how much of its own points expired
    counted: int = 0  # and how much of that its reversals have counted

    @property
    def left(self) -> int:
        return abs(self.points) - self.undone


@dataclass(eq=False)
class Hold:
    wallet: Wallet
    pieces: list[Piece]
    expires_at: datetime
    number: int
    stamp: int
    status: str = "open"
    entry: Entry | None = None

    @property
    def points(self) -> int:
        return size(self.pieces)

    def close(self, status: str, at: datetime, captured: int = 0) -> list[Piece]:
        """Captured is taken from the first pieces; all the rest is given back."""
        taken, rest = cut(self.pieces, captured)
        for lot, points in self.pieces:
            lot.held -= points
        self.status = status
        self.wallet.holds.remove(self)
        self.wallet.give_back(rest, self.stamp, at)
        return taken


def size(pieces: list[Piece]) -> int:
    return sum(points for _lot, points in pieces)


def cut(pieces: list[Piece], points: int) -> tuple[list[Piece], list[Piece]]:
    """The first `points` of the pieces, and the rest."""
    first: list[Piece] = []
    rest: list[Piece] = []
    for lot, part in pieces:
        here = min(part, points)
        points -= here
        first += [(lot, here)] if here else []
        rest += [(lot, part - here)] if part > here else []
    return first, rest
