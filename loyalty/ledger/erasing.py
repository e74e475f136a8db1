"""An account comes to zero, and what could name its member is blanked (domain.md 1)."""

import json
from collections.abc import Sequence

from django.db.models import Q, QuerySet

from audit.ids import public
from audit.models import AuditEvent
from loyalty.ledger.book import Book, Cause, Piece
from loyalty.ledger.covering import DEBT, pay_debt
from loyalty.ledger.holds import release
from loyalty.ledger.reading import read_holds, read_lots, read_uncovered
from loyalty.models import Event, Hold, IdempotencyRecord, LedgerEntry, Lot, Member

ERASED = "erased"
_ANSWER = '{"erased": true}'


def empty(book: Book) -> None:
    """Release the holds, adjust the total to zero, forgive debt and shortfalls. Reads what it needs."""
    read_uncovered([book])
    read_holds([book], Hold.objects.filter(account=book.account, status=Hold.Status.OPEN))
    for hold in list(book.holds.values()):
        if hold.status == Hold.Status.OPEN:
            release(book, hold)
    read_lots(book, Lot.objects.filter(Q(remaining__gt=0) | Q(held__gt=0), account=book.account))
    left = [lot for lot in book.lots.values() if lot.remaining]
    if left:
        points = sum(lot.remaining for lot in left)
        entry = book.post(type="adjusted", points=-points, cause=Cause(reason=ERASED))
        for lot in left:
            book.use(lot, entry, lot.remaining)
            lot.pending = False
    _forgive(book)
    book.touched = True  # whoever waits for its lock sees by that to look at its member again


def _forgive(book: Book) -> None:
    owed = sum(row.open for row in book.open_uncovered if row.kind == DEBT)
    if owed:
        entry = book.post(type="adjusted", points=owed, cause=Cause(reason=ERASED))
        lot = book.add_lot(entry, owed, available_at=book.now, expires_at=None)
        pay_debt(book, [Piece(lot, owed)], book.now)
    for row in book.open_uncovered:
        book.cover(row, row.open)


def redact(members: Sequence[Member]) -> None:
    """Blank the free texts, payloads, salts and stored answers of these members of one environment, at least
    one; six statements, and one a name.

    Amounts, dates and digests stay: balances are their sum, and seals still prove them.
    """
    keys = [member.pk for member in members]
    entries = LedgerEntry.objects.filter(account__member__in=keys)
    # No index has a record's member: this one leaves out the other tenants' records at least.
    answers = IdempotencyRecord.objects.filter(environment_id=members[0].environment_id)
    # A transfer's answer is its sender's, and names the receiver too.
    others = set(entries.exclude(counterpart_member_id=None).values_list("counterpart_member_id", flat=True))
    for name in [member.external_id for member in members if others and member.external_id]:
        answers.filter(member_id__in=others, answer__contains=json.dumps(name, ensure_ascii=False)).update(
            answer=_ANSWER
        )
    answers.filter(member_id__in=keys).update(answer=_ANSWER)
    _redact_other_sides(entries)
    entries.update(reason=None, metadata=None, digest_salt=None)
    Event.objects.filter(member__in=keys).update(data=None, explanation=None, facts=None)
    Hold.objects.filter(account__member__in=keys).update(reason=None, metadata=None)
    AuditEvent.objects.filter(member_id__in=keys).update(before=None, after=None, ip=None, salt=None)


def _redact_other_sides(entries: QuerySet[LedgerEntry]) -> None:
    """What was written about a transfer stands at its other side too, and in that member's trail."""
    moved = entries.exclude(counterpart_id=None).values_list("counterpart_id", "counterpart_member_id")
    sides = {entry: member for entry, member in moved if entry}
    LedgerEntry.objects.filter(pk__in=list(sides)).update(reason=None, metadata=None, digest_salt=None)
    trail = AuditEvent.objects.filter(member_id__in=set(sides.values()))
    trail = trail.filter(object_id__in=[public("txn", key) for key in sides])
    trail.update(before=None, after=None, ip=None, salt=None)
