"""The pages that copy the sandbox's configuration to live, and that begin a sandbox anew."""

from typing import Any

import pytest
from django.test import Client

from loyalty.models import IdempotencyRecord
from programs.actions.tenancy import set_membership
from programs.models import EarningRule, Environment, Reward
from tests import factories
from tests.console.deeds import told
from tests.console.tenants import state_of_everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "operator")
    return client


def _url(environment: Environment, name: str) -> str:
    return f"/console/programs/project/{environment.project_id}/{name}/"


def _text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_the_difference_is_shown_and_copied_once(operator: Client, environment: Environment) -> None:
    live = factories.make_environment("live", project=environment.project)
    factories.make_rule(environment, name="1 point per £1")
    factories.make_rule(environment, name="Not yet", published=False)
    mug = factories.make_reward(environment, "rwd_mug", name="Mug", stock=5)
    factories.make_reward(live, "rwd_alone", name="Live alone")
    before, url = state_of_everything(), _url(environment, "copy")

    page = operator.get(url)

    text = _text(page)
    for part in (
        "Live gets 3 new and 0 changed objects",
        '1 point per £1 <span class="lc-tag lc-published">Published</span>',
        'Not yet <span class="lc-tag lc-draft">Draft</span>',
        "<strong>Set the stock in live afterwards:</strong> Mug.",
        "Only in live: left alone",
        "Live alone",
    ):
        assert part in text
    assert state_of_everything() == before
    sent = {"step": "confirm", "token": page.context["token"], "seen": page.context["seen"]}

    # somebody changes the sandbox between the look and the button
    Reward.objects.filter(pk=mug.pk).update(name="Blue mug")
    shown = operator.post(url, sent)
    assert "Something has changed since you looked" in _text(shown)
    assert "Blue mug" in _text(shown)
    assert not EarningRule.objects.filter(environment=live).exists()

    done = operator.post(url, {**sent, "seen": shown.context["seen"]})
    assert told(done) == "Live is configured as the sandbox is: 3 made, 0 changed."
    assert set(EarningRule.objects.filter(environment=live).values_list("name", "status")) == {
        ("1 point per £1", "published"),
        ("Not yet", "draft"),
    }
    again = operator.post(url, {**sent, "seen": shown.context["seen"]})
    assert told(again).endswith("This was copied already.")
    assert "There is nothing to copy" in _text(operator.get(url))
    # a change is shown before and after, also when what it is has no value
    Reward.objects.filter(pk=mug.pk).update(points=150, description="With a handle")
    text = _text(operator.get(url))
    assert '<td data-label="What">Points</td><td data-label="In live now">100</td>' in text
    assert '<td data-label="In live now">none</td><td data-label="After the copy">With a handle</td>' in text


def test_what_live_refuses_is_said_and_there_is_no_button(operator: Client, environment: Environment) -> None:
    live = factories.make_environment("live", project=environment.project)
    factories.make_stamp_program(environment, public_id="lp_one", currency="EUR")
    factories.make_stamp_program(live, public_id="lp_one", currency="GBP")
    page = operator.get(_url(environment, "copy"))
    text = _text(page)
    assert "Coffee Rewards, currency: It stays as it was made, since stamps hold prices in it" in text
    assert 'value="confirm"' not in text
    before = state_of_everything()
    sent = {"step": "confirm", "token": page.context["token"], "seen": page.context["seen"]}
    assert "It stays as it was made" in told(operator.post(_url(environment, "copy"), sent))
    assert state_of_everything() == before


def test_the_typed_name_begins_the_sandbox_anew_and_leads_into_it(
    operator: Client, environment: Environment
) -> None:
    factories.make_rule(environment)
    factories.report(environment)
    url = _url(environment, "reset")
    page = operator.get(url)
    assert "<strong>1</strong> member, <strong>1</strong> event and <strong>1</strong> ledger entry" in _text(
        page
    )
    sent = {"typed": "Another", "token": page.context["token"]}
    refused = operator.post(url, sent)
    assert "That is not this project&#x27;s name. Nothing was reset." in _text(refused)
    assert Environment.objects.get(pk=environment.pk).archived_at is None

    sent["typed"] = environment.project.name
    assert told(operator.post(url, sent)).startswith("The sandbox is new and empty")
    assert told(operator.post(url, sent)).endswith("reset already; it was not reset again.")

    new = Environment.objects.get(project=environment.project, kind="sandbox", archived_at=None)
    assert Environment.objects.filter(project=environment.project, kind="sandbox").count() == 2
    assert IdempotencyRecord.objects.filter(environment_id=new.pk, scope="console").count() == 1
    assert operator.get("/console/").context["console_environment"] == new
    assert list(operator.get("/console/loyalty/member/").context["cl"].result_list) == []


def test_whoever_was_in_the_old_sandbox_is_in_the_new_one(
    login: Any, operator: Client, environment: Environment
) -> None:
    """And not in another project that comes first by name."""
    other: Client = login(environment, "analyst")
    user = other.get("/console/").context["user"]
    first = factories.make_project("A first one")
    set_membership(project=first, user=user, role="analyst", actor=factories.make_actor())
    page = operator.get(_url(environment, "reset"))
    operator.post(
        _url(environment, "reset"), {"typed": environment.project.name, "token": page.context["token"]}
    )
    shown = other.get("/console/").context["console_environment"]
    assert (shown.project_id, shown.kind, shown.archived_at) == (environment.project_id, "sandbox", None)
    assert shown.pk != environment.pk


@pytest.mark.parametrize("name", ["copy", "reset"])
def test_only_operators_may(login: Any, environment: Environment, name: str) -> None:
    before = state_of_everything()
    for answer in (
        login(environment, "support").get(_url(environment, name)),
        login(environment, "support").post(_url(environment, name), {"token": "t", "step": "confirm"}),
    ):
        assert answer.status_code == 403
    factories_before = {table: rows for table, rows in before.items() if "auth" not in table}
    now = {table: rows for table, rows in state_of_everything().items() if "auth" not in table}
    assert {t for t in now if now[t] != factories_before[t]} <= {
        "programs_projectmembership",
        "django_session",
        "audit_auditevent",
    }
