"""An account comes to zero, and what could name its member is blanked (domain.md 1)."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.expressions import RawSQL

from audit.ids import public
from audit.models import AuditEvent
from audit.webhooks.deliveries import forget_members
from loyalty.ledger.book import Book, Cause, Piece
from loyalty.ledger.closing_challenges import forget_challenges
from loyalty.ledger.covering import DEBT, pay_debt
from loyalty.ledger.erasing_imports import TELLING, forget_lines, in_json
from loyalty.ledger.holds import release
from loyalty.ledger.reading import read_holds, read_lots, read_uncovered
from loyalty.models import (
    Account,
    Event,
    Hold,
    IdempotencyRecord,
    LedgerEntry,
    Lot,
    Member,
    MemberItem,
    MemberTier,
    Redemption,
    Referral,
    ReferralCode,
    RewardCode,
    RuleUsage,
    StampReward,
    TierProgress,
)

ERASED = "erased"
_ANSWER = '{"erased": true}'
_NAMING = """
SELECT id FROM loyalty_idempotencyrecord
WHERE environment_id = %s AND EXISTS (SELECT FROM unnest(%s::text[]) AS said WHERE strpos(answer, said) > 0)
"""
# What an upload says of codes that were there already: which line it was stays.
_UPLOADS = """
UPDATE loyalty_codeupload AS upload SET problems = (
    SELECT jsonb_agg(
        CASE WHEN problem ->> 'code' = ANY(%(codes)s) THEN problem || '{"code": ""}' ELSE problem END ORDER BY place
    ) FROM jsonb_array_elements(upload.problems) WITH ORDINALITY AS listed (problem, place)
)
WHERE environment_id = %(environment)s AND EXISTS (
    SELECT FROM jsonb_array_elements(upload.problems) AS problem WHERE problem ->> 'code' = ANY(%(codes)s)
)
"""


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
    """Blank the free texts, payloads, codes, salts and stored answers of these members of one environment, at
    least one, and delete what only counted for them; a constant number of statements.

    Amounts, dates, keys and digests stay: balances are their sum, and seals still prove them.
    """
    keys = [member.pk for member in members]
    # By the accounts' keys: joined, a planner that knows few entries as yet reads all once for each.
    accounts = list(Account.objects.filter(member__in=keys).values_list("pk", flat=True))
    entries = LedgerEntry.objects.filter(account__in=accounts)
    _redact_answers(members)
    _redact_other_sides(entries)
    entries.update(reason=None, metadata=None, digest_salt=None)
    Event.objects.filter(member__in=keys).update(data=None, explanation=None, facts=None)
    Hold.objects.filter(member__in=keys).update(reason=None, metadata=None)
    Redemption.objects.filter(member__in=keys).update(
        reason=None, metadata=None, note=None, closed_reason=None
    )
    _void_codes(keys)
    StampReward.objects.filter(member__in=keys, reference__isnull=False).update(reference=None)
    forget_challenges(keys)
    names = [member.external_id for member in members if member.external_id]
    forget_lines(members[0].environment_id, names)
    AuditEvent.objects.filter(member_id__in=keys).update(before=None, after=None, ip=None, salt=None)
    forget_members(keys)
    _forget(keys)


def _void_codes(keys: Sequence[UUID]) -> None:
    """No code of theirs can be used any more; that one was used remains so. The text of a generated one goes. An
    uploaded one is the tenant's: it keeps its text, so that it is never uploaded and issued again."""
    _codes_of(keys).update(
        status=Case(When(status=RewardCode.Status.ISSUED, then=Value("void")), default=F("status")),
        code=Case(When(source=RewardCode.Source.POOL, then=F("code"))),
        used_place=None,
        used_by=None,
    )


def _codes_of(keys: Sequence[UUID]) -> QuerySet[RewardCode]:
    sold = list(Redemption.objects.filter(member__in=keys).values_list("pk", flat=True))
    return RewardCode.objects.filter(redemption__in=sold)


def _forget(keys: Sequence[UUID]) -> None:
    """Delete what has no use without the person. An awarded referral stays: it names keys, and the other
    side's entry hangs on it."""
    RuleUsage.objects.filter(member__in=keys).delete()
    MemberItem.objects.filter(member__in=keys).delete()
    MemberTier.objects.filter(member__in=keys).delete()
    TierProgress.objects.filter(member__in=keys).delete()
    ReferralCode.objects.filter(member__in=keys).delete()
    sides = Q(member__in=keys) | Q(referrer_id__in=keys)
    Referral.objects.filter(sides, status=Referral.Status.PENDING).delete()


def _redact_answers(members: Sequence[Member]) -> None:
    """Blank the stored answers to these members, and those to others that name them or a code of theirs: the other
    side of a transfer, a batch of many members' events, a till. What is blanked for a word that only looks like it
    is answered to nobody who repeats a request, and nothing is done twice."""
    keys, here = [member.pk for member in members], members[0].environment_id
    made = [code for code in _codes_of(keys).values_list("code", flat=True) if code]
    said = [f'"{in_json(code)}"' for code in made]
    said += [
        f'"{code}"' for code in ReferralCode.objects.filter(member__in=keys).values_list("code", flat=True)
    ]
    for name in [in_json(member.external_id) for member in members if member.external_id]:
        said += [name] if len(name) >= TELLING else [f'"{name}"', f"'{name}'"]
    # No index has a record's member: this one leaves out the other tenants' records at least.
    answers = IdempotencyRecord.objects.filter(environment_id=here)
    named = RawSQL(_NAMING, [here, said])  # noqa: S611 - no text of a caller's
    answers.filter(Q(pk__in=named) | Q(member_id__in=keys)).update(answer=_ANSWER)
    if made:
        with connection.cursor() as cursor:
            cursor.execute(_UPLOADS, {"environment": here, "codes": made})


def _redact_other_sides(entries: QuerySet[LedgerEntry]) -> None:
    """What was written about a transfer stands at its other side too, and in that member's trail."""
    moved = entries.exclude(counterpart_id=None).values_list("counterpart_id", "counterpart_member_id")
    sides = {entry: member for entry, member in moved if entry}
    LedgerEntry.objects.filter(pk__in=list(sides)).update(reason=None, metadata=None, digest_salt=None)
    trail = AuditEvent.objects.filter(member_id__in=set(sides.values()))
    trail = trail.filter(object_id__in=[public("txn", key) for key in sides])
    trail.update(before=None, after=None, ip=None, salt=None)
