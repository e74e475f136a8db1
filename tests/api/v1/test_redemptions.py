"""/v1/redemptions: read, fulfilled, failed and cancelled (domain.md 5)."""

from collections.abc import Callable
from typing import Any

import pytest

from programs.models import Environment
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.v1.days import award, balance, day, done, go_to, history, lots, post_reverse, spend
from tests.api.v1.shop import (
    GENERATED,
    MANUAL,
    POOL,
    buy,
    offer,
    read,
    seen,
    step,
    try_to_buy,
    upload,
    without,
)
from tests.api.world import changed, digest
from tests.conftest import Api


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
