"""Entries are reversed by call, whole or in parts (domain.md 3.4)."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.errors import InvalidRequest, NotFound
from audit.ids import public
from audit.record import Actor
from loyalty.actions.once import again_if_moved, once
from loyalty.errors import NotReversible, UseCancel
from loyalty.ledger import accounts
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.past import read_past
from loyalty.ledger.posting import Book, Cause, Journal
from loyalty.ledger.reading import read_spendable, read_uncovered
from loyalty.ledger.reversals import Reversal
from loyalty.ledger.reversals import reverse as plan
from loyalty.models import LedgerEntry, Member
from programs.models import Environment


@once
def reverse(
    *,
    environment: Environment,
    entry: UUID,
    points: int | None,
    reason: str | None,
    actor: Actor,
    now: datetime,
    idempotency: Idempotency | None = None,
) -> Reversal:
    """Reverse `points` (> 0; None: all that is left) of an earned, bonus, redeemed or adjusted entry.

    Raises AlreadyReversed, InsufficientBalance (policy `reject`), InvalidRequest, NotFound,
    NotReversible, UseCancel, Replay. Locks: the account, and of a merged member the survivor's too.
    """
    original = _find(environment, entry)
    refuse(original)
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    done = reverse_in(journal, original, points, Cause(reason=reason))
    journal.write(done, member_id=original.member_id)
    return done


def preview_reversal(
    *, environment: Environment, entry: UUID, points: int | None, actor: Actor, now: datetime
) -> Reversal:
    """What `reverse` would do now; nothing is written. Raises the same. Locks the same, shortly."""
    return _preview(environment, entry, points, Journal(environment=environment, actor=actor, now=now))


@again_if_moved
def _preview(environment: Environment, entry: UUID, points: int | None, journal: Journal) -> Reversal:
    with transaction.atomic():
        original = _find(environment, entry)
        refuse(original)
        done = reverse_in(journal, original, points, Cause())
        transaction.set_rollback(True)
    return done


def refuse(original: LedgerEntry) -> None:
    """Raises NotReversible or UseCancel for an entry that can't be reversed, whatever is left of it."""
    if original.type not in LedgerEntry.REVERSIBLE:
        raise NotReversible(f"An entry of type {original.type} can't be reversed.")
    if original.hold_id:
        raise UseCancel(
            f"This entry belongs to a hold; cancel {public('hold', original.hold_id)} instead.",
            hold=public("hold", original.hold_id),
        )
    if original.redemption_id:
        owner = public("red", original.redemption_id)
        raise UseCancel(f"This entry belongs to a redemption; cancel {owner} instead.", redemption=owner)


def reverse_in(
    journal: Journal,
    original: LedgerEntry,
    points: int | None,
    cause: Cause,
    *,
    since: int | None = None,
) -> Reversal:
    """Plan the reversal in the journal; ten statements at most, whatever the account holds.

    `since`: the account's sequence when a spend's points were taken, if that was before its entry.
    """
    if points is not None and points <= 0:
        raise InvalidRequest.field("points", "min_value", "At least 1 point can be reversed.")
    if original.member.status == Member.Status.ERASED:
        raise NotReversible("The member was erased; there is nothing left to reverse it on.")
    home, wallet = _open(journal, original)
    return reverse_opened(home, wallet, original, points, cause, since=since)


def reverse_opened(
    home: Book,
    wallet: Book,
    original: LedgerEntry,
    points: int | None,
    cause: Cause,
    *,
    since: int | None = None,
) -> Reversal:
    """The same, where the entry's book and that of whoever holds its points now are open."""
    past = read_past(original, home, wallet, since=original.sequence if since is None else since)
    asked = abs(original.points) - past.reversed if points is None else points
    own = sum(lot.remaining for lot in past.lots)
    if original.points > 0 and own + past.expired < asked:
        read_spendable(wallet, asked)
    return plan(home, wallet, past, cumulative_target=past.reversed + asked, cause=cause)


def _open(journal: Journal, original: LedgerEntry) -> tuple[Book, Book]:
    """The entry's book, and that of whoever holds its points now: after a merge, the survivor's."""
    member = original.member
    owner = member.redirect_to_id or member.pk
    journal.heirs |= {member.pk: owner}
    locked = accounts.lock_accounts(member_id__in={member.pk, owner}, metric_id=original.account.metric_id)
    journal.check_status(owner, str(member), frozen_ok=True)
    books = {book.account.member_id: book for book in journal.open_locked(locked)}
    read_uncovered(list(books.values()))
    original.account = books[member.pk].account
    return books[member.pk], books[owner]


def _find(environment: Environment, entry: UUID) -> LedgerEntry:
    found = LedgerEntry.objects.filter(pk=entry, environment_id=environment.id)
    original = found.select_related("account", "member").first()
    if original is None:
        raise NotFound(f"There is no transaction {public('txn', entry)} in this environment.")
    return original
