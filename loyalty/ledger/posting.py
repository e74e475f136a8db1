"""The one write path to the ledger: lock, read, plan, write (architecture.md).

    journal = Journal(environment=…, actor=…, now=…, idempotency=…)
    book = journal.open(member, metric)   # two statements, three where lots are needed
    entry = book.credit(…)                # none
    journal.write(entry)                  # one

Locks: accounts. The lots, the member and a repeated key are read in a second
statement, since only a statement that begins after the lock was had sees what its last holder wrote.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from audit.ids import public
from audit.models import AuditEvent
from audit.record import Actor, audit_event
from loyalty.errors import MemberFrozen
from loyalty.ledger import accounts
from loyalty.ledger.book import Book, Cause
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.rows import as_rows
from loyalty.models import Account, Event, EventCount, IdempotencyRecord, LedgerEntry, Member
from programs.actions.configure import place_of
from programs.models import Environment, Metric

_WRITE = (Path(__file__).parent / "posting.sql").read_text()

__all__ = ["Book", "Cause", "Journal"]


@dataclass(slots=True)
class Journal:
    """What one transaction will write. Must be used inside `transaction.atomic`."""

    environment: Environment
    actor: Actor
    now: datetime
    idempotency: Idempotency | None = None
    books: dict[UUID, Book] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    event_counts: list[EventCount] = field(default_factory=list)
    audit_events: list[AuditEvent] = field(default_factory=list)

    def open(self, member: str, metric: Metric, *, spends: bool = False, frozen_ok: bool = False) -> Book:
        """The member's account in `metric`, locked and settled; made, with the member, if it is new.

        `spends`: its lots will be needed. Raises Replay or IdempotencyKeyReused where the key was
        used before, MemberFrozen unless `frozen_ok`. Locks: the account.
        """
        account = accounts.lock_account(
            environment=self.environment, member=member, metric=metric, now=self.now
        )
        status = accounts.read_status(account.member_id, self.idempotency)
        if status == Member.Status.FROZEN and not frozen_ok:
            raise MemberFrozen(f"Member {member!r} is frozen; an operator can make it active again.")
        return self._book(account, metric, spends=spends)

    def open_all(self, member: str, metrics: Iterable[Metric]) -> dict[UUID, Book]:
        """The accounts of a member whose row this transaction holds, settled; by metric id.

        Locks: the accounts, in the order (member, metric), which is everyone's order.
        """
        books = {}
        for metric in sorted(metrics, key=lambda metric: metric.id):
            account = accounts.lock_account(
                environment=self.environment, member=member, metric=metric, now=self.now
            )
            books[metric.id] = self._book(account, metric, spends=False)
        return books

    def write(self, result: Any, *, member_id: UUID | None = None) -> None:
        """Write everything planned, and `result` as the answer of the idempotency key; one statement.

        Raises IntegrityError where a key or event id was used meanwhile; `once` turns it into a replay.
        """
        at = timezone.now()
        books = list(self.books.values())
        entries = [entry for book in books for entry in book.entries]
        self.audit_events += [self._audited(entry) for entry in entries]
        answers: list[IdempotencyRecord] = []
        if self.idempotency:
            answers.append(self.idempotency.record(self.environment.id, result, at, member_id))
        parameters = {
            "events": as_rows(self.events),
            "event_counts": as_rows(self.event_counts),
            "entries": as_rows(entries),
            "lots": as_rows(lot for book in books for lot in book.new_lots),
            "lot_changes": as_rows(lot for book in books for lot in book.changed_lots.values()),
            "lot_uses": as_rows(use for book in books for use in book.lot_uses),
            "accounts": as_rows(book.account for book in books if book.is_changed),
            "audit_events": as_rows(self.audit_events),
            "answers": as_rows(answers),
        }
        with connection.cursor() as cursor:
            cursor.execute(_WRITE, parameters)

    def _book(self, account: Account, metric: Metric, *, spends: bool) -> Book:
        account.metric = metric  # known already: spares a statement to whoever renders it
        # A caller that read its clock before it waited for the lock may be behind the last holder.
        now = max(self.now, account.settled_at or self.now)
        account.settled_at = now
        due = account.next_due_at is not None and account.next_due_at <= now
        lots = accounts.read_lots(account) if spends or due else None
        book = Book(
            account=account,
            lots=None if lots is None else {lot.id: lot for lot in lots},
            now=now,
            recorded_at=timezone.now(),
            actor=self.actor,
        )
        self.books[account.id] = book
        if account.sequence == 0 and metric.default_value > 0:
            opening = Cause(reason="Opening balance")
            book.credit(type="adjusted", points=metric.default_value, cause=opening, occurred_at=now)
        if due:
            book.settle()
        return book

    def add_event(self, event: Event) -> None:
        """Plan the event's row, its count and its audit event."""
        event.recorded_at = timezone.now()
        self.events.append(event)
        self.event_counts.append(
            EventCount(
                environment_id=event.environment_id, member_id=event.member_id, type=event.type, count=1
            )
        )
        self.audit(
            verb="event.recorded",
            object_type="event",
            object_id=public("evt", event.id),
            member_id=event.member_id,
            after={"type": event.type, "occurred_at": event.occurred_at.isoformat()},
            event_id=event.event_id,
            occurred_at=event.occurred_at,
        )

    def audit(
        self,
        *,
        verb: str,
        object_type: str,
        object_id: str,
        member_id: UUID | None = None,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
        event_id: str | None = None,
        occurred_at: datetime | None = None,
    ) -> None:
        """Plan an audit event by this journal's actor, in its environment."""
        self.audit_events.append(
            audit_event(
                place=place_of(self.environment),
                actor=self.actor,
                verb=verb,
                object_type=object_type,
                object_id=object_id,
                before=before,
                after=after,
                member_id=member_id,
                event_id=event_id,
                occurred_at=occurred_at or self.now,
            )
        )

    def _audited(self, entry: LedgerEntry) -> AuditEvent:
        # Of an adjustment the trail keeps why, beside its reason code (domain.md 9.3).
        note = entry.metadata or {} if entry.type == LedgerEntry.Type.ADJUSTED else {}
        actor = Actor(entry.actor_kind, entry.actor_id, entry.trace_id, self.actor.ip)  # type: ignore[arg-type]
        return audit_event(
            place=place_of(self.environment),
            actor=actor,
            verb=f"points.{entry.type}",
            object_type="ledgerentry",
            object_id=public("txn", entry.id),
            before={"total": entry.balance_after - entry.points},
            after={"points": entry.points, "total": entry.balance_after, "reason": entry.reason, **note},
            member_id=entry.member_id,
            event_id=entry.event.event_id if entry.event else None,
            occurred_at=entry.occurred_at,
            recorded_at=entry.recorded_at,
        )
