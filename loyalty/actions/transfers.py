"""Points go from one member to another (domain.md 3.10)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.errors import InvalidRequest
from audit.record import Actor
from loyalty.actions.once import once
from loyalty.actions.points import check_points, find_metric
from loyalty.errors import MaximumReached
from loyalty.ledger import accounts
from loyalty.ledger.book import Book
from loyalty.ledger.covering import begin, choose
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.members import and_heirs, ensure_member
from loyalty.ledger.moves import move
from loyalty.ledger.posting import Cause, Journal
from loyalty.ledger.reading import read_spendable
from loyalty.ledger.seating import limits_members
from loyalty.models import LedgerEntry, member_key
from programs.models import Environment, Metric
from programs.queries.snapshots import snapshot


@dataclass(frozen=True, slots=True)
class Transfer:
    """The two entries of a transfer: at the sender, and at the receiver."""

    sent: LedgerEntry
    received: LedgerEntry


@once
def transfer(
    *,
    environment: Environment,
    sender: str,
    receiver: str,
    points: int,
    reason: str | None,
    actor: Actor,
    now: datetime,
    metadata: dict[str, Any] | None = None,
    metric: str | None = None,
    idempotency: Idempotency | None = None,
) -> Transfer:
    """Move `points` (1 to 10^12) of the sender's vested points; they keep their dates and pay the
    receiver's debt first. Both members are made where they are new.

    Raises InsufficientBalance, InvalidRequest, MaximumReached (the receiver's), MemberFrozen (either),
    NotFound (metric), Replay. Locks: both accounts, in everyone's order.
    """
    check_points(points)
    unit = find_metric(snapshot(environment), metric, None)
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    source, target = _open(journal, sender, receiver, unit)
    read_spendable(source, points)
    pieces = choose(source, points)
    if unit.maximum is not None and target.account.total + points > unit.maximum:
        raise MaximumReached(
            f"The receiver would hold more than {unit.maximum} {unit.code}.",
            maximum=unit.maximum,
            total=target.account.total,
        )
    moved = move(source, target, pieces, Cause(reason=reason, metadata=metadata), continues=False)
    begin(target, [piece.lot for piece in moved])
    done = Transfer(source.entries[-1], _received(source, target))
    journal.write(done, member_id=source.account.member_id)
    return done


def _open(journal: Journal, sender: str, receiver: str, unit: Metric) -> tuple[Book, Book]:
    keys = {}
    if limits_members(journal.environment):
        _lock_known(journal, {sender, receiver}, unit)
    for member in sorted({sender, receiver}):
        keys[member] = ensure_member(environment=journal.environment, member=member, now=journal.now)
    if keys[sender] == keys[receiver]:
        raise InvalidRequest.field("receiver", "invalid", "Sender and receiver are the same member.")
    accounts.make_accounts(journal.environment, [(key, unit) for key in keys.values()])
    locked = accounts.lock_accounts(member_id__in=list(keys.values()), metric=unit)
    for member, key in keys.items():
        journal.check_status(key, member)
    books = {book.account.member_id: book for book in journal.open_locked(locked)}
    return books[keys[sender]], books[keys[receiver]]


def _lock_known(journal: Journal, members: set[str], unit: Metric) -> None:
    """Whoever makes a member then holds the seats, and must not wait for the other's account any more."""
    keys = and_heirs({member_key(journal.environment.namespace, member) for member in members})
    accounts.lock_accounts(member_id__in=keys, metric=unit)


def _received(source: Book, target: Book) -> LedgerEntry:
    return next(entry for entry in target.entries if entry.id == source.entries[-1].counterpart_id)
