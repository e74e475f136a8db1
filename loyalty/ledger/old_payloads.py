"""What was written about members in rows that are too old is blanked; the rows and their figures stay (domain.md 10).

Of tables that are seldom written: a row is found by an index of those that still have something to blank, by when they
happened, so that what is done is not read again. The others have no such index, which every award would pay for:
marked_payloads.py. The tables' triggers let these columns become empty, and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

_CHUNK = """
WITH since AS (SELECT * FROM unnest(%(programs)s::uuid[], %(instants)s::timestamptz[]) AS since (program_id, at)),
due AS MATERIALIZED (
    SELECT payload.id, payload.{at} AS at FROM {table} AS payload
    WHERE payload.environment_id = %(environment)s AND ({has_any})
        AND payload.{at} >= %(place)s AND payload.{at} < %(latest)s
        AND payload.{at} < (SELECT at FROM since WHERE program_id IS NOT DISTINCT FROM {program})
    ORDER BY payload.{at} LIMIT %(chunk)s
    FOR NO KEY UPDATE OF payload SKIP LOCKED
),
blanked AS (
    UPDATE {table} AS payload SET {blank} FROM due WHERE payload.id = due.id RETURNING due.at
)
SELECT count(*), max(at) FROM blanked
"""
BY_ACCOUNT = """(
    SELECT metric.program_id FROM loyalty_account AS account
    JOIN programs_metric AS metric ON metric.id = account.metric_id
    WHERE account.id = payload.account_id
)"""


@dataclass(frozen=True, slots=True)
class Payload:
    """Of a table: the columns that are blanked, those besides that go with them, SQL that names a row's program (the
    row is `payload`), which rows may be blanked yet, and the column that says when they happened."""

    table: str
    columns: tuple[str, ...]
    with_them: tuple[str, ...] = ()
    program: str = "NULL"
    only: str = "true"
    at: str = "occurred_at"

    def statement(self) -> str:
        return _CHUNK.format(
            table=self.table, at=self.at, has_any=self.has_any, program=self.program, blank=self.blank
        )

    @property
    def has_any(self) -> str:
        """SQL: there is something to blank in this row."""
        some = " OR ".join(f"payload.{column} IS NOT NULL" for column in self.columns)
        return f"{self.only} AND ({some})"

    @property
    def blank(self) -> str:
        return ", ".join(f"{column} = NULL" for column in (*self.columns, *self.with_them))


PAYLOADS = (
    Payload("loyalty_hold", ("reason", "metadata"), program=BY_ACCOUNT, only="payload.status <> 'open'"),
    Payload(
        "loyalty_redemption",
        ("reason", "metadata", "note", "closed_reason"),
        program="(SELECT program_id FROM programs_reward WHERE id = payload.reward_id)",
        only="payload.status <> 'pending'",
    ),
    Payload(
        "loyalty_achievement",
        ("title", "message"),
        program="(SELECT program_id FROM programs_challenge WHERE id = payload.challenge_id)",
    ),
    Payload(
        "loyalty_adjustmentrequest",
        ("note", "decision_note"),
        program="(SELECT program_id FROM programs_metric WHERE id = payload.metric_id)",
        only="payload.status <> 'pending'",
        at="requested_at",  # few enough to be read without an index of their own
    ),
    Payload(
        "loyalty_stampreward",
        ("reference",),
        program="(SELECT program_id FROM programs_stampprogram WHERE id = payload.stamp_program_id)",
        at="paid_at",  # by the index of those that have a reference
    ),
)


def blank(
    payload: Payload,
    *,
    environment_id: UUID,
    since: Mapping[UUID | None, datetime],
    place: datetime,
    chunk: int,
) -> tuple[int, datetime | None]:
    """Blank the oldest of these rows that happened at `place` or later, at most `chunk` of them: how many, and when
    the newest of them happened. `since`: by program, from when on rows keep what they have; one that is not there
    keeps all. One statement. Locks: the rows; those that somebody else has are left to the next time."""
    if not since:
        return 0, None
    arguments: dict[str, Any] = {
        "environment": environment_id,
        "programs": list(since),
        "instants": list(since.values()),
        "latest": max(since.values()),
        "place": place,
        "chunk": chunk,
    }
    with connection.cursor() as cursor:
        cursor.execute(payload.statement(), arguments)
        blanked, newest = cursor.fetchone()
    return int(blanked), newest
