"""What the tests of the pages of figures have in common: an independent calculation, and files as rows."""

import csv
from datetime import date
from typing import Any

from django.db import connection
from django.test import Client
from django.utils import timezone

from loyalty.actions.points import spend
from loyalty.actions.reversals import reverse
from programs.models import Environment
from tests import factories

# From the entries alone, each on its local day; nothing of the roll-ups, the accounts or the lots.
_MOVED = """
SELECT
    coalesce(sum(entry.points) FILTER (WHERE day < %(first)s), 0),
    coalesce(sum(entry.points) FILTER (WHERE inside AND entry.type IN ('earned', 'bonus')), 0),
    coalesce(-sum(entry.points) FILTER (WHERE inside AND entry.type = 'redeemed'), 0),
    coalesce(-sum(entry.points) FILTER (WHERE inside AND entry.type = 'expired'), 0),
    coalesce(sum(entry.points) FILTER (WHERE inside AND entry.type = 'reversed'), 0),
    coalesce(sum(entry.points) FILTER (WHERE inside AND entry.type = 'adjusted'), 0),
    coalesce(sum(entry.points) FILTER (WHERE inside AND entry.type = 'transferred'), 0),
    coalesce(sum(entry.points) FILTER (WHERE day <= %(last)s), 0)
FROM (
    SELECT *, day BETWEEN %(first)s AND %(last)s AS inside FROM (
        SELECT *, (occurred_at AT TIME ZONE %(zone)s)::date AS day FROM loyalty_ledgerentry
    ) AS dated
) AS entry
JOIN loyalty_account AS account ON account.id = entry.account_id
JOIN programs_metric AS metric ON metric.id = account.metric_id
WHERE entry.environment_id = %(environment)s AND metric.code = %(metric)s
"""
NAMES = ("opening", "issued", "redeemed", "expired", "reversed", "adjusted", "transferred", "closing")


def moved_by_the_ledger(
    environment: Environment, *, first: date, last: date, metric: str = "points"
) -> dict[str, int]:
    """What moved from the first local day to the last; no entry is waiting to be written."""
    sent: dict[str, Any] = {"first": first, "last": last, "metric": metric, "environment": environment.pk}
    with connection.cursor() as cursor:
        cursor.execute(_MOVED, sent | {"zone": environment.project.time_zone})
        return dict(zip(NAMES, map(int, cursor.fetchone()), strict=True))


def into_debt(environment: Environment, points: int, member: str = "ada") -> None:
    """The member earned so much and spent it, and then the earning was taken back."""
    common: dict[str, Any] = {
        "environment": environment,
        "actor": factories.make_actor(),
        "now": timezone.now(),
    }
    entry = factories.give(environment, points, member)
    spend(member=member, points=points, reason=None, **common)
    reverse(entry=entry.pk, points=None, reason=None, **common)


def rows_of(client: Client, url: str, query: dict[str, str] | None = None) -> list[dict[str, str]]:
    """A file as its rows."""
    answer = client.get(url, query or {})
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(answer.getvalue().decode().splitlines()))


def plans_of(queries: Any) -> list[str]:
    """How the database would answer the reads among these statements."""
    plans = []
    for query in queries.captured_queries:
        if query["sql"].lstrip().upper().startswith(("SELECT", "WITH")):
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {query['sql']}")
                plans.append("\n".join(line for (line,) in cursor.fetchall()))
    return plans
