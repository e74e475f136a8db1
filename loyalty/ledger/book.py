"""One account under lock: what is planned for it, before anything is written.

A book holds the account, those of its lots and holds that were read, and the rows to write. It reads
nothing by itself: what an operation needs is read before (`loyalty.ledger.reading`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.digests import salted_digest
from audit.errors import InvalidRequest
from audit.ids import new_id
from audit.record import Actor
from loyalty.models import Account, Event, Hold, HoldLot, LedgerEntry, Lot, LotUse, Uncovered
from loyalty.models.ledger import MAX_TOTAL
from loyalty.rules.lots import by_expiry_then_age

# The lifetime figure that each entry type feeds, and with which sign (domain.md 3).
LIFETIME = {
    "earned": ("earned", 1),
    "bonus": ("earned", 1),
    "redeemed": ("redeemed", -1),
    "expired": ("expired", -1),
    "adjusted": ("adjusted", 1),
    "transferred": ("transferred", 1),
}


OPENING = "opening"
"""The origin of what an account begins with: a member has had it all along."""
OPENING_BALANCE = "opening_balance:"
"""How the origin of an imported balance begins: its expiry follows. It, too, is nothing that has just happened."""
CHALLENGE = "challenge:"
"""How the origin of what a challenge gave begins: the hex of its key, and the place of the reward, follow."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an entry is made; every field lands on the entry as it is."""

    reason: str | None = None
    metadata: dict[str, Any] | None = None
    event: Event | None = None
    origin: str | None = None
    rule_revision_id: UUID | None = None
    hold_id: UUID | None = None
    redemption_id: UUID | None = None


@dataclass(slots=True)
class Piece:
    """Some points of a lot."""

    lot: Lot
    points: int


@dataclass(slots=True)
class Book:
    """An account and the rows planned for it. Figures in points.

    `now` is the environment's time, `recorded_at` real time under the lock. `uncovered`: the open ones,
    oldest first; None where they were not read. `touched`: to be written, whatever else has changed.
    `is_new`: the account is to be made. `followed`: so many of its entries have counted towards tiers.
    `via`: the environment through which a call of a shared program came.
    """

    account: Account
    now: datetime
    recorded_at: datetime
    actor: Actor
    lots: dict[UUID, Lot] = field(default_factory=dict)
    holds: dict[UUID, Hold] = field(default_factory=dict)
    hold_lots: dict[UUID, list[HoldLot]] = field(default_factory=dict)
    uncovered: list[Uncovered] | None = None
    entries: list[LedgerEntry] = field(default_factory=list)
    new_lots: dict[UUID, Lot] = field(default_factory=dict)
    changed_lots: dict[UUID, Lot] = field(default_factory=dict)
    lot_uses: list[LotUse] = field(default_factory=list)
    new_uncovered: dict[UUID, Uncovered] = field(default_factory=dict)
    changed_uncovered: dict[UUID, Uncovered] = field(default_factory=dict)
    new_holds: dict[UUID, Hold] = field(default_factory=dict)
    changed_holds: dict[UUID, Hold] = field(default_factory=dict)
    new_hold_lots: list[HoldLot] = field(default_factory=list)
    via: UUID | None = None
    touched: bool = False
    is_new: bool = False
    followed: int = 0

    @property
    def is_changed(self) -> bool:
        return bool(
            self.touched or self.entries or self.changed_lots or self.new_holds or self.changed_uncovered
        )

    @property
    def open_uncovered(self) -> list[Uncovered]:
        """What is not covered yet, oldest first."""
        if self.uncovered is None:
            raise RuntimeError("The open debts of this account were not read.")
        return [row for row in self.uncovered if row.open]

    def learn(self, lots: Iterable[Lot]) -> list[Lot]:
        """Take in lots that were read; one known already stays as it is planned. In their order."""
        return [self.lots.setdefault(lot.id, lot) for lot in lots]

    def learn_hold(self, hold: Hold, pieces: Iterable[HoldLot]) -> Hold:
        """Take in a hold and its lots (each with `lot` set), unless it is known already."""
        if hold.id in self.holds:
            return self.holds[hold.id]
        hold.account = self.account
        self.holds[hold.id] = hold
        self.hold_lots[hold.id] = list(pieces)
        for piece in self.hold_lots[hold.id]:
            piece.lot = self.lots.setdefault(piece.lot_id, piece.lot)
        return hold

    def post(
        self,
        *,
        type: str,  # noqa: A002 - the ledger's own word
        points: int,
        cause: Cause,
        occurred_at: datetime | None = None,
        actor: Actor | None = None,
        nominal: int | None = None,
        reverses: LedgerEntry | None = None,
        counterpart: tuple[UUID, UUID] | None = None,
        id: UUID | None = None,  # noqa: A002 - the column's name
    ) -> LedgerEntry:
        """Plan an entry and move the account's figures by it. `counterpart`: the other side's entry and
        member. Raises InvalidRequest where the account would hold more than MAX_TOTAL."""
        account, by = self.account, actor or self.actor
        via = self.via if by is self.actor else None  # what falls due does so by itself
        name, sign = LIFETIME[root_type(reverses) if reverses else type]
        setattr(account, name, getattr(account, name) + sign * points)
        account.total += points
        account.sequence += 1
        if max(abs(account.total), account.earned) > MAX_TOTAL:
            raise InvalidRequest.field("points", "max_value", f"An account holds at most {MAX_TOTAL} points.")
        entry = LedgerEntry(
            id=id or new_id(),
            environment_id=account.environment_id,
            member_id=account.member_id,
            account=account,
            sequence=account.sequence,
            type=type,
            points=points,
            balance_after=account.total,
            nominal=nominal,
            reason=cause.reason,
            metadata=cause.metadata,
            occurred_at=occurred_at or self.now,
            recorded_at=self.recorded_at,
            event=cause.event,
            origin=cause.origin,
            rule_revision_id=cause.rule_revision_id,
            hold_id=cause.hold_id,
            redemption_id=cause.redemption_id,
            reverses=reverses,
            via_environment_id=via,
            actor_kind=by.kind,
            actor_id=by.id,
            trace_id=by.trace_id,
        )
        if counterpart:
            entry.counterpart_id, entry.counterpart_member_id = counterpart
        entry.digest = salted_digest(bytes(entry.digest_salt or b""), entry.content())
        self.entries.append(entry)
        return entry

    def add_lot(
        self,
        entry: LedgerEntry,
        points: int,
        *,
        available_at: datetime,
        expires_at: datetime | None,
        held: int = 0,
        continues_id: UUID | None = None,
    ) -> Lot:
        """What a credit put in; it begins at its entry's date. `held`: the part of it that is reserved."""
        lot = Lot(
            environment_id=entry.environment_id,
            member_id=entry.member_id,
            account_id=entry.account_id,
            entry_id=entry.id,
            points=points,
            remaining=points - held,
            held=held,
            pending=available_at > self.now,
            earned_at=entry.occurred_at,
            available_at=available_at,
            expires_at=expires_at,
            recorded_at=self.recorded_at,
            continues_id=continues_id,
        )
        lot.entry = entry
        self.new_lots[lot.id] = self.lots[lot.id] = lot
        self.account.held += held
        if lot.pending:
            self.account.pending += lot.remaining
        return lot

    def use(self, lot: Lot, entry: LedgerEntry, points: int, at: datetime | None = None) -> None:
        """Let the entry take `points` of what remains in the lot; below zero, give them back."""
        lot.remaining -= points
        if lot.pending:
            self.account.pending -= points
        self._note_use(lot, entry, points, at)

    def use_held(self, lot: Lot, entry: LedgerEntry, points: int) -> None:
        """Let the entry take `points` of what is held in the lot."""
        lot.held -= points
        self.account.held -= points
        self._note_use(lot, entry, points, None)

    def hold_back(self, lot: Lot, points: int) -> None:
        """Reserve `points` of what remains in the lot; below zero, let them go."""
        lot.remaining -= points
        lot.held += points
        self.account.held += points
        self._changed(lot)

    def vest(self, lot: Lot) -> None:
        """What remains of the lot can be spent from now on."""
        self.account.pending -= lot.remaining
        lot.pending = False
        self._changed(lot)

    def leave_uncovered(self, entry: LedgerEntry, kind: str, points: int) -> None:
        """Note what the entry could not take from lots."""
        row = Uncovered(
            environment_id=entry.environment_id,
            member_id=entry.member_id,
            account_id=entry.account_id,
            entry_id=entry.id,
            kind=kind,
            points=points,
            open=points,
            recorded_at=self.recorded_at,
        )
        row.entry = entry
        self.new_uncovered[row.id] = row
        self.uncovered = [*(self.uncovered or []), row]

    def cover(self, row: Uncovered, points: int) -> None:
        """Make `points` of what was uncovered covered."""
        row.open -= points
        if row.id not in self.new_uncovered:
            self.changed_uncovered[row.id] = row

    def change_hold(self, hold: Hold) -> None:
        """Plan to write the hold as it stands; a new one is written anyway."""
        if hold.id not in self.new_holds:
            self.changed_holds[hold.id] = hold

    def note_due(self, at: datetime | None) -> None:
        """Something falls due then: the account must be settled before it is used after that."""
        account = self.account
        if at is not None and (account.next_due_at is None or at < account.next_due_at):
            account.next_due_at = at

    def _changed(self, lot: Lot) -> None:
        if lot.id not in self.new_lots:
            self.changed_lots[lot.id] = lot

    def _note_use(self, lot: Lot, entry: LedgerEntry, points: int, at: datetime | None) -> None:
        self._changed(lot)
        use = LotUse(
            environment_id=lot.environment_id,
            member_id=lot.member_id,
            account_id=lot.account_id,
            lot_id=lot.id,
            entry_id=entry.id,
            points=points,
            occurred_at=at or self.now,
            recorded_at=self.recorded_at,
        )
        use.lot = lot
        self.lot_uses.append(use)


def is_opening(entry: LedgerEntry) -> bool:
    """Whether the account began with it, or it was brought along from another system."""
    return entry.origin is not None and (entry.origin == OPENING or entry.origin.startswith(OPENING_BALANCE))


def root_type(entry: LedgerEntry) -> str:
    """The type of what a chain of reversals began with: whose lifetime figure they change."""
    while entry.type == LedgerEntry.Type.REVERSED and entry.reverses:
        entry = entry.reverses
    return entry.type


def in_spend_order(pieces: Iterable[Piece]) -> list[Piece]:
    """The pieces in the order of 3.2, whatever their dates allow."""
    return sorted(pieces, key=lambda piece: by_expiry_then_age(piece.lot))


def merged(pieces: Iterable[Piece]) -> list[Piece]:
    """One piece a lot, in spend order."""
    found: dict[UUID, Piece] = {}
    for piece in pieces:
        known = found.get(piece.lot.id)
        found[piece.lot.id] = replace(piece, points=piece.points + (known.points if known else 0))
    return in_spend_order(found.values())
