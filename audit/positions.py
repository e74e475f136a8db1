"""Where in the trail somebody stands who goes along it: seals, webhooks (domain.md 9.1).

The order is (epoch, transaction, id). A row is final when no transaction as old as its own can still be open: only
then can nothing come to stand before it. An id alone says nothing of that, since an earlier one may commit later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from audit.models import AuditEvent

NOWHERE = UUID(int=0)


# The oldest transaction that may still write here. A snapshot lists those of all databases of the server; one of
# another, as far as this role is shown, writes nothing here, however long it lasts.
HORIZON = """
    coalesce((
        SELECT running FROM pg_snapshot_xip(pg_current_snapshot()) AS running
        WHERE NOT EXISTS (
            SELECT FROM pg_stat_activity WHERE backend_xid = running::xid AND datname <> current_database()
        )
        ORDER BY running LIMIT 1
    ), pg_snapshot_xmax(pg_current_snapshot()))
"""


class Restored(Exception):
    """The trail holds a transaction that the database has not begun: it was restored from a dump, and counts anew."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Behind the row with this transaction and id."""

    epoch: int = 1
    transaction: int = 0
    id: UUID = NOWHERE


def present_epoch() -> int:
    """The epoch that rows are written in now: the column's default."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef JOIN pg_attribute"
            " ON attrelid = adrelid AND attnum = adnum"
            " WHERE adrelid = 'audit_auditevent'::regclass AND attname = 'epoch'"
        )
        return int(cursor.fetchone()[0].split("::")[0].strip("'()"))


def check_not_restored() -> None:
    """Raises Restored where a stored row is of a transaction that this database has not begun yet. Two statements."""
    with connection.cursor() as cursor:
        cursor.execute(_FROM_LATER, [present_epoch()])
        (restored,) = cursor.fetchone()
    if restored:
        raise Restored(
            "The audit trail holds a row of a transaction that this database has not begun. If it was restored from a"
            " dump, run `manage.py verify_audit --new-epoch` before anything is written to it; if it was not, the row"
            " was inserted, and `manage.py verify_audit` names it."
        )


_FROM_LATER = """
SELECT coalesce((
    SELECT transaction >= pg_snapshot_xmax(pg_current_snapshot())
        AND transaction IS DISTINCT FROM pg_current_xact_id_if_assigned()
    FROM audit_auditevent WHERE epoch = %s ORDER BY transaction DESC LIMIT 1
), false)
"""
_ROWS = """
SELECT {columns}, transaction::text::bigint AS position
FROM audit_auditevent
WHERE epoch = %(epoch)s AND transaction >= %(transaction)s::text::xid8
    AND (transaction, id) > (%(transaction)s::text::xid8, %(id)s) AND transaction <= '{last}' {final}
ORDER BY transaction, id LIMIT %(limit)s
"""
_LAST = 2**63 - 1  # no database comes this far; `stray_row` finds what claims to be of a later one
_FINAL = f"AND transaction < ({HORIZON})"


def rows_behind(position: Position, limit: int, *, final: bool = True) -> list[AuditEvent]:
    """The next rows of the position's epoch, in order; each has its transaction's number as `position`. One statement.

    `final` False: also those that rows may still come to stand before (of an epoch that is over, there are none).
    """
    names = [field.attname for field in AuditEvent._meta.concrete_fields if field.attname != "transaction"]
    text = _ROWS.format(columns=", ".join(names), last=_LAST, final=_FINAL if final else "")
    sent: dict[str, Any] = {
        "epoch": position.epoch,
        "transaction": str(position.transaction),
        "id": position.id,
        "limit": limit,
    }
    return list(AuditEvent.objects.raw(text, sent))


@dataclass(frozen=True, slots=True)
class Stray:
    """A row that stands where this database can't have written it. `not_begun`: it is of the present epoch and of a
    transaction to come, as all are that a restored dump holds."""

    id: UUID
    not_begun: bool


_STRAY = """
WITH known AS (SELECT generate_series(1, %(epoch)s::integer) AS epoch)
SELECT id, not_begun FROM (
    SELECT id, false AS not_begun, epoch, transaction FROM audit_auditevent
    WHERE epoch < 1 OR epoch > %(epoch)s
    UNION ALL
    SELECT row.id, false, row.epoch, row.transaction FROM known JOIN audit_auditevent AS row
        ON row.epoch = known.epoch AND row.transaction < '3'
    UNION ALL
    SELECT row.id, false, row.epoch, row.transaction FROM known JOIN audit_auditevent AS row
        ON row.epoch = known.epoch AND row.transaction > '{last}'
    UNION ALL
    SELECT id, true, epoch, transaction FROM audit_auditevent
    WHERE epoch = %(epoch)s AND transaction <= '{last}'
        AND transaction >= pg_snapshot_xmax(pg_current_snapshot())
        AND transaction IS DISTINCT FROM pg_current_xact_id_if_assigned()
) AS stray
ORDER BY not_begun, epoch, transaction, id LIMIT 1
"""


def stray_row() -> Stray | None:
    """The first row of no epoch that was, of no transaction that can be (below 3 they are the server's own), or of one
    to come. Two statements, by an index."""
    with connection.cursor() as cursor:
        cursor.execute(_STRAY.format(last=_LAST), {"epoch": present_epoch()})
        found = cursor.fetchone()
    return Stray(*found) if found else None


def position_of(row: AuditEvent) -> Position:
    """Where a row stands that `rows_behind` has read."""
    return Position(row.epoch, row.position, row.id)  # type: ignore[attr-defined]


def behind(rows: Sequence[AuditEvent], position: Position) -> Position:
    """Where one stands who has gone along these rows."""
    return position_of(rows[-1]) if rows else position
