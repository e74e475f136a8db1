"""/v1/rewards/{id}/codes: the pool is filled, listed and emptied (domain.md 5)."""

from typing import Any

import pytest

from loyalty.actions.codes import MOST
from programs.models import Environment
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.test_statement_budgets import statements
from tests.api.v1.days import award, day, done, go_to
from tests.api.v1.shop import GENERATED, POOL, buy, offer, step, upload
from tests.api.world import changed, digest
from tests.conftest import Api

PATH = "/v1/rewards/rwd_coffee/codes"


@pytest.fixture
def pool(api: Api) -> Api:
    """A reward with a pool, and a member who can afford it."""
    go_to(api, 0)
    award(api, 1000)
    offer(api, code=POOL | {"valid_days": 2})
    return api


def listed(api: Api, query: str = "") -> list[tuple[str, str]]:
    rows = done(api.get(f"{PATH}?order=asc&{query}"))["data"]
    return [(row["code"], row["status"]) for row in rows]


def test_codes_are_added_each_once_and_what_is_left_out_is_told_by_its_line(pool: Api) -> None:
    assert upload(pool, "A-1", "A-2") == {
        "added": 2,
        "duplicates": 0,
        "invalid": 0,
        "problems": [],
        "available": 2,
    }
    found = upload(pool, "A-3", "A-1", "two words", "A-3", " A-4 ", "", "x" * 101)
    assert [(problem["line"], problem["code"]) for problem in found.pop("problems")] == [
        (2, "A-1"),
        (3, "two words"),
        (4, "A-3"),
        (6, ""),
        (7, "x" * 100),
    ]
    assert found == {"added": 2, "duplicates": 2, "invalid": 3, "available": 4}
    assert listed(pool) == [(f"A-{number}", "available") for number in (1, 2, 3, 4)]


def test_a_dry_run_says_the_same_and_adds_nothing(pool: Api) -> None:
    upload(pool, "A-1")
    codes = ["A-1", "A-2", "two words", "A-2"]
    before = digest()
    tried = upload(pool, *codes, dry_run=True)
    assert changed(before, digest()) == {}
    assert (tried["added"], tried["available"]) == (1, 1)
    assert upload(pool, *codes, dry_run=False) == tried | {"available": 2}


def test_codes_are_issued_in_the_order_of_the_list_and_each_state_is_shown(pool: Api) -> None:
    upload(pool, *(f"A-{number}" for number in range(5)))
    used, over, void = (buy(pool) for _ in range(3))
    assert [used["code"], over["code"], void["code"]] == ["A-0", "A-1", "A-2"]
    done(pool.post("/v1/redemptions/use", {"code": "A-0", "place": "Till 4"}))
    done(pool.patch("/v1/rewards/rwd_coffee", {"code": POOL | {"returns_codes": False}}))
    done(step(pool, void, "cancel"))
    go_to(pool, 2)
    issued = buy(pool)
    states = ["used", "expired", "void", "issued", "available"]
    assert listed(pool) == [(f"A-{number}", status) for number, status in enumerate(states)]
    for number, status in enumerate(states):
        assert listed(pool, f"status={status}") == [(f"A-{number}", status)]
    rows = done(pool.get(f"{PATH}?order=asc"))["data"]
    assert [row["redemption_id"] for row in rows] == [
        used["id"],
        over["id"],
        void["id"],
        issued["id"],
        None,
    ]
    assert rows[0] == {
        "code": "A-0",
        "status": "used",
        "source": "pool",
        "redemption_id": used["id"],
        "added_at": rows[0]["added_at"],
        "issued_at": day(0),
        "expires_at": day(2),
        "used_at": day(0),
        "used_place": "Till 4",
    }


def test_generated_codes_are_listed_once_they_are_issued(api: Api) -> None:
    award(api, 500)
    offer(api, code=GENERATED)
    assert listed(api) == []
    bought = buy(api)
    assert listed(api) == [(bought["code"], "issued")]


def test_what_nobody_has_is_removed_and_what_was_issued_stays(pool: Api) -> None:
    upload(pool, "A-1", "A-2", "A-3")
    bought = buy(pool)
    answer = pool.call("DELETE", PATH, Idempotency_Key="k")
    assert done(answer) == {"removed": 2}
    assert listed(pool) == [("A-1", "issued")]
    before = digest()
    again = pool.call("DELETE", PATH, Idempotency_Key="k")
    assert (again.content, again.headers["Idempotent-Replayed"]) == (answer.content, "true")
    assert done(pool.call("DELETE", PATH)) == {"removed": 0}
    assert changed(before, digest()) == {}
    assert upload(pool, "A-2", "A-1")["added"] == 1, "a code that was issued is taken for good"
    assert done(pool.post("/v1/redemptions/validate", {"code": "A-1"}))["id"] == bought["id"]


def test_a_repeated_upload_answers_byte_for_byte(pool: Api) -> None:
    body = {"codes": ["A-1", "A-2"]}
    first = pool.post(PATH, body, Idempotency_Key="k")
    upload(pool, "A-3")
    before = digest()
    again = pool.post(PATH, body, Idempotency_Key="k")
    assert (first.status_code, again.content) == (200, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert changed(before, digest()) == {}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "codes"),
        ({"codes": []}, "codes"),
        ({"codes": "A-1"}, "codes"),
        ({"codes": ["A-1", 2]}, "codes"),
        ({"codes": ["A-1", None]}, "codes"),
        ({"codes": ["A"] * (MOST + 1)}, "codes"),
        ({"codes": ["A-1"], "dry_run": "yes"}, "dry_run"),
        ({"codes": ["A-1"], "file": "x"}, "file"),
        ({"codes": ["a\x00b"]}, "codes[0]"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_faulty_list_is_refused_by_field_and_changes_nothing(
    pool: Api, body: dict[str, Any], field: str
) -> None:
    before = digest()
    problem = assert_problem(pool.post(PATH, body), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert changed(before, digest()) == {}


@pytest.mark.parametrize("code", [{"source": "none"}, GENERATED])
@pytest.mark.parametrize("dry_run", [True, False])
def test_a_reward_without_a_pool_takes_no_codes(api: Api, code: dict[str, Any], dry_run: bool) -> None:
    offer(api, code=code)
    before = digest()
    answer = api.post(PATH, {"codes": ["A-1"], "dry_run": dry_run})
    problem = assert_problem(answer, "invalid_request")
    assert [error["field"] for error in problem["errors"]] == ["code.source"]
    assert changed(before, digest()) == {}


def test_a_faulty_key_is_refused_in_a_dry_run_too(pool: Api) -> None:
    answer = pool.post(PATH, {"codes": ["A-1"], "dry_run": True}, Idempotency_Key="a b")
    assert [error["field"] for error in assert_problem(answer, "invalid_request")["errors"]] == [
        "Idempotency-Key"
    ]


def test_more_than_two_mebibytes_of_codes_go_in_at_once(pool: Api) -> None:
    codes = [f"{number:05d}-{'X' * 90}" for number in range(25_000)]
    before = digest()
    assert upload(pool, *codes, dry_run=True)["added"] == 25_000
    assert changed(before, digest()) == {}


def test_codes_that_another_reward_or_tenant_has(pool: Api, environment: Environment) -> None:
    elsewhere = factories.make_environment()
    theirs = Api(factories.make_key(elsewhere))
    offer(theirs, code=POOL)
    assert upload(theirs, "A-1")["added"] == 1
    offer(pool, id="rwd_tea", code=POOL)
    assert upload(pool, "A-1", "A-2", reward="rwd_tea")["added"] == 2, "another tenant's stand by themselves"
    assert upload(pool, "A-1", "A-3")["duplicates"] == 1, "one till serves all rewards"


def test_another_tenants_reward_takes_shows_and_loses_no_codes(api: Api) -> None:
    elsewhere = factories.make_environment()
    theirs = Api(factories.make_key(elsewhere))
    offer(theirs, code=POOL)
    upload(theirs, "A-1")
    before = digest()
    assert_problem(api.get(PATH), "not_found")
    for dry_run in (True, False):
        assert_problem(api.post(PATH, {"codes": ["A-2"], "dry_run": dry_run}), "not_found")
    assert_problem(api.call("DELETE", PATH), "not_found")
    assert changed(before, digest()) == {}


def test_a_faulty_query_is_refused_by_name(pool: Api) -> None:
    for query, field in (("status=gone", "status"), ("code=A", "code"), ("limit=0", "limit")):
        problem = assert_problem(pool.get(f"{PATH}?{query}"), "invalid_request")
        assert [error["field"] for error in problem["errors"]] == [field]


@pytest.mark.usefixtures("warm_key")
def test_a_page_of_codes_takes_three_statements_whatever_there_is(pool: Api) -> None:
    for count in (1, 60):
        upload(pool, *(f"{count}-{number}" for number in range(count)))
        assert len(statements(lambda: done(pool.get(f"{PATH}?limit=100")))) == 3
