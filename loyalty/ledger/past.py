"""What stands on record about an entry that is to be reversed (domain.md 3.4)."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection

from loyalty.ledger.book import Book, Piece
from loyalty.ledger.reading import read_lots
from loyalty.models import LedgerEntry, Lot

# The entry's own lots, and those that continue them after merges.
_FAMILY = """
WITH RECURSIVE family AS (
    SELECT id, account_id FROM loyalty_lot WHERE entry_id = %(entry)s AND account_id = %(account)s
    UNION ALL
    SELECT lot.id, lot.account_id FROM loyalty_lot AS lot JOIN family ON lot.continues_id = family.id
)
SELECT family.id, family.account_id, coalesce((
    SELECT sum(used.points) FROM loyalty_lotuse AS used JOIN loyalty_ledgerentry AS entry ON entry.id = used.entry_id
    WHERE used.lot_id = family.id AND entry.type = 'expired'
), 0)::bigint FROM family
"""
_REVERSED = """
SELECT coalesce(sum(entry.nominal), 0)::bigint,
       coalesce(sum(entry.nominal + entry.points - coalesce(missing.points, 0)), 0)::bigint
FROM loyalty_ledgerentry AS entry
LEFT JOIN loyalty_uncovered AS missing ON missing.entry_id = entry.id AND missing.kind = 'shortfall'
WHERE entry.reverses_id = %(entry)s
"""
_TAKEN = """
SELECT used.lot_id, sum(used.points)::bigint FROM loyalty_lotuse AS used
WHERE used.entry_id = %(entry)s
   OR used.entry_id IN (SELECT id FROM loyalty_ledgerentry WHERE reverses_id = %(entry)s)
GROUP BY used.lot_id HAVING sum(used.points) > 0
"""


@dataclass(slots=True)
class Past:
    """`reversed`: points of the original that are reversed already. Of an earn: its `lots` (where they
    are now) and its `expired` points that no reversal has counted. Of a spend: what it still has `taken`,
    and the account's sequence `since` when it took them."""

    original: LedgerEntry
    reversed: int = 0
    lots: list[Lot] = field(default_factory=list)
    expired: int = 0
    taken: list[Piece] = field(default_factory=list)
    since: int = 0


def read_past(original: LedgerEntry, home: Book, wallet: Book, *, since: int) -> Past:
    """Read under the locks of both accounts; three statements. The lots become known to their books."""
    past = Past(original, since=since)
    ((past.reversed, counted),) = _ask(_REVERSED, original)
    if original.points > 0:
        family = _ask(_FAMILY, original)
        past.expired = sum(points for _, _, points in family) - counted
        past.expired += _just_expired(wallet, {lot for lot, _, _ in family})
        here = [lot for lot, account, _ in family if account == wallet.account.id]
        past.lots = read_lots(wallet, Lot.objects.filter(pk__in=here))
    else:
        taken: dict[UUID, int] = dict(_ask(_TAKEN, original))
        lots = read_lots(home, Lot.objects.filter(pk__in=list(taken)))
        past.taken = [Piece(lot, taken[lot.id]) for lot in lots]
    return past


def _ask(statement: str, original: LedgerEntry) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"entry": original.id, "account": original.account_id})
        return list(cursor.fetchall())


def _just_expired(book: Book, lots: set[UUID]) -> int:
    """What settling has let expire of these lots: planned, not in the table yet."""
    expiries = {entry.id for entry in book.entries if entry.type == LedgerEntry.Type.EXPIRED}
    return sum(use.points for use in book.lot_uses if use.lot_id in lots and use.entry_id in expiries)
