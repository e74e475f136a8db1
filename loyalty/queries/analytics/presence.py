"""Who was active, by local day (docs/analytics.md)."""

from datetime import date
from typing import Any

from django.db import connection

from programs.models import Environment, Metric

_ACTIVE = """
SELECT (entry.occurred_at AT TIME ZONE %(time_zone)s)::date AS day,
    CASE WHEN member.redirect_to_id IS NOT NULL AND member.status <> 'erased'
        THEN member.redirect_to_id ELSE member.id END AS member_id
FROM loyalty_ledgerentry AS entry
JOIN loyalty_account AS account ON account.id = entry.account_id
JOIN loyalty_member AS member ON member.id = entry.member_id
WHERE entry.environment_id = %(environment)s AND entry.type <> 'expired'
    AND coalesce(entry.origin, '') NOT IN ('opening') AND coalesce(entry.origin, '') NOT LIKE 'opening\\_balance:%%'
    AND (%(metric)s::uuid IS NULL OR account.metric_id = %(metric)s)
"""


def active_in(*, environment: Environment, first: date, last: date, metric: Metric | None = None) -> int:
    """How many members were active from `first` to `last`."""
    rows = _read("count(DISTINCT member_id)", "", environment, first, last, metric)
    return int(rows[0][0])


def active_each_day(*, environment: Environment, first: date, last: date) -> dict[date, int]:
    """How many members were active on each day from `first` to `last` on which any was."""
    return dict(_read("day, count(DISTINCT member_id)", "GROUP BY day", environment, first, last))


def _read(
    columns: str, group: str, environment: Environment, first: date, last: date, metric: Metric | None = None
) -> list[Any]:
    sent: dict[str, Any] = {
        "environment": environment.pk,
        "metric": metric.pk if metric else None,
        "time_zone": environment.project.time_zone,
        "first": first,
        "last": last,
    }
    text = f"SELECT {columns} FROM ({_ACTIVE}) AS seen WHERE day BETWEEN %(first)s AND %(last)s {group}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(text, sent)
        return list(cursor.fetchall())
