"""An account goes on in another one (domain.md 1). Functions over books; beside reading they write nothing."""

from django.db.models import Q

from loyalty.ledger.book import Book, Cause, Piece
from loyalty.ledger.covering import begin
from loyalty.ledger.holds import add_hold, add_piece
from loyalty.ledger.moves import move, move_uncovered
from loyalty.ledger.reading import read_holds, read_lots, read_spendable, read_uncovered
from loyalty.ledger.settling import close_hold
from loyalty.models import Hold, Lot


def merge_accounts(source: Book, target: Book, cause: Cause) -> None:
    """All that the source has goes on at the target: lots, pending, holds, debt and shortfalls.

    Carried vested points pay the target's debt before the source's debt is taken from it.
    """
    read_uncovered([source, target])
    read_holds([source], Hold.objects.filter(account=source.account, status=Hold.Status.OPEN))
    read_lots(source, Lot.objects.filter(Q(remaining__gt=0) | Q(held__gt=0), account=source.account))
    lots = source.lots.values()  # those that are only planned too
    pieces = [Piece(lot, lot.remaining) for lot in lots if lot.remaining or lot.held]
    if pieces:
        held = any(lot.held for lot in lots)
        moved = move(source, target, pieces, cause, continues=True, held=held)
        begin(target, [piece.lot for piece in moved])
    _move_holds(source, target)
    read_spendable(target, sum(row.open for row in source.open_uncovered))
    move_uncovered(source, target, cause)
    source.touched = True  # whoever waits for its lock sees by that to look at its member again


def _move_holds(source: Book, target: Book) -> None:
    heirs = {lot.continues_id: lot for lot in target.new_lots.values()}
    for old in [hold for hold in source.holds.values() if hold.status == Hold.Status.OPEN]:
        # From 0 on: what it gives back pays any shortfall of the account that it comes to.
        new = add_hold(target, old.points, old.expires_at, 0)
        new.reason, new.metadata = old.reason, old.metadata
        for piece in source.hold_lots[old.id]:
            add_piece(target, new, Piece(heirs[piece.lot_id], piece.points))
        old.moved_to = new.id
        close_hold(source, old, Hold.Status.MOVED, source.now)
