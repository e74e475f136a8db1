"""What stands against a redemption: named alike in the catalogue and by the refusal, and nothing is changed."""

from typing import Any

import pytest

from loyalty.actions.members import update_member
from loyalty.errors import (
    InsufficientBalance,
    LoyaltyError,
    MaximumReached,
    MemberFrozen,
    MemberLimitReached,
    NotEligible,
    OutOfStock,
    RewardNotAvailable,
)
from loyalty.models import Member
from loyalty.queries.situations import Known, Shelf, read_known
from programs.models import Reward
from tests.factories import make_member, make_metric
from tests.loyalty.ledger.till import day
from tests.loyalty.redemptions.shop import Shop

VIP = {"field": "member.attributes.vip", "op": "eq", "value": True}


def refuse(shop: Shop, reward: Reward, error: type[LoyaltyError], member: str = "ada", **data: Any) -> None:
    """The catalogue and the redemption give the same reason, and neither changes anything."""
    with shop.refused(error, **data) as caught:
        shop.redeem(reward, member)
    first = shop.offered(reward, member).refusals[0]
    assert (first.code, first.detail, first.data) == (
        caught.value.code,
        caught.value.detail,
        caught.value.data,
    )


@pytest.mark.parametrize("status", ["draft", "paused"])
def test_a_reward_that_is_not_active(shop: Shop, status: str) -> None:
    shop.give(100)
    refuse(shop, shop.reward(status=status), RewardNotAvailable, reason=status)


@pytest.mark.parametrize("status", ["draft", "paused", "ended"])
def test_a_program_that_is_not_active(shop: Shop, status: str) -> None:
    shop.give(100)
    reward = shop.reward()
    shop.change(shop.program(), status=status)
    refuse(shop, reward, RewardNotAvailable, reason=f"program_{status}")


def test_a_reward_outside_its_window(shop: Shop) -> None:
    shop.give(200)
    reward = shop.reward(starts_at=day(1), ends_at=day(2))
    refuse(shop, reward, RewardNotAvailable, reason="not_started", available_from="2026-03-02T09:00:00Z")
    shop.today = 1
    assert shop.redeem(reward).points == 100
    shop.today = 2
    refuse(shop, reward, RewardNotAvailable, reason="over", available_until="2026-03-03T09:00:00Z")


def test_a_program_outside_its_window(shop: Shop) -> None:
    shop.give(100)
    reward = shop.reward()
    shop.change(shop.program(), starts_at=day(1), ends_at=day(2))
    refuse(shop, reward, RewardNotAvailable, reason="program_not_started")
    shop.today = 2
    refuse(shop, reward, RewardNotAvailable, reason="program_over")


def test_a_frozen_member(shop: Shop) -> None:
    shop.give(100)
    reward = shop.reward()
    shop.do(update_member, member="ada", status="frozen")
    refuse(shop, reward, MemberFrozen)
    shop.do(update_member, member="ada", status="active")
    assert shop.redeem(reward).points == 100


def test_a_condition_on_attributes(shop: Shop) -> None:
    shop.give(100)
    reward = shop.reward(condition=VIP)
    refuse(shop, reward, NotEligible)
    shop.do(update_member, member="ada", attributes={"vip": True})
    assert shop.redeem(reward).points == 100


def test_a_condition_on_the_tier(shop: Shop) -> None:
    shop.ladder()
    shop.give(99)
    reward = shop.reward(
        points=10, condition={"field": "member.tier", "op": "in", "value": ["silver", "gold"]}
    )
    refuse(shop, reward, NotEligible)
    shop.give(1)
    assert shop.redeem(reward).points == 10
    shop.today = 31  # nothing was written, but the level is over
    refuse(shop, reward, NotEligible)


def test_a_condition_on_numbers_of_events(shop: Shop) -> None:
    shop.give(100)
    reward = shop.reward(condition={"field": "member.event_count.purchase", "op": "gte", "value": 1})
    refuse(shop, reward, NotEligible)
    shop.buy("order-1", "5.00")
    assert shop.redeem(reward).points == 100


def test_a_condition_on_the_members_age_and_on_the_clock(shop: Shop) -> None:
    make_member(shop.environment, "old")
    Member.objects.filter(external_id="old", environment=shop.environment).update(created_at=day(-30))
    aged = shop.reward(points=0, condition={"field": "member.age_days", "op": "gte", "value": 30})
    refuse(shop, aged, NotEligible, "nobody yet")
    assert shop.redeem(aged, "old").points == 0
    nine = shop.reward(points=0, condition={"field": "event.occurred_at.hour", "op": "eq", "value": 9})
    assert shop.redeem(nine).points == 0
    shop.today = 0.5
    refuse(shop, nine, NotEligible)


def test_somebody_new_is_judged_and_not_made(shop: Shop) -> None:
    reward = shop.reward()
    refuse(shop, reward, InsufficientBalance, "stranger", balance=0, required=100)
    assert not Member.objects.filter(pk=shop.key("stranger")).exists()


def test_somebody_new_may_spend_what_everybody_begins_with(shop: Shop) -> None:
    make_metric(shop.environment, "points", default_value=100)
    reward = shop.reward()
    assert shop.offered(reward, "new").is_eligible
    assert shop.redeem(reward, "new").balance == 0


def test_points_that_have_not_vested_or_are_expired(shop: Shop) -> None:
    make_metric(shop.environment, "points", vesting_days=2)
    shop.give(100, expires=5)
    reward = shop.reward()
    refuse(shop, reward, InsufficientBalance, balance=0, required=100)
    shop.today = 5
    refuse(shop, reward, InsufficientBalance, balance=0, required=100)
    shop.today = 2
    assert shop.redeem(reward).points == 100


def test_a_tier_that_the_member_has(shop: Shop) -> None:
    shop.ladder()
    shop.give(150)
    silver = shop.reward("tier_upgrade", gives_tier=shop.tier("silver"), points=1)
    gold = shop.reward("tier_upgrade", gives_tier=shop.tier("gold"), points=1, fulfilment="manual")
    refuse(shop, silver, NotEligible)
    assert shop.redeem(gold).points == 1
    shop.give(150)
    refuse(shop, gold, NotEligible)


def test_a_tier_of_a_ladder_that_is_not_in_use(shop: Shop) -> None:
    ladder = shop.ladder()
    shop.give(50)
    reward = shop.reward("tier_upgrade", gives_tier=shop.tier("silver"), points=1)
    shop.change(ladder, is_active=False)
    refuse(shop, reward, NotEligible)


def test_more_than_the_other_metrics_maximum_leaves_room_for(shop: Shop) -> None:
    xp = make_metric(shop.environment, "xp", maximum=100)
    shop.give(300)
    reward = shop.reward("metric", gives_metric=xp, gives_points=50)
    shop.redeem(reward)
    shop.redeem(reward)
    refuse(shop, reward, MaximumReached, room=0)
    assert shop.total(metric="xp") == 100


def test_the_maximum_does_not_stand_against_what_staff_give_later(shop: Shop) -> None:
    xp = make_metric(shop.environment, "xp", maximum=49)
    shop.give(100)
    reward = shop.reward("metric", gives_metric=xp, gives_points=50, fulfilment="manual")
    assert shop.offered(reward).is_eligible
    made = shop.redeem(reward)
    with shop.refused(MaximumReached, maximum=49, total=0):
        shop.fulfil(made)
    assert shop.undo(made).status == "cancelled"


def test_what_opens_with_the_account_takes_of_its_maximum(shop: Shop) -> None:
    xp = make_metric(shop.environment, "xp", maximum=100, default_value=51)
    shop.give(100)
    refuse(shop, shop.reward("metric", gives_metric=xp, gives_points=50), MaximumReached, room=49)


def test_the_last_one_and_then_none(shop: Shop) -> None:
    shop.give(300)
    reward = shop.reward(stock=2)
    shop.redeem(reward)
    assert shop.offered(reward).left == 1
    shop.redeem(reward)
    assert (shop.offered(reward).left, shop.taken(reward)) == (0, 2)
    refuse(shop, reward, OutOfStock)
    shop.save(reward, stock=3)
    assert shop.stored(shop.redeem(reward)).takes_stock


def test_an_empty_pool(shop: Shop) -> None:
    reward = shop.pool("ONLY", points=0)
    shop.redeem(reward)
    refuse(shop, reward, OutOfStock)
    shop.add(reward, "MORE")
    assert shop.code(shop.redeem(reward)).code == "MORE"


def test_the_database_alone_keeps_stock_from_being_oversold(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if both had looked while one was left."""
    reward = shop.reward(points=0, stock=1)
    shop.redeem(reward, "ada")

    def read_too_early(**arguments: Any) -> Known:
        known = read_known(**arguments)
        known.shelves[reward.pk] = Shelf(is_counted=True, left=1, has_code=True, used=0)
        return known

    monkeypatch.setattr("loyalty.actions.redemptions.read_known", read_too_early)
    with shop.refused(OutOfStock):
        shop.redeem(reward, "bob")
    assert shop.taken(reward) == 1


def test_of_several_reasons_the_first_is_told_and_the_catalogue_tells_all(shop: Shop) -> None:
    reward = shop.reward(condition=VIP, stock=0, status="paused")
    with shop.refused(RewardNotAvailable):
        shop.redeem(reward)
    assert shop.reasons(reward) == [
        "reward_not_available",
        "not_eligible",
        "insufficient_balance",
        "out_of_stock",
    ]


def test_a_wrong_cost_is_told_before_all_that(shop: Shop) -> None:
    reward = shop.reward(status="paused")
    with shop.fault("points"):
        shop.redeem(reward, points=99)


def test_a_limit_is_told_with_when_it_is_over(shop: Shop) -> None:
    reward = shop.reward(points=0, limit_times=1, limit_per="day")
    shop.redeem(reward)
    refuse(shop, reward, MemberLimitReached, limit=1, per="day", used=1, resets_at="2026-03-02T00:00:00Z")
