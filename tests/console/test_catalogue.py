"""The catalogue: rewards are listed, put in words, and turned on and off."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from programs.models import Environment, Program
from tests import factories
from tests.api.test_statement_budgets import statements
from tests.console.deeds import told
from tests.console.reward_forms import PAGE, reward_form
from tests.console.tenants import state_of_everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "operator")
    return client


def test_the_list_tells_what_is_left_and_what_is_taken(operator: Client, environment: Environment) -> None:
    mug = factories.make_reward(factories.reload(environment), name="Mug", points=0, stock=5)
    tea = factories.make_reward(factories.reload(environment), name="Tea", points=0)
    factories.make_reward(factories.reload(environment), name="Voucher", code_source="pool")
    for reward in (mug, tea):
        factories.buy(environment, reward.public_id)
    page = operator.get(f"{PAGE}/")
    admin = page.context["cl"].model_admin
    rows = [
        (reward.name, str(reward.shelf.stock.left), reward.shelf.taken, str(admin.codes(reward)))
        for reward in page.context["cl"].result_list
    ]
    assert [row[:3] for row in rows] == [("Mug", "4", "1"), ("Tea", "None", "1"), ("Voucher", "None", "0")]
    assert "none" in rows[2][3]
    assert "4 of 5" in page.content.decode()


def test_the_list_is_filtered_by_status_and_kind(operator: Client, environment: Environment) -> None:
    for name, kind, status in (("Mug", "free_product", "active"), ("Talk", "early_access", "draft")):
        factories.make_reward(factories.reload(environment), name=name, kind=kind, status=status)
    found = {
        query: [reward.name for reward in operator.get(f"{PAGE}/?{query}").context["cl"].result_list]
        for query in ("status__exact=draft", "kind__exact=free_product", "q=mug", "status__exact=archived")
    }
    assert found == {
        "status__exact=draft": ["Talk"],
        "kind__exact=free_product": ["Mug"],
        "q=mug": ["Mug"],
        "status__exact=archived": [],
    }


def test_an_empty_catalogue_says_what_a_reward_is(operator: Client) -> None:
    text = operator.get(f"{PAGE}/").content.decode()
    assert "No rewards yet" in text
    assert "A reward is what members get for their points" in text
    assert f'href="{PAGE}/add/"' in text


def test_a_list_of_many_asks_no_more_than_one_of_few(operator: Client, environment: Environment) -> None:
    def asked() -> int:
        operator.get(f"{PAGE}/")
        return len(statements(lambda: operator.get(f"{PAGE}/")))

    factories.make_reward(factories.reload(environment), name="First", code_source="pool")
    few = asked()
    for number in range(4):
        factories.make_reward(factories.reload(environment), name=f"R{number}", code_source="pool", stock=1)
    assert asked() == few


def test_what_is_on_the_screen_is_put_in_words_and_shown_as_members_see_it(
    operator: Client, environment: Environment
) -> None:
    before = state_of_everything()
    typed = {
        "stock": "100",
        "limit_times": "2",
        "limit_per": "week",
        "code_source": "generated",
        "code_pattern": "SHOP-########",
        "name": "<b>Ten</b>",
        "fulfilment": "manual",
        "condition": '{"field": "member.tier", "op": "eq", "value": "gold"}',
    }
    said = operator.post(f"{PAGE}/sentence/", reward_form(environment, **typed)).json()
    assert said["sentence"] == (
        f"200 points buy £10 off; twice a week; only where the tier is gold; with a code such as {said['example']}; "
        "handed out by your staff; 100 of 100 left."
    )
    assert said["example"].startswith("SHOP-")
    assert "&lt;b&gt;Ten&lt;/b&gt;" in said["card"]
    assert "<b>" not in said["card"]
    assert "£10 off" in said["card"]
    assert state_of_everything() == before


def test_what_is_missing_is_said_with_the_names_of_the_fields(
    operator: Client, environment: Environment
) -> None:
    said = operator.post(f"{PAGE}/sentence/", reward_form(environment, points="", currency="")).json()
    assert said["sentence"] == ""
    assert said["faults"] == [
        "Points: Say how many points it costs.",
        "Currency: Give the currency, as an ISO 4217 code.",
    ]
    assert operator.post(f"{PAGE}/sentence/", {}).status_code == 200


def test_the_words_of_a_stored_reward_know_what_is_taken(operator: Client, environment: Environment) -> None:
    reward = factories.make_reward(factories.reload(environment), points=0, stock=5)
    factories.buy(environment, reward.public_id)
    typed = reward_form(environment, name="Coffee", kind="custom", points="0", stock="10", discount_amount="")
    said = operator.post(f"{PAGE}/sentence/?reward={reward.pk}", typed).json()
    assert said["sentence"] == "Coffee for nothing; 9 of 10 left."


def test_a_reward_is_activated_paused_archived_and_brought_back(
    operator: Client, environment: Environment
) -> None:
    reward = factories.make_reward(factories.reload(environment), status="draft")
    seen = []
    for verb in ("activate", "pause", "archive", "bring-back"):
        url = f"{PAGE}/{reward.pk}/{verb}/"
        before = state_of_everything()
        assert operator.get(url).status_code == 200
        assert state_of_everything() == before
        answer = operator.post(url)
        assert answer["Location"] == f"{PAGE}/{reward.pk}/change/"
        reward.refresh_from_db()
        seen.append((verb, reward.status, told(answer)))
    assert seen == [
        ("activate", "active", "Coffee is active."),
        ("pause", "paused", "Coffee is paused."),
        ("archive", "archived", "Coffee is archived."),
        ("bring-back", "paused", "Coffee is back, and paused."),
    ]


def test_activating_says_why_nobody_could_have_it(operator: Client, environment: Environment) -> None:
    later = datetime(2090, 5, 1, 9, tzinfo=UTC)
    reward = factories.make_reward(
        factories.reload(environment), status="draft", code_source="pool", stock=0, starts_at=later
    )
    text = operator.get(f"{PAGE}/{reward.pk}/activate/").content.decode()
    for words in (
        "It can be redeemed from 1 May 2090, 09:00.",
        "All of them are taken",
        "No code is left",
    ):
        assert words in text


def test_a_reward_that_is_over_or_of_a_paused_program_says_so(
    operator: Client, environment: Environment
) -> None:
    past = timezone.now() - timedelta(days=3)
    reward = factories.make_reward(factories.reload(environment), ends_at=past)
    Program.objects.filter(environment=environment).update(status="paused")
    found = operator.get(f"{PAGE}/{reward.pk}/change/").context["obstacles"]
    assert [words.split(" ")[:3] for words in found] == [["Its", "program", "Default"], ["It", "ended", "on"]]


def test_the_catalogue_is_in_the_sidebar(login: Any, environment: Environment) -> None:
    text = login(environment, "analyst").get("/console/").content.decode()
    for path in (f"{PAGE}/", "/console/programs/inventoryset/", f"{PAGE}/figures/"):
        assert f'href="{path}"' in text
