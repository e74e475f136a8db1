"""The same as old_payloads.py of the tables that every award writes: they are read in the order of their ids, which is
that of when they were recorded, and a mark keeps up to where everything is blank.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from loyalty.ledger.old_payloads import BY_ACCOUNT, Payload
from loyalty.models import RetentionMark

Noun = RetentionMark.Noun
_FIRST, _LAST = UUID(int=0), UUID(int=(1 << 128) - 1)

EVENTS = Payload("loyalty_event", ("data", "explanation", "facts"), program="payload.program_id")
ENTRIES = Payload("loyalty_ledgerentry", ("reason", "metadata"), ("digest_salt",), program=BY_ACCOUNT)
TRAIL = Payload(
    "audit_auditevent", ("before", "after", "ip"), ("salt",), only="payload.member_id IS NOT NULL"
)
MARKED = {Noun.EVENT: EVENTS, Noun.SHARED_EVENT: EVENTS, Noun.ENTRY: ENTRIES, Noun.AUDIT: TRAIL}

# `unfinished`: not old enough (a clock that was ahead), held by somebody, or so new that an older id may yet appear.
# The ids as arrays: each row by its key, never the whole table. The environment as one of an array, and first in the
# order: else the planner may go by the keys alone, through everybody's rows.
_CHUNK = """
WITH seen AS MATERIALIZED (
    SELECT payload.id, {has_any} AND {of_program} AS says, payload.occurred_at < %(since)s AS due
    FROM {table} AS payload
    WHERE payload.environment_id = ANY (ARRAY[%(environment)s]::uuid[])
        AND payload.id > %(begin)s AND payload.id < %(end)s
    ORDER BY payload.environment_id DESC, payload.id LIMIT %(chunk)s
),
taken AS MATERIALIZED (
    SELECT payload.id FROM {table} AS payload
    WHERE payload.id = ANY (ARRAY(SELECT id FROM seen WHERE says AND due)) FOR NO KEY UPDATE SKIP LOCKED
),
blanked AS (
    UPDATE {table} AS payload SET {blank} WHERE payload.id = ANY (ARRAY(SELECT id FROM taken)) RETURNING payload.id
),
unfinished AS MATERIALIZED (
    SELECT id FROM seen WHERE id >= %(settled)s OR says AND id <> ALL (ARRAY(SELECT id FROM taken))
    ORDER BY id LIMIT 1
)
SELECT
    (SELECT count(*) FROM seen),
    (SELECT count(*) FROM blanked),
    (SELECT id FROM seen ORDER BY id DESC LIMIT 1),
    (SELECT id FROM seen WHERE id < coalesce((SELECT id FROM unfinished), %(last)s) ORDER BY id DESC LIMIT 1),
    (SELECT id FROM unfinished),
    EXISTS (SELECT FROM seen WHERE says AND NOT due)
"""
_MAKE = """
INSERT INTO loyalty_retentionmark (id, environment_id, noun, program_id, last_id)
VALUES (gen_random_uuid(), %(environment)s, %(noun)s, %(program)s, %(first)s) ON CONFLICT DO NOTHING
"""
_LOCK = """
SELECT id, last_id FROM loyalty_retentionmark
WHERE environment_id = %(environment)s AND noun = %(noun)s AND program_id IS NOT DISTINCT FROM %(program)s
FOR UPDATE SKIP LOCKED
"""
_MOVE = "UPDATE loyalty_retentionmark SET last_id = %s WHERE id = %s"


@dataclass(frozen=True, slots=True)
class Piece:
    """What a mark is kept of, and from when on its rows keep what they say. `program_id` None: of whichever program,
    but of shared events, which have none."""

    noun: RetentionMark.Noun
    program_id: UUID | None
    since: datetime

    def statement(self) -> str:
        payload = MARKED[self.noun]
        of_program = "true" if self.program_id is None else f"{payload.program} = %(program)s"
        if self.noun is Noun.SHARED_EVENT:
            of_program = f"{payload.program} IS NULL"
        return _CHUNK.format(
            table=payload.table, has_any=payload.has_any, of_program=of_program, blank=payload.blank
        )


class Done(NamedTuple):
    """`rows`: blanked. `following`: the id to go on after; None: there is no more to do."""

    rows: int
    following: UUID | None


@transaction.atomic
def blank_marked(
    piece: Piece, *, environment_id: UUID, after: UUID | None, end: UUID | None, settled: UUID, chunk: int
) -> Done:
    """Read the next `chunk` rows from the mark on, or from `after` where that is further, below the id `end`; blank
    those that are old enough, and move the mark over what is done for good, never to `settled` or further.

    At most five statements. Locks: the mark, whose rows are left to whoever has it; then the rows blanked, without
    those that somebody else has.
    """
    named: dict[str, Any] = {
        "environment": environment_id,
        "noun": piece.noun,
        "program": piece.program_id,
        "first": _FIRST,
    }
    with connection.cursor() as cursor:
        mark = _locked(cursor, named)
        if mark is None:
            return Done(0, None)
        key, last_id = mark
        begin = max(last_id, after or _FIRST)
        span: dict[str, Any] = {
            "since": piece.since,
            "begin": begin,
            "end": end or _LAST,
            "settled": settled,
            "last": _LAST,
        }
        cursor.execute(piece.statement(), {**named, **span, "chunk": chunk})
        seen, rows, newest, done_to, unfinished, too_young = cursor.fetchone()
        if seen < chunk and unfinished is None:
            done_to = min(end or _LAST, settled)
        if done_to is not None and begin == last_id < done_to:
            cursor.execute(_MOVE, [done_to, key])
    # What is old stands in front: behind rows that are all too young, nothing is looked for tonight.
    more = seen == chunk and (rows or not too_young)
    return Done(rows, newest if more else None)


def _locked(cursor: CursorWrapper, named: Mapping[str, Any]) -> tuple[UUID, UUID] | None:
    """The mark and how far it is, made where there was none; None while somebody else has it."""
    cursor.execute(_LOCK, named)
    found: tuple[UUID, UUID] | None = cursor.fetchone()
    if found is None:
        cursor.execute(_MAKE, named)
        if cursor.rowcount:
            cursor.execute(_LOCK, named)
            found = cursor.fetchone()
    return found
