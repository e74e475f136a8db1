"""What the analytics should say of points: the ledger's entries alone, added up by plain statements of another hand."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.db import connection

from loyalty.queries.analytics.points import PointsDay
from programs.models import Environment, Metric


def days_by_the_ledger(environment: Environment, metric: Metric, first: date, last: date) -> list[PointsDay]:
    """Every day from `first` to `last`, from the entries of the metric alone."""
    with connection.cursor() as cursor:
        cursor.execute(BY_DAY, {"zone": environment.project.time_zone, "metric": metric.pk})
        rows = {row[0]: [int(figure) for figure in row[1:]] for row in cursor.fetchall()}
    asked = every_day(first, last)
    outstanding, days = 0, []
    for day in sorted({*rows, *asked}):
        figures = rows.get(day, [0] * 9)
        outstanding += figures[0]
        if first <= day <= last:
            named = dict(zip(FIGURES, figures[1:], strict=True))
            days.append(PointsDay(day=day, outstanding=outstanding, **named))
    return days


def active_by_the_ledger(
    environment: Environment, metrics: Sequence[Metric], first: date, last: date
) -> tuple[int, list[tuple[date, int]]]:
    """How many were active in the period, and on each of its days."""
    sent: dict[str, Any] = {
        "zone": environment.project.time_zone,
        "metrics": [metric.pk for metric in metrics],
    }
    with connection.cursor() as cursor:
        cursor.execute(PRESENT, sent)
        seen = cursor.fetchall()
    each = [(day, len({member for on, member in seen if on == day})) for day in every_day(first, last)]
    return len({member for on, member in seen if first <= on <= last}), each


def every_day(first: date, last: date) -> list[date]:
    return [first + timedelta(number) for number in range((last - first).days + 1)]


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
BY_DAY = """
WITH RECURSIVE chain (entry_id, at, root_type) AS (
    SELECT id, reverses_id, type FROM loyalty_ledgerentry
    UNION ALL
    SELECT chain.entry_id, up.reverses_id, up.type FROM chain JOIN loyalty_ledgerentry up ON up.id = chain.at
)
SELECT date(timezone(%(zone)s, e.occurred_at)) AS day, sum(e.points),
    sum(CASE WHEN e.type = 'earned' OR e.type = 'bonus' THEN e.points ELSE 0 END),
    -sum(CASE WHEN e.type = 'redeemed' THEN e.points ELSE 0 END),
    -sum(CASE WHEN e.type = 'expired' THEN e.points ELSE 0 END),
    sum(CASE WHEN e.type = 'adjusted' THEN e.points ELSE 0 END),
    sum(CASE WHEN e.type = 'transferred' THEN e.points ELSE 0 END),
    sum(CASE WHEN e.type = 'reversed' AND c.root_type IN ('earned', 'bonus', 'transferred') THEN e.points ELSE 0 END),
    sum(CASE WHEN e.type = 'reversed' AND c.root_type = 'redeemed' THEN e.points ELSE 0 END),
    sum(CASE WHEN e.type = 'reversed' AND c.root_type = 'adjusted' THEN e.points ELSE 0 END)
FROM loyalty_ledgerentry e
JOIN chain c ON c.entry_id = e.id AND c.at IS NULL
WHERE e.account_id IN (SELECT id FROM loyalty_account WHERE metric_id = %(metric)s)
GROUP BY 1
"""
PRESENT = """
SELECT date(timezone(%(zone)s, e.occurred_at)), coalesce(survivor.id, e.member_id)
FROM loyalty_ledgerentry e
JOIN loyalty_account a ON a.id = e.account_id
LEFT JOIN loyalty_member gone ON gone.id = e.member_id AND gone.status IN ('active', 'frozen')
LEFT JOIN loyalty_member survivor ON survivor.id = gone.redirect_to_id
WHERE a.metric_id = ANY(%(metrics)s) AND e.type <> 'expired'
    AND (e.origin IS NULL OR (e.origin <> 'opening' AND e.origin NOT LIKE 'opening_balance:%%'))
"""
