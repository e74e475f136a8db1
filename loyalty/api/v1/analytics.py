"""/v1/analytics: how the program does (domain.md 11)."""

from datetime import timedelta
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from audit.errors import InvalidRequest
from loyalty.api.common.fields import Body, Instant
from loyalty.api.common.rendering import instant
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import (
    examples,
    reward_examples,
    reward_shapes,
    stamp_examples,
    stamp_rendering,
    stamp_shapes,
)
from loyalty.api.v1.docs import operation
from loyalty.api.v1.filters import StampProgramFilters
from loyalty.api.v1.lists import ListView, PageQuery
from loyalty.api.v1.reward_rendering import number
from loyalty.queries.reward_figures import RewardFigures, reward_figures
from loyalty.queries.stamps import funnels, stamp_programs_of

USUAL = timedelta(days=30)
LONGEST = timedelta(days=3 * 366)


class PeriodQuery(Body):
    """`from` inclusive, `to` exclusive."""

    vars()["from"] = Instant(required=False, help_text="30 days before `to`, if absent.")
    to = Instant(required=False, help_text="The environment's now, if absent; at most three years later.")


class RewardAnalyticsView(EngineView):
    scopes = {"GET": "analytics:read"}

    @operation(
        "reward_analytics",
        "How rewards do",
        scope="analytics:read",
        query=PeriodQuery,
        answer=reward_shapes.RewardAnalytics,
        example=reward_examples.ANALYTICS,
        tag="analytics",
        description="Of the redemptions of the period, by `occurred_at`: how often each reward was chosen, by how many "
        "customers, for how many points, and what has become of the redemptions and their codes by now. All rewards "
        "that were redeemed in the period, the most popular first.",
    )
    def get(self, request: Request) -> Response:
        query = self.query(PeriodQuery)
        to = query.get("to", self.now)
        begins = query.get("from", to - USUAL)
        if not begins < to <= begins + LONGEST:
            wrong = "to" if "to" in query else "from"  # alone, `to` is never wrong
            raise InvalidRequest.field(wrong, "invalid", "`to` is after `from`, by at most three years.")
        found = reward_figures(environment=self.environment, begins_at=begins, ends_at=to, now=self.now)
        return Response({"from": instant(begins), "to": instant(to), "data": [figures(one) for one in found]})


class StampAnalyticsView(ListView):
    feature = "stamps"
    scopes = {"GET": "analytics:read"}
    filters = StampProgramFilters

    @operation(
        "stamp_analytics",
        "How stamp programs do",
        scope="analytics:read",
        query=PageQuery,
        filters=StampProgramFilters,
        answer=stamp_shapes.StampAnalyticsPage,
        example=examples.page(stamp_examples.STAMP_FIGURES),
        tag="analytics",
        description="Of each stamp program, newest first, right now: how many members have a card and at how many "
        "stamps they stand, and what full cards gave: to be paid, paid, and revoked.",
    )
    def get(self, request: Request) -> Response:
        page = self.page(stamp_programs_of(self.environment))
        found = funnels(environment=self.environment, stamp_programs=page.rows)
        shown = [stamp_rendering.figures(row, found[row.pk]) for row in page.rows]
        return Response(page.as_json(shown))


def figures(found: RewardFigures) -> dict[str, Any]:
    return {
        "reward_id": found.public_id,
        "name": found.name,
        "kind": found.kind,
        "redemptions": found.redemptions,
        "members": found.members,
        "points": found.points,
        "share": number(found.share),
        "pending": found.pending,
        "fulfilled": found.fulfilled,
        "cancelled": found.cancelled,
        "failed": found.failed,
        "codes_issued": found.codes_issued,
        "codes_used": found.codes_used,
        "codes_expired": found.codes_expired,
        "use_rate": number(found.use_rate),
        "time_to_use": {
            "median_seconds": _seconds(found.median_to_use),
            "p90_seconds": _seconds(found.p90_to_use),
        },
    }


def _seconds(time: timedelta | None) -> int | None:
    return None if time is None else int(time.total_seconds())
