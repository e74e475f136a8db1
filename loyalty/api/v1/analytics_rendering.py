"""How /v1 shows reports."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from loyalty.api.common.rendering import instant
from loyalty.api.v1.reward_rendering import number
from loyalty.queries.analytics.liability import Cohort
from loyalty.queries.analytics.money import value_of
from loyalty.queries.analytics.points import PointsDay
from loyalty.queries.analytics.rates import rate_of
from loyalty.queries.analytics.reports import LiabilityReport, MembersReport, PointsReport, RewardReport
from loyalty.queries.analytics.stamps import StampFigures
from loyalty.queries.analytics.tiers import LadderFigures
from loyalty.queries.challenges import Funnel
from programs.conditions.values import plain
from programs.models import Challenge, Environment, Metric, Program

MOVEMENTS = ("issued", "redeemed", "expired", "reversed", "adjusted", "transferred")
_BECAME = ("pending", "fulfilled", "cancelled", "failed", "codes_issued", "codes_used", "codes_expired")
_REVERSED = ("reversed_issued", "reversed_redeemed", "reversed_adjusted")


def of_days(environment: Environment, first: date, last: date, now: datetime) -> dict[str, Any]:
    """What every report by days says of its period."""
    return {
        "time_zone": environment.project.time_zone,
        "from": first.isoformat(),
        "to": last.isoformat(),
        "as_of": instant(now),
    }


def of_metric(metric: Metric, program: Program) -> dict[str, Any]:
    """Which metric a report counts, and what one is worth."""
    return {
        "program": program.code,
        "metric": metric.code,
        "unit_value": None if metric.unit_value is None else plain(metric.unit_value),
        "unit_currency": metric.unit_currency or None,
    }


def money(metric: Metric, points: int) -> str | None:
    """With all digits of the currency's minor unit: 12.50."""
    return _amount(value_of(metric, points))


def points(report: PointsReport, metric: Metric) -> dict[str, Any]:
    period = report.period
    totals = {name: getattr(period, name) for name in ("opening", *MOVEMENTS, *_REVERSED, "closing")}
    return {
        "totals": totals
        | {
            "closing_value": money(metric, period.closing),
            "net_issued": period.net_issued,
            "net_redeemed": period.net_redeemed,
            "redemption_rate": number(period.redemption_rate),
            "breakage_rate": number(period.breakage_rate),
            "active_members": report.active,
        },
        "data": [_points_day(day, metric) for day in report.days],
    }


def _points_day(day: PointsDay, metric: Metric) -> dict[str, Any]:
    movements = {name: getattr(day, name) for name in MOVEMENTS}
    return {"day": day.day.isoformat(), **movements, **outstanding(day.outstanding, metric)}


def outstanding(points: int, metric: Metric) -> dict[str, Any]:
    return {"outstanding": points, "outstanding_value": money(metric, points)}


def liability(report: LiabilityReport, metric: Metric) -> dict[str, Any]:
    found = report.now
    return {
        "outstanding": found.outstanding,
        "outstanding_value": _amount(found.value),
        "pending": found.pending,
        "held": found.held,
        "debt": found.debt,
        "cohorts": [_cohort(one, metric) for one in found.cohorts],
        "data": [{"day": day.day.isoformat(), **outstanding(day.outstanding, metric)} for day in report.days],
    }


def _cohort(found: Cohort, metric: Metric) -> dict[str, Any]:
    return {
        "month": f"{found.month:%Y-%m}" if found.month else None,
        "points": found.points,
        "pending": found.pending,
        "held": found.held,
        "value": money(metric, found.points) if metric else None,
    }


def members(report: MembersReport) -> dict[str, Any]:
    return {
        "totals": {"new": report.new, "active": report.active, "total": report.total},
        "data": [
            {"day": day.day.isoformat(), "new": day.new, "active": day.active, "total": day.total}
            for day in report.days
        ],
    }


def ladder(found: LadderFigures, program: Program) -> dict[str, Any]:
    return {
        "program": program.code,
        "up": found.up,
        "down": found.down,
        "levels": [
            {
                "tier": one.level.code if one.level else None,
                "title": one.level.title if one.level else None,
                "members": one.members_then,
                "members_now": one.members_now,
            }
            for one in found.levels
        ],
        "days": [{"day": day.day.isoformat(), "up": day.up, "down": day.down} for day in found.days],
    }


def reward(report: RewardReport, metric: Metric | None) -> dict[str, Any]:
    """`metric`: the one it is paid in."""
    found = report.figures
    return {
        "reward_id": found.public_id,
        "program": found.program,
        "metric": found.metric,
        "name": found.name,
        "kind": found.kind,
        "redemptions": found.redemptions,
        "members": found.members,
        "points": found.points,
        "points_value": money(metric, found.points) if metric else None,
        "share": number(found.share),
        **{name: getattr(found, name) for name in _BECAME},
        "use_rate": number(found.use_rate),
        "time_to_use": {
            "median_seconds": _seconds(found.median_to_use),
            "p90_seconds": _seconds(found.p90_to_use),
        },
        "days": [
            {"day": day.day.isoformat(), "redemptions": day.redemptions, "points": day.points}
            for day in report.days
        ],
    }


def stamps(found: StampFigures) -> dict[str, Any]:
    return {
        "completion_rate": number(found.completion_rate),
        "days": [
            {
                "day": day.day.isoformat(),
                "joined": day.joined,
                "stamps": day.stamps,
                "returned": day.returned,
                "issued": day.issued,
                "paid": day.paid,
            }
            for day in found.days
        ],
    }


def challenge(found: Challenge, funnel: Funnel) -> dict[str, Any]:
    titles = {mission.pk: mission for mission in found.missions.all()}
    return {
        "challenge_id": str(found.public_id),
        "program": found.program.code,
        "title": found.title,
        "status": found.status,
        "started": funnel.started,
        "missions": [
            {"mission_id": str(titles[key].public_id), "title": titles[key].title, "members": members}
            for key, members in funnel.missions.items()
        ],
        "completed": funnel.completed,
        "completion_rate": number(rate_of(funnel.completed, funnel.started)),
    }


def _amount(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def _seconds(time: timedelta | None) -> int | None:
    return None if time is None else int(time.total_seconds())
