"""How far members are with a challenge: bars, a table, and a file for a spreadsheet (domain.md 11)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.http import StreamingHttpResponse
from django.urls import reverse

from loyalty.admin.charts.bars import funnel, share_words
from loyalty.admin.charts.reports import Column, Report, Sheet
from loyalty.admin.charts.scales import so_many
from loyalty.admin.csv_files import csv_answer
from loyalty.queries.challenges import Funnel, challenge_funnel
from programs.admin.challenge_form import live_missions
from programs.models import Challenge
from programs.queries.environments import now_in

_COLUMNS = ("challenge", "title", "step", "mission", "mission_title", "members")


@dataclass(frozen=True, slots=True)
class Step:
    """So many members came so far; `share` of those who began, in words."""

    words: str
    members: int
    share: str


def funnel_shown(challenge: Challenge) -> dict[str, Any]:
    """What the challenge's page says of its members. Two statements."""
    found = _funnel(challenge)
    csv = reverse("admin:programs_challenge_csv", args=[challenge.pk])
    report = replace(funnel_report(challenge, found), csv=csv)
    return {"funnel": found, "steps": list(_steps(challenge, found)), "report": report}


def funnel_report(challenge: Challenge, found: Funnel) -> Report:
    """The chart of it."""
    steps = list(_steps(challenge, found))
    current = "" if challenge.per == "ever" else f" in the current {challenge.per}"
    return Report(
        slug="progress",
        title="How far members are",
        summary=f"{so_many(found.started, 'member')} began{current}, and {found.completed:,} completed it all.",
        drawing=funnel([(step.words, step.members) for step in steps])
        if found.started or found.completed
        else None,
        sheet=Sheet(
            [
                Column("step", "Step", is_figure=False),
                Column("members", "Members"),
                Column("share", "Share of who began"),
            ],
            [(step.words, step.members, step.share) for step in steps],
        ),
        empty=f"Nobody has begun{current}. Members begin with the first event that counts for a mission.",
        note="The share is that of the members who began.",
    )


def funnel_csv(challenge: Challenge) -> StreamingHttpResponse:
    """The same figures."""
    name = f"challenge-{challenge.public_id}"
    return csv_answer(name, _COLUMNS, list(_cells(challenge, _funnel(challenge))))


def _funnel(challenge: Challenge) -> Funnel:
    environment = challenge.environment
    return challenge_funnel(environment=environment, challenge=challenge, now=now_in(environment))


def _steps(challenge: Challenge, found: Funnel) -> Iterator[Step]:
    def step(words: str, members: int) -> Step:
        return Step(words, members, share_words(members, found.started))

    yield step("Began", found.started)
    for number, mission in enumerate(live_missions(challenge), 1):
        yield step(f"{number}. {mission.title}", found.missions.get(mission.pk, 0))
    yield step("Completed it all", found.completed)


def _cells(challenge: Challenge, found: Funnel) -> Iterator[list[object]]:
    about = (challenge.public_id, challenge.title)
    yield [*about, "started", "", "", found.started]
    for mission in live_missions(challenge):
        members = found.missions.get(mission.pk, 0)
        yield [*about, "mission", mission.public_id, mission.title, members]
    yield [*about, "completed", "", "", found.completed]
