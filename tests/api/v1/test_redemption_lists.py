"""GET /v1/redemptions: listed, and whose they are (domain.md 5)."""

import pytest

from audit.ids import public
from programs.models import Environment
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.test_statement_budgets import statements
from tests.api.v1.days import award, balance, day, done, go_to
from tests.api.v1.shop import (
    GENERATED,
    MANUAL,
    buy,
    offer,
    read,
    step,
    use,
    validate,
)
from tests.api.world import changed, digest
from tests.conftest import Api


def test_redemptions_are_listed_newest_first_and_narrowed(api: Api) -> None:
    go_to(api, 0)
    award(api, 500)
    award(api, 500, "bob")
    offer(api, code=GENERATED)
    offer(api, id="rwd_shirt", **MANUAL)
    first = buy(api)
    go_to(api, 1)
    second = buy(api, "bob", "rwd_shirt")
    go_to(api, 2)
    third = buy(api, reward="rwd_shirt")
    done(step(api, third, "cancel"))

    def ids(query: str = "") -> list[str]:
        return [row["id"] for row in done(api.get(f"/v1/redemptions?{query}"))["data"]]

    assert ids() == [third["id"], second["id"], first["id"]]
    assert ids("order=asc&limit=2") == [first["id"], second["id"]]
    assert ids("customer_id=ada") == ids("member_id=ada") == [third["id"], first["id"]]
    assert ids("status=pending") == [second["id"]]
    assert ids("status=cancelled") == [third["id"]]
    assert ids("reward_id=rwd_shirt&customer_id=bob") == [second["id"]]
    assert ids("reward_id=rwd_none") == []
    assert ids(f"code={first['code'].lower()}") == [first["id"]]
    assert ids("code=CAFE-999999") == []
    assert ids(f"from={day(1)}") == [third["id"], second["id"]]
    assert ids(f"to={day(1)}") == [first["id"]]
    assert_problem(api.get("/v1/redemptions?customer_id=nobody"), "not_found")
    for query, field in (("status=moved", "status"), ("from=today", "from"), ("reward=x", "reward")):
        problem = assert_problem(api.get(f"/v1/redemptions?{query}"), "invalid_request")
        assert [error["field"] for error in problem["errors"]] == [field]


def test_pages_of_redemptions_follow_the_cursor(api: Api) -> None:
    award(api, 500)
    offer(api)
    made = [buy(api)["id"] for _ in range(5)]
    found, cursor = [], ""
    while True:
        page = done(api.get(f"/v1/redemptions?customer_id=ada&limit=2&order=asc{cursor}"))
        found += [row["id"] for row in page["data"]]
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == made


@pytest.mark.usefixtures("warm_key")
def test_reading_redemptions_takes_three_statements_whatever_there_is(
    api: Api, environment: Environment
) -> None:
    award(api, 5000)
    offer(api, code=GENERATED)
    bought = buy(api)
    for path in ("/v1/redemptions", f"/v1/redemptions/{bought['id']}"):
        assert len(statements(lambda: done(api.get(path)))) == 3  # noqa: B023
    for _ in range(15):
        buy(api)
    assert len(statements(lambda: done(api.get("/v1/redemptions")))) == 3


@pytest.mark.parametrize("name", ["red_", "x", "red_" + "0" * 32, "txn_" + "0" * 32, "red_" + "F" * 32])
def test_a_redemption_that_is_not_there_is_not_found(api: Api, name: str) -> None:
    assert_problem(api.get(f"/v1/redemptions/{name}"), "not_found")
    for what, body in (("fulfil", {}), ("fail", {"reason": "Gone"}), ("cancel", {})):
        assert_problem(api.post(f"/v1/redemptions/{name}/{what}", body), "not_found")


def test_another_tenants_redemption_and_code_are_not_found_and_stay_as_they_are(api: Api) -> None:
    elsewhere = factories.make_environment()
    factories.give(elsewhere, 500)
    factories.make_reward(
        elsewhere, "rwd_theirs", code_source="generated", code_pattern="CAFE-########", fulfilment="manual"
    )
    theirs = factories.buy(elsewhere, "rwd_theirs")
    code = str(theirs.issued_code)
    before = digest()
    assert_problem(api.get(f"/v1/redemptions/{public('red', theirs.id)}"), "not_found")
    for what, body in (("fulfil", {}), ("fail", {"reason": "Gone"}), ("cancel", {})):
        assert_problem(api.post(f"/v1/redemptions/{public('red', theirs.id)}/{what}", body), "not_found")
    assert_problem(validate(api, code), "not_found")
    assert_problem(use(api, code), "not_found")
    for query in ("", f"?code={code}", "?reward_id=rwd_theirs"):
        assert done(api.get(f"/v1/redemptions{query}"))["data"] == []
    assert changed(before, digest()) == {}


def test_a_member_token_sees_its_own_redemptions_alone_and_takes_no_step(
    api: Api, environment: Environment
) -> None:
    award(api, 500)
    award(api, 500, "bob")
    offer(api, code=GENERATED, **MANUAL)
    own, others = buy(api), buy(api, "bob")
    key = factories.make_token_key(environment)
    mine = Api(factories.make_token(key))
    assert [row["id"] for row in done(mine.get("/v1/redemptions"))["data"]] == [own["id"]]
    assert done(mine.get(f"/v1/redemptions/{own['id']}")) == read(api, own)
    before = digest()
    assert_problem(mine.get(f"/v1/redemptions/{others['id']}"), "not_found")
    assert done(mine.get(f"/v1/redemptions?code={others['code']}"))["data"] == []
    assert_problem(mine.get("/v1/redemptions?customer_id=bob"), "permission_denied")
    for what, body in (("fulfil", {}), ("fail", {"reason": "Gone"}), ("cancel", {})):
        assert_problem(mine.post(f"/v1/redemptions/{own['id']}/{what}", body), "permission_denied")
    assert_problem(use(mine, own["code"]), "permission_denied")
    assert_problem(validate(mine, own["code"]), "permission_denied")
    newcomer = Api(factories.make_token(key, "nobody"))
    assert done(newcomer.get("/v1/redemptions"))["data"] == [], "nothing yet, and nobody made"
    assert_problem(newcomer.get(f"/v1/redemptions/{own['id']}"), "not_found")
    assert changed(before, digest()) == {}


def test_after_a_merge_the_survivors_redemptions_are_theirs_both(api: Api, environment: Environment) -> None:
    award(api, 500)
    award(api, 500, "old")
    offer(api)
    first, second = buy(api, "old"), buy(api)
    done(api.post("/v1/members/old/merge", {"into": "ada"}))
    expected = [second["id"], first["id"]]
    for customer in ("ada", "old"):
        rows = done(api.get(f"/v1/redemptions?customer_id={customer}"))["data"]
        assert [row["id"] for row in rows] == expected
    mine = Api(factories.make_token(factories.make_token_key(environment)))
    assert done(mine.get(f"/v1/redemptions/{first['id']}"))["id"] == first["id"]
    done(step(api, first, "cancel"))
    assert balance(api) == 900


def test_of_an_erased_member_nothing_names_them_and_nothing_is_cancelled(api: Api) -> None:
    award(api, 500)
    offer(api, code=GENERATED)
    bought = buy(api, metadata={"phone": "0803"})
    done(api.call("DELETE", "/v1/members/ada"))
    shown = read(api, bought)
    assert (shown["customer_id"], shown["member_id"], shown["metadata"], shown["code"]) == (None,) * 4
    before = digest()
    assert_problem(step(api, bought, "cancel"), "not_reversible")
    assert changed(before, digest()) == {}
