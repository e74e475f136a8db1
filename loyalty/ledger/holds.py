"""Points are reserved, captured and released (domain.md 3.6). Functions over a book; they write nothing."""

from datetime import datetime
from typing import Any

from audit.ids import public
from loyalty.errors import HoldNotOpen
from loyalty.ledger.book import Book, Cause, Piece, in_spend_order
from loyalty.ledger.covering import choose
from loyalty.ledger.settling import close_hold, let_go
from loyalty.models import Hold, HoldLot, LedgerEntry


def authorise(
    book: Book, *, points: int, expires_at: datetime, reason: str | None, metadata: dict[str, Any] | None
) -> Hold:
    """Reserve `points` in spend order until `expires_at`. Needs the lots that cover them.

    Raises InsufficientBalance.
    """
    pieces = choose(book, points)
    hold = add_hold(book, points, expires_at, book.account.sequence)
    hold.reason, hold.metadata = reason, metadata
    for piece in pieces:
        book.hold_back(piece.lot, piece.points)
        add_piece(book, hold, piece)
    return hold


def capture(book: Book, hold: Hold, *, points: int, reason: str | None) -> LedgerEntry:
    """Spend `points` of the hold, in spend order; the rest is given back at once."""
    entry = book.post(
        type="redeemed",
        points=-points,
        cause=Cause(reason=reason or hold.reason, metadata=hold.metadata, hold_id=hold.id),
    )
    hold.captured = points
    close_hold(book, hold, Hold.Status.CAPTURED, book.now)
    rest = []
    for piece in _pieces(book, hold):
        part = min(points, piece.points)
        if part:
            book.use_held(piece.lot, entry, part)
            points -= part
        if piece.points - part:
            rest.append(Piece(piece.lot, piece.points - part))
    let_go(book, rest, since=hold.account_sequence, at=book.now)
    return entry


def release(book: Book, hold: Hold) -> None:
    """Give everything that is held back at once; it pays debt and shortfalls, and expires if it is due."""
    close_hold(book, hold, Hold.Status.RELEASED, book.now)
    let_go(book, _pieces(book, hold), since=hold.account_sequence, at=book.now)


def check_open(hold: Hold) -> None:
    """Raises HoldNotOpen unless the hold, as settled, can still be captured or released."""
    if hold.status != Hold.Status.OPEN:
        raise HoldNotOpen(f"Hold {public('hold', hold.id)} is {hold.status}.", status=hold.status)


def add_hold(book: Book, points: int, expires_at: datetime, account_sequence: int) -> Hold:
    """Plan an open hold that stands on no lot yet. What it gives back one day pays the shortfalls that came
    after `account_sequence`."""
    account = book.account
    hold = Hold(
        environment_id=account.environment_id,
        member_id=account.member_id,
        account_id=account.id,
        points=points,
        account_sequence=account_sequence,
        occurred_at=book.now,
        recorded_at=book.recorded_at,
        expires_at=expires_at,
        actor_kind=book.actor.kind,
        actor_id=book.actor.id,
        trace_id=book.actor.trace_id,
    )
    hold.account = account
    book.new_holds[hold.id] = book.holds[hold.id] = hold
    book.hold_lots[hold.id] = []
    book.note_due(expires_at)
    return hold


def add_piece(book: Book, hold: Hold, piece: Piece) -> None:
    """Note how much of the hold stands on the lot."""
    row = HoldLot(
        environment_id=hold.environment_id,
        member_id=hold.member_id,
        account_id=hold.account_id,
        hold_id=hold.id,
        lot_id=piece.lot.id,
        points=piece.points,
    )
    row.lot = piece.lot
    book.hold_lots[hold.id].append(row)
    book.new_hold_lots.append(row)


def _pieces(book: Book, hold: Hold) -> list[Piece]:
    return in_spend_order(Piece(row.lot, row.points) for row in book.hold_lots[hold.id])
