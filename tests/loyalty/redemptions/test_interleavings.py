"""One action happens to its end between another one's look and its lock; or the connection dies there."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from audit.errors import NotFound
from loyalty.actions import fulfilment, redemptions, tills
from loyalty.errors import (
    CodeAlreadyUsed,
    InsufficientBalance,
    MemberLimitReached,
    NotReversible,
    RedemptionClosed,
    ServiceUnavailable,
)
from loyalty.ledger import posting, writing
from loyalty.models import Redemption
from programs.models import Reward
from tests.factories import make_member, make_metric
from tests.loyalty.redemptions.racing import kill_own_connection, meanwhile
from tests.loyalty.redemptions.shop import Shop, key


def waiting(shop: Shop) -> Redemption:
    """30 xp for 100 points, which wait for staff; its code is ONE."""
    xp = make_metric(shop.environment, "xp")
    reward = shop.reward("metric", gives_metric=xp, gives_points=30, fulfilment="manual", code_source="pool")
    shop.add(reward, "ONE")
    shop.give(100)
    return shop.redeem(reward)


def test_fulfilled_while_it_is_being_cancelled(open_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    made = waiting(open_shop)
    done = meanwhile(monkeypatch, fulfilment, "_open", lambda: open_shop.fulfil(made))
    assert open_shop.undo(made).status == "cancelled"
    assert done[0].status == "fulfilled"
    assert (open_shop.total(), open_shop.total(metric="xp")) == (100, 0)


def test_fulfilled_while_it_is_failing(open_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    made = waiting(open_shop)
    meanwhile(monkeypatch, fulfilment, "_open", lambda: open_shop.fulfil(made))
    with pytest.raises(RedemptionClosed):
        open_shop.fail(made)
    assert (open_shop.total(), open_shop.total(metric="xp")) == (0, 30)


def test_cancelled_while_it_is_being_fulfilled(open_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    made = waiting(open_shop)
    meanwhile(monkeypatch, fulfilment, "open_for_fulfilment", lambda: open_shop.undo(made))
    with pytest.raises(RedemptionClosed):
        open_shop.fulfil(made)
    assert (open_shop.total(), open_shop.total(metric="xp")) == (100, 0)


def test_used_while_it_is_being_cancelled(open_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    made = waiting(open_shop)
    meanwhile(monkeypatch, fulfilment, "_open", lambda: open_shop.use("ONE", "Till 9"))
    with pytest.raises(CodeAlreadyUsed, match="Till 9"):
        open_shop.undo(made)
    assert (open_shop.total(), open_shop.total(metric="xp")) == (0, 30)


def test_cancelled_and_sold_again_while_it_is_being_used(
    open_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is whoever's has bought it now."""
    shop = open_shop
    reward = shop.pool("ONE", points=0)
    made = shop.redeem(reward, "ada")
    sold = meanwhile(
        monkeypatch, tills, "open_for_fulfilment", lambda: (shop.undo(made), shop.redeem(reward, "bob"))
    )
    used = shop.use("ONE")
    assert sold[0][1].pk == used.pk
    assert (used.member_id, shop.codes(reward)) == (shop.key("bob"), {"ONE": "used"})


def test_cancelled_while_it_is_being_used(open_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = open_shop
    reward = shop.pool("ONE", points=0)
    made = shop.redeem(reward)
    meanwhile(monkeypatch, tills, "open_for_fulfilment", lambda: shop.undo(made))
    with pytest.raises(NotFound):
        shop.use("ONE")
    assert shop.codes(reward) == {"ONE": "available"}


def test_merged_away_while_it_is_being_cancelled(open_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    make_member(open_shop.environment, "bob")
    made = waiting(open_shop)
    meanwhile(monkeypatch, fulfilment, "_open", lambda: open_shop.merge("ada", "bob"))
    open_shop.undo(made)
    assert (open_shop.total("ada"), open_shop.total("bob")) == (0, 100)


def test_merged_away_while_it_is_being_fulfilled(open_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    make_member(open_shop.environment, "bob")
    made = waiting(open_shop)
    meanwhile(monkeypatch, fulfilment, "_open", lambda: open_shop.merge("ada", "bob"))
    open_shop.fulfil(made)
    assert (open_shop.total("ada", "xp"), open_shop.total("bob", "xp")) == (0, 30)


def test_erased_while_it_is_being_cancelled(open_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    made = waiting(open_shop)
    meanwhile(monkeypatch, fulfilment, "_open", open_shop.erase)
    with pytest.raises(NotReversible):
        open_shop.undo(made)


def test_erased_while_it_is_being_fulfilled(open_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    made = waiting(open_shop)
    meanwhile(monkeypatch, fulfilment, "open_for_fulfilment", open_shop.erase)
    with pytest.raises(RedemptionClosed):
        open_shop.fulfil(made)


def test_erased_while_a_code_is_being_used(open_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = open_shop
    reward = shop.reward(points=0, code_source="pool")
    shop.add(reward, "ONE")
    shop.redeem(reward)
    meanwhile(monkeypatch, tills, "open_for_fulfilment", shop.erase)
    with pytest.raises(RedemptionClosed):
        shop.use("ONE")
    assert shop.codes(reward) == {"ONE": "void"}


@pytest.mark.parametrize("fulfilment", ["automatic", "manual"])
def test_an_item_that_goes_while_it_is_being_sold_is_not_sold(
    open_shop: Shop, monkeypatch: pytest.MonkeyPatch, fulfilment: str
) -> None:
    shop = open_shop
    item, other = shop.item(), shop.item("Medal")
    reward = shop.reward("inventory_item", gives_item=item, points=0, fulfilment=fulfilment)

    def change() -> None:
        shop.save(reward, gives_item=other)
        shop.keep(item.inventory_set)

    meanwhile(monkeypatch, redemptions, "open_for_sale", change)
    with pytest.raises(ServiceUnavailable):
        shop.redeem(reward)
    assert not Redemption.objects.filter(reward=reward).exists()
    assert shop.redeem(reward).gives == {"item": str(other.pk)}


@pytest.mark.parametrize("kind", ["inventory_item", "tier_upgrade"])
def test_what_it_gives_stays_while_it_is_being_sold(
    open_shop: Shop, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    shop = open_shop
    shop.ladder()
    item, tier = shop.item(), shop.tier("gold")
    gives = {"gives_item": item} if kind == "inventory_item" else {"gives_tier": tier}
    reward = shop.reward(kind, points=0, fulfilment="manual", **gives)

    def wait_for_it() -> str:
        gift = item if kind == "inventory_item" else tier
        asked = type(gift).objects.select_for_update(nowait=True)
        with transaction.atomic(), pytest.raises(OperationalError, match="could not obtain lock"):
            asked.get(pk=gift.pk)
        return "waits"

    assert meanwhile_of(shop, monkeypatch, reward, wait_for_it) == ["waits"]


def meanwhile_of(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, reward: Reward, function: Callable[[], Any]
) -> list[Any]:
    """What came of it right before the redemption is written."""
    found = meanwhile(monkeypatch, redemptions, "_row", function)
    shop.redeem(reward)
    return found


def test_paused_while_it_is_being_sold(open_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sale that began before goes through, by the terms of then; no other does."""
    shop = open_shop
    reward = shop.reward(points=0)
    meanwhile(monkeypatch, redemptions, "open_for_sale", lambda: shop.save(reward, status="paused"))
    assert shop.redeem(reward).status == "fulfilled"
    assert shop.reasons(reward) == ["reward_not_available"]


def test_bought_elsewhere_while_it_is_being_bought(open_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = open_shop
    shop.give(100)
    rewards = [shop.reward(limit_times=1) for _ in range(2)]
    meanwhile(monkeypatch, redemptions, "open_for_sale", lambda: shop.redeem(rewards[0]))
    with pytest.raises(InsufficientBalance):
        shop.redeem(rewards[1])
    with pytest.raises(MemberLimitReached):
        shop.redeem(rewards[0])
    assert shop.total() == 0


# -- the connection dies


def dying(monkeypatch: pytest.MonkeyPatch, *, written: bool) -> None:
    """The server closes the connection right before everything is written, or right after, before the
    commit. Once."""
    original: Callable[[Any], None] = writing.write_rows
    died: list[bool] = []

    def write(rows: Any) -> None:
        if written or died:
            original(rows)
        if not died:
            died.append(True)
            kill_own_connection()
            if not written:
                original(rows)

    monkeypatch.setattr(posting, "write_rows", write)


@pytest.mark.parametrize("written", [False, True])
@pytest.mark.parametrize("step", ["redeem", "undo", "use"])
def test_of_a_connection_that_dies_in_the_middle_nothing_is_left(
    open_shop: Shop, monkeypatch: pytest.MonkeyPatch, step: str, *, written: bool
) -> None:
    shop = open_shop
    reward = shop.pool("ONE", "TWO", stock=2)
    shop.give(200)
    made = shop.redeem(reward)
    call = {
        "redeem": lambda: shop.redeem(reward, idempotency=key("k")),
        "undo": lambda: shop.undo(made),
        "use": lambda: shop.use("ONE"),
    }[step]
    before = shop.everything()
    dying(monkeypatch, written=written)
    with pytest.raises(OperationalError):
        call()
    connection.close()
    assert shop.everything() == before
    assert call().reward_id == reward.pk  # and then it is done, once
    assert shop.taken(reward) == {"redeem": 2, "undo": 0, "use": 1}[step]
