"""Which points go where: credits, debits, what pays debt, and what is given back (domain.md 3.2-3.6).

Functions over a book; they plan and write nothing.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from audit.record import Actor
from loyalty.errors import InsufficientBalance
from loyalty.ledger.book import Book, Cause, Piece, in_spend_order
from loyalty.ledger.states import state_of, state_of_all
from loyalty.models import LedgerEntry, Lot, Uncovered
from loyalty.rules import lots as lot_rules

DEBT, SHORTFALL = Uncovered.Kind.DEBT, Uncovered.Kind.SHORTFALL
SHORTFALL_PAID = "Shortfall paid"


def credit(
    book: Book,
    *,
    type: str,  # noqa: A002 - the ledger's own word
    points: int,
    cause: Cause,
    occurred_at: datetime,
    vesting: timedelta = timedelta(0),
    expires_at: datetime | None = None,
    nominal: int | None = None,
) -> LedgerEntry:
    """Put `points` (> 0) into a new lot, which pays open debt once it is vested. One that has expired
    already goes out again at once and pays nothing. `nominal`: what was asked, where it was cut.

    Needs the open debts, if the account is below zero.
    """
    entry = book.post(type=type, points=points, cause=cause, occurred_at=occurred_at, nominal=nominal)
    lot = book.add_lot(entry, points, available_at=occurred_at + vesting, expires_at=expires_at)
    begin(book, [lot])
    return entry


def begin(book: Book, lots: list[Lot]) -> None:
    """Let all the lots that an entry put in do what is due with them now: expire, or pay debt in spend
    order; else note when."""
    for lot in lots:
        ends_at = state_of(lot).ends_at
        # Held points are protected from expiry, also where a merge moved them.
        if ends_at is not None and ends_at <= book.now and lot.remaining:
            expire(book, lot, ends_at)
    vested = in_spend_order(Piece(lot, lot.remaining) for lot in lots if lot.remaining and not lot.pending)
    pay_debt(book, vested, book.now)
    for lot in lots:
        book.note_due(lot_rules.next_due([state_of(lot)]))


def debit(book: Book, *, type: str, points: int, cause: Cause) -> LedgerEntry:  # noqa: A002
    """Take `points` (> 0) in spend order, dated now. Needs the lots that cover it.

    Raises InsufficientBalance and plans nothing where less can be spent.
    """
    pieces = choose(book, points)
    entry = book.post(type=type, points=-points, cause=cause)
    for piece in pieces:
        book.use(piece.lot, entry, piece.points)
    return entry


def choose(book: Book, points: int) -> list[Piece]:
    """The pieces that a spend of `points` takes. Raises InsufficientBalance."""
    if points > book.account.balance:
        raise InsufficientBalance(
            f"{max(0, book.account.balance)} points can be spent, {points} are needed.",
            balance=book.account.balance,
            required=points,
        )
    takes = lot_rules.take(state_of_all(book.lots.values()), points, book.now)
    return [Piece(book.lots[taken.lot_id], taken.points) for taken in takes]


def take_up_to(book: Book, points: int, *, but: Iterable[Lot] = ()) -> list[Piece]:
    """What vested lots can give towards `points`, in spend order; less, where there is less."""
    left_out = {lot.id for lot in but}
    states = state_of_all(lot for lot in book.lots.values() if lot.id not in left_out)
    pieces = []
    for state in lot_rules.spend_order(states, book.now):
        part = min(points, state.remaining)
        if part:
            pieces.append(Piece(book.lots[state.id], part))
            points -= part
    return pieces


def expire(book: Book, lot: Lot, at: datetime) -> None:
    """What remains of the lot is gone, by an entry dated at its expiry."""
    actor = Actor.system("expiry", book.actor.trace_id)
    entry = book.post(
        type="expired", points=-lot.remaining, cause=Cause(reason="Expired"), occurred_at=at, actor=actor
    )
    book.use(lot, entry, lot.remaining, at)
    lot.pending = False


def pay_debt(book: Book, pieces: list[Piece], at: datetime) -> None:
    """Open debt takes from the pieces, oldest debt first, in their order. Uses the pieces up. They must be
    all that has become spendable since the account was last looked at."""
    if book.account.balance >= sum(piece.points for piece in pieces):
        return  # without these points the account were not below zero: there is no debt
    for row in book.open_uncovered:
        if row.kind == DEBT:
            _pay(book, row, row.entry, pieces, row.open, at)


def give_back(book: Book, pieces: list[Piece], *, since: int, at: datetime) -> None:
    """Points are in their lots again: they pay debt, then the shortfalls that came after `since` (the
    account's sequence when the points were taken), and what has expired meanwhile goes at once.

    Expired ones come first in spend order, and so pay first. Needs the open uncovered.
    """
    pieces = in_spend_order(pieces)
    pay_debt(book, pieces, at)
    for row in book.open_uncovered:
        if row.kind == SHORTFALL and row.entry.sequence > since:
            _pay_shortfall(book, row, pieces, at)
    for piece in pieces:
        ends_at = state_of(piece.lot).ends_at
        if ends_at is not None and ends_at <= at and piece.lot.remaining:
            expire(book, piece.lot, at)
        book.note_due(lot_rules.next_due([state_of(piece.lot)]))


def pay_shortfalls(book: Book, lots: Iterable[Lot], *, of: Collection[UUID]) -> None:
    """What reversals of these entries could not take is paid from the lots, oldest first: points that a
    reversal gives again were never all there. Needs the open uncovered."""
    pieces = in_spend_order(Piece(lot, lot.remaining) for lot in lots if lot.remaining and not lot.pending)
    for row in book.open_uncovered:
        if row.kind == SHORTFALL and row.entry.reverses_id in of:
            _pay_shortfall(book, row, pieces, book.now)


def _pay_shortfall(book: Book, row: Uncovered, pieces: list[Piece], at: datetime) -> None:
    points = min(row.open, sum(piece.points for piece in pieces))
    if points:
        entry = book.post(
            type="reversed",
            points=-points,
            nominal=0,
            cause=Cause(reason=SHORTFALL_PAID),
            reverses=row.entry,
            occurred_at=at,
        )
        _pay(book, row, entry, pieces, points, at)


def _pay(
    book: Book, row: Uncovered, entry: LedgerEntry, pieces: list[Piece], points: int, at: datetime
) -> None:
    for piece in pieces:
        part = min(points, piece.points)
        if part:
            book.use(piece.lot, entry, part, at)
            book.cover(row, part)
            piece.points -= part
            points -= part
