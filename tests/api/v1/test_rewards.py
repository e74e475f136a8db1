"""/v1/rewards: set up, refused and changed (domain.md 5)."""

from typing import Any

import pytest

from loyalty.queries.rewards import find_reward
from programs.models import Environment, Reward
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.v1.days import done
from tests.api.v1.shop import COFFEE, GENERATED, POOL, offer, seen, upload
from tests.api.world import changed, digest
from tests.conftest import Api

PLAIN: dict[str, Any] = {
    "program": "default",
    "metric": "points",
    "description": "",
    "image_url": None,
    "discount_amount": None,
    "discount_percent": None,
    "currency": None,
    "gives": None,
    "starts_at": None,
    "ends_at": None,
    "condition": {},
    "limit": None,
    "stock": None,
    "stock_left": None,
    "taken": 0,
    "fulfilment": "automatic",
}
VARIABLE = {"kind": "variable", "min": 10, "max": 50, "value_per_point": "1"}
NO_CODE = {"source": "none", "pattern": None, "valid_days": None, "returns_codes": True, "available": None}


def test_a_reward_is_made_read_changed_and_listed(api: Api) -> None:
    made = offer(api)
    created_at = made.pop("created_at")
    cost = {"kind": "fixed", "points": 100, "tier_points": {}}
    assert made == COFFEE | PLAIN | {"cost": cost, "code": NO_CODE}
    shown = made | {"created_at": created_at}
    assert done(api.get("/v1/rewards/rwd_coffee")) == shown
    assert done(api.get("/v1/rewards"))["data"] == [shown]
    change = {
        "name": "Espresso",
        "description": "A small one.",
        "status": "paused",
        "starts_at": "2030-01-01T00:00:00Z",
        "ends_at": "2031-01-01T00:00:00Z",
        "condition": {"all": [{"field": "member.attributes.country", "op": "eq", "value": "NG"}]},
        "limit": {"times": 2, "per": "week"},
        "stock": 7,
        "discount_amount": 3,
        "currency": "GBP",
        "fulfilment": "manual",
    }
    changed_ = done(api.patch("/v1/rewards/rwd_coffee", change))
    assert changed_ == shown | change | {"stock_left": 7}
    assert done(api.get("/v1/rewards/rwd_coffee")) == changed_
    cleared = dict.fromkeys(
        ("starts_at", "ends_at", "limit", "stock", "discount_amount", "currency"), None
    ) | {"condition": {}}
    assert done(api.patch("/v1/rewards/rwd_coffee", cleared)) == changed_ | cleared | {"stock_left": None}


@pytest.mark.parametrize(
    "worth",
    [
        {"kind": "discount", "discount_amount": 1000, "currency": "NGN"},
        {"kind": "discount", "discount_percent": 12.5},
        {"kind": "free_product"},
        {"kind": "content_access"},
        {"kind": "early_access"},
        {"kind": "custom"},
        {"kind": "tier_upgrade", "gives": {"tier": "gold"}},
        {"kind": "metric", "gives": {"metric": "coins", "points": 5}},
        {"kind": "inventory_item", "gives": {"set": "badges", "item": "badge_2"}},
        {"kind": "cashback", "discount_amount": 2.5, "currency": "GBP"},
    ],
    ids=lambda worth: str(worth["kind"]),
)
def test_every_kind_is_set_up_and_shown_as_it_was_sent(shop: Api, worth: dict[str, Any]) -> None:
    made = offer(shop, **worth)
    assert {name: made[name] for name in worth} == worth
    assert done(shop.get("/v1/rewards/rwd_coffee")) == made
    assert {name: seen(shop)[name] for name in worth} == worth


def test_cashback_may_be_paid_into_a_metric_and_a_cost_may_be_the_members_choice(shop: Api) -> None:
    cost = {"kind": "variable", "min": 100, "max": 500, "step": 50, "value_per_point": "0.01"}
    made = offer(shop, kind="cashback", cost=cost, currency="GBP", gives={"metric": "coins"})
    assert (made["cost"], made["gives"]) == (cost, {"metric": "coins", "points": None})
    assert (seen(shop)["points"], seen(shop)["cost"]) == (100, cost), "the least"
    fixed = {"kind": "fixed", "points": 90, "tier_points": {"gold": 60, "silver": 0}}
    shown = done(shop.patch("/v1/rewards/rwd_coffee", {"cost": fixed, "discount_amount": "1.50"}))
    assert (shown["cost"], shown["discount_amount"]) == (fixed, 1.5)


@pytest.mark.parametrize(
    ("sent", "shown"), [(1000, 1000), ("1000.00", 1000), (9.99, 9.99), ("0.10", 0.1), (10**12, 10**12)]
)
def test_money_is_an_exact_number(api: Api, sent: Any, shown: Any) -> None:
    offer(api, kind="discount", discount_amount=sent, currency="GBP")
    for text in (api.get("/v1/rewards/rwd_coffee"), api.get("/v1/rewards/rwd_coffee?customer_id=ada")):
        assert f'"discount_amount":{shown},' in text.content.decode()


def test_codes_of_a_reward_are_set_up_whole(api: Api) -> None:
    made = offer(api, code={"source": "generated"})
    assert made["code"] == NO_CODE | {"source": "generated", "pattern": "REDEEM-########"}
    code = {"source": "generated", "pattern": "CAFE-########", "valid_days": 30, "returns_codes": False}
    assert done(api.patch("/v1/rewards/rwd_coffee", {"code": code}))["code"] == code | {"available": None}
    pool = done(api.patch("/v1/rewards/rwd_coffee", {"code": POOL}))["code"]
    assert pool == NO_CODE | {"source": "pool", "available": 0}
    upload(api, "A-1", "A-2")
    assert done(api.get("/v1/rewards/rwd_coffee"))["code"]["available"] == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": "two words"}, "id"),
        ({"kind": "gift"}, "kind"),
        ({"name": ""}, "name"),
        ({"status": "ended"}, "status"),
        ({"colour": "red"}, "colour"),
        ({"cost": 100}, "cost"),
        ({"cost": None}, "cost"),
        ({"cost": {"points": 100}}, "cost.kind"),
        ({"cost": {"kind": "fixed"}}, "cost.points"),
        ({"cost": {"kind": "fixed", "points": -1}}, "cost.points"),
        ({"cost": {"kind": "fixed", "points": 1.5}}, "cost.points"),
        ({"cost": {"kind": "fixed", "points": 1, "price": 1}}, "cost.price"),
        ({"cost": {"kind": "fixed", "points": 1, "tier_points": []}}, "cost.tier_points"),
        ({"cost": {"kind": "fixed", "points": 1, "tier_points": {"tin": 1}}}, "cost.tier_points.tin"),
        ({"cost": {"kind": "fixed", "points": 1, "tier_points": {"gold": "1"}}}, "cost.tier_points.gold"),
        (
            {"currency": "GBP", "cost": {"kind": "variable", "min": 1, "max": 9, "value_per_point": "1"}},
            "cost.kind",
        ),
        (
            {
                "kind": "discount",
                "currency": "GBP",
                "cost": {"kind": "variable", "min": 10, "max": 9, "value_per_point": "1"},
            },
            "cost.max",
        ),
        (
            {"kind": "discount", "currency": "GBP", "cost": {"kind": "variable", "min": 1, "max": 9}},
            "cost.value_per_point",
        ),
        ({"kind": "discount"}, "discount_amount"),
        ({"kind": "discount", "discount_amount": 5}, "currency"),
        ({"kind": "discount", "discount_amount": -5, "currency": "GBP"}, "discount_amount"),
        ({"kind": "discount", "discount_amount": "0.001", "currency": "GBP"}, "discount_amount"),
        ({"kind": "discount", "discount_percent": 101}, "discount_percent"),
        ({"kind": "discount", "discount_amount": 1, "currency": "pounds"}, "currency"),
        ({"kind": "metric"}, "gives.metric"),
        ({"kind": "metric", "gives": {"metric": "points", "points": 1}}, "gives.metric"),
        ({"kind": "metric", "gives": {"metric": "coins"}}, "gives.points"),
        ({"kind": "tier_upgrade"}, "gives.tier"),
        ({"kind": "inventory_item", "gives": {"set": "badges"}}, "gives.item"),
        ({"kind": "metric", "gives": {"metric": "stars", "points": 1}}, "gives.metric"),
        ({"kind": "tier_upgrade", "gives": {"tier": "platinum"}}, "gives.tier"),
        ({"kind": "inventory_item", "gives": {"set": "badges", "item": "badge_9"}}, "gives.item"),
        ({"kind": "inventory_item", "gives": {"set": "cards", "item": "badge_1"}}, "gives.item"),
        ({"gives": {"money": 1}}, "gives.money"),
        ({"condition": {"all": [{"field": "data.amount", "op": "gte", "value": 1}]}}, "condition"),
        ({"condition": {"all": [{"field": "nonsense", "op": "eq", "value": 1}]}}, "condition.all[0].field"),
        ({"limit": {"times": 0}}, "limit.times"),
        ({"limit": {"times": 1, "per": "year"}}, "limit.per"),
        ({"limit": 1}, "limit"),
        ({"stock": -1}, "stock"),
        ({"stock": "7"}, "stock"),
        ({"stock": 10**9 + 1}, "stock"),
        ({"code": {"source": "thin air"}}, "code.source"),
        ({"code": {"source": "generated", "pattern": "CAFE-###"}}, "code.pattern"),
        ({"code": POOL | {"valid_days": 0}}, "code.valid_days"),
        ({"fulfilment": "soon"}, "fulfilment"),
        ({"starts_at": "2030-01-02T00:00:00Z", "ends_at": "2030-01-01T00:00:00Z"}, "ends_at"),
        ({"image": "https://shop.example/coffee.png"}, "image"),
        ({"image": "data:image/png;base64,AAAA"}, "image"),
        ({"image": "data:image/png;base64,A"}, "image"),
    ],
    ids=str,
)
def test_a_faulty_field_is_named_by_its_path_and_nothing_changes(
    shop: Api, change: dict[str, Any], field: str
) -> None:
    before = digest()
    problem = assert_problem(shop.post("/v1/rewards", COFFEE | change), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert all(len(error["detail"]) > 10 for error in problem["errors"])
    assert changed(before, digest()) == {}
    if field == "id":
        return
    offer(shop)
    before = digest()
    problem = assert_problem(shop.patch("/v1/rewards/rwd_coffee", change), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert changed(before, digest()) == {}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"program": "vip"}, "program_not_found"),
        ({"metric": "stars"}, "not_found"),
    ],
    ids=str,
)
def test_what_names_something_unknown_is_not_found(shop: Api, change: dict[str, Any], code: str) -> None:
    before = digest()
    assert_problem(shop.post("/v1/rewards", COFFEE | change), code)
    assert changed(before, digest()) == {}


def test_a_value_that_the_reward_has_no_use_for_is_refused_by_name(shop: Api) -> None:
    unused: dict[str, dict[str, Any]] = {
        "cost.min cost.value_per_point": {
            "cost": {"kind": "fixed", "points": 1, "min": 1, "value_per_point": "1"}
        },
        "cost.points cost.tier_points discount_percent": {
            "kind": "discount",
            "currency": "GBP",
            "discount_percent": 5,
            "cost": VARIABLE | {"points": 5, "tier_points": {"gold": 1}},
        },
        "gives.points": {"kind": "metric", "cost": VARIABLE, "gives": {"metric": "coins", "points": 5}},
        "gives.metric gives.points": {"gives": {"metric": "coins", "points": 1}},
        "gives.set gives.tier": {"gives": {"tier": "gold", "set": "badges"}},
        "code.pattern": {"code": POOL | {"pattern": "CAFE-########"}},
        "code.valid_days": {"code": {"source": "none", "valid_days": 5}},
    }
    offer(shop)
    before = digest()
    for fields, change in unused.items():
        for answer in (
            shop.patch("/v1/rewards/rwd_coffee", change),
            shop.post("/v1/rewards", COFFEE | {"id": "rwd_2"} | change),
        ):
            problem = assert_problem(answer, "invalid_request")
            assert sorted(error["field"] for error in problem["errors"]) == fields.split(), change
    assert changed(before, digest()) == {}


def test_what_stops_to_be_of_use_is_cleared_and_what_is_empty_may_be_said(shop: Api) -> None:
    offer(shop, kind="metric", gives={"metric": "coins", "points": 5}, code=GENERATED | {"valid_days": 3})
    empty = {"discount_amount": None, "gives": None, "code": {"source": "none", "valid_days": None}}
    shown = done(shop.patch("/v1/rewards/rwd_coffee", {"kind": "custom", **empty}))
    assert (shown["gives"], shown["code"]) == (None, NO_CODE)
    change = {"kind": "discount", "currency": "GBP", "cost": VARIABLE | {"tier_points": {}}}
    assert done(shop.patch("/v1/rewards/rwd_coffee", change))["cost"] == VARIABLE | {"step": 1}
    assert_problem(shop.patch("/v1/rewards/rwd_coffee", {"discount_amount": 5}), "invalid_request")


def test_an_id_is_taken_once_and_what_it_is_paid_in_stays(shop: Api) -> None:
    offer(shop)
    before = digest()
    problem = assert_problem(shop.post("/v1/rewards", COFFEE), "invalid_request")
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [("id", "unique")]
    problem = assert_problem(shop.patch("/v1/rewards/rwd_coffee", {"metric": "coins"}), "invalid_request")
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [("metric", "fixed")]
    for path in ("/v1/rewards/rwd_none", "/v1/rewards/rwd_none?customer_id=ada"):
        assert_problem(shop.get(path), "not_found")
    assert_problem(shop.patch("/v1/rewards/rwd_none", {"name": "Tea"}), "not_found")
    assert changed(before, digest()) == {}


def test_another_tenants_reward_is_not_found_and_what_it_could_give_neither(
    shop: Api, environment: Environment
) -> None:
    elsewhere = factories.make_environment()
    factories.make_reward(elsewhere, "rwd_theirs")
    factories.make_ladder(elsewhere, ("platinum", "5"))
    before = digest()
    for query in ("", "?customer_id=ada"):
        assert_problem(shop.get(f"/v1/rewards/rwd_theirs{query}"), "not_found")
        assert done(shop.get(f"/v1/rewards{query}"))["data"] == []
    assert_problem(shop.patch("/v1/rewards/rwd_theirs", {"status": "paused"}), "not_found")
    tier = {"kind": "tier_upgrade", "gives": {"tier": "platinum"}}
    problem = assert_problem(shop.post("/v1/rewards", COFFEE | tier), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == ["gives.tier"]
    assert changed(before, digest()) == {}
    factories.make_reward(environment, "rwd_theirs", name="Ours")
    assert done(shop.get("/v1/rewards/rwd_theirs"))["name"] == "Ours"


def test_a_reward_is_stored_as_it_is_configured(api: Api, environment: Environment) -> None:
    offer(api, cost={"kind": "fixed", "points": 0}, code=GENERATED)
    stored = find_reward(environment=environment, reward="rwd_coffee")
    assert (stored.points, stored.code_source, stored.code_pattern) == (0, "generated", "CAFE-########")
    assert Reward.objects.filter(environment=environment).count() == 1
