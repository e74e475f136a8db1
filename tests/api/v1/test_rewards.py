"""/v1/rewards: set up, changed, listed, and as one member has them (domain.md 5)."""

import base64
import io
from typing import Any

import pytest
from PIL import Image

from loyalty.queries.rewards import find_reward
from programs.models import Environment, Picture, Reward
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.test_statement_budgets import statements
from tests.api.v1.days import award, day, done, go_to
from tests.api.v1.shop import COFFEE, GENERATED, POOL, buy, offer, seen, try_to_buy, upload
from tests.api.world import changed, digest
from tests.conftest import Api

LEVELS = [
    {"code": "silver", "title": "Silver", "threshold": 250},
    {"code": "gold", "title": "Gold", "threshold": 750},
]
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


@pytest.fixture
def shop(api: Api, environment: Environment) -> Api:
    """A program with tiers, another metric and a set of items."""
    factories.make_metric(environment, "coins")
    done(api.post("/v1/tiers", {"id": "tl_club", "period": "lifetime", "levels": LEVELS}))
    items = [{"id": "badge_1", "title": "First"}, {"id": "badge_2", "title": "Second"}]
    done(api.post("/v1/inventory-sets", {"id": "badges", "title": "Badges", "items": items}))
    return api


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


# -- pictures


def picture(colour: str = "red") -> str:
    written = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(written, "PNG")
    return f"data:image/png;base64,{base64.b64encode(written.getvalue()).decode()}"


def test_a_picture_is_uploaded_served_replaced_and_taken_away(api: Api, environment: Environment) -> None:
    made = offer(api, image=picture())
    address = made["image_url"]
    assert address.startswith("http://testserver/pictures/")
    served = api.client.get(address.removeprefix("http://testserver"))
    assert (served.status_code, served.headers["Content-Type"]) == (200, "image/webp")
    assert Image.open(io.BytesIO(served.content)).size == (40, 30)
    assert seen(api)["image_url"] == address
    assert done(api.patch("/v1/rewards/rwd_coffee", {"name": "Tea"}))["image_url"] == address
    other = done(api.patch("/v1/rewards/rwd_coffee", {"image": picture("blue")}))["image_url"]
    assert other != address
    assert done(api.patch("/v1/rewards/rwd_coffee", {"image": None}))["image_url"] is None


def test_a_picture_is_kept_once_for_its_key_and_not_at_all_with_a_refusal(
    api: Api, environment: Environment
) -> None:
    body = COFFEE | {"image": picture()}
    first, again = (api.post("/v1/rewards", body, Idempotency_Key="k") for _ in range(2))
    assert (first.status_code, again.content) == (201, first.content)
    assert Picture.objects.filter(environment=environment).count() == 1
    assert_problem(api.post("/v1/rewards", body), "invalid_request")
    assert_problem(api.patch("/v1/rewards/rwd_coffee", {"image": picture(), "stock": -1}), "invalid_request")
    change = {"image": picture(), "kind": "discount"}
    assert_problem(api.patch("/v1/rewards/rwd_coffee", change), "invalid_request")
    assert Picture.objects.filter(environment=environment).count() == 1


# -- the catalogue as set up, and stock


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


# -- the catalogue as a member has it


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


# -- member tokens


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


def test_a_reward_is_stored_as_it_is_configured(api: Api, environment: Environment) -> None:
    offer(api, cost={"kind": "fixed", "points": 0}, code=GENERATED)
    stored = find_reward(environment=environment, reward="rwd_coffee")
    assert (stored.points, stored.code_source, stored.code_pattern) == (0, "generated", "CAFE-########")
    assert Reward.objects.filter(environment=environment).count() == 1
