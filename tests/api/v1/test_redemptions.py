"""/v1/redemptions: listed, fulfilled, cancelled, and their codes used at a till (domain.md 5)."""

from collections.abc import Callable
from typing import Any

import pytest

from audit.ids import public
from programs.models import Environment
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.test_statement_budgets import statements
from tests.api.v1.days import award, balance, day, done, go_to, history, lots, post_reverse, spend
from tests.api.v1.shop import GENERATED, POOL, buy, offer, seen, step, try_to_buy, upload
from tests.api.world import changed, digest
from tests.conftest import Api

MANUAL = {"fulfilment": "manual"}


def read(api: Api, redemption: dict[str, Any]) -> dict[str, Any]:
    return done(api.get(f"/v1/redemptions/{redemption['id']}"))


def use(api: Api, code: str, **more: Any) -> Any:
    return api.post("/v1/redemptions/use", {"code": code, **more})


def validate(api: Api, code: str) -> Any:
    return api.post("/v1/redemptions/validate", {"code": code})


def without(redemption: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in redemption.items() if name not in names}


def test_a_redemption_is_read_as_it_was_answered_without_the_balance_of_then(api: Api) -> None:
    award(api, 500)
    offer(api, code=GENERATED)
    bought = buy(api, metadata={"price": 19.90})
    assert read(api, bought) == without(bought, "points_balance")
    assert done(api.get("/v1/redemptions"))["data"] == [read(api, bought)]


def test_a_manual_one_waits_until_it_is_fulfilled_and_gives_only_then(
    api: Api, environment: Environment
) -> None:
    factories.make_metric(environment, "coins")
    go_to(api, 0)
    award(api, 500)
    offer(api, kind="metric", gives={"metric": "coins", "points": 5}, **MANUAL)
    bought = buy(api)
    assert (bought["status"], bought["fulfilled_at"]) == ("pending", None)
    assert history(api, "ada") == [("earned", 500, 500), ("redeemed", -100, 400)]
    assert coins(api) == 0
    go_to(api, 1)
    fulfilled = done(step(api, bought, "fulfil", note="Parcel 4711"))
    expected = {"status": "fulfilled", "fulfilled_at": day(1), "note": "Parcel 4711"}
    assert fulfilled == without(bought, "points_balance") | expected
    assert (read(api, bought), coins(api)) == (fulfilled, 5)


def coins(api: Api, customer: str = "ada") -> int:
    rows = done(api.get(f"/v1/members/{customer}/balances"))["data"]
    return sum(row["balance"] for row in rows if row["metric"] == "coins")


def test_one_that_can_not_be_handed_over_fails_and_gives_everything_back(api: Api) -> None:
    go_to(api, 0)
    award(api, 500, expires_at=day(30))
    offer(api, stock=1, code=GENERATED, limit={"times": 1, "per": "ever"}, **MANUAL)
    bought = buy(api)
    assert seen(api)["stock_left"] == 0
    failed = done(step(api, bought, "fail", reason="No longer made"))
    closed = {
        "status": "failed",
        "closed_at": day(0),
        "closed_reason": "No longer made",
        "code_status": "void",
    }
    assert failed == without(bought, "points_balance") | closed
    assert lots(api) == [(500, day(30))]
    assert (seen(api)["eligible"], seen(api)["stock_left"]) == (True, 1)


def test_a_cancellation_gives_lots_stock_and_limit_back(api: Api) -> None:
    go_to(api, 0)
    award(api, 60, expires_at=day(10))
    award(api, 60, expires_at=day(20))
    offer(api, stock=1, code=GENERATED, limit={"times": 1, "per": "ever"})
    bought = buy(api)
    assert lots(api) == [(20, day(20))]
    go_to(api, 1)
    cancelled = done(step(api, bought, "cancel", reason="Changed her mind"))
    closed = {"status": "cancelled", "closed_at": day(1), "code_status": "void"} | {
        "closed_reason": "Changed her mind"
    }
    assert cancelled == without(bought, "points_balance") | closed
    assert lots(api) == [(60, day(10)), (60, day(20))]
    assert history(api)[-1] == ("reversed", 100, 120)
    assert (seen(api)["stock_left"], seen(api)["limit"]["used"], seen(api)["eligible"]) == (1, 0, True)


@pytest.mark.parametrize("returns", [True, False])
def test_an_uploaded_code_returns_to_its_pool_or_is_void_as_the_reward_says(api: Api, returns: bool) -> None:
    award(api, 500)
    offer(api, code=POOL | {"returns_codes": returns})
    upload(api, "ONE-1")
    bought = buy(api)
    assert (bought["code"], bought["code_status"]) == ("ONE-1", "issued")
    assert_problem(try_to_buy(api), "out_of_stock")
    cancelled = done(step(api, bought, "cancel"))
    if returns:
        assert (cancelled["code"], cancelled["code_status"]) == (None, None)
        assert buy(api, "bob" if balance(api, "ada") == 0 else "ada")["code"] == "ONE-1"
    else:
        assert (cancelled["code"], cancelled["code_status"]) == ("ONE-1", "void")
        assert_problem(try_to_buy(api), "out_of_stock")


def test_a_cancellation_takes_back_what_the_reward_gave(api: Api, environment: Environment) -> None:
    factories.make_metric(environment, "coins")
    award(api, 500)
    offer(api, kind="metric", gives={"metric": "coins", "points": 5})
    bought = buy(api)
    assert coins(api) == 5
    done(step(api, bought, "cancel"))
    assert (coins(api), balance(api)) == (0, 500)


def test_where_what_it_gave_is_spent_and_may_not_go_below_zero_nothing_is_cancelled(
    api: Api, environment: Environment
) -> None:
    factories.make_metric(environment, "coins", negative_balance="reject")
    award(api, 500)
    offer(api, kind="metric", gives={"metric": "coins", "points": 5})
    bought = buy(api)
    spend(api, 1, metric="coins")
    before = digest()
    problem = assert_problem(step(api, bought, "cancel"), "insufficient_balance")
    assert problem["balance"] == 4
    assert changed(before, digest()) == {}


def test_what_pays_for_a_redemption_is_not_reversed_by_itself(api: Api) -> None:
    award(api, 500)
    offer(api)
    bought = buy(api)
    before = digest()
    answer = post_reverse(api, {"id": bought["transaction_id"]})
    assert "redemption" in assert_problem(answer, "use_cancel")["detail"].lower()
    assert changed(before, digest()) == {}


def _pending(api: Api) -> dict[str, Any]:
    offer(api, **MANUAL)
    return buy(api)


def _fulfilled(api: Api) -> dict[str, Any]:
    offer(api)
    return buy(api)


def _cancelled(api: Api) -> dict[str, Any]:
    return done(step(api, _pending(api), "cancel"))


def _failed(api: Api) -> dict[str, Any]:
    return done(step(api, _pending(api), "fail", reason="Gone"))


MAKERS: dict[str, Callable[[Api], dict[str, Any]]] = {
    "pending": _pending,
    "fulfilled": _fulfilled,
    "cancelled": _cancelled,
    "failed": _failed,
}
STEPS = {"fulfil": ["pending"], "fail": ["pending"], "cancel": ["pending", "fulfilled"]}


@pytest.mark.parametrize("status", MAKERS)
@pytest.mark.parametrize("what", STEPS)
def test_a_step_is_taken_from_the_right_status_alone(api: Api, status: str, what: str) -> None:
    award(api, 500)
    redemption = MAKERS[status](api)
    assert redemption["status"] == status
    body = {"reason": "Gone"} if what == "fail" else {}
    before = digest()
    answer = step(api, redemption, what, **body)
    if status in STEPS[what]:
        assert answer.status_code == 200
        return
    assert assert_problem(answer, "redemption_closed")["redemption_status"] == status
    assert changed(before, digest()) == {}


@pytest.mark.parametrize("what", STEPS)
def test_a_repeated_step_answers_byte_for_byte_and_is_done_once(api: Api, what: str) -> None:
    award(api, 500)
    redemption = _pending(api)
    body = {"reason": "Gone"} if what == "fail" else {}
    path = f"/v1/redemptions/{redemption['id']}/{what}"
    first = api.post(path, body, Idempotency_Key="k")
    before = digest()
    again = api.post(path, body, Idempotency_Key="k")
    assert (first.status_code, again.content) == (200, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert changed(before, digest()) == {}


@pytest.mark.parametrize(
    ("what", "body", "field"),
    [
        ("fulfil", {"note": 7}, "note"),
        ("fulfil", {"note": "x" * 501}, "note"),
        ("fulfil", {"reason": "x"}, "reason"),
        ("fail", {}, "reason"),
        ("fail", {"reason": " "}, "reason"),
        ("cancel", {"reason": []}, "reason"),
        ("cancel", {"points": 5}, "points"),
    ],
)
def test_a_faulty_step_is_refused_by_field_and_changes_nothing(
    api: Api, what: str, body: dict[str, Any], field: str
) -> None:
    award(api, 500)
    redemption = _pending(api)
    before = digest()
    problem = assert_problem(step(api, redemption, what, **body), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert changed(before, digest()) == {}


# -- at a till


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


# -- lists


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


# -- whose they are


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
