"""The charts of the overview, each with its table and its file."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import urlencode

from django.urls import reverse

from loyalty.admin.asked import Asked
from loyalty.admin.challenge_funnel import funnel_report
from loyalty.admin.charts.plots import Series, lines
from loyalty.admin.charts.reports import Column, Report, Sheet
from loyalty.admin.charts.scales import so_many
from loyalty.admin.forecast_report import forecast_report
from loyalty.admin.periods import day_words, short_days
from loyalty.admin.points_report import points_report
from loyalty.admin.reward_report import reward_report
from loyalty.admin.stamp_funnel import stamp_report
from loyalty.admin.tier_report import tiers_report
from loyalty.queries.analytics.points import active_by_day
from loyalty.queries.challenges import challenge_funnel, shown_challenges
from loyalty.queries.reward_figures import reward_figures
from loyalty.queries.stamps import funnels
from programs.models import StampProgram
from programs.queries.plans import has_feature
from programs.queries.snapshots import snapshot


def reports_of(asked: Asked) -> list[Report]:
    """All that the environment has something to show of, in the order of the page."""
    return [report for make in REPORTS.values() if (report := make(asked))]


def report_of(slug: str, asked: Asked) -> Report | None:
    """One of them."""
    make = REPORTS.get(slug)
    return make(asked) if make else None


def active_report(asked: Asked) -> Report:
    """How many members were active, day by day."""
    days = active_by_day(
        environment=asked.environment, first=asked.period.first, last=asked.period.last, now=asked.now
    )
    names = [f"{day:%a} {day_words(day)}" for day, _ in days]
    most, best = max(((members, day) for day, members in days), key=lambda one: one[0])
    drawing = lines(
        names=names,
        below=short_days([day for day, _ in days]),
        series=[Series("Active members", "issued", [members for _, members in days])],
        filled="issued",
    )
    return Report(
        slug="active",
        title="Active members per day",
        summary=f"At most {so_many(most, 'member')} a day, on {day_words(best)}.",
        drawing=drawing if most else None,
        sheet=Sheet(
            [Column("day", "Day", is_figure=False), Column("active_members", "Active members")], days
        ),
        empty="Nobody’s points moved in this period. The chart shows how many members earn or spend each day; the first"
        " event that earns points begins it.",
    )


def rewards_report(asked: Asked) -> Report:
    """Which rewards members choose, the most popular first."""
    found = reward_figures(
        environment=asked.environment,
        begins_at=asked.instants.begins_at,
        ends_at=asked.instants.ends_at,
        now=asked.now,
    )
    more = f"{reverse('admin:programs_reward_figures')}?{urlencode(asked.chosen.query)}"
    return replace(reward_report(found), more=more, more_words="Reward analytics")


def stamps_report(asked: Asked) -> Report | None:
    """How far members are with the stamp card that most have, as of now. None without one, or without the feature."""
    if not has_feature(asked.environment, "stamps"):
        return None
    active = [
        one for one in snapshot(asked.environment).stamp_programs if one.status == StampProgram.Status.ACTIVE
    ]
    if not active:
        return None
    found = funnels(environment=asked.environment, stamp_programs=active)
    one = max(active, key=lambda one: found[one.pk].enrolled)
    others = len(active) - 1
    report = stamp_report(found[one.pk])
    return replace(
        report,
        slug="stamps",
        title=f"Stamp card: {one.name}",
        more=reverse("admin:programs_stampprogram_change", args=[one.pk]),
        more_words="The stamp card",
        note=f"{report.note} {so_many(others, 'other card')} under Stamp programs."
        if others
        else report.note,
    )


def challenge_report(asked: Asked) -> Report | None:
    """How far members are with the first challenge that they are shown, as of now. None without one."""
    first = next(iter(shown_challenges(snapshot(asked.environment), asked.now)), None)
    if first is None:
        return None
    found = challenge_funnel(environment=asked.environment, challenge=first, now=asked.now)
    return replace(
        funnel_report(first, found),
        slug="challenge",
        title=f"Challenge: {first.title}",
        more=reverse("admin:programs_challenge_change", args=[first.pk]),
        more_words="The challenge",
    )


REPORTS: Mapping[str, Callable[[Asked], Report | None]] = {
    "points": points_report,
    "liability": forecast_report,
    "active": active_report,
    "rewards": rewards_report,
    "tiers": tiers_report,
    "stamps": stamps_report,
    "challenge": challenge_report,
}
