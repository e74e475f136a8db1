"""What the product reports of an environment: the overview, /v1/analytics, the funnels."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from loyalty.queries.analytics.liability import liability
from loyalty.queries.analytics.members import members_counted
from loyalty.queries.analytics.periods import Period, zone_of
from loyalty.queries.analytics.points import active_by_day, active_members, points_by_day, points_of_period
from loyalty.queries.reward_figures import reward_figures
from loyalty.queries.stamps import funnels
from programs.models import Environment, Metric, StampProgram
from tests.factories import reload

DAYS = 90


def reports_of(environment: Environment, now: datetime) -> dict[str, Any]:
    """As they stand at `now`; each by the name of the report."""
    here = reload(environment)
    since = now - timedelta(days=DAYS)
    rewards = reward_figures(environment=here, begins_at=since, ends_at=now, now=now)
    period: dict[str, Any] = {"environment": here, "first": since.date(), "last": now.date(), "now": now}
    metrics = list(Metric.objects.filter(environment=here))
    stamps = list(StampProgram.objects.filter(environment=here).order_by("name"))
    found = funnels(environment=here, stamp_programs=stamps)
    return {
        "people": members_counted(
            environment=here, period=Period(since, now + timedelta(days=1), zone_of(here))
        ),
        "activity": active_members(**period),
        "points": {one.code: asdict(points_of_period(metric=one, **period)) for one in metrics},
        "active_days": active_by_day(**period),
        "days": {one.code: [asdict(day) for day in points_by_day(metric=one, **period)] for one in metrics},
        "liability": {one.code: asdict(liability(environment=here, metric=one, now=now)) for one in metrics},
        "rewards": {row.name: asdict(row) for row in rewards},
        "stamps": {row.name: found[row.pk] for row in stamps},
    }
