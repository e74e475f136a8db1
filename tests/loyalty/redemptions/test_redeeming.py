"""What a redemption of each kind costs and changes."""

from datetime import timedelta
from decimal import Decimal

import pytest

from audit.errors import NotFound
from loyalty.errors import IdempotencyKeyReused, InsufficientBalance, Replay
from loyalty.models import ItemChange, LedgerEntry, Member, Redemption, RewardCode, TierChange
from programs.code_patterns import ALPHABET, fill
from tests.factories import make_environment, make_metric
from tests.loyalty.ledger.till import day
from tests.loyalty.redemptions.shop import Shop, key


def test_a_discount_costs_its_points_and_is_fulfilled_at_once(shop: Shop) -> None:
    shop.give(250)
    reward = shop.reward(points=200)
    made = shop.redeem(reward, reason="Treat", metadata={"basket": "b-1", "price": Decimal("1.10")})
    assert (made.balance, made.issued_code) == (50, None)
    row = shop.stored(made)
    assert (row.status, row.points, row.kind, row.name) == ("fulfilled", 200, "discount", "A discount")
    assert (row.discount_amount, row.currency) == (Decimal("10.000"), "GBP")
    assert (row.gives, row.given, row.takes_stock) == ({}, None, False)
    assert (row.reason, row.metadata) == ("Treat", {"basket": "b-1", "price": Decimal("1.10")})
    assert (row.occurred_at, row.fulfilled_at, row.closed_at) == (day(0), day(0), None)
    assert shop.of(made) == [("redeemed", "points", -200)]
    entry = LedgerEntry.objects.get(redemption_id=made.pk)
    assert made.paid_by
    assert (entry.pk, entry.reason, entry.metadata) == (made.paid_by.pk, "Treat", row.metadata)
    assert shop.lots() == [(50, 0)]


def test_without_a_reason_the_entry_says_what_was_bought(shop: Shop) -> None:
    shop.give(100)
    made = shop.redeem(shop.reward(name="Free mug"))
    assert LedgerEntry.objects.get(redemption_id=made.pk).reason == "Free mug"
    assert shop.stored(made).reason is None


@pytest.mark.parametrize("kind", ["free_product", "content_access", "early_access", "custom"])
def test_what_the_tenant_hands_out_changes_nothing_but_points(shop: Shop, kind: str) -> None:
    shop.give(100)
    made = shop.redeem(shop.reward(kind))
    assert (shop.status(made), shop.of(made)) == ("fulfilled", [("redeemed", "points", -100)])
    assert shop.entries() == [("earned", 100), ("redeemed", -100)]


def test_a_percentage_is_kept_with_the_redemption(shop: Shop) -> None:
    shop.give(100)
    made = shop.redeem(shop.reward(discount_amount=None, discount_percent=Decimal("12.5"), currency=""))
    assert (shop.stored(made).discount_percent, shop.stored(made).discount_amount) == (Decimal("12.5"), None)


def test_points_of_another_metric_are_given_at_once(shop: Shop) -> None:
    xp = make_metric(shop.environment, "xp")
    shop.give(100)
    made = shop.redeem(shop.reward("metric", gives_metric=xp, gives_points=30))
    assert shop.of(made) == [("redeemed", "points", -100), ("bonus", "xp", 30)]
    assert (shop.total(), shop.total(metric="xp")) == (0, 30)
    assert shop.stored(made).gives == {"metric": str(xp.pk), "points": 30}


def test_points_given_vest_expire_and_open_as_their_metric_says(shop: Shop) -> None:
    xp = make_metric(shop.environment, "xp", vesting_days=2, expiry="days", expiry_count=10, default_value=5)
    shop.give(100)
    shop.redeem(shop.reward("metric", gives_metric=xp, gives_points=30))
    account = shop.account(metric="xp")
    assert (account.total, account.pending) == (35, 30)
    given = account.lots.get(points=30)
    assert (given.available_at, given.expires_at) == (day(2), day(10))


def test_cashback_into_a_metric_is_in_minor_units(shop: Shop) -> None:
    pence = make_metric(shop.environment, "pence")
    shop.give(100)
    made = shop.redeem(
        shop.reward("cashback", discount_amount=Decimal("12.34"), currency="GBP", gives_metric=pence)
    )
    assert shop.total(metric="pence") == 1234
    assert shop.stored(made).discount_amount == Decimal("12.34")


def test_cashback_of_a_chosen_cost_pays_what_the_points_are_worth(shop: Shop) -> None:
    pence = make_metric(shop.environment, "pence")
    shop.give(100)
    reward = shop.choosing(5, 100, 1, "0.0333", kind="cashback", gives_metric=pence)
    made = shop.redeem(reward, points=100)
    assert (shop.stored(made).discount_amount, shop.total(metric="pence")) == (Decimal("3.33"), 333)


def test_cashback_without_a_metric_is_paid_out_by_staff(shop: Shop) -> None:
    shop.give(100)
    reward = shop.reward("cashback", discount_amount=Decimal("5.00"), currency="GBP", fulfilment="manual")
    made = shop.redeem(reward)
    assert (shop.status(made), shop.stored(made).gives) == ("pending", {})
    assert shop.stored(made).discount_amount == Decimal(5)


def test_a_tier_is_given_as_if_it_had_been_reached_now(shop: Shop) -> None:
    shop.ladder()
    shop.give(50)
    made = shop.redeem(shop.reward("tier_upgrade", points=40, gives_tier=shop.tier("gold")))
    assert shop.levels() == [("gold", day(0))]
    (change,) = TierChange.objects.filter(member=shop.key("ada"))
    assert (change.kind, change.from_code, change.to_code) == ("granted", None, "gold")
    given = shop.stored(made).given
    assert given
    assert given["tier"] is None
    assert shop.of(made) == [("redeemed", "points", -40)]


def test_an_item_is_had_once_more_each_time(shop: Shop) -> None:
    item = shop.item()
    shop.give(200)
    reward = shop.reward("inventory_item", gives_item=item)
    first, second = shop.redeem(reward), shop.redeem(reward)
    assert shop.quantity(item) == 2
    changes = ItemChange.objects.filter(member_id=shop.key("ada")).order_by("id")
    assert list(changes.values_list("quantity", "redemption_id")) == [(1, first.pk), (1, second.pk)]


def test_what_costs_nothing_makes_no_entry(shop: Shop) -> None:
    made = shop.redeem(shop.reward(points=0), "new")
    assert (made.paid_by, made.balance, made.points) == (None, 0, 0)
    assert shop.of(made) == []
    assert Member.objects.filter(pk=shop.key("new")).count() == 1
    assert not LedgerEntry.objects.filter(environment_id=shop.environment.id).exists()


def test_what_costs_nothing_can_be_had_in_debt(shop: Shop) -> None:
    earned = shop.give(100)
    shop.spend(100)
    shop.reverse(earned)
    assert shop.balance().balance == -100
    assert shop.status(shop.redeem(shop.reward(points=0))) == "fulfilled"
    dear = shop.reward(points=1)
    with shop.refused(InsufficientBalance, balance=-100, required=1):
        shop.redeem(dear)


def test_all_of_a_balance_can_be_spent_and_not_a_point_more(shop: Shop) -> None:
    shop.give(100)
    shop.hold(40)
    dear, dearest = shop.reward(points=60), shop.reward(points=61)
    with shop.refused(InsufficientBalance, balance=60, required=61):
        shop.redeem(dearest)
    assert shop.redeem(dear).balance == 0


def test_what_expires_first_is_spent_first(shop: Shop) -> None:
    shop.give(60)
    shop.give(60, expires=5)
    shop.redeem(shop.reward())
    assert shop.lots() == [(20, 0), (0, 0)]


def test_members_of_a_tier_pay_what_it_says(shop: Shop) -> None:
    shop.ladder()
    shop.give(99, "bob")
    shop.give(100)  # silver
    reward = shop.reward(points=90, tier_points={"silver": 70, "gold": 0})
    assert shop.offered(reward).cost == 70
    assert shop.redeem(reward).points == 70
    assert shop.redeem(reward, "bob").points == 90
    shop.give(200)  # gold
    assert shop.redeem(reward).points == 0
    shop.today = 40  # thirty days later the level has gone down
    assert shop.redeem(reward).points == 70


def test_the_caller_chooses_a_variable_cost(shop: Shop) -> None:
    shop.give(1000)
    reward = shop.choosing(50, 500, 25, "0.0105")
    made = shop.redeem(reward, points=75)
    assert (made.points, made.balance) == (75, 925)
    assert shop.stored(made).discount_amount == Decimal("0.78")  # 0.7875, down
    for points in (25, 60, 525, 0, None):
        with shop.fault("points"):
            shop.redeem(reward, points=points)


def test_a_fixed_cost_may_be_named_if_it_is_right(shop: Shop) -> None:
    shop.give(300)
    reward = shop.reward()
    assert shop.redeem(reward, points=100).points == 100
    for points in (99, 101, 0, -100):
        with shop.fault("points"):
            shop.redeem(reward, points=points)


def test_a_code_is_made_from_the_pattern(shop: Shop) -> None:
    shop.give(100)
    reward = shop.reward(code_source="generated", code_pattern="TEA-########-X", code_valid_days=7)
    made = shop.redeem(reward)
    code = shop.code(made)
    assert made.issued_code
    assert made.issued_code.code == code.code
    assert code.code
    assert (code.code[:4], code.code[12:], set(code.code[4:12]) <= set(ALPHABET)) == ("TEA-", "-X", True)
    assert (code.source, code.status, code.member_id) == ("generated", "issued", shop.key("ada"))
    assert (code.issued_at, code.expires_at) == (day(0), day(0) + timedelta(days=7))


def test_two_codes_are_two(shop: Shop) -> None:
    reward = shop.reward(points=0, code_source="generated")
    assert shop.code(shop.redeem(reward)).code != shop.code(shop.redeem(reward)).code


def test_a_code_that_is_taken_is_made_anew(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    reward = shop.reward(points=0, code_source="generated", code_pattern="########")
    numbers = iter([0] * 8 + [0] * 8 + [0] * 7 + [1])
    monkeypatch.setattr(
        "loyalty.actions.redemptions.fill", lambda pattern, _: fill(pattern, lambda _: next(numbers))
    )
    assert shop.code(shop.redeem(reward, "ada")).code == "22222222"
    assert shop.code(shop.redeem(reward, "bob")).code == "22222223"
    assert Redemption.objects.filter(reward=reward).count() == 2


def test_codes_of_a_pool_are_issued_in_their_order(shop: Shop) -> None:
    reward = shop.pool("B-1", "A-2", points=0, code_valid_days=1)
    made = [shop.redeem(reward, member) for member in ("ada", "bob")]
    assert [shop.code(each).code for each in made] == ["B-1", "A-2"]
    assert {code.source for code in map(shop.code, made)} == {"pool"}
    assert shop.code(made[0]).expires_at == day(1)
    assert shop.codes(reward) == {"B-1": "issued", "A-2": "issued"}


def test_two_rewards_have_pools_of_their_own(shop: Shop) -> None:
    shop.pool("OTHER", points=0)
    assert shop.code(shop.redeem(shop.pool("MINE", points=0))).code == "MINE"


def test_each_redemption_is_audited(shop: Shop) -> None:
    shop.give(200)
    automatic = shop.redeem(shop.pool("CODE-1"), metadata={"a": 1})
    waiting = shop.redeem(shop.reward("custom", fulfilment="manual"))
    created = shop.audited("redemption.created")
    assert [
        (each.object_type, each.after["status"], each.after["points"]) for each in created if each.after
    ] == [
        ("redemption", "fulfilled", 100),
        ("redemption", "pending", 100),
    ]
    assert created[0].after
    assert automatic.issued_code
    assert created[0].after["code_id"] == str(automatic.issued_code.pk)
    assert created[0].after["metadata"] == {"a": 1}
    (fulfilled,) = shop.audited("redemption.fulfilled")
    assert fulfilled.object_id == created[0].object_id
    assert fulfilled.member_id == automatic.member_id == waiting.member_id
    assert (created[0].actor_kind, created[0].actor_id) == (automatic.actor_kind, automatic.actor_id)


def test_a_reward_that_is_not_there_is_not_found(shop: Shop) -> None:
    reward = shop.reward()
    elsewhere = Shop(make_environment()).reward()
    archived = shop.save(shop.reward(), status="archived")
    with shop.refused(NotFound):
        shop.redeem(elsewhere)
    with shop.refused(NotFound):
        shop.redeem(archived)
    reward.public_id = "rwd_unknown"
    with shop.refused(NotFound):
        shop.redeem(reward, "nobody")


def test_a_repeated_key_buys_once(shop: Shop) -> None:
    shop.give(200)
    reward = shop.reward(stock=5)
    made = shop.redeem(reward, idempotency=key("k"))
    before = shop.everything()
    with pytest.raises(Replay) as replay:
        shop.redeem(reward, idempotency=key("k"))
    assert replay.value.answer == f'{{"id": "{made.pk}"}}'
    assert shop.everything() == before
    with shop.refused(IdempotencyKeyReused):
        shop.redeem(reward, idempotency=key("k", b"2" * 32))
    shop.redeem(reward, idempotency=key("other"))
    assert (shop.taken(reward), shop.total()) == (2, 0)


def test_a_repeated_key_is_answered_alike_though_it_would_be_refused_now(shop: Shop) -> None:
    shop.give(100)
    reward = shop.reward(limit_times=1, stock=1)
    made = shop.redeem(reward, idempotency=key("k"))
    reward = shop.save(reward, status="paused")
    with pytest.raises(Replay) as replay:
        shop.redeem(reward, idempotency=key("k"))
    assert str(made.pk) in replay.value.answer


def test_a_refused_redemption_may_be_tried_again_under_its_key(shop: Shop) -> None:
    reward = shop.reward()
    with shop.refused(InsufficientBalance):
        shop.redeem(reward, idempotency=key("k"))
    shop.give(100)
    assert shop.redeem(reward, idempotency=key("k")).points == 100


def test_what_was_sold_stays_as_it_was_sold(shop: Shop) -> None:
    xp = make_metric(shop.environment, "xp")
    shop.give(100)
    reward = shop.reward("metric", gives_metric=xp, gives_points=30, fulfilment="manual", name="Boost")
    made = shop.redeem(reward)
    shop.save(reward, name="Other", points=5, gives_points=7, status="archived")
    row = shop.fulfil(made)
    assert (row.name, row.points, shop.total(metric="xp")) == ("Boost", 100, 30)
    shop.undo(made)
    assert (shop.total(), shop.total(metric="xp")) == (100, 0)


def test_a_code_keeps_the_life_that_it_was_sold_with(shop: Shop) -> None:
    reward = shop.reward(points=0, code_source="generated", code_valid_days=10)
    made = shop.redeem(reward)
    shop.save(reward, code_valid_days=1, code_source="none")
    shop.today = 5
    assert made.issued_code
    assert made.issued_code.code
    assert shop.use(made.issued_code.code).status == "fulfilled"
    assert RewardCode.objects.get(redemption=made).status == "used"
