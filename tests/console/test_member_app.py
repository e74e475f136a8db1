"""Settings, Member app: how the members' app reaches an environment, and what members may report."""

from typing import Any

import pytest
from django.test import Client

from loyalty.admin.reportable import reportable_types
from programs.actions.keys import create_key
from programs.models import Environment, MemberApp
from tests import factories
from tests.console.redeemed import text_of
from tests.console.tenants import Tenant, state_of_everything

pytestmark = pytest.mark.django_db
PAGE = "/console/programs/memberapp/"


@pytest.fixture
def operator(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "operator")
    return client


def test_it_is_set_up_on_one_page_and_changed_there(operator: Client, environment: Environment) -> None:
    factories.report(environment, "walked", type="walk", data={})
    page = operator.get(PAGE, follow=True)
    assert page.redirect_chain == [(f"{PAGE}add/", 302)]
    assert [one.type for one in page.context["types"]] == ["walk"]
    form = {"public_host": "Club.Example.com", "origins": "https://a.example.com/\nhttp://localhost:3000, "}
    operator.post(f"{PAGE}add/", form | {"event_types": ["walk"], "others": "ran\n\nswam"})
    app = MemberApp.objects.get(environment=environment)
    assert app.public_host == "club.example.com"
    assert app.origins == ["https://a.example.com", "http://localhost:3000"]
    assert set(app.event_types) == {"walk", "ran", "swam"}
    page = operator.get(PAGE, follow=True)
    assert page.redirect_chain == [(f"{PAGE}{app.pk}/change/", 302)]
    assert "Member apps" not in text_of(page)
    assert [(one.type, one.is_listed) for one in page.context["types"]] == [
        ("ran", True),
        ("swam", True),
        ("walk", True),
    ]
    operator.post(f"{PAGE}{app.pk}/change/", {"public_host": "", "origins": "", "event_types": ["ran"]})
    app = MemberApp.objects.get(environment=environment)
    assert (app.public_host, app.origins, app.event_types) == (None, [], ["ran"])


def test_each_type_says_what_it_would_do(environment: Environment) -> None:
    factories.make_rule(environment, name="Steps", event_type="walk")
    factories.make_ladder(
        factories.reload(environment), ("silver", "5"), basis="events", event_type="walk", metric="points"
    )
    missions = [{"title": "Walk", "event_type": "walk", "target": 2}]
    factories.make_challenge(factories.reload(environment), title="Active week", missions=missions)
    missions = [{"title": "Dive", "event_type": "dive", "target": 1}]
    factories.make_challenge(factories.reload(environment), title="Deep", missions=missions, status="draft")
    for number, event_type in enumerate(("purchase", "smile")):
        factories.report(environment, f"e{number}", type=event_type, data={"amount": "1"})
    types = reportable_types(factories.reload(environment), ["nap"])
    told = {one.type: (one.is_listed, one.is_used, one.words) for one in types}
    servers, nothing = (
        "Without a tick only your servers may report it.",
        "Nothing looks at it: an app may report it, and it is stored and causes nothing.",
    )
    assert told == {
        "dive": (False, True, f"It counts for the mission “Dive” of “Deep”, a draft. {servers}"),
        "walk": (
            False,
            True,
            (
                "It counts for the mission “Walk” of “Active week”. The earning rule “Steps” gives points for it."
                f" It counts for the tiers of Default program. {servers}"
            ),
        ),
        "nap": (True, False, nothing),
        "smile": (False, False, nothing),
    }
    assert list(told) == ["dive", "walk", "nap", "smile"]


def test_what_is_wrong_is_told_where_it_was_typed_and_nothing_is_saved(operator: Client) -> None:
    before = state_of_everything()
    form = {
        "public_host": "https://club.example.com/x",
        "origins": "https://a.example.com\nhttp://b.example.com",
        "others": "fine\nnot fine\nrefund",
        "event_types": ["walk"],
    }
    answer = operator.post(f"{PAGE}add/", form)
    errors = answer.context["form"].errors
    assert set(errors) == {"public_host", "origins", "others"}
    assert errors["origins"][0].startswith("Row 2: ")
    assert [words.split(":")[0] for words in errors["others"]] == ["“not fine”", "“refund”"]
    assert [one.type for one in answer.context["types"] if one.is_listed] == ["walk"]
    assert state_of_everything() == before


def test_the_calls_to_copy_fit_what_is_set_up(operator: Client, environment: Environment) -> None:
    def example() -> Any:
        return operator.get(PAGE, follow=True).context["example"]

    assert example() == {"base": "http://testserver", "key": "pk_sandbox_…", "has_key": False}
    made = create_key(
        environment=environment, name="Web", actor=factories.make_actor(), kind="publishable"
    ).key
    assert example() == {"base": "http://testserver", "key": f"{made.prefix}…", "has_key": True}
    operator.post(f"{PAGE}add/", {"public_host": "club.example.com"})
    assert example()["base"] == "https://club.example.com"
    text = operator.get(PAGE, follow=True).content.decode()
    assert "curl https://club.example.com/api/loyalty/config</textarea>" in text


def test_who_only_reads_sees_it_and_changes_nothing(
    login: Any, ours: Tenant, environment: Environment
) -> None:
    analyst, app = login(ours.environment, "analyst"), ours.rows[MemberApp]
    before = state_of_everything()
    text = text_of(analyst.get(PAGE, follow=True))
    assert "ours-app.example.com" in text
    assert '<form method="post"' not in text.partition("What members may report")[2]
    for url in (f"{PAGE}add/", f"{PAGE}{app.pk}/change/"):
        assert analyst.post(url, {"public_host": ""}).status_code == 403
    assert state_of_everything() == before
    nowhere = login(environment, "analyst").get(PAGE)
    assert nowhere.status_code == 200
    assert "No event came in yet" in nowhere.content.decode()
    assert not MemberApp.objects.filter(environment=environment).exists()


def test_another_projects_app_is_not_there(login: Any, ours: Tenant, theirs: Tenant) -> None:
    client, before = login(ours.environment), state_of_everything()
    answer = client.post(f"{PAGE}{theirs.rows[MemberApp].pk}/change/", {"public_host": ""})
    assert answer["Location"] == PAGE
    taken = client.post(f"{PAGE}add/", {"public_host": "theirs-app.example.com"})
    assert taken.context["form"].errors["public_host"] == ["Another environment has it; choose another."]
    assert state_of_everything() == before
