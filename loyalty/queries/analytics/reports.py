"""What a report of /v1 says, read as one state of the database (docs/analytics.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from loyalty.ledger.consistent import one_state
from loyalty.queries.analytics.entries import FIGURES
from loyalty.queries.analytics.liability import Liability, liability
from loyalty.queries.analytics.members import MembersDay, members_by_day
from loyalty.queries.analytics.periods import Period
from loyalty.queries.analytics.points import PointsDay, PointsPeriod, active_members, points_by_day
from loyalty.queries.analytics.rewards import RewardDay, rewards_by_day
from loyalty.queries.analytics.stamps import StampFigures, stamp_figures
from loyalty.queries.reward_figures import RewardFigures, reward_figures
from loyalty.queries.stamps import Funnel, funnels
from programs.models import Environment, Metric, Program, StampProgram


@dataclass(frozen=True, slots=True)
class PointsReport:
    """`active`: members with an entry of this metric in the period."""

    days: list[PointsDay]
    period: PointsPeriod
    active: int


@dataclass(frozen=True, slots=True)
class MembersReport:
    """`new`, `active`: of the period, each member once; `total`: at its end."""

    days: list[MembersDay]
    new: int
    active: int
    total: int


@dataclass(frozen=True, slots=True)
class LiabilityReport:
    """What is outstanding now, by when it expires, and what was at the end of each day of the period."""

    now: Liability
    days: list[PointsDay]


@dataclass(frozen=True, slots=True)
class RewardReport:
    """`days`: those on which it was redeemed."""

    figures: RewardFigures
    days: list[RewardDay]


@dataclass(frozen=True, slots=True)
class StampReport:
    """How far the members of a stamp program are now, and its days."""

    stamp_program: StampProgram
    funnel: Funnel
    figures: StampFigures


def points_report(
    *, environment: Environment, metric: Metric, first: date, last: date, now: datetime
) -> PointsReport:
    """Of one state of the database; as many statements as `points_by_day` and `active_members`."""
    with one_state():
        days = points_by_day(environment=environment, metric=metric, first=first, last=last, now=now)
        active = active_members(environment=environment, metric=metric, first=first, last=last, now=now)
    return PointsReport(days, whole(days), active)


def members_report(*, environment: Environment, first: date, last: date, now: datetime) -> MembersReport:
    """Of one state of the database; as many statements as `members_by_day` and `active_members`."""
    with one_state():
        days = members_by_day(environment=environment, first=first, last=last, now=now)
        active = active_members(environment=environment, first=first, last=last, now=now)
    return MembersReport(days, sum(day.new for day in days), active, days[-1].total)


def liability_report(
    *, environment: Environment, metric: Metric, first: date, last: date, now: datetime
) -> LiabilityReport:
    """Of one state of the database; as many statements as `liability` and `points_by_day`."""
    with one_state():
        return LiabilityReport(
            liability(environment=environment, metric=metric, now=now),
            points_by_day(environment=environment, metric=metric, first=first, last=last, now=now),
        )


def rewards_report(
    *, environment: Environment, period: Period, now: datetime, program: Program | None = None
) -> list[RewardReport]:
    """Of all rewards that were redeemed in the period, the most popular first; two statements."""
    span = {"begins_at": period.begins_at, "ends_at": period.ends_at, "now": now}
    with one_state():
        found = reward_figures(environment=environment, program=program, **span)
        by_day = rewards_by_day(environment=environment, period=period)
    return [RewardReport(one, by_day.get(one.reward_id, [])) for one in found]


def stamps_report(
    *, environment: Environment, stamp_programs: Sequence[StampProgram], period: Period
) -> list[StampReport]:
    """Of each of these stamp programs, in their order; four statements for all of them."""
    with one_state():
        found = funnels(environment=environment, stamp_programs=stamp_programs)
        by_day = stamp_figures(environment=environment, stamp_programs=stamp_programs, period=period)
    return [StampReport(one, found[one.pk], by_day[one.pk]) for one in stamp_programs]


def whole(days: Sequence[PointsDay]) -> PointsPeriod:
    """The period that these days make, at least one; pure."""
    return PointsPeriod(
        first=days[0].day,
        last=days[-1].day,
        opening=days[0].outstanding - days[0].change,
        closing=days[-1].outstanding,
        **{name: sum(getattr(day, name) for day in days) for name in FIGURES},
    )
