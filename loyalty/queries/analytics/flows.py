"""What moved the points of a metric, by local day: the stored roll-ups and what they don't hold yet, as one state."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import connection

from programs.models import Environment, Metric

FIGURES = (
    "issued",
    "redeemed",
    "expired",
    "adjusted",
    "transferred",
    "reversed_issued",
    "reversed_redeemed",
    "reversed_adjusted",
)

_ENTRIES = """
SELECT (entry.occurred_at AT TIME ZONE %(time_zone)s)::date AS day, entry.points,
    CASE WHEN entry.type IN ('earned', 'bonus') THEN 'issued'
        WHEN entry.type <> 'reversed' THEN entry.type
        WHEN coalesce(root.type, original.type) IN ('redeemed', 'adjusted')
            THEN 'reversed_' || coalesce(root.type, original.type)
        ELSE 'reversed_issued' END AS figure
FROM loyalty_ledgerentry AS entry
JOIN loyalty_account AS account ON account.id = entry.account_id
LEFT JOIN loyalty_ledgerentry AS original ON original.id = entry.reverses_id
LEFT JOIN loyalty_ledgerentry AS root ON original.type = 'reversed' AND root.id = original.reverses_id
WHERE entry.environment_id = %(environment)s AND account.metric_id = %(metric)s
UNION ALL
SELECT (greatest(lot.expires_at, lot.earned_at) AT TIME ZONE %(time_zone)s)::date, -lot.remaining, 'expired'
FROM loyalty_account AS account JOIN loyalty_lot AS lot ON lot.account_id = account.id
WHERE account.environment_id = %(environment)s AND account.metric_id = %(metric)s
    AND account.next_due_at <= %(now)s AND lot.remaining > 0
    AND greatest(lot.expires_at, lot.earned_at) <= %(now)s AND lot.expires_at IS NOT NULL
"""
_FLOWS = f"""
SELECT CASE WHEN day >= %(first)s THEN day END AS day, figure, sum(points)
FROM ({_ENTRIES}) AS moved WHERE day <= %(last)s GROUP BY 1, 2
"""  # noqa: S608 - no text of a caller's
_DEBITS = frozenset({"redeemed", "expired"})


def flows_of(
    *, environment: Environment, metric: Metric, first: date, last: date, now: datetime
) -> tuple[int, Mapping[date, Mapping[str, int]]]:
    """What was outstanding before `first`, and the figures of each day from then to `last` that has any. `redeemed`
    and `expired` as what went, above zero; the others signed."""
    sent: dict[str, Any] = {
        "environment": environment.pk,
        "metric": metric.pk,
        "time_zone": environment.project.time_zone,
        "first": first,
        "last": last,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FLOWS, sent)
        rows = cursor.fetchall()
    opening = 0
    days: dict[date, dict[str, int]] = {}
    for day, figure, points in rows:
        if day is None:
            opening += int(points)
        else:
            flow = days.setdefault(day, dict.fromkeys(FIGURES, 0))
            flow[figure] += -int(points) if figure in _DEBITS else int(points)
    return opening, days
