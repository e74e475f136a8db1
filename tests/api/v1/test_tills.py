"""/v1/redemptions/validate and /use: codes at a till (domain.md 5)."""

from typing import Any

import pytest

from programs.models import Environment
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.v1.days import award, day, done, go_to
from tests.api.v1.shop import GENERATED, MANUAL, POOL, buy, offer, read, step, upload, use, validate, without
from tests.api.world import changed, digest
from tests.conftest import Api


def test_a_code_is_looked_at_used_once_and_whoever_comes_second_is_told(api: Api) -> None:
    go_to(api, 0)
    award(api, 500)
    offer(api, code=GENERATED)
    bought = buy(api)
    before = digest()
    assert done(validate(api, bought["code"])) == read(api, bought)
    assert changed(before, digest()) == {}
    go_to(api, 1)
    used = done(use(api, bought["code"], place="Till 4, Lagos"))
    expected = {"code_status": "used", "used_at": day(1), "used_place": "Till 4, Lagos"}
    assert used == without(bought, "points_balance") | expected
    assert read(api, bought) == used
    before = digest()
    for answer in (use(api, bought["code"], place="Till 5"), validate(api, bought["code"])):
        problem = assert_problem(answer, "code_already_used")
        assert (problem["used_at"], problem["used_place"]) == (day(1), "Till 4, Lagos")
    assert_problem(step(api, bought, "cancel"), "code_already_used")
    assert changed(before, digest()) == {}


@pytest.mark.parametrize("typed", ["cafe-234567", " CAFE-234567 ", "CAFE - 234 567", "Cafe-234567"])
def test_a_code_is_found_as_it_is_typed(api: Api, typed: str) -> None:
    award(api, 500)
    offer(api, code=POOL)
    upload(api, "CAFE-234567")
    bought = buy(api)
    assert done(validate(api, typed))["id"] == bought["id"]
    assert done(use(api, typed))["code_status"] == "used"


def test_a_pending_redemption_is_fulfilled_by_using_its_code(api: Api) -> None:
    go_to(api, 0)
    award(api, 500)
    offer(api, code=GENERATED, **MANUAL)
    bought = buy(api)
    used = done(use(api, bought["code"]))
    assert (used["status"], used["fulfilled_at"], used["used_place"]) == ("fulfilled", day(0), None)


def test_a_code_expires_by_itself_and_every_read_says_so(api: Api) -> None:
    go_to(api, 0)
    award(api, 500)
    offer(api, code=GENERATED | {"valid_days": 2})
    bought = buy(api)
    assert (bought["code_status"], bought["code_expires_at"]) == ("issued", day(2))
    go_to(api, 2)
    assert read(api, bought)["code_status"] == "expired"
    assert done(api.get("/v1/redemptions"))["data"][0]["code_status"] == "expired"
    before = digest()
    for answer in (validate(api, bought["code"]), use(api, bought["code"]), step(api, bought, "cancel")):
        assert assert_problem(answer, "code_expired")["expired_at"] == day(2)
    assert changed(before, digest()) == {}


def test_a_code_of_a_cancelled_redemption_can_not_be_used(api: Api) -> None:
    award(api, 500)
    offer(api, code=GENERATED)
    bought = buy(api)
    done(step(api, bought, "cancel"))
    before = digest()
    for answer in (validate(api, bought["code"]), use(api, bought["code"])):
        assert assert_problem(answer, "redemption_closed")["redemption_status"] == "cancelled"
    assert changed(before, digest()) == {}


@pytest.mark.parametrize("code", ["CAFE-999999", "x", "WAITS-1", "%"])
def test_a_code_that_nobody_has_is_not_found(api: Api, code: str) -> None:
    offer(api, code=POOL)
    upload(api, "WAITS-1")
    before = digest()
    assert_problem(validate(api, code), "not_found")
    assert_problem(use(api, code), "not_found")
    assert changed(before, digest()) == {}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "code"),
        ({"code": ""}, "code"),
        ({"code": 123456}, "code"),
        ({"code": "x" * 201}, "code"),
        ({"code": "A", "place": 7}, "place"),
        ({"code": "A", "place": "x" * 201}, "place"),
        ({"code": "A", "till": "4"}, "till"),
    ],
    ids=str,
)
def test_a_faulty_use_is_refused_by_field(api: Api, body: dict[str, Any], field: str) -> None:
    before = digest()
    problem = assert_problem(api.post("/v1/redemptions/use", body), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert changed(before, digest()) == {}


def test_a_repeated_use_answers_as_it_did_and_not_that_it_is_used(api: Api) -> None:
    award(api, 500)
    offer(api, code=GENERATED)
    body = {"code": buy(api)["code"], "place": "Till 4"}
    first, again = (api.post("/v1/redemptions/use", body, Idempotency_Key="k") for _ in range(2))
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
    assert_problem(api.post("/v1/redemptions/use", body, Idempotency_Key="k2"), "code_already_used")


def test_only_the_scope_to_redeem_uses_a_code_and_reading_is_enough_to_look_at_it(
    api: Api, environment: Environment
) -> None:
    award(api, 500)
    offer(api, code=GENERATED)
    code = buy(api)["code"]
    reads = Api(factories.make_key(environment, "redemptions:read"))
    before = digest()
    assert done(validate(reads, code))["code"] == code
    assert_problem(use(reads, code), "permission_denied")
    assert changed(before, digest()) == {}
