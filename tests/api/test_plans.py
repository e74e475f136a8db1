"""What a plan allows, at its edges, by every surface of the API (domain.md 10)."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from loyalty.api.common import throttling
from loyalty.api.common.views import EngineView
from loyalty.models import MissionProgress
from programs.errors import PlanLimitExceeded
from programs.models import Environment, Program
from programs.models.plans import FEATURES
from tests import factories
from tests.api.operations import operations
from tests.api.test_statement_budgets import statements
from tests.conftest import Api

pytestmark = pytest.mark.django_db

VISIT = {"type": "purchase", "member_id": "ada", "data": {"amount": "5", "currency": "GBP"}}
# What an address says of the feature behind it.
WORDS = {
    "stamp": "stamps",
    "loyalty-program": "stamps",
    "challenge": "challenges",
    "webhook": "webhooks",
    "program-shares": "cross_project",
}


# Calls that only end something are free of the feature, or may be.
ENDING = {
    ("DELETE", "webhook-endpoints"),
    ("PATCH", "webhook-endpoints"),
    ("DELETE", "program-shares"),
}


def views() -> Iterator[tuple[str, type[EngineView]]]:
    """Every address of the engine's surfaces, with its view."""

    def under(patterns: list[Any], prefix: str) -> Iterator[tuple[str, type[EngineView]]]:
        for each in patterns:
            where = prefix + str(each.pattern)
            if isinstance(each, URLResolver):
                yield from under(each.url_patterns, where)
            elif isinstance(each, URLPattern):
                view = getattr(each.callback, "view_class", getattr(each.callback, "cls", None))
                if isinstance(view, type) and issubclass(view, EngineView):
                    yield where, view

    yield from under(get_resolver().url_patterns, "")


def problem(answer: Any) -> tuple[int, str, Any]:
    found = answer.json()
    return answer.status_code, found["code"], {k: found.get(k) for k in ("limit", "used", "allowed")}


def test_every_address_of_a_feature_asks_for_it() -> None:
    wrong = {
        where: view.feature
        for where, view in views()
        if view.feature != next((name for word, name in WORDS.items() if word in where), "")
    }
    assert wrong == {}
    assert {view.feature for _, view in views()} == {"", "stamps", "challenges", "webhooks", "cross_project"}


def test_without_features_every_such_call_is_refused_and_changes_nothing(environment: Environment) -> None:
    factories.make_plan(environment, without=list(FEATURES))
    api = Api(factories.make_key(environment))
    asked = refused = 0
    for surface in ("/v1/", "/publisher.v1/"):
        for operation in operations(surface):
            if feature := next((name for word, name in WORDS.items() if word in operation.path), None):
                path = operation.path.replace("{", "").replace("}", "")
                answer = api.call(operation.method.upper(), path, {})
                found = answer.json()
                said = str(found)
                if (operation.method.upper(), path.split("/")[2]) in ENDING:
                    assert (answer.status_code, found["code"]) == (404, "not_found")
                    continue
                asked += 1
                refused += answer.status_code == 403 and "feature_not_in_plan" in said and feature in said
    assert asked == refused >= 32


def test_a_feature_that_is_off_rests_and_goes_on_where_it_was(
    environment: Environment, api: Api, warm_key: None
) -> None:
    card = factories.make_card(environment, factories.make_stamp_program(environment))
    challenge = factories.make_challenge(
        factories.reload(environment), missions=[{"title": "Buy", "event_type": "purchase", "target": 3}]
    )
    key = factories.make_token_key(environment)
    token = {"Authorization": f"Bearer {factories.make_token(key)}"}

    def state() -> tuple[int, int, int]:
        """Stamps on the card, events counted, challenges that the app shows."""
        shown = Client().get("/api/loyalty/config", headers=token).json()["data"]["challenges"]
        card.refresh_from_db()
        counted = MissionProgress.objects.filter(challenge=challenge).values_list("progress", flat=True)
        return card.counter, int(sum(counted)), len(shown)

    def send(event_id: str, **changes: Any) -> tuple[int, int, int]:
        assert api.post("/v1/events", VISIT | {"event_id": event_id} | changes).status_code == 201
        return state()

    assert send("e1") == (1, 1, 1)
    factories.make_plan(environment, without=["stamps", "challenges"])
    assert state() == (1, 1, 0), "at once, also in a process that knew the old plan"
    assert send("e2") == (1, 1, 0)
    assert send("r1", type="refund", data={"purchase": "e1"}) == (0, 0, 0), "what was given goes back"
    factories.make_plan(environment)
    assert send("e3") == (1, 1, 1)


def test_members_programs_projects_and_endpoints_at_their_edges(environment: Environment) -> None:
    factories.make_plan(environment, members=1, programs=2, webhook_endpoints=1, projects=1)
    api = Api(factories.make_key(environment))
    award = {"customer_id": "ada", "points": 5}
    assert api.post("/v1/points/award", award).status_code == 201
    full = {"limit": "members", "used": 1, "allowed": 1}
    refused = api.post("/v1/points/award", award | {"customer_id": "bob"}, Idempotency_Key="k")
    assert problem(refused) == (403, "plan_limit_exceeded", full)
    assert api.get("/v1/customers/bob").status_code == 404
    factories.make_plan(environment, members=2, programs=2, webhook_endpoints=1, projects=1)
    again = api.post("/v1/points/award", award | {"customer_id": "bob"}, Idempotency_Key="k")
    assert again.status_code == 201, "a refusal is not kept for its key"

    assert api.post("/v1/programs", {"code": "vip", "name": "VIP"}).status_code == 201
    refused = api.post("/v1/programs", {"code": "gold", "name": "Gold"})
    assert problem(refused)[1:] == ("plan_limit_exceeded", {"limit": "programs", "used": 2, "allowed": 2})
    assert Program.objects.filter(environment=environment).count() == 2

    endpoint = {"url": "https://93.184.215.14/hooks", "event_types": ["*"]}
    made = api.post("/v1/webhook-endpoints", endpoint)
    assert made.status_code == 201, made.content
    refused = api.post("/v1/webhook-endpoints", endpoint)
    full = {"limit": "webhook_endpoints", "used": 1, "allowed": 1}
    assert problem(refused)[1:] == ("plan_limit_exceeded", full)
    assert api.call("DELETE", f"/v1/webhook-endpoints/{made.json()['id']}").status_code in (200, 204)
    assert api.post("/v1/webhook-endpoints", endpoint).status_code == 201

    with pytest.raises(PlanLimitExceeded):
        factories.make_project("B", organization=environment.project.organization.name)
    assert environment.project.organization.projects.count() == 1


def test_after_a_downgrade_all_is_kept_and_nothing_new_is_made(environment: Environment) -> None:
    api = Api(factories.make_key(environment))
    for number in range(3):
        sent = VISIT | {"event_id": f"e{number}", "member_id": f"m{number}"}
        assert api.post("/v1/events", sent).status_code == 201
    factories.make_plan(environment, members=2, events_per_month=4)
    assert api.post("/v1/points/award", {"customer_id": "m0", "points": 5}).status_code == 201
    refused = api.post("/v1/points/award", {"customer_id": "new", "points": 5})
    assert problem(refused)[2] == {"limit": "members", "used": 3, "allowed": 2}
    assert api.post("/v1/events", VISIT | {"event_id": "e3", "member_id": "m1"}).status_code == 201
    refused = api.post("/v1/events", VISIT | {"event_id": "e4", "member_id": "m1"})
    assert problem(refused) == (
        403,
        "plan_limit_exceeded",
        {"limit": "events_per_month", "used": 4, "allowed": 4},
    )
    assert api.post("/v1/events", VISIT | {"event_id": "e3", "member_id": "m1"}).status_code == 200
    answer = api.get("/v1/plan").json()
    used = {each["limit"]: (each["used"], each["allowed"]) for each in answer["limits"]}
    assert used == {
        "projects": (1, None),
        "programs": (1, None),
        "members": (3, 2),
        "webhook_endpoints": (0, None),
        "events_per_month": (4, 4),
        "history_days": (None, None),
        "requests_per_minute": (None, None),
    }
    assert set(answer["features"]) == set(FEATURES)


def test_requests_of_an_environment_are_counted_beside_those_of_a_key(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttling, "time", lambda: 1_800_000_000)
    factories.make_plan(environment, requests_per_minute=3)
    one, other = (Api(factories.make_key(environment)) for _ in range(2))
    shown = [each.get("/v1/programs") for each in (one, other, one)]
    assert [answer.headers["RateLimit-Remaining"] for answer in shown] == ["2", "1", "0"]
    assert {answer.headers["RateLimit-Limit"] for answer in shown} == {"3"}
    refused = other.get("/v1/programs")
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert refused.headers["Retry-After"] == refused.headers["RateLimit-Reset"]
    factories.make_plan(environment, requests_per_minute=5)
    assert other.get("/v1/programs").status_code == 200, "a larger plan holds at once"


def test_limits_cost_a_known_members_call_nothing(environment: Environment, api: Api, warm_key: None) -> None:
    factories.make_rule(environment)
    api.post("/v1/events", VISIT | {"event_id": "e0"})
    award = {"customer_id": "ada", "points": 5}
    before = [
        len(statements(lambda: api.post("/v1/points/award", award))),
        len(statements(lambda: api.post("/v1/events", VISIT | {"event_id": "e1"}))),
    ]
    factories.make_plan(environment, members=100, requests_per_minute=1000)
    api.get("/v1/programs")
    api.post("/v1/events", VISIT | {"event_id": "e2"})
    after = [
        len(statements(lambda: api.post("/v1/points/award", award))),
        len(statements(lambda: api.post("/v1/events", VISIT | {"event_id": "e3"}))),
    ]
    assert after == before
