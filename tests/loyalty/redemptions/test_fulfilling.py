"""What waits for staff is handed out, and what the reward gives is given then."""

import pytest

from audit.errors import NotFound
from loyalty.actions.members import update_member
from loyalty.errors import IdempotencyKeyReused, MaximumReached, RedemptionClosed, Replay
from tests.factories import make_environment, make_metric
from tests.loyalty.ledger.till import day
from tests.loyalty.redemptions.shop import Shop, key


def test_a_manual_reward_waits_and_is_paid_at_once(shop: Shop) -> None:
    shop.give(100)
    made = shop.redeem(shop.reward("free_product", fulfilment="manual", stock=1))
    assert (shop.status(made), shop.total()) == ("pending", 0)
    shop.today = 3
    row = shop.fulfil(made, note="Sent by post")
    assert (row.status, row.fulfilled_at, row.note) == ("fulfilled", day(3), "Sent by post")
    assert (shop.status(made), shop.total()) == ("fulfilled", 0)
    (audited,) = shop.audited("redemption.fulfilled")
    assert audited.after
    assert (audited.after["note"], audited.occurred_at) == ("Sent by post", day(3))


def test_points_are_given_when_it_is_fulfilled(shop: Shop) -> None:
    xp = make_metric(shop.environment, "xp", vesting_days=1)
    shop.give(100)
    made = shop.redeem(shop.reward("metric", gives_metric=xp, gives_points=30, fulfilment="manual"))
    assert shop.total(metric="xp") == 0
    shop.today = 2
    shop.fulfil(made)
    lot = shop.account(metric="xp").lots.get()
    assert (lot.points, lot.earned_at, lot.available_at) == (30, day(2), day(3))


def test_a_tier_is_given_when_it_is_fulfilled(shop: Shop) -> None:
    shop.ladder()
    made = shop.redeem(
        shop.reward("tier_upgrade", gives_tier=shop.tier("gold"), points=0, fulfilment="manual")
    )
    assert shop.level() is None
    shop.today = 2
    shop.fulfil(made)
    assert shop.levels() == [("gold", day(2))]
    given = shop.stored(made).given
    assert given
    assert given["tier"] is None


def test_an_item_is_given_when_it_is_fulfilled(shop: Shop) -> None:
    item = shop.item()
    made = shop.redeem(shop.reward("inventory_item", gives_item=item, points=0, fulfilment="manual"))
    assert shop.quantity(item) == 0
    shop.fulfil(made)
    assert shop.quantity(item) == 1


def test_nothing_is_fulfilled_beyond_a_maximum(shop: Shop) -> None:
    xp = make_metric(shop.environment, "xp", maximum=50)
    shop.give(200)
    reward = shop.reward("metric", gives_metric=xp, gives_points=30, fulfilment="manual")
    first, second = shop.redeem(reward), shop.redeem(reward)
    shop.fulfil(first)
    with shop.refused(MaximumReached, maximum=50, total=30):
        shop.fulfil(second)
    make_metric(shop.environment, "xp", maximum=60)
    assert shop.fulfil(second).status == "fulfilled"
    assert shop.total(metric="xp") == 60


def test_what_is_not_waiting_can_not_be_fulfilled(shop: Shop) -> None:
    automatic = shop.redeem(shop.reward(points=0))
    cancelled = shop.redeem(shop.reward(points=0, fulfilment="manual"))
    failed = shop.redeem(shop.reward(points=0, fulfilment="manual"))
    shop.undo(cancelled)
    shop.fail(failed)
    for made, status in ((automatic, "fulfilled"), (cancelled, "cancelled"), (failed, "failed")):
        with shop.refused(RedemptionClosed, redemption_status=status):
            shop.fulfil(made)


def test_a_redemption_elsewhere_is_not_found(shop: Shop) -> None:
    elsewhere = Shop(make_environment())
    made = elsewhere.redeem(elsewhere.reward(points=0, fulfilment="manual"))
    with shop.refused(NotFound):
        shop.fulfil(made)
    assert elsewhere.status(made) == "pending"


def test_for_a_frozen_member_too(shop: Shop) -> None:
    xp = make_metric(shop.environment, "xp")
    shop.give(100)
    made = shop.redeem(shop.reward("metric", gives_metric=xp, gives_points=30, fulfilment="manual"))
    shop.do(update_member, member="ada", status="frozen")
    shop.fulfil(made)
    shop.undo(made)
    assert (shop.total(), shop.total(metric="xp")) == (100, 0)


def test_a_repeated_key_fulfils_once(shop: Shop) -> None:
    xp = make_metric(shop.environment, "xp")
    shop.give(200)
    reward = shop.reward("metric", gives_metric=xp, gives_points=30, fulfilment="manual")
    made = [shop.redeem(reward) for _ in range(2)]
    shop.fulfil(made[0], idempotency=key("k"))
    before = shop.everything()
    with pytest.raises(Replay):
        shop.fulfil(made[0], idempotency=key("k"))
    with pytest.raises(IdempotencyKeyReused):
        shop.fulfil(made[1], idempotency=key("k", b"2" * 32))
    assert shop.everything() == before
    assert shop.total(metric="xp") == 30


def test_an_archived_reward_is_still_handed_out(shop: Shop) -> None:
    reward = shop.pool("ONE", points=0, fulfilment="manual")
    made = shop.redeem(reward)
    shop.save(reward, status="archived")
    assert shop.fulfil(made).status == "fulfilled"
    assert shop.use("ONE").pk == made.pk
