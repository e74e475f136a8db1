"""A reward is judged whole before it is saved, and its stock with it."""

from decimal import Decimal
from typing import Any

import pytest

from audit.errors import NotFound
from loyalty.models import RewardStock
from programs.models import Program, Reward
from programs.models.rewards import MAX_MONEY
from tests.factories import make_environment, make_ladder, make_metric
from tests.loyalty.ledger.till import day
from tests.loyalty.redemptions.shop import Shop

BOUNDS = ["max_points", "min_points", "step_points", "value_per_point"]
MONEY: dict[str, Any] = {"discount_amount": Decimal(5), "currency": "GBP"}


FAULTS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("custom", {"name": ""}, ["name"]),
    ("custom", {"points": None}, ["points"]),
    ("custom", {"points": -1}, ["points"]),
    ("custom", {"points": 10**12 + 1}, ["points"]),
    ("nonsense", {}, ["kind"]),
    ("custom", {"status": "ended"}, ["status"]),
    ("custom", {"fulfilment": "never"}, ["fulfilment"]),
    ("custom", {"limit_times": 0}, ["limit_times"]),
    ("custom", {"limit_times": 1, "limit_per": "year"}, ["limit_per"]),
    ("custom", {"starts_at": day(1), "ends_at": day(1)}, ["ends_at"]),
    ("custom", {"tier_points": {"silver": 5}}, ["tier_points.silver"]),
    ("custom", {"tier_points": []}, ["tier_points"]),
    ("custom", {"condition": {"field": "data.amount", "op": "gt", "value": 1}}, ["condition"]),
    ("custom", {"condition": {"field": "event.type", "op": "eq", "value": "x"}}, ["condition"]),
    ("custom", {"condition": {"field": "member.tier", "op": "is", "value": "x"}}, ["condition.op"]),
    ("custom", {"cost_kind": "variable"}, ["cost_kind", "currency", *BOUNDS]),
    ("custom", {"code_source": "generated", "code_pattern": ""}, ["code_pattern"]),
    ("custom", {"code_source": "generated", "code_pattern": "TEA-#######"}, ["code_pattern"]),
    ("custom", {"code_source": "generated", "code_pattern": "tea-########"}, ["code_pattern"]),
    ("custom", {"code_source": "pool", "code_valid_days": 0}, ["code_valid_days"]),
    ("discount", {"discount_amount": None}, ["discount_amount"]),
    ("discount", {"discount_percent": Decimal(5)}, ["discount_percent"]),
    ("discount", {"discount_amount": None, "discount_percent": Decimal(101)}, ["discount_percent"]),
    ("discount", {"currency": ""}, ["currency"]),
    ("discount", {"currency": "POUND"}, ["currency"]),
    ("discount", {"currency": "\u0391\u0392\u0393"}, ["currency"]),  # Greek letters
    ("discount", {"discount_amount": Decimal("1.001")}, ["discount_amount"]),
    ("discount", {"discount_amount": Decimal("1.5"), "currency": "JPY"}, ["discount_amount"]),
    ("cashback", {}, ["discount_amount"]),
    ("cashback", {"discount_percent": Decimal(5)}, ["discount_amount", "discount_percent"]),
    ("metric", {}, ["gives_metric"]),
    ("tier_upgrade", {}, ["gives_tier"]),
    ("inventory_item", {}, ["gives_item"]),
]


def test_what_does_not_fit_together_is_named(shop: Shop) -> None:
    stored = shop.reward()
    for kind, changes, fields in FAULTS:
        with shop.fault(*fields):
            shop.reward(kind, **changes)
        without = {} if kind == "discount" else {"discount_amount": None, "currency": ""}
        with shop.fault(*fields):
            shop.save(stored, kind=kind, **without | changes)


FAULTS_OF_CHOICE: list[tuple[dict[str, Any], list[str]]] = [
    ({"min_points": 0}, ["min_points"]),
    ({"max_points": 9}, ["max_points"]),
    ({"step_points": None}, ["step_points"]),
    ({"value_per_point": Decimal(0)}, ["value_per_point"]),
    ({"value_per_point": Decimal(10) ** 11 / 2 + Decimal("0.0001")}, ["value_per_point"]),
    ({"currency": ""}, ["currency"]),
    ({"kind": "free_product"}, ["cost_kind"]),
]


def test_a_variable_cost_is_whole(shop: Shop) -> None:
    bounds: dict[str, Any] = {"low": 10, "high": 20, "step": 5, "rate": "0.01"}
    for changes, fields in FAULTS_OF_CHOICE:
        with shop.fault(*fields):
            shop.choosing(**bounds, **changes)
    assert not Reward.objects.filter(environment=shop.environment).exists()


def test_the_greatest_choice_is_worth_no_more_than_any_amount_may_be(shop: Shop) -> None:
    reward = shop.choosing(low=10, high=20, step=5, rate="0.01", value_per_point=MAX_MONEY / 20)
    shop.give(20)
    assert shop.redeem(reward, points=20).discount_amount == MAX_MONEY


def test_the_least_choice_is_worth_something(shop: Shop) -> None:
    xp = make_metric(shop.environment, "xp")
    for rate, currency in (("0.0009", "GBP"), ("0.0999", "JPY")):
        with shop.fault("value_per_point"):
            shop.choosing(10, 20, 1, rate, currency=currency)
        with shop.fault("value_per_point"):
            shop.choosing(10, 20, 1, rate, currency=currency, kind="cashback")
        with shop.fault("value_per_point"):
            shop.choosing(10, 20, 1, rate, currency=currency, kind="cashback", gives_metric=xp)
    reward = shop.choosing(10, 20, 1, "0.001")
    shop.give(10)
    assert shop.redeem(reward, points=10).discount_amount == Decimal("0.01")


def test_several_faults_are_told_at_once(shop: Shop) -> None:
    with shop.fault("points", "discount_amount", "ends_at", "code_pattern"):
        shop.reward(
            points=None, discount_amount=None, starts_at=day(1), ends_at=day(0), code_source="generated",
            code_pattern="X",
        )  # fmt: skip


def test_points_of_a_metric_must_be_another_and_some(shop: Shop) -> None:
    xp = make_metric(shop.environment, "xp")
    with shop.fault("gives_points"):
        shop.reward("metric", gives_metric=xp)
    with shop.fault("gives_points"):
        shop.reward("metric", gives_metric=xp, gives_points=-5)
    with shop.fault("gives_metric"):
        shop.reward("metric", gives_metric=shop.metric("points"), gives_points=5)


def test_a_variable_cost_gives_at_least_one_point(shop: Shop) -> None:
    xp = make_metric(shop.environment, "xp")
    with shop.fault("value_per_point"):
        shop.choosing(10, 20, 1, "0.09", kind="metric", gives_metric=xp)
    assert shop.choosing(10, 20, 1, "0.1", kind="metric", gives_metric=xp).pk
    with shop.fault("value_per_point"):
        shop.choosing(10, 20, 1, "0.0009", kind="cashback", gives_metric=xp)
    assert shop.choosing(10, 20, 1, "0.001", kind="cashback", gives_metric=xp).pk


def test_a_tier_is_one_of_its_program_that_must_be_reached(shop: Shop) -> None:
    shop.ladder()
    other = Program.objects.create(environment=shop.environment, code="other", name="Other")
    with shop.fault("gives_tier"):
        shop.reward("tier_upgrade", program=other, gives_tier=shop.tier("silver"))
    base = Shop(make_environment())
    make_ladder(base.environment, ("bronze", "0"), ("silver", "100"), days=30)
    with base.fault("gives_tier"):
        base.reward("tier_upgrade", gives_tier=base.tier("bronze"))


def test_costs_are_of_tiers_of_its_program(shop: Shop) -> None:
    shop.ladder()
    with shop.fault("tier_points.bronze"):
        shop.reward(tier_points={"silver": 1, "bronze": 1})
    for cost in (-1, True, "5", 1.5, None, 10**12 + 1):
        with shop.fault("tier_points.silver"):
            shop.reward(tier_points={"silver": cost})
    assert shop.reward(tier_points={"silver": 0, "gold": 10**12}).pk


def test_what_belongs_elsewhere_is_refused(shop: Shop) -> None:
    elsewhere = Shop(make_environment())
    elsewhere.ladder()
    item = elsewhere.item()
    with shop.fault("gives_tier"):
        shop.reward("tier_upgrade", gives_tier=elsewhere.tier("silver"))
    with shop.fault("gives_item"):
        shop.reward("inventory_item", gives_item=item)
    with shop.fault("gives_metric"):
        shop.reward("metric", gives_metric=elsewhere.metric("points"), gives_points=1)
    with shop.fault("program"):
        shop.reward(program=elsewhere.program())
    with shop.fault("metric"):
        shop.reward(metric=elsewhere.metric("points"))
    with shop.refused(NotFound):
        shop.save(elsewhere.reward(), name="Mine")


def test_what_it_is_paid_in_and_its_program_stay(shop: Shop) -> None:
    xp = make_metric(shop.environment, "xp")
    other = Program.objects.create(environment=shop.environment, code="other", name="Other")
    reward = shop.reward()
    with shop.fault("metric"):
        shop.save(reward, metric=xp)
    with shop.fault("program"):
        shop.save(reward, program=other)
    assert shop.save(reward, metric=shop.metric("points"), program=shop.program(), name="Same").name == "Same"


def test_what_its_kind_and_cost_do_not_use_is_forgotten(shop: Shop) -> None:
    item = shop.item()
    reward = shop.reward("inventory_item", gives_item=item, points=5)
    reward = shop.save(reward, kind="discount", **MONEY)
    assert (reward.gives_item, reward.points) == (None, 5)
    reward = shop.save(
        reward, cost_kind="variable", min_points=1, max_points=2, step_points=1, value_per_point=Decimal(1)
    )
    assert (reward.points, reward.discount_amount, reward.currency) == (None, None, "GBP")
    reward = shop.save(reward, cost_kind="fixed", points=7, **MONEY)
    assert (reward.min_points, reward.value_per_point) == (None, None)
    reward = shop.save(reward, code_source="generated", code_pattern=" TEA-######## ", code_valid_days=5)
    assert reward.code_pattern == "TEA-########"
    reward = shop.save(reward, code_source="none")
    assert (reward.code_pattern, reward.code_valid_days) == ("", None)


def test_a_condition_is_kept_in_normal_form(shop: Shop) -> None:
    weekend = {"field": "event.occurred_at.weekday", "op": "in", "value": ["saturday", "sunday"]}
    assert shop.reward(condition=weekend).condition == {**weekend, "value": [6, 7]}
    assert shop.reward().condition == {}


def test_saving_is_audited_and_seen_by_the_next_redemption(shop: Shop) -> None:
    reward = shop.reward(points=0, name="Mug")
    shop.save(reward, name="Cup")
    created, updated = shop.audited("reward.created", "reward.updated")
    assert created.object_id == updated.object_id == str(reward.pk)
    assert updated.before
    assert updated.after
    assert (updated.before["name"], updated.after["name"]) == ("Mug", "Cup")
    assert shop.redeem(reward).name == "Cup"


def test_saving_nothing_new_writes_nothing(shop: Shop) -> None:
    reward = shop.reward(stock=5)
    before = shop.everything()
    shop.save(reward, name=reward.name, stock=5)
    assert shop.everything() == before


# -- stock


def test_stock_is_audited_with_what_is_taken(shop: Shop) -> None:
    reward = shop.reward(points=0, stock=5)
    shop.redeem(reward)
    shop.save(reward, stock=1)
    shop.save(reward, stock=None)
    audited = [(each.before, each.after) for each in shop.audited("reward.stock_changed")]
    assert audited == [
        ({"stock": None}, {"stock": 5, "taken": 0}),
        ({"stock": 5}, {"stock": 1, "taken": 1}),
        ({"stock": 1}, {"stock": None, "taken": 1}),
    ]
    assert RewardStock.objects.get(reward=reward).left is None


def test_stock_is_never_below_what_is_taken(shop: Shop) -> None:
    reward = shop.reward(points=0, stock=5)
    for _ in range(2):
        shop.redeem(reward)
    with shop.fault("stock"):
        shop.save(reward, stock=1, name="Renamed")
    shop.save(reward, stock=2)
    assert shop.reasons(reward) == ["out_of_stock"]


@pytest.mark.parametrize("stock", [-1, 10**9 + 1])
def test_stock_is_a_number_in_bounds(shop: Shop, stock: int) -> None:
    with shop.fault("stock"):
        shop.reward(stock=stock)
    assert shop.reward(stock=10**9).pk


def test_without_stock_named_it_stays_as_it_was(shop: Shop) -> None:
    reward = shop.reward(stock=5)
    shop.save(reward, name="Renamed")
    assert RewardStock.objects.get(reward=reward).stock == 5


def test_a_reward_that_never_had_a_limit_has_no_row(shop: Shop) -> None:
    reward = shop.reward(points=0, stock=None)
    assert not shop.redeem(reward).takes_stock
    assert not RewardStock.objects.filter(reward=reward).exists()
