"""What a merged member redeemed goes on with the survivor."""

import pytest

from loyalty.errors import InsufficientBalance, MaximumReached, NotReversible
from loyalty.models import TierChange
from tests.factories import make_member, make_metric
from tests.loyalty.ledger.till import day
from tests.loyalty.redemptions.shop import Shop


def test_points_are_given_back_to_the_survivor_with_their_own_expiry(shop: Shop) -> None:
    make_member(shop.environment)
    shop.give(60, "bob", expires=10)
    shop.give(60, "bob")
    made = shop.redeem(shop.reward(), "bob")
    shop.merge("bob", "ada")
    assert (shop.total("bob"), shop.total()) == (0, 20)
    row = shop.undo(made)
    assert row.member_id == shop.key("bob")  # as it was sold
    assert (shop.total("bob"), shop.total()) == (0, 120)
    shop.today = 10
    assert shop.balance().balance == 60


def test_either_name_spends_the_survivors_points(shop: Shop) -> None:
    shop.give(100)
    shop.give(100, "bob")
    shop.merge("bob", "ada")
    made = shop.redeem(shop.reward(points=150), "bob")
    assert (made.member_id, made.balance) == (shop.key("ada"), 50)


def test_what_was_given_is_taken_from_the_survivor(shop: Shop) -> None:
    make_member(shop.environment)
    xp = make_metric(shop.environment, "xp")
    shop.give(100, "bob")
    made = shop.redeem(shop.reward("metric", gives_metric=xp, gives_points=30), "bob")
    shop.merge("bob", "ada")
    assert shop.total(metric="xp") == 30
    shop.undo(made)
    assert (shop.total(metric="xp"), shop.total("bob", "xp"), shop.total()) == (0, 0, 100)


def test_what_the_survivor_has_spent_may_stand_against_it(shop: Shop) -> None:
    make_member(shop.environment)
    xp = make_metric(shop.environment, "xp", negative_balance="reject")
    shop.give(100, "bob")
    made = shop.redeem(shop.reward("metric", gives_metric=xp, gives_points=30), "bob")
    shop.merge("bob", "ada")
    shop.redeem(shop.reward(metric=xp, points=1))
    with shop.refused(InsufficientBalance):
        shop.undo(made)


def test_what_is_fulfilled_later_is_given_to_the_survivor(shop: Shop) -> None:
    make_member(shop.environment)
    xp = make_metric(shop.environment, "xp")
    shop.give(100, "bob")
    made = shop.redeem(shop.reward("metric", gives_metric=xp, gives_points=30, fulfilment="manual"), "bob")
    shop.merge("bob", "ada")
    shop.fulfil(made)
    assert (shop.total(metric="xp"), shop.total("bob", "xp")) == (30, 0)
    shop.undo(made)
    assert (shop.total(metric="xp"), shop.total("bob", "xp"), shop.total()) == (0, 0, 100)


def test_the_survivors_maximum_decides(shop: Shop) -> None:
    xp = make_metric(shop.environment, "xp", maximum=40)
    shop.give(100)
    shop.give(100, "bob")
    at_once = shop.reward("metric", gives_metric=xp, gives_points=30)
    later = shop.reward("metric", gives_metric=xp, gives_points=30, fulfilment="manual")
    shop.redeem(at_once)
    made = shop.redeem(later, "bob")
    shop.merge("bob", "ada")
    with shop.refused(MaximumReached, total=30):
        shop.fulfil(made)


def test_an_item_goes_along_and_is_taken_back_there(shop: Shop) -> None:
    item = shop.item()
    reward = shop.reward("inventory_item", gives_item=item, points=0)
    shop.redeem(reward)
    made = shop.redeem(reward, "bob")
    shop.merge("bob", "ada")
    assert (shop.quantity(item), shop.quantity(item, "bob")) == (2, 0)
    shop.undo(made)
    assert (shop.quantity(item), shop.quantity(item, "bob")) == (1, 0)


def test_an_item_that_is_handed_out_later_is_the_survivors(shop: Shop) -> None:
    make_member(shop.environment)
    item = shop.item()
    made = shop.redeem(shop.reward("inventory_item", gives_item=item, points=0, fulfilment="manual"), "bob")
    shop.merge("bob", "ada")
    shop.fulfil(made)
    assert (shop.quantity(item), shop.quantity(item, "bob")) == (1, 0)
    shop.undo(made)
    assert (shop.quantity(item), shop.quantity(item, "bob")) == (0, 0)


def test_a_tier_goes_along_and_is_taken_back_there(shop: Shop) -> None:
    shop.ladder()
    shop.give(10)
    made = shop.redeem(shop.reward("tier_upgrade", gives_tier=shop.tier("silver"), points=0), "bob")
    shop.today = 1
    shop.merge("bob", "ada")
    assert shop.levels() == [("silver", day(0))]
    shop.undo(made)
    assert shop.level() is None


def test_a_tier_that_is_handed_out_later_is_the_survivors(shop: Shop) -> None:
    shop.ladder()
    made = shop.redeem(
        shop.reward("tier_upgrade", gives_tier=shop.tier("silver"), points=0, fulfilment="manual"), "bob"
    )
    shop.give(10)
    shop.merge("bob", "ada")
    shop.fulfil(made)
    assert shop.level() == "silver"
    assert [row.member_id for row in TierChange.objects.filter(kind="granted")] == [shop.key("ada")]


def test_a_code_is_used_for_the_survivor(shop: Shop) -> None:
    make_member(shop.environment)
    xp = make_metric(shop.environment, "xp")
    reward = shop.reward("metric", gives_metric=xp, gives_points=30, fulfilment="manual", code_source="pool")
    shop.add(reward, "ONE")
    shop.give(100, "bob")
    shop.redeem(reward, "bob")
    shop.merge("bob", "ada")
    assert shop.use("ONE").status == "fulfilled"
    assert shop.total(metric="xp") == 30


@pytest.mark.parametrize("fulfilment", ["automatic", "manual"])
def test_of_somebody_who_was_merged_and_erased_nothing_is_given_back(shop: Shop, fulfilment: str) -> None:
    shop.give(100, "bob")
    reward = shop.reward(stock=2, fulfilment=fulfilment)
    made = shop.redeem(reward, "bob")
    shop.give(1)
    shop.merge("bob", "ada")
    shop.erase("ada")
    with shop.refused(NotReversible):
        shop.undo(made)
    assert shop.status(made) == ("cancelled" if fulfilment == "manual" else "fulfilled")
