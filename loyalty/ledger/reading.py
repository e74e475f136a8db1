"""What an operation needs to know of accounts that its transaction has locked. Set-based: one statement
serves any number of accounts."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, Q, QuerySet

from loyalty.ledger.book import Book
from loyalty.models import Hold, HoldLot, Lot, Uncovered

_FIRST_LOTS = 50  # a spend that needs more of them asks once more

_SPEND_ORDER = (F("expires_at").asc(nulls_last=True), F("earned_at").asc(), F("id").asc())

# Of each account's first lots in spend order, those that a spend of so many points reaches.
_SPENDABLE = """
SELECT {columns} FROM unnest(%(accounts)s::uuid[], %(points)s::bigint[]) AS wanted (account_id, points)
CROSS JOIN LATERAL (
    SELECT * FROM (
        SELECT *, sum(remaining) OVER (ORDER BY expires_at, earned_at, id) - remaining AS before FROM (
            SELECT * FROM loyalty_lot
            WHERE loyalty_lot.account_id = wanted.account_id AND (remaining > 0 OR held > 0) AND remaining > 0
                AND available_at <= %(now)s AND (expires_at IS NULL OR expires_at > %(now)s)
            ORDER BY expires_at, earned_at, id LIMIT %(first)s
        ) AS lot
    ) AS counted WHERE before < wanted.points
) AS lot
ORDER BY expires_at, earned_at, id
"""

_NEXT_DUE = """
SELECT account_id, min(due_at) FROM (
    SELECT account_id, greatest(expires_at, earned_at) AS due_at FROM loyalty_lot
    WHERE account_id = ANY(%(accounts)s) AND remaining > 0
        AND expires_at IS NOT NULL AND greatest(expires_at, earned_at) > %(now)s
    UNION ALL
    SELECT account_id, available_at FROM loyalty_lot
    WHERE account_id = ANY(%(accounts)s) AND remaining > 0 AND pending AND available_at > %(now)s
    UNION ALL
    SELECT account_id, expires_at FROM loyalty_hold
    WHERE account_id = ANY(%(accounts)s) AND status = 'open' AND expires_at > %(now)s
) AS future GROUP BY account_id
"""


def read_due(books: Sequence[Book]) -> dict[UUID, datetime]:
    """Read the lots and holds with something due, and the open uncovered; five statements, whatever there
    is. Answers when the rest of each account falls due next, by account."""
    accounts = [book.account.id for book in books]
    now = max(book.now for book in books)
    due = Q(expires_at__lte=now) | Q(pending=True, available_at__lte=now)
    _learn(books, Lot.objects.filter(due, remaining__gt=0, account__in=accounts).order_by())
    read_holds(books, Hold.objects.filter(status="open", expires_at__lte=now, account__in=accounts))
    read_uncovered(books)
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_DUE, {"accounts": accounts, "now": now})
        return dict(cursor.fetchall())


def read_holds(books: Iterable[Book], holds: QuerySet[Hold]) -> None:
    """Read these holds with their lots; two statements, one where there are none."""
    by_account = {book.account.id: book for book in books}
    found = {hold.id: hold for hold in holds.order_by()}
    pieces: dict[UUID, list[HoldLot]] = defaultdict(list)
    if found:
        for piece in HoldLot.objects.filter(hold__in=list(found)).select_related("lot").order_by("id"):
            pieces[piece.hold_id].append(piece)
    for hold in found.values():
        by_account[hold.account_id].learn_hold(hold, pieces[hold.id])


def read_uncovered(books: Sequence[Book]) -> None:
    """Read the open debts and shortfalls, oldest first, with the entries they stand for; one statement."""
    wanted = [book for book in books if book.uncovered is None]
    if not wanted:
        return
    found: dict[UUID, list[Uncovered]] = defaultdict(list)
    rows = Uncovered.objects.filter(open__gt=0, account__in=[book.account.id for book in wanted])
    for row in rows.select_related("entry__reverses__reverses").order_by("entry__sequence", "kind"):
        found[row.account_id].append(row)
    for book in wanted:
        book.uncovered = found[book.account.id]


def read_spendable(book: Book, points: int) -> None:
    """Read the lots that cover a spend of `points`, as far as there are; one statement, or two where they
    are not among the first fifty."""
    read_spendable_all([(book, points)])


def read_spendable_all(wanted: Iterable[tuple[Book, int]]) -> None:
    """The same for any number of accounts; one statement, or two."""
    # What settling has planned is not in the table yet.
    asked = [(book, points + sum(abs(use.points) for use in book.lot_uses)) for book, points in wanted]
    _ask_spendable(asked, _FIRST_LOTS)
    short = [
        (book, points)
        for book, points in asked
        if sum(lot.remaining for lot in book.lots.values() if not lot.pending)
        < min(points, book.account.balance)
    ]
    _ask_spendable(short, None)


def _ask_spendable(wanted: Sequence[tuple[Book, int]], first: int | None) -> None:
    if not wanted:
        return
    arguments: dict[str, Any] = {
        "accounts": [book.account.id for book, _ in wanted],
        "points": [points for _, points in wanted],
        "now": max(book.now for book, _ in wanted),
        "first": first,
    }
    with connection.cursor() as cursor:
        cursor.execute(_spendable(), arguments)
        rows = cursor.fetchall()
    _learn([book for book, _ in wanted], [Lot.from_db(connection.alias, _lot_columns(), row) for row in rows])


@cache
def _lot_columns() -> list[str]:
    return [field.attname for field in Lot._meta.concrete_fields]


@cache
def _spendable() -> str:
    return _SPENDABLE.format(columns=", ".join(f"lot.{name}" for name in _lot_columns()))


def read_lots(book: Book, lots: QuerySet[Lot]) -> list[Lot]:
    """Read these lots of the account, in spend order; one statement."""
    return book.learn(lots.order_by(*_SPEND_ORDER))


def read_lots_of(books: Iterable[Book], lots: QuerySet[Lot]) -> None:
    """Read these lots, each into the book of its account; one statement."""
    _learn(books, lots.order_by())


def _learn(books: Iterable[Book], lots: Iterable[Lot]) -> None:
    found: dict[UUID, list[Lot]] = defaultdict(list)
    for lot in lots:
        found[lot.account_id].append(lot)
    for book in books:
        book.learn(found[book.account.id])
