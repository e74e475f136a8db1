"""One function reverses: for calls, refunds and cancellations (domain.md 3.4)."""

from dataclasses import dataclass, field

from loyalty.errors import AlreadyReversed, InsufficientBalance
from loyalty.ledger.book import Book, Cause, Piece, in_spend_order, merged
from loyalty.ledger.covering import DEBT, SHORTFALL, give_back, take_up_to
from loyalty.ledger.moves import move, move_uncovered
from loyalty.ledger.past import Past
from loyalty.models import LedgerEntry, Lot, LotUse
from programs.models import Metric


@dataclass(slots=True)
class Reversal:
    """What a reversal does, in points. `entry` reverses `original`; `entries` are all that are written
    with it; of `uses`, those above zero take points from their lots, those below give them back.
    `left` can still be reversed afterwards."""

    original: LedgerEntry
    entry: LedgerEntry
    left: int = 0
    balance_before: int = 0
    balance_after: int = 0
    already_expired: int = 0
    debt: int = 0
    shortfall: int = 0
    entries: list[LedgerEntry] = field(default_factory=list)
    uses: list[LotUse] = field(default_factory=list)


def reverse(
    home: Book,
    wallet: Book,
    past: Past,
    *,
    cumulative_target: int,
    cause: Cause,
    never_refuse: bool = False,
) -> Reversal:
    """Reverse the entry until `cumulative_target` points of it (1 to what it posted) are reversed.
    `never_refuse`: the policy `reject` is applied as `clip`, as refunds need it (domain.md 3.4).

    `home`: the book of the entry's account; `wallet`: that of whoever holds the points now, the same book
    unless the member was merged. Needs what `past` read, the lots for what its own can't cover, and the
    open uncovered. Raises AlreadyReversed, and InsufficientBalance where the metric's policy is to
    refuse; then nothing is planned.
    """
    points = cumulative_target - past.reversed
    left = abs(past.original.points) - cumulative_target
    if points <= 0 or left < 0:
        reversible = abs(past.original.points) - past.reversed
        raise AlreadyReversed(
            f"{reversible} of its {abs(past.original.points)} points can still be reversed.",
            reversible=reversible,
        )
    before = wallet.account.balance
    books = [home] if home is wallet else [home, wallet]
    marks = [(len(book.entries), len(book.lot_uses)) for book in books]
    if past.original.points > 0:
        done = _take_back(home, wallet, past, points, cause, never_refuse=never_refuse)
    else:
        done = _restore(home, wallet, past, points, cause)
    done.left, done.balance_before, done.balance_after = left, before, wallet.account.balance
    for book, (entries, uses) in zip(books, marks, strict=True):
        done.entries += book.entries[entries:]
        done.uses += book.lot_uses[uses:]
    return done


def _take_back(
    home: Book, wallet: Book, past: Past, points: int, cause: Cause, *, never_refuse: bool
) -> Reversal:
    """An earn is taken back: from its own lot, from what expired of it, from other lots, by policy."""
    own = _own(past.lots, points)
    expired = min(points - _sum(own), past.expired)
    others = take_up_to(wallet, points - _sum(own) - expired, but=past.lots)
    missing = points - _sum(own) - expired - _sum(others)
    debt = _debt_allowed(wallet, missing, never_refuse=never_refuse)
    pieces = merged([*own, *others])
    if home is not wallet and pieces:
        pieces = move(wallet, home, pieces, cause, continues=False)
    entry = home.post(
        type="reversed",
        points=-_sum(pieces) - debt,
        nominal=points,
        reverses=past.original,
        cause=cause,
    )
    for piece in pieces:
        home.use(piece.lot, entry, piece.points)
    if debt:
        home.leave_uncovered(entry, DEBT, debt)
    if missing - debt:
        home.leave_uncovered(entry, SHORTFALL, missing - debt)
    if home is not wallet:
        move_uncovered(home, wallet, cause)
    return Reversal(past.original, entry, already_expired=expired, debt=debt, shortfall=missing - debt)


def _restore(home: Book, wallet: Book, past: Past, points: int, cause: Cause) -> Reversal:
    """A spend is given back: into the same lots, the latest-expiring first."""
    entry = home.post(type="reversed", points=points, nominal=points, reverses=past.original, cause=cause)
    pieces = []
    for taken in reversed(in_spend_order(past.taken)):
        part = min(points, taken.points)
        if part:
            pieces.append(Piece(taken.lot, part))
            home.use(taken.lot, entry, -part)
            points -= part
    if home is wallet:
        give_back(home, pieces, since=past.since, at=home.now)
    else:
        moved = move(home, wallet, pieces, cause, continues=True)
        give_back(wallet, moved, since=0, at=wallet.now)
    return Reversal(past.original, entry)


def _own(lots: list[Lot], points: int) -> list[Piece]:
    pieces = []
    for lot in lots:
        part = min(points, lot.remaining)
        if part:
            pieces.append(Piece(lot, part))
            points -= part
    return pieces


def _debt_allowed(wallet: Book, missing: int, *, never_refuse: bool) -> int:
    """How much of what is missing becomes debt. Raises InsufficientBalance under the policy `reject`."""
    metric: Metric = wallet.account.metric
    if not missing or metric.negative_balance == Metric.NegativeBalance.CLIP:
        return 0
    if metric.negative_balance == Metric.NegativeBalance.REJECT:
        if never_refuse:
            return 0
        balance = wallet.account.balance
        raise InsufficientBalance(
            f"{missing} of these points were used already, and {metric} does not go below zero.",
            balance=balance,
            required=balance + missing,
        )
    if metric.minimum is None:
        return missing
    owed = sum(row.open for row in wallet.open_uncovered if row.kind == DEBT)
    return min(missing, max(0, -metric.minimum - owed))


def _sum(pieces: list[Piece]) -> int:
    return sum(piece.points for piece in pieces)
