"""Tiers on one page a program: levels as rows, with the members on each."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from programs.models import Environment, Metric, Program, Tier, TierLadder
from tests import factories
from tests.console.deeds import told
from tests.console.tenants import Tenant, state_of_everything

pytestmark = pytest.mark.django_db

PAGE = "/console/programs/tierladder"


@pytest.fixture
def operator(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "operator")
    return client


def _form(environment: Environment, *levels: tuple[str, str, str, str], **changes: Any) -> dict[str, Any]:
    names = ("title", "code", "threshold", "multiplier")
    return {
        "program": str(Program.objects.get(environment=environment).pk),
        "metric": str(Metric.objects.filter(environment=environment)[0].pk),
        "basis": "points",
        "event_type": "purchase",
        "period": "rolling",
        "days": "365",
        "grace_days": "0",
        "downgrade": "to_qualified",
        "is_active": "on",
        **{f"level_{name}": [level[place] for level in levels] for place, name in enumerate(names)},
    } | changes


GOLD = ("Gold", "gold", "750", "1.5")
SILVER = ("Silver lining", "", "250", "1.25")
BLANK = ("", "", "", "1")


def _levels(environment: Environment) -> list[tuple[str, str, Decimal, Decimal]]:
    tiers = Tier.objects.filter(environment=environment).order_by("-threshold")
    return [(tier.title, tier.code, tier.threshold, tier.multiplier) for tier in tiers]


def test_a_ladder_is_made_with_its_levels(operator: Client, environment: Environment) -> None:
    version = factories.reload(environment).config_version
    answer = operator.post(f"{PAGE}/add/", _form(environment, GOLD, SILVER, BLANK))
    ladder = TierLadder.objects.get(environment=environment)
    assert answer["Location"] == f"{PAGE}/{ladder.pk}/change/"
    assert told(answer) == "Tiers of Default program are saved."
    assert _levels(environment) == [
        ("Gold", "gold", Decimal(750), Decimal("1.5")),
        ("Silver lining", "silver-lining", Decimal(250), Decimal("1.25")),
    ]
    assert factories.reload(environment).config_version > version
    assert {"staff"} == set(
        AuditEvent.objects.filter(object_type="tierladder").values_list("actor_kind", flat=True)
    )


def test_the_form_begins_with_a_program_that_has_no_ladder(
    operator: Client, environment: Environment
) -> None:
    factories.make_ladder(environment, ("silver", "250"))
    club = Program.objects.create(environment=environment, name="Club", code="club")
    coins = Metric.objects.create(environment=environment, program=club, code="coins", title="Coins")
    form = operator.get(f"{PAGE}/add/").context["form"]
    assert (form["program"].value(), form["metric"].value()) == (club.pk, coins.pk)


def test_levels_are_changed_added_and_taken_away(operator: Client, environment: Environment) -> None:
    ladder = factories.make_ladder(environment, ("silver", "250", "1.25"), ("gold", "750", "1.5"))
    silver = Tier.objects.get(code="silver")
    url = f"{PAGE}/{ladder.pk}/change/"
    operator.post(url, _form(environment, ("Silver", "silver", "300", "2"), ("Platinum", "", "2000.5", "")))
    assert _levels(environment) == [
        ("Platinum", "platinum", Decimal("2000.5"), Decimal(1)),
        ("Silver", "silver", Decimal(300), Decimal(2)),
    ]
    assert Tier.objects.get(code="silver").pk == silver.pk


@pytest.mark.parametrize(
    ("levels", "row", "words"),
    [
        ([GOLD, ("Silver", "silver", "much", "1")], 1, "From: "),
        ([GOLD, ("Silver", "silver", "-1", "1")], 1, "From: "),
        ([("Gold", "gold", "750", "0.5")], 0, "Multiplies by: "),
        ([("", "gold", "750", "1")], 0, "Title: "),
        ([("Gold", "g o l d", "750", "1")], 0, "Code: "),
        ([GOLD, ("Silver", "gold", "250", "1")], 1, "Code: Another level has it"),
        ([GOLD, ("Silver", "silver", "750", "1")], 1, "From: Another level has it"),
        ([("Gold", "gold", "", "1")], 0, "From: "),
    ],
)
def test_a_faulty_level_is_told_at_its_row(
    operator: Client, environment: Environment, levels: list[Any], row: int, words: str
) -> None:
    before = state_of_everything()
    answer = operator.post(f"{PAGE}/add/", _form(environment, *levels))
    assert answer.status_code == 200
    errors = [found.errors for found in answer.context["rows"]]
    assert [bool(found) for found in errors] == [place == row for place in range(len(levels))]
    assert words in errors[row][0]
    assert errors[row][0].replace("'", "&#x27;") in answer.content.decode()
    assert state_of_everything() == before


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"days": ""}, "days"),
        ({"basis": "luck"}, "basis"),
        ({"currency": "pounds"}, "currency"),
        ({"program": ""}, "program"),
    ],
)
def test_a_faulty_setting_is_told_at_its_field(
    operator: Client, environment: Environment, wrong: dict[str, str], field: str
) -> None:
    before = state_of_everything()
    answer = operator.post(f"{PAGE}/add/", _form(environment, GOLD, **wrong))
    assert set(answer.context["form"].errors) == {field}
    assert state_of_everything() == before


def test_a_second_ladder_of_a_program_is_refused(operator: Client, environment: Environment) -> None:
    factories.make_ladder(environment, ("silver", "250"))
    before = state_of_everything()
    answer = operator.post(f"{PAGE}/add/", _form(environment, GOLD))
    assert set(answer.context["form"].errors) == {"program"}
    assert state_of_everything() == before


def test_a_level_that_members_hold_is_not_taken_away(operator: Client, environment: Environment) -> None:
    ladder = factories.make_ladder(environment, ("silver", "5"), ("gold", "750"))
    factories.give(environment, 10)
    before = state_of_everything()
    answer = operator.post(f"{PAGE}/{ladder.pk}/change/", _form(environment, GOLD))
    assert (
        "Members hold or wait for the level silver, so it can&#x27;t be removed." in answer.content.decode()
    )
    assert state_of_everything() == before


def test_each_level_shows_who_is_on_it_and_who_would_be(login: Any, environment: Environment) -> None:
    """Eve reached gold when points counted for longer, Ada is silver, Bob has no level."""
    factories.make_ladder(environment, ("silver", "50"), ("gold", "500"), days=365)
    factories.give(environment, 600, "eve", now=timezone.now() - timedelta(days=100))
    ladder = factories.make_ladder(environment, ("silver", "50"), ("gold", "500"), days=60)
    factories.give(environment, 60, "ada")
    factories.give(environment, 6, "bob")
    client = login(environment, "analyst")
    page = client.get(f"{PAGE}/{ladder.pk}/change/")
    rungs = {rung.title: (rung.members, rung.would) for rung in page.context["rungs"]}
    assert rungs == {"Gold": (1, 0), "Silver": (1, 1), "No level": (1, 2)}
    assert [rung.title for rung in page.context["rungs"]] == ["Gold", "Silver", "No level"]
    assert "What counts: points earned in 60 rolling days; then one level down." in page.content.decode()
    assert "level_title" not in page.content.decode()


def test_an_analyst_changes_nothing(login: Any, ours: Tenant) -> None:
    client, ladder = login(ours.environment, "analyst"), ours.rows[TierLadder]
    before = state_of_everything()
    for url in (f"{PAGE}/add/", f"{PAGE}/{ladder.pk}/change/"):
        assert client.post(url, _form(ours.environment, GOLD)).status_code == 403
    assert client.get(f"{PAGE}/add/").status_code == 403
    assert state_of_everything() == before


def test_it_is_in_the_sidebar_under_programs(login: Any, environment: Environment) -> None:
    assert f'href="{PAGE}/"' in login(environment, "analyst").get("/console/").content.decode()
