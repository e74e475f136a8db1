"""Milestone sets, and how many members stand on each milestone of one (domain.md 8)."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from audit.errors import NotFound
from loyalty.queries.tiers import living_members
from programs.models import Environment, Metric, MilestoneSet

# By what was posted: what has come due since an account's last write is not yet taken off.
_STANDING = """
SELECT width_bucket(account.total, %(thresholds)s::bigint[]), count(*)
FROM loyalty_account AS account
JOIN loyalty_member AS member ON member.id = account.member_id
WHERE account.environment_id = %(environment)s AND account.metric_id = %(metric)s
AND member.redirect_to_id IS NULL AND member.status <> 'erased'
GROUP BY 1
"""


def milestone_sets_in(environment: Environment) -> QuerySet[MilestoneSet]:
    """All of an environment, with their metrics and milestones; keyset by `id`."""
    rows = MilestoneSet.objects.filter(environment=environment).select_related("metric")
    return rows.prefetch_related("milestones")


def find_milestone_set(*, environment: Environment, milestone_set: str) -> MilestoneSet:
    """One by its public id; two statements. Raises NotFound; also for another environment's."""
    found = milestone_sets_in(environment).filter(public_id=milestone_set).first()
    if found is None:
        raise NotFound(f"There is no milestone set {milestone_set!r} in this environment.")
    return found


def members_per_milestone(
    *, environment: Environment, metric: Metric, thresholds: Sequence[int]
) -> list[int]:
    """How many living members are below the first of the ascending `thresholds`, at it and below the second, and
    so on. Who has no account of the metric has its default.

    Two statements that read the metric's accounts and count the members: seconds where there are millions.
    """
    counts = [0] * (len(thresholds) + 1)
    if thresholds:
        with connection.cursor() as cursor:
            arguments: dict[str, Any] = {
                "thresholds": list(thresholds),
                "environment": environment.pk,
                "metric": metric.pk,
            }
            cursor.execute(_STANDING, arguments)
            for place, members in cursor.fetchall():
                counts[place] = members
    others = living_members(environment) - sum(counts)
    counts[bisect_right(thresholds, metric.default_value)] += max(0, others)
    return counts
