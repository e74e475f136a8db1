"""What the ledger should hold, said as plainly as can be judged by eye: the oracle of the tests beside it.

From domain.md 3 alone; nothing of the product is imported. A *wallet* (member, metric) is a list of lots, a
list of debts and a list of shortfalls (wallets.py). Time is settled eagerly, for everybody, by whoever moves
it. A merge hands the lots themselves to the survivor's wallet; there are no transfer entries.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.loyalty.ledger.wallets import Entry, Hold, Lot, Metric, Piece, Shortfall, Wallet, cut, size

FIGURE = {"earned": "earned", "bonus": "earned", "redeemed": "redeemed", "adjusted": "adjusted"}


class Refused(Exception):
    """The rules refuse this; nothing has changed. `code` is the wire's."""

    def __init__(self, code: str, **data: int) -> None:
        super().__init__(code)
        self.code = code
        self.data = data


@dataclass(frozen=True)
class Outcome:
    """What a reversal did: points moved, own points that had expired, new debt, new shortfall."""

    points: int
    already_expired: int = 0
    debt: int = 0
    shortfall: int = 0


class World:
    """All wallets at one instant, and what callers can do to them."""

    def __init__(self, now: datetime, *metrics: Metric) -> None:
        self.now = now
        self.metrics = {metric.code: metric for metric in metrics or (Metric(),)}
        self.wallets: dict[tuple[str, str], Wallet] = {}
        self.survivors: dict[str, str] = {}
        self.made = 0

    def stamp(self) -> int:
        self.made += 1
        return self.made

    def survivor(self, member: str) -> str:
        return self.survivor(self.survivors[member]) if member in self.survivors else member

    def wallet(self, member: str, metric: str = "points") -> Wallet:
        """Where calls that name `member` act: the survivor's, after a merge."""
        key = (self.survivor(member), metric)
        return self.wallets.setdefault(key, Wallet(key[0], self.metrics[metric]))

    def move_to(self, now: datetime) -> None:
        self.now = now
        for wallet in self.wallets.values():
            wallet.settle(now)

    def next_due(self) -> datetime | None:
        return min((what[0] for wallet in self.wallets.values() for what in wallet.due()), default=None)

    # -- credits

    def earn(
        self,
        member: str,
        points: int,
        *,
        kind: str = "earned",
        metric: str = "points",
        occurred_at: datetime | None = None,
        expires_at: datetime | None = None,
    ) -> Entry:
        wallet, at = self.wallet(member, metric), occurred_at or self.now
        rules = wallet.metric
        if rules.maximum is not None:
            points = min(points, max(0, rules.maximum - wallet.total))
        if points == 0:
            raise Refused("maximum_reached", maximum=rules.maximum or 0, total=wallet.total)
        if expires_at is None and rules.expiry_days is not None:
            expires_at = at + timedelta(days=rules.expiry_days)
        entry = Entry(wallet, kind, points, self.stamp())
        wallet.lifetime[FIGURE[kind]] += points
        available_at = at + timedelta(days=rules.vesting_days)
        wallet.put(Lot(entry, points, at, available_at, expires_at, self.stamp()), self.now)
        return entry

    # -- debits

    def spend(self, member: str, points: int, *, kind: str = "redeemed", metric: str = "points") -> Entry:
        wallet = self.wallet(member, metric)
        pieces = self._reserve(wallet, points)
        wallet.lifetime[FIGURE[kind]] += points if kind == "redeemed" else -points
        return Entry(wallet, kind, -points, self.stamp(), pieces)

    def transfer(self, sender: str, receiver: str, points: int, *, metric: str = "points") -> None:
        source, target = self.wallet(sender, metric), self.wallet(receiver, metric)
        if source is target:
            raise Refused("invalid_request")
        if target.metric.maximum is not None and target.total + points > target.metric.maximum:
            if points > source.balance:
                raise Refused("insufficient_balance or maximum_reached")
            raise Refused("maximum_reached", maximum=target.metric.maximum, total=target.total)
        for lot, part in self._reserve(source, points):
            target.put(Lot(None, part, self.now, lot.available_at, lot.expires_at, self.stamp()), self.now)

    def _reserve(self, wallet: Wallet, points: int) -> list[Piece]:
        if points > wallet.balance:
            raise Refused("insufficient_balance", balance=wallet.balance, required=points)
        return wallet.take(points, wallet.spendable())

    # -- holds

    def hold(self, member: str, points: int, expires_at: datetime, *, metric: str = "points") -> Hold:
        wallet = self.wallet(member, metric)
        pieces = self._reserve(wallet, points)
        for lot, part in pieces:
            lot.held += part
        hold = Hold(wallet, pieces, expires_at, self.stamp(), self.stamp())
        wallet.holds.append(hold)
        return hold

    def release(self, hold: Hold) -> None:
        self._check_open(hold)
        hold.close("released", self.now)

    def capture(self, hold: Hold, points: int | None = None) -> Entry:
        self._check_open(hold)
        points = hold.points if points is None else points
        if points > hold.points:
            raise Refused("invalid_request")
        hold.wallet.lifetime["redeemed"] += points
        taken = hold.close("captured", self.now, captured=points)
        # Reserved when the hold was made: what it gives back pays shortfalls that came since then.
        hold.entry = Entry(hold.wallet, "redeemed", -points, hold.stamp, taken, hold)
        return hold.entry

    def _check_open(self, hold: Hold) -> None:
        if hold.status != "open":
            raise Refused("hold_not_open")

    # -- undoing

    def reverse(self, entry: Entry, points: int | None = None) -> Outcome:
        if entry.hold:
            raise Refused("use_cancel")
        return self._undo(entry, points)

    def cancel_capture(self, hold: Hold, points: int | None = None) -> Outcome:
        if hold.entry is None:
            raise Refused("hold_not_open")
        return self._undo(hold.entry, points)

    def _undo(self, entry: Entry, points: int | None) -> Outcome:
        points = entry.left if points is None else points
        if points > entry.left or entry.left == 0:
            raise Refused("already_reversed", reversible=entry.left)
        outcome = self._take_back(entry, points) if entry.points > 0 else self._restore(entry, points)
        entry.undone += points
        return outcome

    def _take_back(self, entry: Entry, points: int) -> Outcome:
        """An earn is undone: its own lot, its own expired points, other lots, then the metric's policy."""
        wallet = entry.wallet.home
        own = [lot for lot in wallet.open_lots() if lot.earn is entry]
        others = [lot for lot in wallet.spendable() if lot.earn is not entry]
        of_own = min(points, sum(lot.remaining for lot in own))
        expired = min(points - of_own, entry.expired - entry.counted)
        of_others = min(points - of_own - expired, sum(lot.remaining for lot in others))
        rest = points - of_own - expired - of_others
        rules = wallet.metric
        if rest and rules.policy == "reject":
            raise Refused("insufficient_balance")
        room = 0 if rules.policy == "clip" else rest
        if rules.policy == "debt" and rules.minimum is not None:
            room = max(0, -rules.minimum - wallet.debt)
        debt = min(rest, room)
        wallet.take(of_own, own)
        wallet.take(of_others, others)
        entry.counted += expired
        moved = of_own + of_others + debt
        entry.wallet.lifetime[FIGURE[entry.kind]] -= moved
        if debt:
            wallet.debts.append(debt)
        if rest > debt:
            figure = FIGURE[entry.kind] if wallet is entry.wallet else "transferred"
            wallet.shortfalls.append(Shortfall(rest - debt, self.stamp(), figure))
        return Outcome(-moved, expired, debt, rest - debt)

    def _restore(self, entry: Entry, points: int) -> Outcome:
        """A debit is undone: the pieces that expire last come back first."""
        kept, pieces = cut(entry.pieces, size(entry.pieces) - points)
        entry.pieces = kept
        entry.wallet.lifetime[FIGURE[entry.kind]] += points if entry.kind == "adjusted" else -points
        wallet, since = entry.wallet.home, entry.stamp
        if wallet is not entry.wallet:  # its member was merged away: new lots there, which pay any shortfall
            since = 0
            pieces = [
                (Lot(lot.earn, 0, self.now, lot.available_at, lot.expires_at, self.stamp()), part)
                for lot, part in pieces
            ]
            wallet.lots += [lot for lot, _ in pieces]
        wallet.give_back(pieces, since, self.now)
        return Outcome(points)

    # -- merging

    def merge(self, member: str, into: str) -> None:
        gone, survivor = self.survivor(member), self.survivor(into)
        if gone == survivor:
            raise Refused("invalid_request")
        for metric in self.metrics:
            if (gone, metric) in self.wallets:
                self._hand_over(self.wallet(gone, metric), self.wallet(survivor, metric))
        self.survivors[gone] = survivor

    def _hand_over(self, source: Wallet, target: Wallet) -> None:
        carried, source.lots = source.open_lots(), []
        for lot in carried:
            lot.begins, lot.number = self.now, self.stamp()
        target.lots += carried
        for lot in carried:
            if not lot.pending:
                target.pay_debt(lot, lot.remaining)
        for hold in source.holds:
            hold.wallet, hold.stamp, hold.number = target, 0, self.stamp()
        target.holds += source.holds
        target.owe(source.debt)
        for shortfall in source.shortfalls:
            shortfall.stamp, shortfall.figure = self.stamp(), "transferred"
        target.shortfalls += source.shortfalls
        source.holds, source.debts, source.shortfalls, source.into = [], [], [], target
