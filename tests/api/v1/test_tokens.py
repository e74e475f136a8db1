"""POST /v1/members/{id}/tokens: for tenants whose server has no JWT library."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
import time_machine

from audit.models import AuditEvent
from loyalty.models import IdempotencyRecord, Member
from programs.actions.token_keys import revoke_token_key
from programs.models import Environment, TokenKey
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.world import changed, digest
from tests.conftest import Api

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("resource", ["members", "customers"])
def test_a_token_works_until_it_ends_and_for_its_member_alone(
    api: Api, environment: Environment, resource: str
) -> None:
    factories.give(environment, 5, "ada")
    with time_machine.travel(NOW, tick=False) as clock:
        issued = api.post(f"/v1/{resource}/ada/tokens", {"expires_in": 900})
        assert issued.status_code == 201
        assert issued.headers["Cache-Control"] == "no-store"
        body = issued.json()
        assert body == {
            "token": body["token"],
            "member_id": "ada",
            "kid": TokenKey.objects.get(environment=environment).kid,
            "expires_at": "2026-05-01T12:15:00Z",
        }
        ada = Api(body["token"])
        assert ada.get("/v1/members/ada").json()["points_balance"] == 5
        assert_problem(ada.get("/v1/members/bob"), "permission_denied")
        assert_problem(ada.post("/v1/members/ada/tokens"), "permission_denied")
        clock.shift(timedelta(seconds=930))
        assert_problem(ada.get("/v1/members/ada"), "authentication_failed")


def test_an_hour_if_nothing_is_said_and_real_time_in_a_sandbox_whose_clock_is_set(api: Api) -> None:
    assert api.post("/v1/sandbox/clock", {"now": "2040-01-31T12:00:00Z"}).status_code == 200
    with time_machine.travel(NOW, tick=False):
        assert api.post("/v1/members/ada/tokens").json()["expires_at"] == "2026-05-01T13:00:00Z"


def test_a_member_who_is_yet_to_come_gets_one_and_is_not_made(api: Api, environment: Environment) -> None:
    assert api.post("/v1/members/newcomer/tokens").status_code == 201
    assert not Member.objects.filter(environment=environment).exists()


def test_a_repeated_call_makes_another_token_that_is_kept_nowhere(api: Api, environment: Environment) -> None:
    answers = [
        api.post("/v1/members/ada/tokens", {"expires_in": 60 + n}, Idempotency_Key="k") for n in range(2)
    ]
    first, second = (answer.json()["token"] for answer in answers)
    assert first != second
    assert not IdempotencyRecord.objects.filter(environment_id=environment.id).exists()
    rows: Any = AuditEvent.objects.filter(environment_id=environment.id, verb="member.token_issued")
    assert rows.count() == 2
    assert [text for text in (first, second) if text in str(list(rows.values()))] == []


def test_revoking_its_key_ends_a_token_and_the_next_one_has_another(
    api: Api, environment: Environment
) -> None:
    factories.give(environment, 5, "ada")
    first = api.post("/v1/members/ada/tokens").json()
    key = TokenKey.objects.get(kid=first["kid"])
    revoke_token_key(environment=environment, key=key, actor=factories.make_actor())
    assert_problem(Api(first["token"]).get("/v1/members/ada"), "authentication_failed")
    second = api.post("/v1/members/ada/tokens").json()
    assert second["kid"] != first["kid"]
    assert Api(second["token"]).get("/v1/members/ada").status_code == 200


@pytest.mark.parametrize("wrong", [59, 86_401, "900", 900.5, True, None])
def test_a_life_of_another_kind_is_refused_and_changes_nothing(api: Api, wrong: Any) -> None:
    before = digest()
    problem = assert_problem(api.post("/v1/members/ada/tokens", {"expires_in": wrong}), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == ["expires_in"]
    assert changed(before, digest()) == {}


@pytest.mark.parametrize("wrong", [" ", " ada", "a\x00", "a\tb", "a" * 201])
def test_an_id_that_no_token_may_carry_is_refused_and_changes_nothing(api: Api, wrong: str) -> None:
    before = digest()
    problem = assert_problem(api.post(f"/v1/members/{quote(wrong)}/tokens"), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == ["customer_id"]
    assert changed(before, digest()) == {}


def test_every_id_that_is_taken_makes_a_token_that_is_taken(api: Api, environment: Environment) -> None:
    for name in ("a/b", "Zoë 猫", "x/tokens", "a" * 200, "'; --", '"\\u0000"'):
        factories.give(environment, 5, name)
        issued = api.post(f"/v1/members/{quote(name, safe='')}/tokens")
        assert issued.json()["member_id"] == name
        assert Api(issued.json()["token"]).get("/v1/points").status_code == 200, name
