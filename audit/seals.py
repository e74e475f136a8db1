"""Ranges of audit events are sealed with a chained hash (domain.md 9.1).

A leaf covers what of a row never changes: every column but those that a redaction blanks, and the row's digest, which
covers those with a salt. A seal's hash covers the one before it, so that the newest covers everything: whoever has kept
one head outside can prove all that was sealed until then.
"""

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from audit.digests import salted_digest
from audit.instants import rfc3339
from audit.models import AuditEvent, Seal
from audit.positions import Position, behind, check_not_restored, position_of, present_epoch, rows_behind
from audit.record import Actor, Place, record

CHUNK = 1_000  # rows a seal
LEAF = 16  # bytes of a leaf that a seal keeps
FIRST = bytes(32)
REDACTABLE = frozenset({"before", "after", "ip"})


@dataclass(frozen=True, slots=True)
class Head:
    """The newest seal: what an auditor keeps outside (`verify_audit --head`)."""

    number: int
    hash: str
    sealed_at: datetime

    def to_json(self) -> dict[str, Any]:
        return {"number": self.number, "hash": self.hash, "sealed_at": rfc3339(self.sealed_at)}


@dataclass(frozen=True, slots=True)
class SealState:
    """How far the trail is sealed. `waiting`: rows behind the head, of every tenant; `since`: the oldest of them."""

    head: Head | None
    waiting: int
    since: datetime | None


def leaf_of(row: AuditEvent) -> bytes:
    """The first 16 bytes of the SHA-256 of all that never changes in a row that `rows_behind` has read."""
    fixed = {name: value for name, value in row.content().items() if name not in REDACTABLE}
    place = position_of(row)
    content = fixed | {"digest": bytes(row.digest), "epoch": place.epoch, "transaction": place.transaction}
    return salted_digest(b"", content)[:LEAF]


def hash_of(seal: Seal) -> bytes:
    """SHA-256 of the hash before it and everything that the seal says, but when it was made."""
    place = struct.pack(">qhQi", seal.number, seal.epoch, int(seal.last_transaction), seal.rows)
    leaves = hashlib.sha256(bytes(seal.leaves)).digest()
    return hashlib.sha256(bytes(seal.previous) + place + seal.last_id.bytes + leaves).digest()


def end_of(seal: Seal | None) -> Position:
    """Where the seal's range ends; of none: the beginning."""
    return Position(seal.epoch, int(seal.last_transaction), seal.last_id) if seal else Position()


def newest_seal() -> Seal | None:
    """Without its leaves."""
    return Seal.objects.defer("leaves").order_by("-number").first()


@transaction.atomic
def seal_next(*, now: datetime, limit: int = CHUNK) -> int:
    """Seal the next rows that are final, at most `limit`; how many. `now`: real time.

    Raises Restored. Locks: the table of seals, so that two who seal take turns.
    """
    last = _last_for_writing()
    position = _go_on(end_of(last))
    check_not_restored()
    return _seal(last, rows_behind(position, limit), now)


@transaction.atomic
def begin_epoch(*, actor: Actor, now: datetime) -> int:
    """After a restore from a dump: seal what the dump holds, and let rows written from now on be of a new epoch, whose
    transactions are counted anew. Answers its number.

    Nothing may have been written since the restore: such rows stand among the sealed ones and would count as inserted.
    Locks: the tables of seals and of audit events.
    """
    last = _last_for_writing()
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE audit_auditevent IN ACCESS EXCLUSIVE MODE")
        epoch, position = present_epoch(), _go_on(end_of(last))
        while rows := rows_behind(position, CHUNK, final=False):
            _seal(last, rows, now)
            last, position = newest_seal(), behind(rows, position)
        cursor.execute(f"ALTER TABLE audit_auditevent ALTER COLUMN epoch SET DEFAULT {epoch + 1:d}")
    record(
        place=Place(),
        actor=actor,
        verb="audit.epoch_began",
        object_type="audit",
        object_id=str(epoch + 1),
        after={"epoch": epoch + 1, "seal": last.number if last else None},
        recorded_at=now,
    )
    return epoch + 1


def seal_state(most: int | None = None) -> SealState:
    """How far the trail is sealed; three statements, by an index. `most`: as many rows are counted and no more."""
    last = newest_seal()
    end = end_of(last)
    sent: dict[str, Any] = {
        "epoch": end.epoch,
        "transaction": str(end.transaction),
        "id": end.id,
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            _WAITING,
            sent,
        )
        waiting, since = cursor.fetchone()
    return SealState(head_of(last) if last else None, waiting, since)


# Two looks, of which each goes along the index: of an OR the whole trail is read and sorted.
_WAITING = """
SELECT count(*), min(recorded_at) FROM (
    (SELECT recorded_at FROM audit_auditevent
     WHERE epoch = %(epoch)s AND transaction >= %(transaction)s::text::xid8
       AND (transaction, id) > (%(transaction)s::text::xid8, %(id)s)
     ORDER BY epoch, transaction LIMIT %(most)s)
    UNION ALL
    (SELECT recorded_at FROM audit_auditevent WHERE epoch > %(epoch)s ORDER BY epoch, transaction LIMIT %(most)s)
) AS waiting
"""


def seal_of(row: AuditEvent) -> Seal | None:
    """The seal whose range holds the row; None: it is not sealed yet. Two statements, by an index."""
    with connection.cursor() as cursor:
        cursor.execute(_SEAL_OF, [row.pk])
        found = cursor.fetchone()
    return Seal.objects.defer("leaves").get(pk=found[0]) if found else None


_SEAL_OF = """
SELECT seal.number FROM audit_auditevent AS row CROSS JOIN LATERAL (
    SELECT number FROM audit_seal
    WHERE (epoch, last_transaction, last_id) >= (row.epoch, row.transaction, row.id)
    ORDER BY epoch, last_transaction, last_id LIMIT 1
) AS seal WHERE row.id = %s
"""


def head_of(seal: Seal) -> Head:
    """What is kept outside of a seal."""
    return Head(seal.number, bytes(seal.hash).hex(), seal.sealed_at)


def _last_for_writing() -> Seal | None:
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE audit_seal IN SHARE ROW EXCLUSIVE MODE")
    return newest_seal()


def _go_on(position: Position) -> Position:
    """In the present epoch: an earlier one was sealed to its end when it was over."""
    return max(position, Position(present_epoch()))


def _seal(last: Seal | None, rows: Sequence[AuditEvent], now: datetime) -> int:
    if not rows:
        return 0
    end: tuple[int, int, UUID] = (rows[-1].epoch, position_of(rows[-1]).transaction, rows[-1].id)
    seal = Seal(
        number=last.number + 1 if last else 1,
        epoch=end[0],
        last_transaction=str(end[1]),
        last_id=end[2],
        rows=len(rows),
        leaves=b"".join(row.id.bytes + leaf_of(row) for row in rows),
        previous=bytes(last.hash) if last else FIRST,
        sealed_at=now,
    )
    seal.hash = hash_of(seal)
    seal.save(force_insert=True)
    return len(rows)
