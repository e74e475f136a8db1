"""What the product reports of an environment: the overview, /v1/analytics, the funnels."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from loyalty.queries.overview import PERIODS, figures
from loyalty.queries.reward_figures import reward_figures
from loyalty.queries.stamps import funnels
from programs.models import Environment, StampProgram
from tests.factories import reload


def reports_of(environment: Environment, now: datetime) -> dict[str, Any]:
    """As they stand at `now`; each by the name of the report."""
    here = reload(environment)
    begins = {"begins_at": now - timedelta(days=90), "ends_at": now, "now": now}
    rewards = reward_figures(environment=here, **begins)
    overview = {days: figures(environment=here, now=now, days=days) for days in PERIODS}
    stamps = list(StampProgram.objects.filter(environment=here).order_by("name"))
    found = funnels(environment=here, stamp_programs=stamps)
    return {
        "people": {days: (each.members, each.new_members) for days, each in overview.items()},
        "activity": {days: (each.active_members, each.events) for days, each in overview.items()},
        "metrics": {
            (days, row.metric.code): asdict(row) | {"metric": None}
            for days, each in overview.items()
            for row in each.metrics
        },
        "rewards": {row.name: asdict(row) for row in rewards},
        "stamps": {row.name: found[row.pk] for row in stamps},
    }
