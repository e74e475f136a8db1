"""The one write path to the ledger: lock, read, plan, write (architecture.md).

    journal = Journal(environment=…, actor=…, now=…, idempotency=…)
    book = journal.open(member, metric)   # one statement, two where lots are needed
    entry = credit(book, …)               # none
    journal.write(entry)                  # one

Locks: accounts. The lots are read in a statement of their own, and so are the member and a repeated key
if the lock had to be waited for: only a statement that begins then sees what its last holder wrote.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from audit.ids import public
from audit.models import AuditEvent
from audit.record import Actor, audit_event
from loyalty.errors import MemberFrozen
from loyalty.ledger import accounts, trail
from loyalty.ledger.book import Book, Cause
from loyalty.ledger.covering import credit
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.opening import open_books
from loyalty.ledger.reading import read_spendable
from loyalty.ledger.writing import write_rows
from loyalty.models import Account, Event, EventCount, IdempotencyRecord, Member
from programs.actions.configure import place_of
from programs.models import Environment, Metric
from programs.queries.snapshots import snapshot

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

    def open(self, member: str, metric: Metric, *, spends: int = 0, frozen_ok: bool = False) -> Book:
        """The account in `metric` of whoever answers for this id, locked and settled; made, with the
        member, if it is new.

        `spends`: read the lots that cover so many points. Raises Replay or IdempotencyKeyReused where
        the key was used before, MemberFrozen unless `frozen_ok`. Locks: the account.
        """
        account, status = accounts.lock_account(
            environment=self.environment,
            member=member,
            metric=metric,
            now=self.now,
            idempotency=self.idempotency,
        )
        _check(status, member, frozen_ok=frozen_ok)
        (book,) = self.open_locked([account])
        if spends:
            read_spendable(book, spends)
        return book

    def check_status(self, member_id: UUID, member: str, *, frozen_ok: bool = False) -> None:
        """What stands against a write for the member whose account is locked; one statement.

        Raises Replay, IdempotencyKeyReused, Redirected, and MemberFrozen unless `frozen_ok`.
        """
        _check(accounts.read_status(member_id, self.idempotency), member, frozen_ok=frozen_ok)

    def open_all(self, member: str, metrics: Iterable[Metric]) -> dict[UUID, Book]:
        """The accounts of a member whose row this transaction holds, settled; by metric id.

        Locks: the accounts, in the order (member, metric), which is everyone's order.
        """
        locked = []
        for metric in sorted(metrics, key=lambda metric: metric.id):
            account, _ = accounts.lock_account(
                environment=self.environment, member=member, metric=metric, now=self.now
            )
            locked.append(account)
        return {book.account.metric_id: book for book in self.open_locked(locked)}

    def open_locked(self, locked: Sequence[Account]) -> list[Book]:
        """Books of accounts that this transaction has locked, settled, all at one instant."""
        units = snapshot(self.environment).metrics_by_id
        for account in locked:
            if unit := units.get(
                account.metric_id
            ):  # one made since the request began is read when asked for
                account.metric = unit
        opened = open_books(locked, now=self.now, actor=self.actor)
        for book in opened:
            self.books[book.account.id] = book
            _open_with_default(book)
        return opened

    def write(self, result: Any, *, member_id: UUID | None = None) -> None:
        """Write everything planned, and `result` as the answer of the idempotency key; one statement.

        Raises IntegrityError where a key or event id was used meanwhile; `once` turns it into a replay.
        """
        at = timezone.now()
        books = list(self.books.values())
        for book in books:
            self.audit_events += trail.of_book(book, self.environment, self.actor)
        answers: list[IdempotencyRecord] = []
        if self.idempotency:
            answers.append(self.idempotency.record(self.environment.id, result, at, member_id))
        write_rows(
            {
                "events": self.events,
                "event_counts": self.event_counts,
                "entries": [entry for book in books for entry in book.entries],
                "lots": [lot for book in books for lot in book.new_lots.values()],
                "lot_changes": [lot for book in books for lot in book.changed_lots.values()],
                "lot_uses": [use for book in books for use in book.lot_uses],
                "uncovered": [row for book in books for row in book.new_uncovered.values()],
                "uncovered_changes": [row for book in books for row in book.changed_uncovered.values()],
                "holds": [hold for book in books for hold in book.new_holds.values()],
                "hold_changes": [hold for book in books for hold in book.changed_holds.values()],
                "hold_lots": [piece for book in books for piece in book.new_hold_lots],
                "accounts": [book.account for book in books if book.is_changed],
                "audit_events": self.audit_events,
                "answers": answers,
            }
        )

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


def _check(status: str, member: str, *, frozen_ok: bool) -> None:
    if status == Member.Status.FROZEN and not frozen_ok:
        raise MemberFrozen(f"Member {member!r} is frozen; an operator can make it active again.")


def _open_with_default(book: Book) -> None:
    if book.account.sequence > 0:
        return
    opening = book.account.metric.default_value
    if opening > 0:
        cause = Cause(reason="Opening balance")
        credit(book, type="adjusted", points=opening, cause=cause, occurred_at=book.now)
