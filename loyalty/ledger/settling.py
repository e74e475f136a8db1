"""What has come due is done: holds lapse, lots expire, lots vest (domain.md 3.3, 3.6).

Functions over a book; they write nothing.
"""

from collections.abc import Iterable
from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import TypeAlias
from uuid import UUID

from loyalty.ledger.book import Book, Piece
from loyalty.ledger.covering import expire, give_back, pay_debt
from loyalty.ledger.states import state_of, state_of_all
from loyalty.models import Hold, Lot
from loyalty.rules import lots as lot_rules

_Due: TypeAlias = tuple[tuple[datetime, int], tuple[object, ...], lot_rules.DueKind, UUID]


def settle(book: Book, next_due_at: datetime | None) -> None:
    """Do what has come due by the book's `now`, in time order; at one instant: hold lapse, expiry, vesting.

    Needs the lots and holds with something due, and the open uncovered. `next_due_at`: when something
    falls due next among those that were not read.
    """
    queue = [*_lapses(book.holds.values(), book.now), *_fates(book.lots.values(), book.now)]
    heapify(queue)
    while queue:
        (at, _order), _tie, kind, key = heappop(queue)
        if kind == "lapse":
            hold = book.holds[key]
            lapsed = [Piece(piece.lot, piece.points) for piece in book.hold_lots[key]]
            close_hold(book, hold, Hold.Status.EXPIRED, at)
            let_go(book, lapsed, since=hold.account_sequence, at=at)
            for due in _fates((piece.lot for piece in lapsed), book.now):
                heappush(queue, due)
        else:
            _settle_lot(book, book.lots[key], kind, at)
    book.account.next_due_at = next_due_at
    for lot in book.lots.values():
        book.note_due(lot_rules.next_due([state_of(lot)]))
    for hold in book.holds.values():
        if hold.status == Hold.Status.OPEN:
            book.note_due(hold.expires_at)
    book.touched = True


def let_go(book: Book, pieces: list[Piece], *, since: int, at: datetime) -> None:
    """Held points return to what remains of their lots."""
    for piece in pieces:
        book.hold_back(piece.lot, -piece.points)
    give_back(book, pieces, since=since, at=at)


def close_hold(book: Book, hold: Hold, status: Hold.Status, at: datetime) -> None:
    """The hold is over, as of `at`; its points are the caller's matter."""
    hold.status, hold.closed_at, hold.closed_recorded_at = status, at, book.recorded_at
    book.change_hold(hold)


def _settle_lot(book: Book, lot: Lot, kind: lot_rules.DueKind, at: datetime) -> None:
    if kind == "expire" and lot.remaining:
        expire(book, lot, at)
    elif kind == "vest" and lot.pending:
        book.vest(lot)
        pay_debt(book, [Piece(lot, lot.remaining)], at)


def _lapses(holds: Iterable[Hold], now: datetime) -> list[_Due]:
    return [
        (lot_rules.when(hold.expires_at, "lapse"), (hold.id,), "lapse", hold.id)
        for hold in holds
        if hold.status == Hold.Status.OPEN and hold.expires_at <= now
    ]


def _fates(lots: Iterable[Lot], now: datetime) -> list[_Due]:
    states = {state.id: state for state in state_of_all(lots)}
    return [
        (
            lot_rules.when(due.at, due.kind),
            lot_rules.by_expiry_then_age(states[due.lot_id]),
            due.kind,
            due.lot_id,
        )
        for due in lot_rules.due(states.values(), now)
    ]
