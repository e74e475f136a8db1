"""Milestones on one page: steps as rows, with the members who stand on each."""

from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent
from loyalty.models import Member
from programs.models import Environment, Metric, Milestone, MilestoneSet
from tests import factories
from tests.console.deeds import told
from tests.console.tenants import Tenant, state_of_everything

pytestmark = pytest.mark.django_db

PAGE = "/console/programs/milestoneset"
HERO = ("Hero", "hero", "500", "https://cdn.example.com/hero.webp")
STARTER = ("Good start", "", "1,000", "")
BLANK = ("", "", "", "")


@pytest.fixture
def operator(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "operator")
    return client


def _form(environment: Environment, *steps: tuple[str, str, str, str], **changes: Any) -> dict[str, Any]:
    names = ("title", "id", "threshold", "media")
    return {
        "title": "Collector",
        "metric": str(Metric.objects.get(environment=environment, code="points").pk),
        **{f"milestone_{name}": [step[place] for step in steps] for place, name in enumerate(names)},
    } | changes


def _steps(environment: Environment) -> list[tuple[str, str, int, str]]:
    rows = Milestone.objects.filter(environment=environment).order_by("threshold")
    return [(one.title, one.public_id, one.threshold, one.media) for one in rows]


def test_a_set_is_made_changed_and_kept_by_id(operator: Client, environment: Environment) -> None:
    answer = operator.post(f"{PAGE}/add/", _form(environment, STARTER, HERO, BLANK))
    made = MilestoneSet.objects.get(environment=environment)
    assert answer["Location"] == f"{PAGE}/{made.pk}/change/"
    assert told(answer) == "Collector is saved."
    assert _steps(environment) == [
        ("Hero", "hero", 500, "https://cdn.example.com/hero.webp"),
        ("Good start", "good-start", 1000, ""),
    ]
    hero = Milestone.objects.get(public_id="hero").pk
    answer = operator.post(
        f"{PAGE}/{made.pk}/change/",
        _form(environment, ("Heroine", "hero", "600", ""), ("Below zero", "", "-5", ""), title="Hunter"),
    )
    assert told(answer).endswith("Hunter is saved.")
    assert _steps(environment) == [("Below zero", "below-zero", -5, ""), ("Heroine", "hero", 600, "")]
    assert Milestone.objects.get(public_id="hero").pk == hero
    kinds = AuditEvent.objects.filter(object_type="milestoneset").values_list("actor_kind", flat=True)
    assert set(kinds) == {"staff"}
    assert "Below zero (-5) · Heroine (600)" in operator.get(f"{PAGE}/").content.decode()


def test_what_is_wrong_is_told_at_its_row_or_field_and_nothing_is_saved(
    operator: Client, environment: Environment
) -> None:
    before = state_of_everything()
    faulty: list[tuple[list[Any], int, str]] = [
        ([HERO, ("Star", "star", "much", "")], 1, "From: "),
        ([HERO, ("Star", "star", "", "")], 1, "From: "),
        ([HERO, ("Star", "star", "500", "")], 1, "From: Another milestone has it"),
        ([HERO, ("Star", "hero", "700", "")], 1, "Id: Another milestone has it"),
        ([("", "star", "700", ""), HERO], 0, "Title: "),
        ([("Star", "star", "700", "no address")], 0, "Picture: "),
    ]
    for steps, row, words in faulty:
        answer = operator.post(f"{PAGE}/add/", _form(environment, *steps))
        errors = [found.errors for found in answer.context["rows"]]
        assert [bool(found) for found in errors] == [place == row for place in range(len(steps))], steps
        assert errors[row][0].startswith(words), steps
        assert errors[row][0].replace("'", "&#x27;") in answer.content.decode()
    answer = operator.post(f"{PAGE}/add/", _form(environment, HERO, title=""))
    assert set(answer.context["form"].errors) == {"title"}
    assert state_of_everything() == before


def test_each_step_shows_who_stands_on_it(login: Any, environment: Environment) -> None:
    """Ada is at a threshold, eve beyond the last, bob below the first, and cleo never had any."""
    operator = login(environment, "operator")
    operator.post(f"{PAGE}/add/", _form(environment, ("Ten", "", "10", ""), ("Hundred", "", "100", "")))
    for member, points in (("ada", 10), ("eve", 500), ("bob", 9)):
        factories.give(environment, points, member)
    factories.make_member(environment, "cleo")
    gone = factories.make_member(environment, "gone")
    Member.objects.filter(pk=gone.pk).update(external_id=None, status="erased")
    factories.give(factories.make_environment(), 500, "stranger")
    made = MilestoneSet.objects.get(environment=environment)
    page = login(environment, "analyst").get(f"{PAGE}/{made.pk}/change/")
    assert [(step.title, step.threshold, step.members) for step in page.context["steps"]] == [
        ("Hundred", 100, 1),
        ("Ten", 10, 1),
        ("Below the first", None, 2),
    ]
    text = page.content.decode()
    assert "Steps on what members have of Points." in text
    assert "milestone_title" not in text
    Metric.objects.filter(environment=environment).update(default_value=10)
    page = operator.get(f"{PAGE}/{made.pk}/change/")
    assert [step.members for step in page.context["steps"]] == [1, 2, 1]


def test_its_metric_stays(operator: Client, environment: Environment) -> None:
    operator.post(f"{PAGE}/add/", _form(environment, HERO))
    coins = factories.make_metric(environment, "coins")
    made = MilestoneSet.objects.get(environment=environment)
    operator.post(f"{PAGE}/{made.pk}/change/", _form(environment, HERO, metric=str(coins.pk)))
    assert MilestoneSet.objects.get().metric.code == "points"


def test_who_only_reads_changes_nothing_and_nobody_reaches_another_projects(
    login: Any, ours: Tenant, theirs: Tenant
) -> None:
    analyst, operator = login(ours.environment, "analyst"), login(ours.environment, "operator")
    before = state_of_everything()
    for url in (f"{PAGE}/add/", f"{PAGE}/{ours.rows[MilestoneSet].pk}/change/"):
        assert analyst.post(url, {"title": "x"}).status_code == 403
    assert analyst.get(f"{PAGE}/add/").status_code == 403
    foreign = {"title": "x", "metric": str(theirs.rows[Metric].pk)}
    assert set(operator.post(f"{PAGE}/add/", foreign).context["form"].errors) == {"metric"}
    answer = operator.post(f"{PAGE}/{theirs.rows[MilestoneSet].pk}/change/", {"title": "x"})
    assert answer["Location"] == f"{PAGE}/"
    assert state_of_everything() == before
    assert f'href="{PAGE}/"' in analyst.get("/console/").content.decode()


@pytest.mark.parametrize(
    "forged",
    [{"milestone_title": ["Nul\0"]}, {"milestone_threshold": ["1", "2"]}],
    ids=["a NUL", "more thresholds"],
)
def test_rows_that_no_browser_sends_are_refused(
    operator: Client, environment: Environment, forged: dict[str, list[str]]
) -> None:
    before = state_of_everything()
    assert operator.post(f"{PAGE}/add/", _form(environment, STARTER) | forged).status_code == 400
    assert state_of_everything() == before
