"""Reward analytics: which rewards are chosen most in a period, what became of their codes, and the file of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from loyalty.actions.fulfilment import cancel
from loyalty.actions.tills import use_code
from loyalty.admin.reward_figures import duration_words
from programs.models import Environment
from tests import factories
from tests.console.tenants import Tenant

pytestmark = pytest.mark.django_db

PAGE = "/console/programs/reward/figures/"
JUNE = {"first": "2026-06-01", "last": "2026-06-30"}


@pytest.fixture
def analyst(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "analyst")
    return client


@pytest.fixture
def june(environment: Environment) -> None:
    """In June three vouchers for 100 points, of which one was used after two days and one cancelled, and a mug for
    nothing; in July another voucher."""
    voucher = factories.make_reward(
        factories.reload(environment),
        "voucher",
        name="=Voucher",
        code_source="generated",
        code_pattern="V-########",
    )
    factories.make_reward(factories.reload(environment), "mug", name="Mug", points=0)
    at = datetime(2026, 6, 10, 12, tzinfo=UTC)
    bought = []
    for member in ("ada", "bob", "cy"):
        factories.give(environment, 500, member, now=at - timedelta(days=1))
        bought.append(factories.buy(environment, voucher.public_id, member, now=at))
    factories.buy(environment, "mug", "ada", now=at)
    factories.buy(environment, "voucher", "ada", now=at + timedelta(days=30))
    actor = factories.make_actor()
    later = at + timedelta(days=2)
    use_code(environment=environment, code=bought[0].code.code, place=None, actor=actor, now=later)
    cancel(environment=environment, redemption=bought[1].pk, actor=actor, now=later)


def test_the_rewards_of_a_period_are_listed_the_most_popular_first(analyst: Client, june: None) -> None:
    page = analyst.get(PAGE, JUNE)
    lines = [
        (line.figures.name, line.figures.redemptions, line.figures.points, line.share, line.use_rate)
        for line in page.context["lines"]
    ]
    assert lines == [("=Voucher", 3, 200, "75%", "50%"), ("Mug", 1, 0, "25%", "–")]
    assert [line.median for line in page.context["lines"]] == ["2 days", "–"]
    assert [page.context[name] for name in ("total", "points", "issued", "used")] == [4, 200, 2, 1]
    assert str(page.context["chosen"].period) == "1 Jun to 30 Jun 2026"
    drawn = [(bar.name, bar.width, bar.note) for bar in page.context["report"].drawing.rows]
    assert drawn == [("=Voucher", "100", "75%"), ("Mug", "33.33", "25%")]


def test_the_file_has_the_same_figures_and_no_formula(analyst: Client, june: None) -> None:
    answer = analyst.get(f"{PAGE}csv/", JUNE)
    header, voucher, mug, _ = answer.getvalue().decode().split("\r\n")
    assert header.startswith("reward_id,name,kind,redemptions,members,points,share,")
    assert voucher == "voucher,'=Voucher,custom,3,3,200,0.7500,0,2,1,0,2,1,0,0.5000,172800,172800"
    assert mug == "mug,Mug,custom,1,1,0,0.2500,0,1,0,0,0,0,0,,,"
    assert answer["Content-Disposition"] == 'attachment; filename="rewards-2026-06-01-2026-06-30.csv"'


def test_a_period_has_as_many_days_as_on_the_overview(analyst: Client, environment: Environment) -> None:
    now = timezone.now()
    reward = factories.make_reward(factories.reload(environment), points=0)
    for days in (0, 6, 7, 29, 30, 89, 90):
        factories.buy(environment, reward.public_id, f"m{days}", now=now - timedelta(days=days))
    with time_machine.travel(now, tick=False):
        counts = {days: analyst.get(PAGE, {"period": days}).context["total"] for days in ("7", "30", "90")}
        assert counts == {"7": 2, "30": 4, "90": 6}
        assert analyst.get(PAGE).context["total"] == 4
        report = next(one for one in analyst.get("/console/").context["reports"] if one.slug == "rewards")
    assert [row[1] for row in report.sheet.rows] == [4]
    assert report.more == f"{PAGE}?period=30"


@pytest.mark.parametrize(
    "asked",
    [
        {"first": "", "last": ""},
        {"first": "2026-06-30", "last": "2026-06-01"},
        {"first": "2026-06-01"},
        {"first": "x", "last": "y"},
        {"first": "9999-12-31", "last": "9999-12-31"},
    ],
)
def test_a_period_that_makes_no_sense_is_told_the_usual_one_shown_and_its_file_refused(
    analyst: Client, asked: dict[str, str]
) -> None:
    page = analyst.get(PAGE, asked)
    found = page.context["chosen"]
    assert found.form.errors
    assert (found.preset, page.context["total"]) == ("30", 0)
    assert analyst.get(f"{PAGE}csv/", asked).status_code == 400


def test_a_period_without_redemptions_says_so(analyst: Client) -> None:
    text = analyst.get(PAGE, JUNE).content.decode()
    assert "No redemption, 1 Jun to 30 Jun 2026" in text


def test_nothing_of_another_project_is_counted(login: Any, ours: Tenant, theirs: Tenant) -> None:
    client = login(ours.environment, "analyst")
    page = client.get(PAGE)
    assert page.context["total"] == 1
    assert theirs.mark not in page.content.decode()
    assert theirs.mark.encode() not in client.get(f"{PAGE}csv/").getvalue()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "under 1 min"),
        (59, "under 1 min"),
        (60, "1 min"),
        (120, "2 min"),
        (7199, "120 min"),
        (7200, "2 hours"),
        (172_800, "2 days"),
    ],
)
def test_durations_are_told_in_the_unit_that_fits(seconds: int, words: str) -> None:
    assert duration_words(timedelta(seconds=seconds)) == words
    assert duration_words(None) == "–"
