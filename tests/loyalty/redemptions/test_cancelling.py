"""A redemption that is cancelled, or fails, gives everything back."""

import pytest

from audit.errors import NotFound
from loyalty.actions.fulfilment import cancel
from loyalty.errors import (
    CodeAlreadyUsed,
    CodeExpired,
    IdempotencyKeyReused,
    NotReversible,
    RedemptionClosed,
    Replay,
    UseCancel,
)
from loyalty.models import LedgerEntry
from tests.factories import make_environment, make_metric
from tests.loyalty.ledger.till import day
from tests.loyalty.redemptions.shop import Shop, key


def test_points_return_to_their_own_lots(shop: Shop) -> None:
    shop.give(60, expires=10)
    shop.give(60, expires=20)
    shop.give(60)
    made = shop.redeem(shop.reward())
    assert shop.lots() == [(0, 0), (20, 0), (60, 0)]
    shop.today = 5
    row = shop.undo(made)
    assert (row.status, row.closed_at, row.closed_reason) == ("cancelled", day(5), "Changed her mind")
    assert shop.stored(made).fulfilled_at == day(0)
    assert shop.lots() == [(60, 0), (60, 0), (60, 0)]
    assert shop.of(made)[0] == ("redeemed", "points", -100)
    assert shop.entries()[-1] == ("reversed", 100)
    shop.today = 20
    assert shop.balance().balance == 60  # each expired when it would have


def test_what_has_expired_meanwhile_returns_and_expires_at_once(shop: Shop) -> None:
    shop.give(60, expires=10)
    shop.give(60)
    made = shop.redeem(shop.reward())
    shop.today = 15
    shop.undo(made)
    assert shop.entries()[-2:] == [("reversed", 100), ("expired", -60)]
    assert (shop.total(), shop.lots()) == (60, [(0, 0), (60, 0)])


def test_what_returns_pays_debts_first(shop: Shop) -> None:
    earned = shop.give(100)
    made = shop.redeem(shop.reward(points=80))
    shop.reverse(earned)
    assert shop.balance().balance == -80
    shop.undo(made)
    assert (shop.total(), shop.balance().balance) == (0, 0)


def test_what_cost_nothing_gives_back_no_points(shop: Shop) -> None:
    made = shop.redeem(shop.reward(points=0, stock=1))
    assert shop.undo(made).status == "cancelled"
    assert not LedgerEntry.objects.filter(environment_id=shop.environment.id).exists()


def test_stock_is_free_again(shop: Shop) -> None:
    reward = shop.reward(points=0, stock=1)
    shop.undo(shop.redeem(reward, "ada"))
    assert shop.taken(reward) == 0
    assert shop.redeem(reward, "bob").takes_stock
    assert shop.taken(reward) == 1


def test_stock_that_came_later_is_not_given_back(shop: Shop) -> None:
    reward = shop.reward(points=0)
    before = shop.redeem(reward)
    reward = shop.save(reward, stock=5)
    after = shop.redeem(reward)
    shop.undo(before)
    assert shop.taken(reward) == 1
    shop.undo(after)
    assert shop.taken(reward) == 0


def test_stock_is_counted_while_there_is_no_limit(shop: Shop) -> None:
    reward = shop.reward(points=0, stock=5)
    reward = shop.save(reward, stock=None)
    made = shop.redeem(reward)
    assert (shop.taken(reward), shop.offered(reward).left) == (1, None)
    shop.undo(made)
    assert shop.taken(reward) == 0


def test_a_code_that_was_made_is_void(shop: Shop) -> None:
    made = shop.redeem(shop.reward(points=0, code_source="generated"))
    text = shop.code(made).code
    assert text
    shop.undo(made)
    assert shop.code(made).status == "void"
    with shop.refused(RedemptionClosed, redemption_status="cancelled"):
        shop.use(text)


def test_an_uploaded_code_goes_back_into_its_pool(shop: Shop) -> None:
    reward = shop.pool("ONE", points=0, code_valid_days=3)
    made = shop.redeem(reward, "ada")
    row = shop.undo(made)
    assert row.issued_code is None
    assert shop.codes(reward) == {"ONE": "available"}
    with shop.refused(NotFound):
        shop.use("ONE")
    shop.today = 10
    again = shop.redeem(reward, "bob")
    code = shop.code(again)
    assert (code.code, code.member_id, code.issued_at) == ("ONE", shop.key("bob"), day(10))
    assert code.expires_at == day(13)
    assert shop.use("ONE").pk == again.pk


def test_an_uploaded_code_is_void_where_its_reward_says_so(shop: Shop) -> None:
    reward = shop.pool("ONE", points=0, returns_codes=False)
    shop.undo(shop.redeem(reward))
    assert shop.codes(reward) == {"ONE": "void"}
    assert shop.reasons(reward) == ["out_of_stock"]


def test_a_code_goes_back_into_its_pool_though_the_reward_makes_its_own_now(shop: Shop) -> None:
    reward = shop.pool("ONE", points=0)
    made = shop.redeem(reward)
    shop.save(reward, code_source="generated", code_pattern="TEA-########")
    shop.undo(made)
    assert shop.codes(reward) == {"ONE": "available"}


def test_after_its_code_was_used_nothing_is_given_back(shop: Shop) -> None:
    shop.give(100)
    reward = shop.pool("ONE", stock=1)
    made = shop.redeem(reward)
    shop.use("ONE", "Till 3")
    shop.today = 1
    with shop.refused(CodeAlreadyUsed, used_at="2026-03-01T09:00:00Z", used_place="Till 3"):
        shop.undo(made)


def test_after_its_code_has_expired_nothing_is_given_back(shop: Shop) -> None:
    shop.give(200)
    reward = shop.pool("ONE", "TWO", code_valid_days=1)
    late, last = shop.redeem(reward), shop.redeem(reward)
    shop.today = 1 - 1e-9
    assert shop.undo(last).status == "cancelled"
    shop.today = 1
    with shop.refused(CodeExpired, expired_at="2026-03-02T09:00:00Z"):
        shop.undo(late)


def test_what_was_never_fulfilled_is_given_back_though_its_code_has_expired(shop: Shop) -> None:
    shop.give(100)
    reward = shop.pool("ONE", code_valid_days=1, fulfilment="manual")
    made = shop.redeem(reward)
    shop.today = 1
    assert shop.undo(made).status == "cancelled"
    assert (shop.total(), shop.codes(reward)) == (100, {"ONE": "available"})


def test_nothing_is_given_back_twice(shop: Shop) -> None:
    shop.give(100)
    made = shop.redeem(shop.reward(stock=2))
    shop.undo(made)
    with shop.refused(RedemptionClosed, redemption_status="cancelled"):
        shop.undo(made)
    with shop.refused(RedemptionClosed):
        shop.fail(made)


def test_a_redemption_that_is_not_there(shop: Shop) -> None:
    elsewhere = Shop(make_environment())
    made = elsewhere.redeem(elsewhere.reward(points=0))
    with shop.refused(NotFound):
        shop.undo(made)
    assert elsewhere.status(made) == "fulfilled"


def test_to_an_erased_member_nothing_can_be_given_back(shop: Shop) -> None:
    shop.give(100)
    made = shop.redeem(shop.reward(stock=1))
    shop.erase("ada")
    with shop.refused(NotReversible):
        shop.undo(made)


def test_what_fails_is_given_back_like_what_is_cancelled(shop: Shop) -> None:
    shop.give(100)
    reward = shop.pool("ONE", stock=1, fulfilment="manual")
    made = shop.redeem(reward)
    row = shop.fail(made, "The mug broke")
    assert (row.status, row.closed_reason, row.fulfilled_at, row.closed_at) == (
        "failed",
        "The mug broke",
        None,
        day(0),
    )
    assert (shop.total(), shop.taken(reward), shop.codes(reward)) == (100, 0, {"ONE": "available"})
    with shop.refused(RedemptionClosed, redemption_status="failed"):
        shop.undo(made)


def test_only_what_waits_can_fail(shop: Shop) -> None:
    made = shop.redeem(shop.reward(points=0))
    with shop.refused(RedemptionClosed, redemption_status="fulfilled"):
        shop.fail(made)


def test_a_failure_says_why(shop: Shop) -> None:
    made = shop.redeem(shop.reward(points=0, fulfilment="manual"))
    with shop.fault("reason"):
        shop.fail(made, " ")


def test_entries_of_a_redemption_are_reversed_by_cancelling_it(shop: Shop) -> None:
    xp = make_metric(shop.environment, "xp")
    shop.give(100)
    made = shop.redeem(shop.reward("metric", gives_metric=xp, gives_points=30))
    entries = list(LedgerEntry.objects.filter(redemption_id=made.pk))
    assert len(entries) == 2
    for entry in entries:
        with shop.refused(UseCancel) as caught:
            shop.reverse(entry)
        assert caught.value.data["redemption"].startswith("red_")


def test_a_cancellation_is_audited_with_its_reason(shop: Shop) -> None:
    shop.undo(shop.redeem(shop.reward(points=0)), "Wrong size")
    shop.fail(shop.redeem(shop.reward(points=0, fulfilment="manual")), "Broken")
    cancelled, failed = shop.audited("redemption.cancelled", "redemption.failed")
    assert cancelled.after
    assert failed.after
    assert (cancelled.after["status"], cancelled.after["reason"]) == ("cancelled", "Wrong size")
    assert (failed.after["status"], failed.after["reason"]) == ("failed", "Broken")


def test_a_cancellation_needs_no_reason(shop: Shop) -> None:
    shop.give(100)
    made = shop.redeem(shop.reward(name="Mug"))
    assert shop.undo(made, None).closed_reason is None
    assert LedgerEntry.objects.get(account=shop.account(), type="reversed").reason == "Cancelled: Mug"


def test_a_repeated_key_cancels_once(shop: Shop) -> None:
    made = [shop.redeem(shop.reward(points=0)) for _ in range(2)]
    shop.do(cancel, redemption=made[0].pk, idempotency=key("k"))
    before = shop.everything()
    with pytest.raises(Replay):
        shop.do(cancel, redemption=made[0].pk, idempotency=key("k"))
    with pytest.raises(IdempotencyKeyReused):
        shop.do(cancel, redemption=made[1].pk, idempotency=key("k", b"2" * 32))
    assert shop.everything() == before
