"""What a deed does to the lots, in rows that support can read out to a member."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from loyalty.models import LedgerEntry, Lot, LotUse

_WORDS = {
    "own": "taken from the points that it had given",
    "taken": "taken from other points",
    "spent": "spent",
    "given": "given back",
    "released": "is free to be spent again",
    "captured": "captured from what was held",
    "debt": "pays debt",
    "shortfall": "pays a shortfall",
    "expired": "expires at once, since its date has passed",
    "due": "was due already and expires with it",
    "moved": "moves",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of one lot, and what becomes of it. `change` is signed: what can be spent, for the member."""

    kind: str
    change: int
    lot: Lot
    maker: LedgerEntry | None = None
    """The entry that put the lot in, where it is in the ledger already."""
    cause: LedgerEntry | None = None
    """The entry whose debt is paid."""

    @property
    def words(self) -> str:
        return _WORDS[self.kind]

    @property
    def ends_at(self) -> datetime | None:
        return None if self.lot.expires_at is None else max(self.lot.expires_at, self.lot.earned_at)

    def shown(self) -> list[object]:
        return [self.kind, self.change, str(self.lot.earned_at), str(self.lot.expires_at)]


def pieces_of(
    uses: Sequence[LotUse],
    entries: Iterable[LedgerEntry],
    *,
    main: LedgerEntry | None,
    own_lots: Iterable[UUID] = (),
) -> list[Piece]:
    """Each use of a lot with its meaning.

    `entries` are all that is written, in order; `main` is the one that was asked for. What is paid or
    expires after it is caused by it; what comes before was due anyway.
    """
    written = {entry.pk: entry for entry in entries}
    order = {key: place for place, key in enumerate(written)}
    begins = order.get(main.pk, 0) if main else 0
    named = {use.entry_id for use in uses} | {use.lot.entry_id for use in uses}
    older = LedgerEntry.objects.in_bulk([key for key in named if key not in written])
    own = set(own_lots)
    found = []
    for use in uses:
        entry = written.get(use.entry_id) or older.get(use.entry_id)
        if entry is None:
            continue
        kind = _kind(use, entry, main, own, order.get(entry.pk, -1), begins)
        cause = entry if kind == "debt" else None
        found.append(Piece(kind, -use.points, use.lot, older.get(use.lot.entry_id), cause))
    return found


def _kind(
    use: LotUse, entry: LedgerEntry, main: LedgerEntry | None, own: set[UUID], place: int, begins: int
) -> str:
    if use.points < 0:
        return "given"
    # Of a merged member, what is taken leaves the survivor's lots by a transfer to where it was earned.
    if main is not None and (entry.pk == main.pk or entry.type == "transferred"):
        return "own" if use.lot_id in own else "taken"
    if place < 0:
        return "debt"
    if entry.type == "expired":
        return "expired" if place >= begins else "due"
    if entry.type == "reversed" and entry.nominal == 0:
        return "shortfall"
    return "taken"
