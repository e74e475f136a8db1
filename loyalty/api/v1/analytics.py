"""/v1/analytics: how the program does (domain.md 11)."""

from collections.abc import Callable
from typing import Any, TypeVar

from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.api.common.rendering import instant
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import analytics_examples, analytics_rendering, analytics_shapes, stamp_rendering
from loyalty.api.v1.analytics_periods import (
    DaysQuery,
    MetricQuery,
    MomentsQuery,
    ProgramDaysQuery,
    ProgramMomentsQuery,
    days_asked,
    metric_asked,
    period_asked,
    program_asked,
)
from loyalty.api.v1.docs import operation
from loyalty.api.v1.filters import ChallengeFilters, StampProgramFilters
from loyalty.api.v1.lists import ListView, PageQuery
from loyalty.queries.analytics.periods import Period, days
from loyalty.queries.analytics.reports import (
    liability_report,
    members_report,
    points_report,
    rewards_report,
    stamps_report,
)
from loyalty.queries.analytics.tiers import tier_figures
from loyalty.queries.challenges import challenge_funnels, challenges_in
from loyalty.queries.stamps import stamp_programs_of
from programs.models import Metric
from programs.queries.snapshots import snapshot

ReportT = TypeVar("ReportT")

_SCOPE = "analytics:read"


class PointsAnalyticsView(EngineView):
    scopes = {"GET": _SCOPE}

    @operation(
        "points_analytics",
        "Points by day",
        scope=_SCOPE,
        query=MetricQuery,
        answer=analytics_shapes.PointsAnalytics,
        example=analytics_examples.POINTS,
        refusals=["not_found", "program_not_found"],
        tag="analytics",
        description="What moved the points of one metric, by the local day on which it happened, and what was "
        "outstanding at each day's end. Exact at `as_of`: what is written a moment later, dated back, changes the day "
        "that it is dated to.",
    )
    def get(self, request: Request) -> Response:
        return _of_metric(self, points_report, analytics_rendering.points)


class LiabilityAnalyticsView(EngineView):
    scopes = {"GET": _SCOPE}

    @operation(
        "liability_analytics",
        "What is outstanding, and when it expires",
        scope=_SCOPE,
        query=MetricQuery,
        answer=analytics_shapes.LiabilityAnalytics,
        example=analytics_examples.LIABILITY,
        refusals=["not_found", "program_not_found"],
        tag="analytics",
        description="`outstanding` is that of now (`as_of`); the `cohorts` say in which month its points expire, if "
        "nobody spends them, and add up to it with `debt`. `data`: what was outstanding at the end of each day of the "
        "period.",
    )
    def get(self, request: Request) -> Response:
        return _of_metric(self, liability_report, analytics_rendering.liability)


class MemberAnalyticsView(EngineView):
    scopes = {"GET": _SCOPE}

    @operation(
        "member_analytics",
        "Customers by day",
        scope=_SCOPE,
        query=DaysQuery,
        answer=analytics_shapes.MemberAnalytics,
        example=analytics_examples.MEMBERS,
        tag="analytics",
        description="Who came, who had points moved (of any metric), and how many there were at each day's end.",
    )
    def get(self, request: Request) -> Response:
        first, last = days_asked(self, self.query(DaysQuery))
        report = members_report(environment=self.environment, first=first, last=last, now=self.now)
        frame = analytics_rendering.of_days(self.environment, first, last, self.now)
        return Response(frame | analytics_rendering.members(report))


class TierAnalyticsView(EngineView):
    scopes = {"GET": _SCOPE}

    @operation(
        "tier_analytics",
        "Customers by tier",
        scope=_SCOPE,
        query=ProgramDaysQuery,
        answer=analytics_shapes.TierAnalytics,
        example=analytics_examples.TIERS,
        refusals=["program_not_found"],
        tag="analytics",
        description="How many customers hold each level, now and at the end of the period, and how often they rose and "
        "fell on which day. Levels are as last decided; each is decided anew at the project's midnight.",
    )
    def get(self, request: Request) -> Response:
        query = self.query(ProgramDaysQuery)
        program = program_asked(self, query)
        first, last = days_asked(self, query)
        config = snapshot(self.environment)
        only = None if program is None else [one.id for one in config.ladders if one.program_id == program.id]
        found = tier_figures(
            environment=self.environment, period=days(self.environment, first, last), only=only
        )
        programs = {one.id: one for one in config.programs}
        shown = [analytics_rendering.ladder(one, programs[one.ladder.program_id]) for one in found]
        frame = analytics_rendering.of_days(self.environment, first, last, self.now)
        return Response(frame | {"data": shown})


class RewardAnalyticsView(EngineView):
    scopes = {"GET": _SCOPE}

    @operation(
        "reward_analytics",
        "How rewards do",
        scope=_SCOPE,
        query=ProgramMomentsQuery,
        answer=analytics_shapes.RewardAnalytics,
        example=analytics_examples.REWARDS,
        refusals=["program_not_found"],
        tag="analytics",
        description="Of the redemptions of the period, by `occurred_at`: how often each reward was chosen, by how many "
        "customers, for how many points, and what has become of the redemptions and their codes by now. All rewards "
        "that were redeemed in the period, the most popular first, and on which days.",
    )
    def get(self, request: Request) -> Response:
        query = self.query(ProgramMomentsQuery)
        program, period = program_asked(self, query), period_asked(self, query)
        found = rewards_report(environment=self.environment, period=period, now=self.now, program=program)
        metrics = {metric.code: metric for metric in snapshot(self.environment).metrics}
        shown = [analytics_rendering.reward(one, metrics.get(one.figures.metric)) for one in found]
        return Response(_moments(self, period) | {"data": shown})


class StampAnalyticsQuery(PageQuery, MomentsQuery):
    pass


class StampAnalyticsView(ListView):
    feature = "stamps"
    scopes = {"GET": _SCOPE}
    filters = StampProgramFilters
    paging = StampAnalyticsQuery

    @operation(
        "stamp_analytics",
        "How stamp programs do",
        scope=_SCOPE,
        query=StampAnalyticsQuery,
        filters=StampProgramFilters,
        answer=analytics_shapes.StampAnalyticsPage,
        example=analytics_examples.STAMPS,
        tag="analytics",
        description="Of each stamp program, newest first, right now: how many members have a card and at how many "
        "stamps they stand, and what full cards gave: to be paid, paid, and revoked. `days`: what happened on each day "
        "of the period.",
    )
    def get(self, request: Request) -> Response:
        period = period_asked(self, self.parameters())
        page = self.page(stamp_programs_of(self.environment))
        found = stamps_report(environment=self.environment, stamp_programs=page.rows, period=period)
        shown = [
            stamp_rendering.figures(one.stamp_program, one.funnel) | analytics_rendering.stamps(one.figures)
            for one in found
        ]
        return Response(page.as_json(shown) | _moments(self, period))


class ChallengeAnalyticsView(ListView):
    feature = "challenges"
    scopes = {"GET": _SCOPE}
    filters = ChallengeFilters

    @operation(
        "challenge_analytics",
        "How challenges do",
        scope=_SCOPE,
        query=PageQuery,
        filters=ChallengeFilters,
        answer=analytics_shapes.ChallengeAnalyticsPage,
        example=analytics_examples.CHALLENGES,
        tag="analytics",
        description="Of each challenge, newest first, in its period of now: how many customers began, completed each "
        "mission, and completed all of it.",
    )
    def get(self, request: Request) -> Response:
        page = self.page(challenges_in(self.environment))
        found = challenge_funnels(environment=self.environment, challenges=page.rows, now=self.now)
        shown = [analytics_rendering.challenge(row, found[row.pk]) for row in page.rows]
        return Response(page.as_json(shown) | {"as_of": instant(self.now)})


def _of_metric(
    view: EngineView, read: Callable[..., ReportT], render: Callable[[ReportT, Metric], dict[str, Any]]
) -> Response:
    """The report of the metric and the days that the query names."""
    query = view.query(MetricQuery)
    metric = metric_asked(view, query)
    first, last = days_asked(view, query)
    found = read(environment=view.environment, metric=metric, first=first, last=last, now=view.now)
    program = next(one for one in snapshot(view.environment).programs if one.id == metric.program_id)
    about = analytics_rendering.of_metric(metric, program)
    frame = analytics_rendering.of_days(view.environment, first, last, view.now)
    return Response(about | frame | render(found, metric))


def _moments(view: EngineView, period: Period) -> dict[str, Any]:
    return {
        "from": instant(period.begins_at),
        "to": instant(period.ends_at),
        "time_zone": view.environment.project.time_zone,
        "as_of": instant(view.now),
    }
