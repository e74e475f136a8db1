"""Members by day: who came, who was active, and how many there were (domain.md 11)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Q

from loyalty.queries.analytics.periods import Period, days
from loyalty.queries.analytics.points import active_by_day
from loyalty.queries.members import members_of
from programs.models import Environment


@dataclass(frozen=True, slots=True)
class MembersDay:
    """`new`: came on the day; `active`: had points moved (points.active_members); `total`: were there at its end.

    `new` and `total` are of those who are members now: who was erased or merged into another is on no day.
    """

    day: date
    new: int
    active: int
    total: int


# By the index on (environment, created_at).
_ARRIVED = """
SELECT CASE WHEN created_at >= %(begins_at)s THEN (created_at AT TIME ZONE %(time_zone)s)::date END, count(*)
FROM loyalty_member
WHERE environment_id = %(environment)s AND created_at < %(ends_at)s
    AND status <> 'erased' AND redirect_to_id IS NULL
GROUP BY 1
"""


def members_counted(*, environment: Environment, period: Period) -> tuple[int, int]:
    """How many members there are now, and how many of them are new: came in the period. One statement, that counts all
    members."""
    is_new = Q(created_at__gte=period.begins_at, created_at__lt=period.ends_at)
    found = members_of(environment).aggregate(everybody=Count("id"), new=Count("id", filter=is_new))
    return found["everybody"], found["new"]


def members_by_day(*, environment: Environment, first: date, last: date, now: datetime) -> list[MembersDay]:
    """Each local day from `first` to `last`. One statement, and those of `active_by_day`."""
    found = _arrived(environment, first, last)
    active = dict(active_by_day(environment=environment, first=first, last=last, now=now))
    total = found.get(None, 0)
    shown = []
    for day in days(environment, first, last):
        total += found.get(day, 0)
        shown.append(MembersDay(day, found.get(day, 0), active.get(day, 0), total))
    return shown


def _arrived(environment: Environment, first: date, last: date) -> dict[date | None, int]:
    """By day; None: before `first`."""
    period = days(environment, first, last)
    sent: dict[str, Any] = {
        "environment": environment.pk,
        "time_zone": environment.project.time_zone,
        "begins_at": period.begins_at,
        "ends_at": period.ends_at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ARRIVED, sent)
        return dict(cursor.fetchall())
