"""One account under lock: what is planned for it, before anything is written."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.digests import salted_digest
from audit.errors import InvalidRequest
from audit.ids import new_id
from audit.record import Actor
from loyalty.errors import InsufficientBalance
from loyalty.ledger.states import state_of
from loyalty.models import Account, Event, LedgerEntry, Lot, LotUse
from loyalty.models.ledger import MAX_TOTAL
from loyalty.rules import lots as lot_rules

# The lifetime figure that each entry type feeds, and with which sign (domain.md 3).
_LIFETIME = {
    "earned": ("earned", 1),
    "bonus": ("earned", 1),
    "redeemed": ("redeemed", -1),
    "expired": ("expired", -1),
    "adjusted": ("adjusted", 1),
    "transferred": ("transferred", 1),
}


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an entry is made; every field lands on the entry as it is."""

    reason: str | None = None
    metadata: dict[str, Any] | None = None
    event: Event | None = None
    origin: str | None = None
    rule_revision_id: UUID | None = None


@dataclass(slots=True)
class Book:
    """An account, its open lots (None: not read, since nothing needs them), and the planned rows.

    `now` is the environment's time, `recorded_at` real time under the lock. Figures in points.
    """

    account: Account
    lots: dict[UUID, Lot] | None
    now: datetime
    recorded_at: datetime
    actor: Actor
    entries: list[LedgerEntry] = field(default_factory=list)
    new_lots: list[Lot] = field(default_factory=list)
    changed_lots: dict[UUID, Lot] = field(default_factory=dict)
    lot_uses: list[LotUse] = field(default_factory=list)
    settled: bool = False

    @property
    def is_changed(self) -> bool:
        return bool(self.entries or self.changed_lots)

    def settle(self) -> None:
        """Do what has come due by `now`, in time order: lots expire or vest (domain.md 3.3)."""
        for due in lot_rules.due(self._states(), self.now):
            lot = self._lot(due.lot_id)
            self.changed_lots[lot.id] = lot
            if due.kind == "expire":
                self._expire(lot, due.at)
            elif lot.pending:
                lot.pending = False
                self.account.pending -= lot.remaining
        self.settled = True
        self._find_next_due()

    def credit(
        self,
        *,
        type: str,  # noqa: A002 - the ledger's own word
        points: int,
        cause: Cause,
        occurred_at: datetime,
        available_at: datetime | None = None,
        expires_at: datetime | None = None,
    ) -> LedgerEntry:
        """Put `points` (> 0) into a new lot. One that has expired already goes out again at once."""
        entry = self._entry(type=type, points=points, cause=cause, occurred_at=occurred_at)
        available = available_at or occurred_at
        lot = Lot(
            environment_id=self.account.environment_id,
            member_id=self.account.member_id,
            account_id=self.account.id,
            entry_id=entry.id,
            points=points,
            remaining=points,
            pending=available > self.now,
            earned_at=occurred_at,
            available_at=available,
            expires_at=expires_at,
            recorded_at=self.recorded_at,
        )
        self.new_lots.append(lot)
        if self.lots is not None:
            self.lots[lot.id] = lot
        if lot.pending:
            self.account.pending += points
        ends_at = state_of(lot).ends_at
        if ends_at is not None and ends_at <= self.now:
            self._expire(lot, ends_at)
        self._note_due(lot)
        return entry

    def debit(self, *, type: str, points: int, cause: Cause) -> LedgerEntry:  # noqa: A002
        """Take `points` (> 0) from lots, earliest expiry first (domain.md 3.2), dated now.

        Raises InsufficientBalance and plans nothing where less can be spent.
        """
        if points > self.account.balance:
            raise InsufficientBalance(
                f"{self.account.balance} points can be spent, {points} are needed.",
                balance=self.account.balance,
                required=points,
            )
        takes = lot_rules.take(self._states(), points, self.now)
        entry = self._entry(type=type, points=-points, cause=cause, occurred_at=self.now)
        for taken in takes:
            self._use(self._lot(taken.lot_id), entry, taken.points, self.now)
        self._find_next_due()
        return entry

    def _expire(self, lot: Lot, at: datetime) -> None:
        points = lot.remaining
        if lot.pending:
            lot.pending = False
            self.account.pending -= points
        entry = self._entry(
            type="expired",
            points=-points,
            cause=Cause(reason="Expired"),
            occurred_at=at,
            actor=Actor.system("expiry", self.actor.trace_id),
        )
        self._use(lot, entry, points, at)

    def _use(self, lot: Lot, entry: LedgerEntry, points: int, at: datetime) -> None:
        lot.remaining -= points
        if lot not in self.new_lots:
            self.changed_lots[lot.id] = lot
        self.lot_uses.append(
            LotUse(
                environment_id=lot.environment_id,
                member_id=lot.member_id,
                account_id=lot.account_id,
                lot_id=lot.id,
                entry_id=entry.id,
                points=points,
                occurred_at=at,
                recorded_at=self.recorded_at,
            )
        )

    def _entry(
        self,
        *,
        type: str,  # noqa: A002
        points: int,
        cause: Cause,
        occurred_at: datetime,
        actor: Actor | None = None,
    ) -> LedgerEntry:
        account, by = self.account, actor or self.actor
        name, sign = _LIFETIME[type]
        setattr(account, name, getattr(account, name) + sign * points)
        account.total += points
        account.sequence += 1
        if max(account.total, account.earned) > MAX_TOTAL:
            raise InvalidRequest.field("points", "max_value", f"An account holds at most {MAX_TOTAL} points.")
        entry = LedgerEntry(
            id=new_id(),
            environment_id=account.environment_id,
            member_id=account.member_id,
            account=account,
            sequence=account.sequence,
            type=type,
            points=points,
            balance_after=account.total,
            reason=cause.reason,
            metadata=cause.metadata,
            occurred_at=occurred_at,
            recorded_at=self.recorded_at,
            event=cause.event,
            origin=cause.origin,
            rule_revision_id=cause.rule_revision_id,
            actor_kind=by.kind,
            actor_id=by.id,
            trace_id=by.trace_id,
        )
        entry.digest = salted_digest(bytes(entry.digest_salt or b""), entry.content())
        self.entries.append(entry)
        return entry

    def _states(self) -> list[lot_rules.Lot]:
        return [state_of(lot) for lot in self._open_lots().values()]

    def _open_lots(self) -> dict[UUID, Lot]:
        if self.lots is None:
            raise RuntimeError("The lots of this account were not read; open the book with lots.")
        return self.lots

    def _lot(self, lot_id: UUID) -> Lot:
        return self._open_lots()[lot_id]

    def _find_next_due(self) -> None:
        self.account.next_due_at = lot_rules.next_due(self._states())

    def _note_due(self, lot: Lot) -> None:
        due = lot_rules.next_due([state_of(lot)])
        if due and (self.account.next_due_at is None or due < self.account.next_due_at):
            self.account.next_due_at = due
