"""Rewards by day: how often each was chosen (domain.md 11). What has become of them: `queries.reward_figures`."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection

from loyalty.queries.analytics.periods import Period
from programs.models import Environment


@dataclass(frozen=True, slots=True)
class RewardDay:
    """A reward's redemptions of one local day, whatever became of them; `points`: paid for those that stand."""

    day: date
    redemptions: int
    points: int


# By the index on (reward, occurred_at), for each reward of the environment.
_DAYS = """
SELECT reward.id, (sold.occurred_at AT TIME ZONE %(time_zone)s)::date AS day, count(*),
    coalesce(sum(sold.points) FILTER (WHERE sold.status IN ('pending', 'fulfilled')), 0)::bigint
FROM programs_reward AS reward
JOIN loyalty_redemption AS sold
    ON sold.reward_id = reward.id AND sold.occurred_at >= %(begins_at)s AND sold.occurred_at < %(ends_at)s
WHERE reward.environment_id = %(environment)s
GROUP BY reward.id, day ORDER BY reward.id, day
"""


def rewards_by_day(*, environment: Environment, period: Period) -> dict[UUID, list[RewardDay]]:
    """By reward, the days on which it was redeemed, in order; of a day that the period cuts its part. One statement."""
    sent: dict[str, Any] = {
        "environment": environment.pk,
        "time_zone": environment.project.time_zone,
        "begins_at": period.begins_at,
        "ends_at": period.ends_at,
    }
    found: defaultdict[UUID, list[RewardDay]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, sent)
        for reward, *figures in cursor.fetchall():
            found[reward].append(RewardDay(*figures))
    return dict(found)
