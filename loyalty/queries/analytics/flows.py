"""What moved the points of a metric, by local day: the roll-ups, what they don't hold yet and what has come due."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from loyalty.ledger.consistent import one_state
from loyalty.queries.analytics.entries import FIGURES, SUMS, Source, source_of
from loyalty.queries.analytics.lapsed import DUE, LAPSED, lapsed_otherwise
from loyalty.queries.analytics.periods import zone_of
from programs.models import Environment, Metric

Days = dict[date | None, dict[str, int]]
"""What moved on each day, with its sign; under None what moved before the first."""

_NAMES = ", ".join(FIGURES)
_TOTALS = ", ".join(f"sum({name})::text AS {name}" for name in FIGURES)
_ROLLED = f"""
SELECT day, {_NAMES} FROM loyalty_pointsofday
WHERE environment_id = %(environment)s AND metric_id = %(metric)s AND day <= %(last)s
"""  # noqa: S608 - no text of a caller's
# One row at least, which tells which accounts were left out.
_FLOWS = """
WITH due AS MATERIALIZED ({due}), added AS (
    SELECT day, {sums} FROM (
        SELECT day, figure, points FROM ({entries}) AS entry WHERE metric_id = %(metric)s
        UNION ALL
        SELECT day, 'expired', points FROM ({lapsed}) AS lapsed
    ) AS moved WHERE day <= %(last)s GROUP BY day
)
SELECT involved.accounts, flow.* FROM (SELECT array_agg(id) AS accounts FROM due WHERE is_involved) AS involved
LEFT JOIN (
    SELECT CASE WHEN day >= %(first)s THEN day END AS day, {totals}
    FROM ({rolled} UNION ALL SELECT * FROM added) AS moved GROUP BY 1
) AS flow ON true
"""
_GONE = ("redeemed", "expired")  # told as what went, above zero


def flows_of(
    *, environment: Environment, metric: Metric, first: date, last: date, now: datetime
) -> tuple[int, Mapping[date, Mapping[str, int]]]:
    """What was outstanding before `first`, and the figures of each day from then to `last` that has any: `redeemed` and
    `expired` as what went, above zero; the others signed. `now`: the environment's time.

    Two statements; more where accounts are involved (lapsed.py).
    """
    source = source_of(environment)
    sent = source.parameters(metric=metric.pk, first=first, last=last, now=now)
    days, involved = _read(source, sent)
    if involved:
        with one_state():
            days, involved = _read(source, sent)
            for day, figure, points in lapsed_otherwise(involved, zone=zone_of(environment), now=now):
                if day <= last:
                    _add(days, day if day >= first else None, {figure: points})
    opening = sum(days.pop(None, {}).values())
    told = {
        day: {name: _told(name, flow.get(name, 0)) for name in FIGURES} for day, flow in days.items() if day
    }
    return opening, told


def _read(source: Source, sent: dict[str, Any]) -> tuple[Days, list[UUID]]:
    """What can be added up by the database, and which accounts it left out."""
    text = _FLOWS.format(
        due=DUE,
        lapsed=LAPSED,
        sums=SUMS,
        totals=_TOTALS,
        entries=source.entries,
        rolled=source.rolled(_ROLLED),
    )
    with connection.cursor() as cursor:
        cursor.execute(text, sent)
        rows = cursor.fetchall()
    days: Days = {}
    for _, day, *figures in rows:
        if figures[0] is not None:
            _add(days, day, dict(zip(FIGURES, map(int, figures), strict=True)))
    return days, rows[0][0] or []


def _add(days: Days, day: date | None, flow: Mapping[str, int]) -> None:
    known = days.setdefault(day, {})
    for name, points in flow.items():
        known[name] = known.get(name, 0) + points


def _told(name: str, points: int) -> int:
    return -points if name in _GONE else points
