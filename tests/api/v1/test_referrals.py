"""GET and POST /v1/members/{id}/referral, and what the first qualifying event answers."""

from typing import Any

import pytest

from loyalty.models import Referral, ReferralCode
from programs.models import Environment
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.v1.days import balance, day, done, go_to
from tests.api.world import changed, digest
from tests.conftest import Api

NOBODY = {"pending": 0, "awarded": 0}


def referral(api: Api, member: str) -> dict[str, Any]:
    return done(api.get(f"/v1/members/{member}/referral"))


def refer(api: Api, member: str, code: str) -> dict[str, Any]:
    return done(api.post(f"/v1/members/{member}/referral", {"code": code}))


@pytest.fixture
def code(api: Api, environment: Environment) -> str:
    """Of bob, who exists."""
    go_to(api, 0)
    factories.give(environment, 1, member="bob", now=factories.reload(environment).clock)
    return str(referral(api, "bob")["code"])


def test_a_members_code_is_made_when_it_is_first_asked_for_and_stays(
    api: Api, environment: Environment, code: str
) -> None:
    assert (len(code), code.isalnum(), code.isupper()) == (8, True, True)
    first = {"member_id": "bob", "code": code, "referral": None, "referred": NOBODY}
    before = digest()
    assert referral(api, "bob") == first
    assert done(api.get("/v1/customers/bob/referral")) == first
    assert changed(before, digest()) == {}
    assert ReferralCode.objects.filter(environment_id=environment.id).count() == 1


def test_asking_for_the_code_of_somebody_unknown_makes_nobody(api: Api) -> None:
    before = digest()
    assert_problem(api.get("/v1/members/nobody/referral"), "not_found")
    assert changed(before, digest()) == {}


def test_who_came_through_a_code_waits_for_the_first_event_that_qualifies(
    api: Api, environment: Environment, code: str
) -> None:
    factories.make_rule(
        environment,
        name="Friends",
        award={"kind": "referral", "member": 100, "referrer": 200},
        condition={"field": "data.amount", "op": "gte", "value": "10"},
        published_at=factories.reload(environment).clock,
    )
    made = refer(api, "ada", code.lower())
    pending = {"referrer_id": "bob", "status": "pending", "created_at": day(0), "awarded_at": None}
    assert made == {"member_id": "ada", "code": None, "referral": pending, "referred": NOBODY}
    assert referral(api, "bob")["referred"] == {"pending": 1, "awarded": 0}
    go_to(api, 1)
    event = {"event_id": "small", "type": "purchase", "member_id": "ada", "data": {"amount": "9"}}
    assert done(api.post("/v1/events", event))["effects"] == []
    told = done(api.post("/v1/events", event | {"event_id": "first", "data": {"amount": "10"}}))
    *points, joined = told["effects"]
    assert joined == {"kind": "referral", "customer_id": "ada", "referrer_id": "bob"}
    assert [(row["transaction"]["customer_id"], row["transaction"]["points"]) for row in points] == [
        ("ada", 100),
        ("bob", 200),
    ]
    assert referral(api, "ada")["referral"] == pending | {"status": "awarded", "awarded_at": day(1)}
    assert referral(api, "bob")["referred"] == {"pending": 0, "awarded": 1}
    assert (balance(api, "ada"), balance(api, "bob")) == (100, 201)
    explained = done(api.get("/v1/events/first/explain"))
    assert explained["referrer_id"] == "bob"
    assert [(row["customer_id"], row["lots"][0]["remaining"]) for row in explained["transactions"]] == [
        ("ada", 100),
        ("bob", 200),
    ]
    (verdict,) = explained["verdicts"]
    assert (verdict["points"], verdict["referrer_points"]) == (100, 200)
    assert done(api.get("/v1/events/first")) == told
    (again,) = done(api.post("/v1/events/batch", {"events": [event | told_of(told)]}))["results"]
    assert (again["outcome"], again["effects"]) == ("duplicate", told["effects"])


def told_of(told: dict[str, Any]) -> dict[str, Any]:
    return {name: told["event"][name] for name in ("event_id", "data")}


def test_the_same_code_again_changes_nothing_and_another_one_is_refused(api: Api, code: str) -> None:
    first = refer(api, "ada", code)
    refer_other = str(referral(api, "ada")["code"])  # ada's own
    done(api.post("/v1/points/award", {"customer_id": "eve", "points": 1}))
    other = str(referral(api, "eve")["code"])
    before = digest()
    assert refer(api, "ada", code) == first | {"code": refer_other}
    assert_problem(api.post("/v1/members/ada/referral", {"code": other}), "already_referred")
    assert changed(before, digest()) == {}


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, "invalid_request", "code"),
        ({"code": None}, "invalid_request", "code"),
        ({"code": 7}, "invalid_request", "code"),
        ({"code": ""}, "invalid_request", "code"),
        ({"code": "two words"}, "invalid_request", "code"),
        ({"code": "X" * 21}, "invalid_request", "code"),
        ({"code": "ABCDEFGH", "referrer_id": "bob"}, "invalid_request", "referrer_id"),
        ({"code": "ABCDEFGH"}, "not_found", None),
        ({"code": "l0"}, "not_found", None),
    ],
    ids=str,
)
def test_a_code_that_can_not_be_is_refused_and_nobody_is_made(
    api: Api, environment: Environment, body: dict[str, Any], status: str, field: str | None
) -> None:
    before = digest()
    problem = assert_problem(api.post("/v1/members/newcomer/referral", body), status)
    assert [error["field"] for error in problem["errors"]] == ([field] if field else [])
    assert changed(before, digest()) == {}
    assert not Referral.objects.filter(environment_id=environment.id).exists()


def test_nobody_is_made_whom_no_other_call_could_name(api: Api, code: str) -> None:
    before = digest()
    for named in ("x" * 201, "%20ada", "a%E2%80%8Bb"):
        problem = assert_problem(api.post(f"/v1/members/{named}/referral", {"code": code}), "invalid_request")
        assert [error["field"] for error in problem["errors"]] == ["customer_id"]
    assert changed(before, digest()) == {}


def test_nobody_comes_through_themselves(api: Api, code: str) -> None:
    before = digest()
    problem = assert_problem(api.post("/v1/members/bob/referral", {"code": code}), "invalid_request")
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [("code", "own_code")]
    assert changed(before, digest()) == {}
