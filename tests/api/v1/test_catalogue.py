"""GET /v1/rewards: the catalogue as it is set up, and as one member has it (domain.md 5)."""

from typing import Any

import pytest

from programs.models import Environment
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.test_statement_budgets import statements
from tests.api.v1.days import award, day, done, go_to
from tests.api.v1.shop import COFFEE, GENERATED, POOL, buy, offer, seen, try_to_buy
from tests.api.world import changed, digest
from tests.conftest import Api


def test_the_catalogue_is_narrowed_by_status_kind_and_program(api: Api, environment: Environment) -> None:
    done(api.post("/v1/programs", {"code": "vip", "name": "VIP club"}))
    program = done(api.post("/v1/metrics", {"code": "stars", "title": "Stars", "program": "vip"}))["program"]
    first = offer(api)["id"]
    second = offer(api, id="rwd_tea", kind="custom", status="draft")["id"]
    third = offer(api, id="rwd_box", program="vip")["id"]
    prg = done(api.get("/v1/programs/vip"))["id"]

    def ids(query: str = "") -> list[str]:
        return [row["id"] for row in done(api.get(f"/v1/rewards?{query}"))["data"]]

    assert ids() == [third, second, first], "newest first"
    assert ids("order=asc&limit=2") == [first, second]
    assert ids("status=draft") == [second]
    assert ids("kind=free_product") == [third, first]
    assert ids(f"program={program}") == ids(f"program={prg}") == [third]
    assert ids("program=default&status=active") == [first]
    assert ids("program=nothing") == []
    for query, field in (("status=ended", "status"), ("kind=", "kind"), ("reward=x", "reward")):
        problem = assert_problem(api.get(f"/v1/rewards?{query}"), "invalid_request")
        assert [error["field"] for error in problem["errors"]] == [field]


def test_stock_counts_those_that_are_taken_and_never_falls_below_them(api: Api) -> None:
    award(api, 500)
    made = offer(api, stock=3)
    assert (made["stock"], made["stock_left"], made["taken"]) == (3, 3, 0)
    buy(api)
    buy(api)
    shown = done(api.get("/v1/rewards/rwd_coffee"))
    assert (shown["stock"], shown["stock_left"], shown["taken"]) == (3, 1, 2)
    assert seen(api)["stock_left"] == 1
    before = digest()
    problem = assert_problem(api.patch("/v1/rewards/rwd_coffee", {"stock": 1}), "invalid_request")
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [("stock", "min_value")]
    assert changed(before, digest()) == {}
    assert done(api.patch("/v1/rewards/rwd_coffee", {"stock": 2}))["stock_left"] == 0
    assert_problem(try_to_buy(api), "out_of_stock")
    assert done(api.patch("/v1/rewards/rwd_coffee", {"stock": None}))["stock_left"] is None
    buy(api)


def test_a_member_sees_what_a_reward_costs_them_and_that_they_may_have_it(shop: Api) -> None:
    award(shop, 800)
    cost = {"kind": "fixed", "points": 100, "tier_points": {"gold": 60}}
    made = offer(shop, cost=cost, limit={"times": 2, "per": "month"}, stock=5)
    shown = seen(shop)
    assert shown == {
        **{name: made[name] for name in ("id", "program", "metric", "kind", "name", "description")},
        "image_url": None,
        "points": 60,
        "cost": cost,
        "discount_amount": None,
        "discount_percent": None,
        "currency": None,
        "gives": None,
        "starts_at": None,
        "ends_at": None,
        "limit": {"times": 2, "per": "month", "used": 0},
        "stock_left": 5,
        "eligible": True,
        "reasons": [],
    }
    assert done(shop.get("/v1/rewards?customer_id=ada"))["data"] == [shown]
    assert done(shop.get("/v1/rewards?member_id=ada"))["data"] == [shown]
    assert buy(shop)["points"] == 60
    after = shown | {"limit": {"times": 2, "per": "month", "used": 1}, "stock_left": 4}
    assert seen(shop) == after


def test_somebody_unknown_is_judged_as_new_and_not_made(api: Api) -> None:
    offer(api)
    offer(api, id="rwd_free", cost={"kind": "fixed", "points": 0})
    before = digest()
    free, coffee = done(api.get("/v1/rewards?customer_id=nobody"))["data"]
    assert (free["eligible"], coffee["eligible"]) == (True, False)
    assert [reason["code"] for reason in coffee["reasons"]] == ["insufficient_balance"]
    assert changed(before, digest()) == {}


def test_drafts_and_archived_ones_are_not_shown_to_members_and_paused_ones_say_so(api: Api) -> None:
    award(api, 500)
    for status in ("draft", "active", "paused", "archived"):
        offer(api, id=f"rwd_{status}", status=status)
    shown = done(api.get("/v1/rewards?customer_id=ada"))["data"]
    assert [(row["id"], row["eligible"]) for row in shown] == [("rwd_paused", False), ("rwd_active", True)]
    assert shown[0]["reasons"] == [
        {"code": "reward_not_available", "detail": "The reward is paused.", "reason": "paused"}
    ]
    for hidden in ("rwd_draft", "rwd_archived"):
        assert_problem(api.get(f"/v1/rewards/{hidden}?customer_id=ada"), "not_found")
        assert done(api.get(f"/v1/rewards/{hidden}"))["id"] == hidden, "as it is set up"


LATER = {"starts_at": day(5)}
REFUSED: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("reward_not_available", {"status": "paused"}, {"reason": "paused"}),
    ("reward_not_available", LATER, {"reason": "not_started", "available_from": day(5)}),
    ("reward_not_available", {"ends_at": day(0)}, {"reason": "over", "available_until": day(0)}),
    (
        "not_eligible",
        {"condition": {"all": [{"field": "member.tier", "op": "eq", "value": "gold"}]}},
        {},
    ),
    ("not_eligible", {"kind": "tier_upgrade", "gives": {"tier": "silver"}}, {}),
    (
        "insufficient_balance",
        {"cost": {"kind": "fixed", "points": 501}},
        {"balance": 500, "required": 501},
    ),
    ("out_of_stock", {"stock": 0}, {}),
    ("out_of_stock", {"code": POOL}, {}),
    ("maximum_reached", {"kind": "metric", "gives": {"metric": "coins", "points": 11}}, {"room": 10}),
]


@pytest.mark.parametrize(("code", "change", "data"), REFUSED, ids=str)
def test_the_catalogue_names_the_reason_that_redeeming_is_refused_with(
    shop: Api, environment: Environment, code: str, change: dict[str, Any], data: dict[str, Any]
) -> None:
    factories.make_metric(environment, "coins", maximum=10)
    go_to(shop, 0)
    award(shop, 500)
    offer(shop, **change)
    (reason,) = seen(shop)["reasons"]
    assert (reason["code"], seen(shop)["eligible"]) == (code, False)
    assert {name: reason[name] for name in data} == data
    before = digest()
    for answer in (
        try_to_buy(shop),
        shop.post("/v1/user/ada/offer/rwd_coffee/redeem"),
        shop.post("/v1/points/redeem", {"customer_id": "ada", "reward_id": "rwd_coffee"}),
    ):
        problem = assert_problem(answer, code)
        assert {name: problem[name] for name in reason} == reason
    assert changed(before, digest()) == {}


@pytest.mark.parametrize(
    ("per", "resets_at"), [("day", day(0.5)), ("week", day(5.5)), ("month", day(30.5)), ("ever", None)]
)
def test_the_limit_of_a_period_is_told_with_its_end(api: Api, per: str, resets_at: str | None) -> None:
    go_to(api, 0)  # a Tuesday, at noon
    award(api, 500)
    offer(api, limit={"times": 1, "per": per})
    buy(api)
    (reason,) = seen(api)["reasons"]
    assert (reason["code"], reason["limit"], reason["used"]) == ("member_limit_reached", 1, 1)
    assert (reason["per"], reason["resets_at"]) == (per, resets_at)
    before = digest()
    problem = assert_problem(try_to_buy(api), "member_limit_reached")
    assert {name: problem[name] for name in reason} == reason
    assert changed(before, digest()) == {}
    if resets_at:
        go_to(api, 31)
        assert seen(api)["limit"]["used"] == 0
        buy(api)


def test_a_frozen_member_and_a_paused_program_are_all_named_and_the_first_refuses(
    api: Api, environment: Environment
) -> None:
    award(api, 50)
    offer(api)
    done(api.patch("/v1/customers/ada", {"status": "frozen"}))
    done(api.patch("/v1/programs/default", {"status": "paused"}))
    codes = [reason["code"] for reason in seen(api)["reasons"]]
    assert codes == ["reward_not_available", "member_frozen", "insufficient_balance"]
    before = digest()
    problem = assert_problem(try_to_buy(api), "reward_not_available")
    assert problem["reason"] == "program_paused"
    assert changed(before, digest()) == {}
    done(api.patch("/v1/programs/default", {"status": "active"}))
    assert_problem(try_to_buy(api), "member_frozen")


def test_what_was_sold_stays_as_it_was_sold(api: Api) -> None:
    award(api, 500)
    offer(api, kind="discount", discount_amount=3, currency="GBP", code=GENERATED)
    bought = buy(api)
    done(
        api.patch(
            "/v1/rewards/rwd_coffee",
            {
                "name": "Tea",
                "kind": "custom",
                "discount_amount": None,
                "cost": {"kind": "fixed", "points": 5},
            },
        )
    )
    done(api.patch("/v1/rewards/rwd_coffee", {"status": "archived"}))
    kept = {name: value for name, value in bought.items() if name != "points_balance"}
    assert done(api.get(f"/v1/redemptions/{bought['id']}")) == kept
    assert_problem(try_to_buy(api), "not_found")


@pytest.mark.usefixtures("warm_key")
def test_a_page_of_rewards_takes_as_many_statements_for_fifty_as_for_one(
    api: Api, environment: Environment
) -> None:
    award(api, 500)

    def counts() -> list[int]:
        paths = ("/v1/rewards?customer_id=ada&limit=100", "/v1/rewards?limit=100")
        done(api.get(paths[0]))
        return [len(statements(lambda: done(api.get(path)))) for path in paths]  # noqa: B023

    factories.make_reward(environment, stock=5, limit_times=2, code_source="pool")
    few = counts()
    for _ in range(49):
        factories.make_reward(environment, stock=5, limit_times=2, code_source="pool")
    assert counts() == few == [5, 4]


def test_a_member_token_sees_its_own_catalogue_alone(api: Api, environment: Environment) -> None:
    award(api, 500)
    offer(api)
    offer(api, id="rwd_draft", status="draft")
    mine = Api(factories.make_token(factories.make_token_key(environment)))
    for path in ("/v1/rewards", "/v1/rewards?customer_id=ada"):
        assert done(mine.get(path))["data"] == [seen(api)]
    assert done(mine.get("/v1/rewards/rwd_coffee")) == seen(api)
    assert_problem(mine.get("/v1/rewards/rwd_draft"), "not_found")
    before = digest()
    for path in ("/v1/rewards", "/v1/rewards/rwd_coffee"):
        assert_problem(mine.get(f"{path}?customer_id=bob"), "permission_denied")
    assert_problem(mine.post("/v1/rewards", COFFEE | {"id": "rwd_mine"}), "permission_denied")
    assert_problem(mine.patch("/v1/rewards/rwd_coffee", {"status": "paused"}), "permission_denied")
    assert_problem(mine.get("/v1/rewards/rwd_coffee/codes"), "permission_denied")
    assert changed(before, digest()) == {}
