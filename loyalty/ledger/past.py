"""What stands on record about entries that are to be reversed (domain.md 3.4).

Set-based: the records of any number of entries are read together. A record holds what the tables say;
`past_of` adds what is planned in the books meanwhile.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection

from loyalty.ledger.book import Book, Piece
from loyalty.ledger.covering import SHORTFALL
from loyalty.ledger.reading import read_lots_of
from loyalty.models import LedgerEntry, Lot
from loyalty.rules.lots import by_expiry_then_age

# Each entry's own lots, and those that continue them after merges.
_FAMILY = """
WITH RECURSIVE family AS (
    SELECT lot.id, lot.account_id, lot.entry_id AS root FROM loyalty_lot AS lot
    JOIN unnest(%(entries)s::uuid[], %(accounts)s::uuid[]) AS original (entry_id, account_id)
        ON original.entry_id = lot.entry_id AND original.account_id = lot.account_id
    UNION ALL
    SELECT lot.id, lot.account_id, family.root FROM loyalty_lot AS lot JOIN family ON lot.continues_id = family.id
)
SELECT family.root, family.id, coalesce((
    SELECT sum(used.points) FROM loyalty_lotuse AS used JOIN loyalty_ledgerentry AS entry ON entry.id = used.entry_id
    WHERE used.lot_id = family.id AND entry.type = 'expired'
), 0)::bigint FROM family
"""
_REVERSED = """
SELECT entry.reverses_id, sum(entry.nominal)::bigint,
    coalesce(sum(entry.nominal) FILTER (WHERE entry.event_id IS NOT NULL), 0)::bigint,
    sum(entry.nominal + entry.points - coalesce(missing.points, 0))::bigint
FROM loyalty_ledgerentry AS entry
LEFT JOIN loyalty_uncovered AS missing ON missing.entry_id = entry.id AND missing.kind = 'shortfall'
WHERE entry.reverses_id = ANY(%(entries)s) GROUP BY entry.reverses_id
"""
_TAKEN = """
SELECT coalesce(entry.reverses_id, entry.id), used.lot_id, sum(used.points)::bigint
FROM loyalty_lotuse AS used JOIN loyalty_ledgerentry AS entry ON entry.id = used.entry_id
WHERE entry.id = ANY(%(entries)s) OR entry.reverses_id = ANY(%(entries)s)
GROUP BY 1, 2 HAVING sum(used.points) > 0
"""


@dataclass(slots=True)
class Record:
    """What the tables say of an entry: points `reversed`, of these `refunded` by events, and those that no
    longer had to be taken because they had expired (`counted`). Of an earn: its lots (`family`) with what
    expired of each. Of a spend: what it still has `taken` from each lot."""

    original: LedgerEntry
    reversed: int = 0
    refunded: int = 0
    counted: int = 0
    family: dict[UUID, int] = field(default_factory=dict)
    taken: dict[UUID, int] = field(default_factory=dict)


@dataclass(slots=True)
class Past:
    """`reversed`: points of the original that are reversed already, of these `refunded` by events. Of an
    earn: its `lots` (where they are now) and its `expired` points that no reversal has counted. Of a spend:
    what it still has `taken`, and the account's sequence `since` when it took them."""

    original: LedgerEntry
    reversed: int = 0
    refunded: int = 0
    lots: list[Lot] = field(default_factory=list)
    expired: int = 0
    taken: list[Piece] = field(default_factory=list)
    since: int = 0


def read_records(originals: Sequence[LedgerEntry]) -> dict[UUID, Record]:
    """The record of each entry, by its id; at most three statements. Their accounts must be locked."""
    records = {original.id: Record(original) for original in originals}
    for key, points, refunded, counted in _ask(_REVERSED, originals):
        record = records[key]
        record.reversed, record.refunded, record.counted = points, refunded, counted
    for key, lot, expired in _ask(_FAMILY, [entry for entry in originals if entry.points > 0]):
        records[key].family[lot] = expired
    for key, lot, points in _ask(_TAKEN, [entry for entry in originals if entry.points < 0]):
        records[key].taken[lot] = points
    return records


def read_their_lots(records: Iterable[Record], books: Iterable[Book]) -> None:
    """Let the books know the lots of these records, as far as they are theirs; one statement."""
    keys = {lot for record in records for lot in (*record.family, *record.taken)}
    if keys:
        read_lots_of(books, Lot.objects.filter(pk__in=keys))


def past_of(record: Record, home: Book, wallet: Book, *, since: int) -> Past:
    """The record with what is planned in the books of the entry's account and of whoever holds its points
    now. No statement."""
    original = record.original
    past = Past(original, record.reversed, record.refunded, since=since)
    counted = record.counted
    for entry in home.entries:
        if entry.reverses_id == original.id and entry.nominal:
            past.reversed += entry.nominal
            past.refunded += entry.nominal if entry.event_id else 0
            counted += entry.nominal + entry.points - _shortfall(home, entry)
    if original.points > 0:
        family = _family(record, home, wallet)
        past.expired = sum(record.family.values()) - counted + _just_expired(wallet, family)
        if home is not wallet:
            past.expired += _just_expired(home, family)
        past.lots = sorted((wallet.lots[lot] for lot in family if lot in wallet.lots), key=by_expiry_then_age)
    else:
        past.taken = [Piece(home.lots[lot], points) for lot, points in record.taken.items()]
    return past


def read_past(original: LedgerEntry, home: Book, wallet: Book, *, since: int) -> Past:
    """Read under the locks of both accounts; three statements. The lots become known to their books."""
    record = read_records([original])[original.id]
    read_their_lots([record], [home] if home is wallet else [home, wallet])
    return past_of(record, home, wallet, since=since)


def _ask(statement: str, originals: Sequence[LedgerEntry]) -> list[Any]:
    if not originals:
        return []
    entries, accounts = [entry.id for entry in originals], [entry.account_id for entry in originals]
    with connection.cursor() as cursor:
        cursor.execute(statement, {"entries": entries, "accounts": accounts})
        return list(cursor.fetchall())


def _family(record: Record, home: Book, wallet: Book) -> set[UUID]:
    """The lots of the entry, planned ones included; planned ones that continue them come after them."""
    family = set(record.family)
    for book in (home, wallet):
        for lot in book.new_lots.values():
            if lot.entry_id == record.original.id or lot.continues_id in family:
                family.add(lot.id)
    return family


def _just_expired(book: Book, lots: set[UUID]) -> int:
    """What was let expire of these lots and is planned, not in the table yet."""
    expiries = {entry.id for entry in book.entries if entry.type == LedgerEntry.Type.EXPIRED}
    return sum(use.points for use in book.lot_uses if use.lot_id in lots and use.entry_id in expiries)


def _shortfall(book: Book, entry: LedgerEntry) -> int:
    rows = book.new_uncovered.values()
    return sum(row.points for row in rows if row.entry_id == entry.id and row.kind == SHORTFALL)
