"""What a redemption gave beside is taken back with it: points of another metric, tiers and items."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from loyalty.errors import InsufficientBalance, NotEligible
from loyalty.models import ItemChange, MemberTier, Redemption, TierChange
from programs.models import Metric
from tests.factories import make_ladder, make_metric
from tests.loyalty.ledger.till import day
from tests.loyalty.redemptions.shop import Shop


def boosted(shop: Shop, policy: str) -> Metric:
    return make_metric(shop.environment, "xp", negative_balance=policy)


@pytest.mark.parametrize("policy", ["debt", "clip", "reject"])
def test_points_that_are_still_there_are_taken_back(shop: Shop, policy: str) -> None:
    xp = boosted(shop, policy)
    shop.give(100)
    made = shop.redeem(shop.reward("metric", gives_metric=xp, gives_points=30))
    shop.undo(made)
    assert (shop.total(), shop.total(metric="xp")) == (100, 0)


@pytest.mark.parametrize(("policy", "left"), [("debt", -20), ("clip", 0)])
def test_points_that_are_spent_are_owed_or_let_go(shop: Shop, policy: str, left: int) -> None:
    xp = boosted(shop, policy)
    shop.give(100)
    made = shop.redeem(shop.reward("metric", gives_metric=xp, gives_points=30))
    spent = shop.reward(points=20, metric=xp)
    shop.redeem(spent)
    shop.undo(made)
    assert (shop.total(), shop.total(metric="xp")) == (100, left)


def test_points_that_are_spent_may_stand_against_a_cancellation(shop: Shop) -> None:
    xp = boosted(shop, "reject")
    shop.give(100)
    made = shop.redeem(shop.reward("metric", gives_metric=xp, gives_points=30, stock=1))
    spent = shop.redeem(shop.reward(points=20, metric=xp))
    with shop.refused(InsufficientBalance):
        shop.undo(made)
    shop.undo(spent)
    assert shop.undo(made).status == "cancelled"
    assert (shop.total(), shop.total(metric="xp")) == (100, 0)


def test_points_that_were_never_given_are_not_taken(shop: Shop) -> None:
    xp = boosted(shop, "reject")
    shop.give(100)
    made = shop.redeem(shop.reward("metric", gives_metric=xp, gives_points=30, fulfilment="manual"))
    shop.undo(made)
    assert (shop.total(), shop.total(metric="xp")) == (100, 0)
    assert shop.of(made)[0] == ("redeemed", "points", -100)


def test_points_given_count_towards_a_tier_until_they_are_taken_back(shop: Shop) -> None:
    xp = make_metric(shop.environment, "xp")
    shop.ladder(metric="xp")
    shop.give(100)
    made = shop.redeem(shop.reward("metric", gives_metric=xp, gives_points=150))
    assert shop.levels() == [("silver", day(0))]
    assert shop.progress() == {"2026-03-01": 150}
    shop.undo(made)
    assert shop.progress() == {}


# -- tiers: silver from 100 points, gold from 300, in thirty days


def upgrade(shop: Shop, tier: str = "silver", **options: Any) -> Redemption:
    return shop.redeem(shop.reward("tier_upgrade", gives_tier=shop.tier(tier), points=10, **options))


def kinds(shop: Shop, member: str = "ada") -> list[str]:
    rows = TierChange.objects.filter(member=shop.key(member)).order_by("id")
    return list(rows.values_list("kind", flat=True))


def evaluation(shop: Shop) -> datetime | None:
    return MemberTier.objects.get(member=shop.key("ada")).next_evaluation_at


def test_a_tier_that_was_given_is_taken_back(shop: Shop) -> None:
    shop.ladder()
    shop.give(50)
    made = upgrade(shop)
    assert shop.levels() == [("silver", day(0))]
    shop.today = 1
    shop.undo(made)
    assert shop.level() is None
    assert kinds(shop) == ["granted", "revoked"]
    assert evaluation(shop) is None


def test_the_level_from_before_goes_on_with_its_own_dates(shop: Shop) -> None:
    shop.ladder()
    shop.give(120)
    ends = evaluation(shop)
    shop.today = 5
    made = upgrade(shop, "gold")
    assert shop.levels() == [("gold", day(5))]
    shop.today = 6
    shop.undo(made)
    assert (shop.levels(), evaluation(shop)) == ([("silver", day(0))], ends)
    shop.today = 40
    assert shop.offered(shop.reward(tier_points={"silver": 1})).cost == 100


def test_a_level_that_would_have_ended_meanwhile_is_decided_at_the_next_midnight(shop: Shop) -> None:
    shop.ladder()
    shop.give(120)
    shop.today = 5
    made = upgrade(shop, "gold")
    shop.today = 33
    shop.undo(made)
    assert shop.levels() == [("silver", day(0))]
    assert evaluation(shop) == datetime(2026, 4, 4, tzinfo=UTC)


def test_a_level_that_was_decided_anew_since_stays(shop: Shop) -> None:
    shop.ladder()
    shop.give(120)
    shop.today = 5
    made = upgrade(shop, "gold")
    shop.today = 40  # thirty days of gold are over
    shop.undo(made)
    assert shop.level() == "silver"
    assert kinds(shop) == ["reached", "granted", "lowered"]


def test_a_higher_level_that_was_reached_since_stays(shop: Shop) -> None:
    shop.ladder()
    shop.give(50)
    made = upgrade(shop)
    shop.give(250)
    shop.undo(made)
    assert shop.level() == "gold"
    assert kinds(shop) == ["granted", "reached"]


def test_a_level_that_the_member_has_earned_since_stays(shop: Shop) -> None:
    shop.ladder()
    shop.give(50)
    made = upgrade(shop)
    shop.today = 1
    shop.give(60)  # 110 points would have been silver too
    shop.undo(made)
    assert shop.levels() == [("silver", day(1))]
    assert kinds(shop) == ["granted", "revoked", "reached"]


def test_a_tier_that_was_never_given_is_not_taken(shop: Shop) -> None:
    shop.ladder()
    shop.give(50)
    made = upgrade(shop, fulfilment="manual")
    assert shop.level() is None
    shop.give(60)
    assert shop.levels() == [("silver", day(0))]
    shop.undo(made)
    assert shop.level() == "silver"


def test_a_tier_that_was_reached_before_it_was_handed_out_is_given_back_not_sold(shop: Shop) -> None:
    shop.ladder()
    shop.give(50)
    made = upgrade(shop, fulfilment="manual")
    shop.give(60)
    shop.today = 1
    with shop.refused(NotEligible):
        shop.fulfil(made)
    shop.fail(made)
    assert (shop.total(), shop.levels(), kinds(shop)) == (110, [("silver", day(0))], ["reached"])


# However they are undone, nothing is left of upgrades whose points are given back.


@pytest.mark.parametrize("order", list(permutations(("silver", "gold", "black"))), ids="-".join)
def test_of_upgrades_upon_upgrades_none_stays_that_was_given_back(shop: Shop, order: Sequence[str]) -> None:
    make_ladder(shop.environment, ("silver", "100"), ("gold", "300"), ("black", "500"), days=30)
    shop.give(50)
    made = {}
    for shop.today, level in enumerate(("silver", "gold", "black")):
        made[level] = upgrade(shop, level)
    standing = ["silver", "gold", "black"]
    for shop.today, level in enumerate(order, start=3):
        shop.undo(made[level])
        standing.remove(level)
        best = standing[-1] if standing else None
        assert [shop.level(), shop.total()] == [best, 50 - 10 * len(standing)]
        assert not standing or shop.levels() == [(best, shop.stored(made[standing[-1]]).fulfilled_at)]
    assert evaluation(shop) is None


def test_a_level_of_ones_own_is_gone_back_to_past_two_upgrades(shop: Shop) -> None:
    make_ladder(shop.environment, ("silver", "100"), ("gold", "300"), ("black", "500"), days=30)
    shop.give(120)
    ends = evaluation(shop)
    shop.today = 1
    first = upgrade(shop, "gold")
    shop.today = 2
    second = upgrade(shop, "black")
    shop.undo(first)
    assert shop.level() == "black"
    shop.undo(second)
    assert (shop.levels(), evaluation(shop)) == ([("silver", day(0))], ends)


def test_an_upgrade_upon_a_level_that_was_earned_anew_goes_back_to_that(shop: Shop) -> None:
    shop.ladder()
    shop.give(50)
    first = upgrade(shop)
    shop.today = 20
    shop.give(100)
    shop.today = 32  # silver was confirmed
    second = upgrade(shop, "gold")
    shop.undo(first)
    assert kinds(shop) == ["granted", "confirmed", "granted"]
    shop.undo(second)
    assert (shop.level(), kinds(shop)[3:]) == ("silver", ["revoked"])


def test_without_its_ladder_a_redemption_is_cancelled_all_the_same_and_the_audit_says_what_stays(
    shop: Shop,
) -> None:
    ladder = shop.ladder()
    shop.give(50)
    made = upgrade(shop)
    shop.change(ladder, is_active=False)
    assert shop.undo(made).status == "cancelled"
    assert (shop.total(), shop.level()) == (50, "silver")
    (audited,) = shop.audited("redemption.cancelled")
    assert audited.after
    assert audited.after["tier_kept"] is True


def test_what_is_taken_back_whole_is_not_said_to_stay(shop: Shop) -> None:
    shop.ladder()
    shop.undo(upgrade_for_nothing(shop))
    (audited,) = shop.audited("redemption.cancelled")
    assert audited.after == {
        "status": "cancelled",
        "reward": audited.after and audited.after["reward"],
        "points": 0,
        "reason": "Changed her mind",
    }


def upgrade_for_nothing(shop: Shop) -> Redemption:
    return shop.redeem(shop.reward("tier_upgrade", gives_tier=shop.tier("silver"), points=0))


def test_without_its_ladder_a_tier_is_not_handed_out_in_name_only(shop: Shop) -> None:
    ladder = shop.ladder()
    shop.give(50)
    made = upgrade(shop, fulfilment="manual")
    shop.change(ladder, is_active=False)
    with shop.refused(NotEligible):
        shop.fulfil(made)
    shop.fail(made)
    assert (shop.total(), shop.level()) == (50, None)


# -- items


def test_an_item_is_taken_back(shop: Shop) -> None:
    item = shop.item()
    reward = shop.reward("inventory_item", gives_item=item, points=0)
    first, second = shop.redeem(reward), shop.redeem(reward)
    shop.undo(first)
    assert shop.quantity(item) == 1
    shop.undo(second)
    assert shop.quantity(item) == 0
    changes = ItemChange.objects.filter(member_id=shop.key("ada")).order_by("id")
    assert list(changes.values_list("quantity", "redemption_id")) == [
        (1, first.pk),
        (1, second.pk),
        (-1, first.pk),
        (-1, second.pk),
    ]


def test_an_item_that_was_never_given_is_not_taken(shop: Shop) -> None:
    item = shop.item()
    shop.redeem(shop.reward("inventory_item", gives_item=item, points=0))
    made = shop.redeem(shop.reward("inventory_item", gives_item=item, points=0, fulfilment="manual"))
    assert shop.quantity(item) == 1
    shop.undo(made)
    assert shop.quantity(item) == 1
