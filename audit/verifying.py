"""Whether the trail still is what was sealed, and which row is the first that is not (domain.md 9.1)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from audit.digests import salted_digest
from audit.ids import public
from audit.models import AuditEvent, Seal
from audit.positions import Position, behind, position_of, present_epoch, rows_behind, stray_row
from audit.seals import FIRST, LEAF, Head, end_of, hash_of, head_of, leaf_of

CHUNK = 1_000  # rows
_NOT_BEGUN = (
    "is of a transaction that this database has not begun: the row was inserted, or the database was restored from a"
    " dump (--new-epoch)"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that is not as it was sealed. `row`: the audit event, where it is one."""

    sentence: str
    seal: int | None = None
    row: UUID | None = None


@dataclass(slots=True)
class Verified:
    """What was looked at until the end, or until the first fault. `blanked`: how many of the rows, sealed or not, were
    redacted."""

    seals: int = 0
    rows: int = 0
    unsealed: int = 0
    blanked: int = 0
    head: Head | None = None
    fault: Fault | None = None


class _FaultFound(Exception):
    def __init__(self, sentence: str, *, seal: int | None = None, row: UUID | None = None) -> None:
        super().__init__(sentence)
        self.fault = Fault(sentence, seal, row)


def verify(*, pinned: Sequence[tuple[int, str]] = ()) -> Verified:
    """Go along the whole trail: every seal by the one before it, every row by its leaf and digest, and what is not
    sealed yet by its digest. Ends at the first fault. `pinned`: number and hash (hex) of heads kept outside.

    Reads alone, some rows at a time; rows may be written and sealed meanwhile.
    """
    done = Verified()
    try:
        position = _verify_seals(done, pinned)
        _verify_the_rest(done, position)
    except _FaultFound as found:
        done.fault = found.fault
    return done


def _verify_seals(done: Verified, pinned: Sequence[tuple[int, str]]) -> Position:
    last: Seal | None = None
    for seal in Seal.objects.order_by("number").iterator(chunk_size=20):
        _check_chain(seal, last, pinned)
        position = end_of(last)
        if seal.epoch > position.epoch:
            _nothing_behind(position)
            position = Position(seal.epoch)
        done.blanked += _check_rows(seal, position)
        done.seals, done.rows, done.head, last = done.seals + 1, done.rows + seal.rows, head_of(seal), seal
    missing = min((number for number, _ in pinned if not 0 < number <= done.seals), default=None)
    if missing is not None:
        raise _FaultFound(
            f"Seal {missing}, which was kept outside, is not there: the trail was cut off behind seal {done.seals}.",
            seal=missing,
        )
    return end_of(last)


def _check_chain(seal: Seal, last: Seal | None, pinned: Sequence[tuple[int, str]]) -> None:
    number, before = (last.number + 1, bytes(last.hash)) if last else (1, FIRST)
    if seal.number != number:
        raise _FaultFound(f"Seal {number} was removed.", seal=number)
    is_whole = len(seal.leaves) == seal.rows * (16 + LEAF)
    if bytes(seal.previous) != before or hash_of(seal) != bytes(seal.hash) or not is_whole:
        raise _FaultFound(f"Seal {number} was altered, or the one before it.", seal=number)
    if any(at == number and kept.lower() != bytes(seal.hash).hex() for at, kept in pinned):
        raise _FaultFound(f"Seal {number} is not the one that was kept outside.", seal=number)


def _check_rows(seal: Seal, position: Position) -> int:
    """The rows of the seal's range are those that its leaves name, and as they were; how many of them are blank."""
    end = end_of(seal)
    rows = _until(end, position, seal.rows)
    sealed = list(_leaves(seal))
    present = {row.id for row in rows}
    known = {row for row, _ in sealed}
    for place, (key, leaf) in enumerate(sealed):
        row = rows[place] if place < len(rows) else None
        if row is None or row.id != key:
            if row is not None and row.id not in known:
                raise _bad(row.id, "was inserted", seal)
            raise _bad(key, "was removed" if key not in present else "stands in another place", seal)
        if leaf_of(row) != leaf or not _is_itself(row):
            raise _bad(key, "was altered", seal)
    if len(rows) > len(sealed):
        raise _bad(rows[len(sealed)].id, "was inserted", seal)
    return _blank(rows)


def _until(end: Position, position: Position, count: int) -> list[AuditEvent]:
    """The rows behind `position` up to `end`; one more than `count` at most, since that is a fault already."""
    rows = rows_behind(position, count + 1, final=False)
    return [row for row in rows if position_of(row) <= end]


def _leaves(seal: Seal) -> Iterator[tuple[UUID, bytes]]:
    stored, size = bytes(seal.leaves), 16 + LEAF
    for place in range(0, len(stored), size):
        yield UUID(bytes=stored[place : place + 16]), stored[place + 16 : place + size]


def _blank(rows: Sequence[AuditEvent]) -> int:
    return sum(row.salt is None for row in rows)


def _is_itself(row: AuditEvent) -> bool:
    """Whether the digest proves the content; a redacted row has nothing left that it could prove. What is about no
    member is never redacted."""
    if row.salt is None:
        return row.member_id is not None and row.before is None and row.after is None and row.ip is None
    content: dict[str, Any] = row.content()
    return salted_digest(bytes(row.salt), content) == bytes(row.digest)


def _verify_the_rest(done: Verified, position: Position) -> None:
    """What is not sealed yet, and what stands where nothing can have been written."""
    epoch = present_epoch()
    if position.epoch < epoch:
        _nothing_behind(position)
        position = Position(epoch)
    if stray := stray_row():
        raise _bad(stray.id, _NOT_BEGUN if stray.not_begun else "was inserted")
    while rows := rows_behind(position, CHUNK, final=False):
        for row in rows:
            if not _is_itself(row):
                raise _bad(row.id, "was altered")
        done.unsealed, done.blanked = done.unsealed + len(rows), done.blanked + _blank(rows)
        position = behind(rows, position)


def _nothing_behind(position: Position) -> None:
    """An epoch that is over was sealed to its end."""
    for row in rows_behind(position, 1, final=False):
        raise _bad(row.id, "was inserted")


def _bad(row: UUID, what: str, seal: Seal | None = None) -> _FaultFound:
    where = f"of seal {seal.number} " if seal else ""
    sentence = f"Audit event {public('aud', row)} {where}{what}."
    return _FaultFound(sentence, seal=seal.number if seal else None, row=row)
