"""Points move from one account to another, as pairs of `transferred` entries (domain.md 1, 3.10).

Functions over two books; they plan and write nothing.
"""

from dataclasses import replace

from audit.ids import new_id
from loyalty.ledger.book import Book, Cause, Piece, in_spend_order
from loyalty.ledger.covering import DEBT, SHORTFALL, pay_debt, take_up_to
from loyalty.models import LedgerEntry


def move(
    source: Book, target: Book, pieces: list[Piece], cause: Cause, *, continues: bool, held: bool = False
) -> list[Piece]:
    """Move the pieces, in spend order, each into a lot of its own that keeps its dates; what the target
    got, with nothing done with it yet. With `held`, what is held in their lots goes along.

    `continues`: the new lots go on in place of the old ones, as after a merge.
    """
    pieces = in_spend_order(pieces)
    points = sum(piece.points + (piece.lot.held if held else 0) for piece in pieces)
    sent, received = post_pair(source, target, points, cause)
    moved = []
    for piece in pieces:
        old, reserved = piece.lot, piece.lot.held if held else 0
        if piece.points:
            source.use(old, sent, piece.points)
        if reserved:
            source.use_held(old, sent, reserved)
        new = target.add_lot(
            received,
            piece.points + reserved,
            available_at=old.available_at,
            expires_at=old.expires_at,
            held=reserved,
            continues_id=old.id if continues else None,
        )
        moved.append(Piece(new, piece.points))
    return moved


def post_pair(source: Book, target: Book, points: int, cause: Cause) -> tuple[LedgerEntry, LedgerEntry]:
    """The two entries of a transfer, each naming the other. An event or redemption behind it stays with
    the entry that it caused: it is one member's."""
    cause = replace(cause, event=None, origin=None, redemption_id=None)
    keys = new_id(), new_id()
    members = source.account.member_id, target.account.member_id
    sent = source.post(
        type="transferred", points=-points, cause=cause, id=keys[0], counterpart=(keys[1], members[1])
    )
    received = target.post(
        type="transferred", points=points, cause=cause, id=keys[1], counterpart=(keys[0], members[0])
    )
    return sent, received


def move_uncovered(source: Book, target: Book, cause: Cause) -> None:
    """Debt and shortfalls go on at the target: its vested lots pay the debt, the rest it owes.

    Needs both sides' open uncovered, and the target's lots that cover the debt.
    """
    owed = sum(row.open for row in source.open_uncovered if row.kind == DEBT)
    if owed:
        taken, lent = post_pair(target, source, owed, cause)
        lot = source.add_lot(lent, owed, available_at=source.now, expires_at=None)
        pay_debt(source, [Piece(lot, owed)], source.now)
        pieces = take_up_to(target, owed)
        for piece in pieces:
            target.use(piece.lot, taken, piece.points)
        if missing := owed - sum(piece.points for piece in pieces):
            target.leave_uncovered(taken, DEBT, missing)
    for row in source.open_uncovered:
        if row.kind == SHORTFALL:
            _, carried = post_pair(source, target, 0, cause)
            target.leave_uncovered(carried, SHORTFALL, row.open)
            source.cover(row, row.open)
