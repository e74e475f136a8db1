"""Points are authorised now and captured later, as with a card payment (domain.md 3.6)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from audit.errors import InvalidRequest
from audit.ids import public
from audit.record import Actor
from loyalty.actions.once import once
from loyalty.actions.points import check_points, find_metric
from loyalty.actions.reversals import reverse_in
from loyalty.errors import HoldNotOpen, NotReversible
from loyalty.ledger import accounts, holds
from loyalty.ledger.book import Book
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.posting import Cause, Journal
from loyalty.ledger.reading import read_holds, read_uncovered
from loyalty.ledger.reversals import Reversal
from loyalty.models import Hold, LedgerEntry
from loyalty.queries.holds import find_hold, status_of
from programs.models import Environment
from programs.queries.snapshots import snapshot

DEFAULT_LIFE = timedelta(days=7)
LONGEST_LIFE = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Capture:
    """A captured hold and the entry that spent its points."""

    hold: Hold
    entry: LedgerEntry


@once
def hold_points(
    *,
    environment: Environment,
    member: str,
    points: int,
    actor: Actor,
    now: datetime,
    expires_at: datetime | None = None,
    reason: str | None = None,
    metadata: dict[str, Any] | None = None,
    metric: str | None = None,
    idempotency: Idempotency | None = None,
) -> Hold:
    """Reserve `points` (1 to 10^12) until `expires_at` (7 days from now, unless given; at most 366).

    Raises InsufficientBalance, InvalidRequest, MemberFrozen, NotFound (metric), Replay. Locks: the account.
    """
    check_points(points)
    ends = expires_at or now + DEFAULT_LIFE
    if not now < ends <= now + LONGEST_LIFE:
        raise InvalidRequest.field(
            "expires_at", "invalid", f"An instant after now, at most {LONGEST_LIFE.days} days ahead."
        )
    unit = find_metric(snapshot(environment), metric, None)
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    book = journal.open(member, unit, spends=points)
    if ends <= book.now:
        raise InvalidRequest.field("expires_at", "invalid", "An instant after the member's last write.")
    hold = holds.authorise(book, points=points, expires_at=ends, reason=reason, metadata=metadata)
    journal.write(hold, member_id=hold.member_id)
    return hold


@once
def capture_hold(
    *,
    environment: Environment,
    hold: UUID,
    points: int | None = None,
    reason: str | None = None,
    actor: Actor,
    now: datetime,
    idempotency: Idempotency | None = None,
) -> Capture:
    """Spend `points` of the hold (all, unless told) and release the rest.

    Raises HoldNotOpen, InvalidRequest, NotFound, Replay. Locks: the account.
    """
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    book, found = _open(journal, hold)
    if points is not None and not 0 < points <= found.points:
        raise InvalidRequest.field(
            "points", "invalid", f"A whole number from 1 to {found.points}: the hold has no more."
        )
    entry = holds.capture(book, found, points=points or found.points, reason=reason)
    done = Capture(found, entry)
    journal.write(done, member_id=found.member_id)
    return done


@once
def release_hold(
    *,
    environment: Environment,
    hold: UUID,
    actor: Actor,
    now: datetime,
    idempotency: Idempotency | None = None,
) -> Hold:
    """Give the hold's points back. Raises HoldNotOpen, NotFound, Replay. Locks: the account."""
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    book, found = _open(journal, hold)
    holds.release(book, found)
    journal.write(found, member_id=found.member_id)
    return found


@once
def cancel_capture(
    *,
    environment: Environment,
    hold: UUID,
    points: int | None = None,
    reason: str | None = None,
    actor: Actor,
    now: datetime,
    idempotency: Idempotency | None = None,
) -> Reversal:
    """Give back `points` (all that are left, unless told) of what a captured hold spent.

    Raises AlreadyReversed, HoldNotOpen (nothing was captured), InvalidRequest, NotFound, NotReversible (it
    is open, or its member erased), Replay. Locks: the account, and of a merged member the survivor's too.
    """
    found = find_hold(environment=environment, hold=hold)
    status, _ = status_of(found, now)
    if status == Hold.Status.OPEN:
        raise NotReversible(f"Hold {public('hold', found.id)} is open: nothing was captured; release it.")
    if status != Hold.Status.CAPTURED:
        raise HoldNotOpen(
            f"Hold {public('hold', found.id)} is {status}: nothing was captured.", status=status
        )
    entries = LedgerEntry.objects.select_related("account", "member")
    original = entries.get(hold_id=found.id, reverses__isnull=True)
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    done = reverse_in(journal, original, points, Cause(reason=reason), since=found.account_sequence)
    journal.write(done, member_id=found.member_id)
    return done


def _open(journal: Journal, hold: UUID) -> tuple[Book, Hold]:
    """The hold as it stands under the lock of its account, settled, with its lots. Raises HoldNotOpen.

    A frozen member's holds may be captured and released: they were authorised before.
    """
    known = find_hold(environment=journal.environment, hold=hold)
    holds.check_open(known)  # closed for good, also where its member was merged away since
    locked = accounts.lock_accounts(pk=known.account_id)
    journal.check_status(known.member_id, "", frozen_ok=True)
    (book,) = journal.open_locked(locked)
    read_uncovered([book])
    read_holds([book], Hold.objects.filter(pk=known.pk))
    holds.check_open(book.holds[known.pk])
    return book, book.holds[known.pk]
