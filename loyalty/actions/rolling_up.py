"""Figures by day are added up as the ledger grows (docs/analytics.md; domain.md 11).

Whoever writes to the ledger pays nothing for it: no index, no trigger and no row more. The audit trail has a row for
each entry; a worker goes along it as sealing does, over what is final, and moves its position in the transaction that
adds what it passed. So each entry is added once, whatever happens to the worker.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from audit.positions import HORIZON, Position, check_not_restored, present_epoch
from loyalty.actions.pace import Pace
from loyalty.models import ActiveMember, PointsOfDay, RollupPosition, RollupZone
from loyalty.queries.analytics.entries import ENTRIES, FIGURES, SUMS, TOLD, source_of
from loyalty.queries.analytics.recounting import ACTIVE, POINTS
from programs.models import Environment

CHUNK = 5_000  # rows of the trail a transaction
EVERYTHING = 2**63 - 1
"""As a horizon: every row that can be seen is final."""

_END = f"""
WITH horizon AS MATERIALIZED (SELECT coalesce(%(horizon)s::text::xid8, {HORIZON}) AS open)
SELECT transaction::text::bigint, id, count(*) OVER () FROM (
    SELECT row.transaction, row.id FROM audit_auditevent AS row, horizon
    WHERE epoch = %(epoch)s AND row.transaction >= %(transaction)s::text::xid8 AND row.transaction < horizon.open
        AND (row.transaction, row.id) > (%(transaction)s::text::xid8, %(id)s)
    ORDER BY row.transaction, row.id LIMIT %(limit)s
) AS row ORDER BY transaction DESC, id DESC LIMIT 1
"""  # noqa: S608 - no text of a caller's
# An environment's days stay those of one zone: the first that they were counted in, until they are counted anew.
_ADD = f"""
WITH told AS MATERIALIZED (
    SELECT {TOLD} AS entry_id FROM audit_auditevent AS row
    WHERE epoch = %(epoch)s
        AND row.transaction >= %(transaction)s::text::xid8 AND row.transaction <= %(last_transaction)s::text::xid8
        AND (row.transaction, row.id) > (%(transaction)s::text::xid8, %(id)s)
        AND (row.transaction, row.id) <= (%(last_transaction)s::text::xid8, %(last_id)s)
), found AS MATERIALIZED (
    SELECT entry.* FROM told CROSS JOIN LATERAL ({ENTRIES} WHERE entry.id = told.entry_id OFFSET 0) AS entry
), zone AS MATERIALIZED (
    SELECT environment.id AS environment_id, coalesce(stored.time_zone, project.time_zone) AS time_zone
    FROM programs_environment AS environment JOIN programs_project AS project ON project.id = environment.project_id
    LEFT JOIN loyalty_rollupzone AS stored ON stored.environment_id = environment.id
    WHERE environment.id IN (SELECT environment_id FROM found)
), entry AS MATERIALIZED (
    SELECT found.*, (found.occurred_at AT TIME ZONE zone.time_zone)::date AS day
    FROM found JOIN zone USING (environment_id)
), zones AS (
    INSERT INTO loyalty_rollupzone (environment_id, time_zone) SELECT environment_id, time_zone FROM zone
    ON CONFLICT DO NOTHING
), points AS (
    INSERT INTO loyalty_pointsofday AS stored (environment_id, metric_id, day, {", ".join(FIGURES)})
    SELECT environment_id, metric_id, day, {SUMS} FROM entry GROUP BY 1, 2, 3
    ON CONFLICT (environment_id, metric_id, day) DO UPDATE
    SET {", ".join(f"{name} = stored.{name} + excluded.{name}" for name in FIGURES)}
), active AS (
    INSERT INTO loyalty_activemember (environment_id, day, member_id, metric_id)
    SELECT DISTINCT environment_id, day, member_id, metric_id FROM entry WHERE is_activity
    ON CONFLICT DO NOTHING
)
SELECT count(*) FROM entry
"""  # noqa: S608
_MOVED = """
SELECT environment.id FROM loyalty_rollupzone AS zone
JOIN programs_environment AS environment ON environment.id = zone.environment_id
JOIN programs_project AS project ON project.id = environment.project_id
WHERE project.time_zone <> zone.time_zone ORDER BY environment.id LIMIT 1
"""
_REBUILD = (
    f"INSERT INTO loyalty_pointsofday (environment_id, metric_id, day, {', '.join(FIGURES)}) {POINTS}",
    f"INSERT INTO loyalty_activemember (environment_id, day, member_id, metric_id) {ACTIVE}",
    """
    INSERT INTO loyalty_rollupzone (environment_id, time_zone) SELECT %(environment)s, %(time_zone)s
    WHERE EXISTS (SELECT FROM loyalty_pointsofday WHERE environment_id = %(environment)s)
    """,
)
_PATIENCE = "60s"


@dataclass(slots=True)
class Rolled:
    """What a run has done: rows of the trail passed, entries added, environments counted anew for their zone. `left`:
    it ended before everything was done."""

    rows: int = 0
    entries: int = 0
    rebuilt: int = 0
    left: bool = True


def roll_up(*, pace: Pace, chunk: int = CHUNK, horizon: int | None = None) -> Rolled:
    """Add up all tenants' entries that are final, `chunk` rows of the trail a transaction; then count anew the days of
    environments whose project has another zone than they were counted in.

    Ended anywhere, it goes on from its last chunk. While another is at work, that one is left to it. Raises Restored.
    `horizon`: the lowest transaction that may still be open, if that is known better. Locks: the position's row, which
    only a rebuild waits for.
    """
    done, is_behind = Rolled(), True
    for _ in pace.chunks():
        if is_behind:
            rows, entries, is_behind = roll_next(now=timezone.now(), limit=chunk, horizon=horizon)
            done.rows += rows
            done.entries += entries
        elif (moved := _moved()) is not None:
            rebuild_rollups(environment=moved)
            done.rebuilt += 1
        else:
            done.left = False
            break
    return done


@transaction.atomic
def roll_next(*, now: datetime, limit: int = CHUNK, horizon: int | None = None) -> tuple[int, int, bool]:
    """Add up what the next rows of the trail tell of: how many rows, how many entries, and whether there may be more.
    `now`: real time. Nothing where another is at work. Five statements, whatever there is; raises and locks as
    `roll_up`."""
    stored = RollupPosition.objects.select_for_update(skip_locked=True).first()
    if stored is None:
        return 0, 0, False
    check_not_restored()
    position = Position(stored.epoch, int(stored.transaction), stored.event_id)
    is_over = position.epoch < present_epoch()
    rows, end = _end(position, limit, EVERYTHING if is_over else horizon)
    entries = _add(position, end) if rows else 0
    if is_over and rows < limit:
        end = Position(position.epoch + 1)
    elif rows and rows < limit and horizon is None:
        # Behind the whole transaction, which has ended: reads would go through all of a large one again and again.
        end = Position(end.epoch, end.transaction + 1)
    if end != position:
        stored.epoch, stored.transaction, stored.event_id = end.epoch, str(end.transaction), end.id
    stored.rolled_at = now
    stored.save(update_fields=["epoch", "transaction", "event_id", "rolled_at"])
    return rows, entries, is_over or rows == limit


@transaction.atomic
def rebuild_rollups(*, environment: Environment) -> int:
    """Make the environment's rows anew from its ledger, in its project's zone: how many days of a metric there are.

    Reads go on meanwhile, by the rows as they were. Locks: the position's row, so that nothing is added until it is
    done; awards don't wait for it.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{_PATIENCE}'")  # who is at work may be at a large chunk
    RollupPosition.objects.select_for_update().get()
    environment = Environment.objects.select_related("project").get(pk=environment.pk)
    for model in (PointsOfDay, ActiveMember, RollupZone):
        model.objects.filter(environment_id=environment.pk).delete()
    sent = source_of(environment).parameters()
    with connection.cursor() as cursor:
        for statement in _REBUILD:
            cursor.execute(statement, sent)
    return PointsOfDay.objects.filter(environment_id=environment.pk).count()


def _end(position: Position, limit: int, horizon: int | None) -> tuple[int, Position]:
    """How many of the next rows are final, and where the last stands."""
    sent = _range(position) | {"limit": limit, "horizon": None if horizon is None else str(horizon)}
    with connection.cursor() as cursor:
        cursor.execute(_END, sent)
        found = cursor.fetchone()
    if found is None:
        return 0, position
    transaction_number, key, rows = found
    return rows, Position(position.epoch, transaction_number, key)


def _add(position: Position, end: Position) -> int:
    """How many entries the rows between tell of; they are added."""
    sent = _range(position) | {"last_transaction": str(end.transaction), "last_id": end.id}
    with connection.cursor() as cursor:
        cursor.execute(_ADD, sent)
        return int(cursor.fetchone()[0])


def _range(position: Position) -> dict[str, Any]:
    return {"epoch": position.epoch, "transaction": str(position.transaction), "id": position.id}


def _moved() -> Environment | None:
    """An environment whose days are of another zone than its project's now."""
    with connection.cursor() as cursor:
        cursor.execute(_MOVED)
        found = cursor.fetchone()
    return Environment.objects.get(pk=found[0]) if found else None
