"""Who was active, by local day (docs/analytics.md): the roll-ups and what they don't hold yet."""

from datetime import date
from typing import Any

from django.db import connection

from loyalty.queries.analytics.entries import source_of
from programs.models import Environment, Metric

_ROLLED = """
SELECT day, member_id FROM loyalty_activemember
WHERE environment_id = %(environment)s AND day BETWEEN %(first)s AND %(last)s {metric}
"""
# Who was merged counts as their survivor; every redirect is one step. A few, so they are read once.
_ACTIVE = """
WITH merged AS MATERIALIZED (
    SELECT id, redirect_to_id FROM loyalty_member
    WHERE environment_id = %(environment)s AND redirect_to_id IS NOT NULL AND status <> 'erased'
), active AS (
    SELECT DISTINCT {day} AS day, coalesce(merged.redirect_to_id, seen.member_id) AS member_id FROM (
        {rolled}
        UNION ALL
        SELECT day, member_id FROM ({entries}) AS entry
        WHERE is_activity AND day BETWEEN %(first)s AND %(last)s {metric}
    ) AS seen LEFT JOIN merged ON merged.id = seen.member_id
)
SELECT day, count(*) FROM active GROUP BY day
"""


def active_in(*, environment: Environment, first: date, last: date, metric: Metric | None = None) -> int:
    """How many members were active from `first` to `last`, in `metric` or in any. Two statements."""
    return sum(number for _, number in _read("NULL::date", environment, first, last, metric))


def active_each_day(*, environment: Environment, first: date, last: date) -> dict[date, int]:
    """How many members were active on each day from `first` to `last` on which any was. Two statements."""
    return dict(_read("day", environment, first, last))


def _read(
    day: str, environment: Environment, first: date, last: date, metric: Metric | None = None
) -> list[Any]:
    source = source_of(environment)
    only = "AND metric_id = %(metric)s" if metric else ""
    text = _ACTIVE.format(
        day=day,
        metric=only,
        rolled=source.rolled(_ROLLED.format(metric=only)),
        entries=source.entries,
    )
    sent = source.parameters(metric=metric.pk if metric else None, first=first, last=last)
    with connection.cursor() as cursor:
        cursor.execute(text, sent)
        return list(cursor.fetchall())
