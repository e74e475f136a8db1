"""An event sent by hand from the console is as real as one from a server."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from loyalty.models import Event, LedgerEntry
from loyalty.queries.first_steps import checklist
from programs.models import Environment
from tests import factories

pytestmark = pytest.mark.django_db
ADD = "/console/loyalty/event/add/"


@pytest.fixture
def sandbox(environment: Environment) -> Environment:
    factories.make_rule(
        environment, name="Purchases", event_type="purchase", award={"kind": "fixed", "points": 5}
    )
    return factories.reload(environment)


def _filled(**changed: Any) -> dict[str, Any]:
    return {
        "type": "purchase",
        "member": "ada",
        "event_id": "by-hand-1",
        "occurred_at": "",
        "json": "",
        "sample_path": ["amount"],
        "sample_value": ["50.00"],
        "sample_kind": ["text"],
        "item_sku": ["TEA", ""],
        "item_category": ["", ""],
        "item_quantity": ["2", ""],
        "item_amount": ["25.00", ""],
    } | changed


def test_it_is_recorded_as_the_api_would_and_shows_what_it_did(login: Any, sandbox: Environment) -> None:
    client: Client = login(sandbox, "operator")
    answer = client.post(ADD, _filled(), follow=True)
    event = Event.objects.get(environment_id=sandbox.pk)
    assert event.data == {"amount": "50.00", "items": [{"sku": "TEA", "quantity": 2, "amount": 25}]}
    assert (event.event_id, event.actor_kind) == ("by-hand-1", "staff")
    assert LedgerEntry.objects.get(event=event).points == 5
    assert AuditEvent.objects.filter(environment_id=sandbox.pk, verb="points.earned").count() == 1
    text = answer.content.decode()
    assert f"/console/loyalty/event/{event.pk}/sent/" in answer.redirect_chain[-1][0]
    assert "Awarded" in text
    assert "ada has now" in text
    assert "<strong>5</strong> points" in text
    assert "curl -X POST http://testserver/v1/events" in text
    assert "&quot;event_id&quot;: &quot;by-hand-1&quot;" in text


def test_the_same_form_sent_twice_counts_once(login: Any, sandbox: Environment) -> None:
    client: Client = login(sandbox, "operator")
    client.post(ADD, _filled())
    text = client.post(ADD, _filled(), follow=True).content.decode()
    assert "recorded before, by the same id" in text
    assert Event.objects.filter(environment_id=sandbox.pk).count() == 1


def test_a_refusal_is_said_on_the_form_and_nothing_is_recorded(login: Any, sandbox: Environment) -> None:
    client: Client = login(sandbox, "operator")
    for changed, words in (
        ({"type": "refund", "event_id": "r-1"}, "purchase"),
        ({"json": "{"}, "The data is not JSON."),
        ({"member": ""}, "This field is required."),
        ({"sample_path": ["a..b"]}, "is no field; write amount"),
        ({"occurred_at": "2001-01-01T00:00:00"}, "30 days"),
    ):
        answer = client.post(ADD, _filled(**changed))
        assert answer.status_code == 200
        assert words in answer.content.decode(), changed
        assert 'value="by-hand-1"' in answer.content.decode() or "event_id" in changed
    assert not Event.objects.filter(environment_id=sandbox.pk).exists()


LARGE = "Use a number of at most 100 digits."
FAULTY = "Leave out NUL characters and lone surrogates."


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        *(
            (changed, words)
            for value, words in (
                ("1e99999", LARGE),
                ("1E999999999", LARGE),
                ('"\\u0000"', FAULTY),
                ('"\\ud800"', FAULTY),
            )
            for changed in (
                {"json": f'{{"a": {value}}}'},
                {"json": f'{{"items": [{{"quantity": {value}}}]}}', "item_sku": [], "item_quantity": []},
                {"sample_path": ["amount"], "sample_value": [value], "sample_kind": [""]},
                {"item_quantity": [value, ""]},
                {"item_amount": [value, ""]},
            )
        ),
        ({"json": '{"\\u0000": 1}'}, FAULTY),
        ({"json": '{"a": 1, "a": 2}'}, "stands twice"),
        ({"json": '{"a": 1e99999999999999999999}'}, "a number is too large"),
        ({"json": '{"a": ' + "[" * 300 + "]" * 300 + "}"}, "Nest at most 64 levels."),
        ({"sample_path": [".".join("a" * 3000)]}, "Nest at most 64 levels."),
        ({"sample_value": ['{"a":' * 200 + "1" + "}" * 200], "sample_kind": [""]}, "Nest at most 64 levels."),
        ({"sample_value": ["a\x00b"]}, FAULTY),
        ({"item_sku": ["a\x00b", ""]}, FAULTY),
    ],
)
@pytest.mark.parametrize("kind", ["sandbox", "live"])
def test_what_the_api_would_not_take_is_not_taken_here_either(
    login: Any, sandbox: Environment, changed: dict[str, Any], words: str, kind: str
) -> None:
    chosen = Environment.objects.get(project=sandbox.project, kind=kind)
    client: Client = login(factories.reload(chosen), "operator")
    answer = client.post(ADD, _filled(**changed))
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not Event.objects.exists()
    assert client.get(ADD).status_code == 200


def test_in_live_it_is_shown_first_and_recorded_after_a_confirmation(
    login: Any, sandbox: Environment
) -> None:
    live = Environment.objects.get(project=sandbox.project, kind="live")
    factories.make_rule(live, name="Purchases", event_type="purchase", award={"kind": "fixed", "points": 7})
    client: Client = login(factories.reload(live), "operator")
    text = client.post(ADD, _filled()).content.decode()
    assert "This will be recorded in LIVE." in text
    assert "+7" in text
    assert not Event.objects.filter(environment_id=live.pk).exists()
    again = client.post(ADD, _filled(step="back")).content.decode()
    assert 'value="by-hand-1"' in again
    assert 'value="TEA"' in again
    assert not Event.objects.filter(environment_id=live.pk).exists()
    client.post(ADD, _filled(step="confirm"))
    assert LedgerEntry.objects.get(environment_id=live.pk).points == 7


def test_only_who_configures_may_send(login: Any, sandbox: Environment) -> None:
    for role in ("analyst", "support"):
        client: Client = login(sandbox, role)
        assert client.get(ADD).status_code == client.post(ADD, _filled()).status_code == 403
    assert not Event.objects.filter(environment_id=sandbox.pk).exists()


def test_it_begins_with_what_really_came_in_or_with_what_is_usual(login: Any, sandbox: Environment) -> None:
    client: Client = login(sandbox, "operator")
    assert 'value="50.00"' in client.get(ADD).content.decode()
    client.post(ADD, _filled(type="brewed", sample_path=["beans"], sample_value=["arabica"]))
    text = client.get(f"{ADD}?type=brewed").content.decode()
    for part in ('value="beans"', 'value="arabica"', 'value="TEA"', 'value="ada"', "Sign-up"):
        assert part in text
    like = client.get(f"{ADD}?like={Event.objects.get(environment_id=sandbox.pk).pk}").content.decode()
    assert 'value="arabica"' in like
    assert 'value="by-hand-1"' not in like


def test_another_projects_event_is_no_pattern(login: Any, sandbox: Environment) -> None:
    other = factories.make_environment()
    login(other, "operator").post(ADD, _filled(sample_value=["secret-77"]))
    theirs = Event.objects.get(environment_id=other.pk)
    client: Client = login(sandbox, "operator")
    assert "secret-77" not in client.get(f"{ADD}?like={theirs.pk}").content.decode()
    assert client.get(f"/console/loyalty/event/{theirs.pk}/sent/").status_code == 302


def test_the_first_steps_lead_from_an_empty_project_to_the_first_points(login: Any) -> None:
    environment = factories.make_environment()
    client: Client = login(environment, "owner")
    text = client.get("/console/").content.decode()
    assert "2 of 6 done" in text
    rule = "/console/programs/earningrule/add/?name=Points+for+purchases"
    assert rule in text
    page = client.get(f"{rule}&event_type=purchase&award_kind=per_amount&award_rate=1")
    assert page.context["adminform"].form["award_kind"].value() == "per_amount"
    assert "First steps: 2 of 6 done. Next: <strong>Earning rule</strong>" in page.content.decode()
    factories.make_rule(environment, event_type="purchase", award={"kind": "fixed", "points": 5})
    factories.make_key(environment)
    text = client.get("/console/loyalty/member/").content.decode()
    assert "Next: <strong>First event</strong>" in text
    client.post(ADD, _filled())
    steps = checklist(environment=factories.reload(environment), now=timezone.now())
    assert [step.title for step in steps if not step.done] == ["Copy it to live"]
    assert "First steps" not in client.get("/console/loyalty/member/").content.decode()
    text = client.get("/console/").content.decode()
    assert "First steps: 5 of 6 done. Next: <strong>Copy it to live</strong>" in text
    live = Environment.objects.get(project=environment.project, kind="live")
    factories.make_rule(live, event_type="purchase", award={"kind": "fixed", "points": 5})
    assert "First steps" not in client.get("/console/").content.decode()


def test_live_waits_for_the_server_and_offers_an_event_by_hand_only_beside_it(
    login: Any, environment: Environment
) -> None:
    live = Environment.objects.get(project=environment.project, kind="live")
    factories.make_rule(live, event_type="purchase", award={"kind": "fixed", "points": 5})
    factories.make_key(live)
    text = login(live, "owner").get("/console/").content.decode()
    assert "4 of 5 done" in text
    keys = 'href="/console/programs/apikey/" aria-label="See the keys: Your server’s first call"'
    assert f'<a class="lc-button lc-primary" {keys}' in text
    assert '<a class="lc-link" href="/console/loyalty/event/add/">Send one by hand instead</a>' in text


def test_whoever_configures_copies_to_live_from_the_bar_and_support_does_not(
    login: Any, environment: Environment
) -> None:
    link = f'href="/console/programs/project/{environment.project_id}/copy/">Copy sandbox to live…</a>'
    assert link in login(environment, "operator").get("/console/loyalty/member/").content.decode()
    assert link not in login(environment, "support").get("/console/loyalty/member/").content.decode()


def test_a_draft_is_said_to_earn_nothing_and_can_be_published(login: Any, environment: Environment) -> None:
    rule = factories.make_rule(environment, name="Half done", published=False)
    text = login(environment, "operator").get("/console/").content.decode()
    assert "“Half done” is a draft: it earns nothing until it is published." in text
    assert f"/console/programs/earningrule/{rule.pk}/publish/" in text


def test_a_step_that_the_role_may_not_do_has_no_button(login: Any, environment: Environment) -> None:
    text = login(environment, "operator").get("/console/").content.decode()
    assert "an owner of the project makes it" in text
    assert "/console/programs/apikey/add/" not in text
    assert "First steps" not in login(environment, "support").get("/console/").content.decode()
