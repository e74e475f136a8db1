"""The audit events of what a book has planned: one for each entry and each change of a hold (domain.md 9)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import accumulate
from operator import itemgetter

from audit.ids import public
from audit.models import AuditEvent
from audit.record import Actor, audit_event
from loyalty.ledger.book import Book
from loyalty.ledger.standings import Standing
from loyalty.models import Hold, LedgerEntry
from programs.actions.configure import place_of
from programs.conditions.values import plain
from programs.models import Environment


def of_books(books: Sequence[Book], environment: Environment, actor: Actor) -> Iterator[AuditEvent]:
    """Unsaved audit events: the entries of all accounts in the order in which they happened, so that what one event of
    a batch gave stands together, each account's in its own sequence; then each book's holds."""
    for entry in _in_time(books):
        yield _of_entry(entry, environment, actor)
    for book in books:
        yield from _of_holds(book, environment, actor)


def _in_time(books: Sequence[Book]) -> list[LedgerEntry]:
    """What is dated before an entry that its account already had counts as of that entry's instant."""
    dated: list[tuple[datetime, LedgerEntry]] = []
    for book in books:
        instants = accumulate((entry.occurred_at for entry in book.entries), max)
        dated += zip(instants, book.entries, strict=True)
    return [entry for _, entry in sorted(dated, key=itemgetter(0))]


def _of_holds(book: Book, environment: Environment, actor: Actor) -> Iterator[AuditEvent]:
    for hold in book.new_holds.values():
        yield _of_hold(hold, "authorised", environment, actor)
    for hold in book.changed_holds.values():
        by = Actor.system("expiry", actor.trace_id) if hold.status == Hold.Status.EXPIRED else actor
        yield _of_hold(hold, hold.status, environment, by)


def through(environment: Environment) -> dict[str, str]:
    """For the audit's `after`: of a call of a shared program the environment that it came through."""
    return {"via_environment_id": str(environment.via.guest_id)} if environment.via else {}


def of_standing(standing: Standing, environment: Environment, actor: Actor) -> Iterator[AuditEvent]:
    """One audit event for each change of a member's tier."""
    for change in standing.changes:
        yield audit_event(
            place=place_of(environment),
            actor=actor,
            verb=f"tier.{change.kind}",
            object_type="tierladder",
            object_id=str(change.ladder_id),
            before={"tier": change.from_code},
            after={"tier": change.to_code, "progress": plain(change.progress)},
            member_id=change.member_id,
            event_id=change.event.event_id if change.event else None,
            occurred_at=change.occurred_at,
            recorded_at=change.recorded_at,
        )


def _of_entry(entry: LedgerEntry, environment: Environment, actor: Actor) -> AuditEvent:
    # Of an adjustment the trail keeps why, beside its reason code (domain.md 9.3).
    after = entry.metadata or {} if entry.type == LedgerEntry.Type.ADJUSTED else {}
    if entry.nominal is not None:
        after = after | {"nominal": entry.nominal}
    if entry.via_environment_id:
        after = after | through(environment)
    by = Actor(entry.actor_kind, entry.actor_id, entry.trace_id, actor.ip)  # type: ignore[arg-type]
    return audit_event(
        place=place_of(environment),
        actor=by,
        verb=f"points.{entry.type}",
        object_type="ledgerentry",
        object_id=public("txn", entry.id),
        before={"total": entry.balance_after - entry.points},
        after={"points": entry.points, "total": entry.balance_after, "reason": entry.reason, **after},
        member_id=entry.member_id,
        event_id=entry.event.event_id if entry.event else None,
        occurred_at=entry.occurred_at,
        recorded_at=entry.recorded_at,
    )


def _of_hold(hold: Hold, what: str, environment: Environment, actor: Actor) -> AuditEvent:
    return audit_event(
        place=place_of(environment),
        actor=actor,
        verb=f"hold.{what}",
        object_type="hold",
        object_id=public("hold", hold.id),
        before=None,
        after={"points": hold.points, "captured": hold.captured, "status": hold.status},
        member_id=hold.member_id,
        occurred_at=hold.closed_at or hold.occurred_at,
        recorded_at=hold.closed_recorded_at or hold.recorded_at,
    )
