"""Codes are used at a till, once."""

import json
from datetime import UTC, datetime

import pytest

from audit.errors import DomainError, NotFound
from audit.models import AuditEvent
from loyalty.actions.members import update_member
from loyalty.actions.tills import use_code
from loyalty.errors import (
    CodeAlreadyUsed,
    CodeExpired,
    MaximumReached,
    NotEligible,
    RedemptionClosed,
    Replay,
)
from loyalty.models import Redemption, RewardCode
from loyalty.queries.gifts import check_till
from loyalty.queries.redemptions import already_used, expired, find_code
from programs.models import Reward, TierLadder
from tests.factories import make_environment, make_metric, reload
from tests.loyalty.ledger.till import day
from tests.loyalty.redemptions.shop import Shop, key


def test_a_code_is_used_and_says_when_where_and_by_whom(shop: Shop) -> None:
    reward = shop.pool("SAVE-10", points=0)
    made = shop.redeem(reward)
    shop.today = 2
    row = shop.use("SAVE-10", "Till 3")
    code = shop.code(made)
    assert (row.pk, row.status, code.status) == (made.pk, "fulfilled", "used")
    assert (code.used_at, code.used_place, code.used_by) == (day(2), "Till 3", "system:tests")
    assert code.used_recorded_at
    assert code.issued_at == day(0)
    (audited,) = shop.audited("rewardcode.used")
    assert audited.after == {"code_id": str(code.pk), "place": "Till 3"}
    assert audited.member_id == shop.key("ada")
    assert len(shop.audited("redemption.fulfilled")) == 1


def test_a_code_that_can_still_be_used_does_not_stand_in_the_audit(shop: Shop) -> None:
    reward = shop.pool("SAVE-10", points=0)
    made = shop.redeem(reward)
    made_up = shop.redeem(shop.reward(points=0, code_source="generated"))
    shop.undo(made)
    shop.redeem(reward)
    shop.use("SAVE-10")
    told = json.dumps([(event.before, event.after) for event in AuditEvent.objects.all()])
    assert made_up.issued_code
    assert str(made_up.issued_code.pk) in told
    assert "SAVE-10" not in told
    assert str(made_up.issued_code.code) not in told


def test_a_second_use_is_told_when_and_where_the_first_was(shop: Shop) -> None:
    shop.redeem(shop.pool("ONE", points=0))
    shop.use("ONE", "Till 3")
    shop.today = 1
    with shop.refused(CodeAlreadyUsed, used_at="2026-03-01T09:00:00Z", used_place="Till 3") as caught:
        shop.use("ONE", "Till 4")
    assert caught.value.detail == "Code ONE was used on 2026-03-01T09:00:00Z at Till 3."


def test_a_place_need_not_be_named(shop: Shop) -> None:
    shop.redeem(shop.pool("ONE", points=0))
    shop.use("ONE", None)
    with shop.refused(CodeAlreadyUsed, used_at="2026-03-01T09:00:00Z", used_place=None) as caught:
        shop.use("ONE")
    assert caught.value.detail == "Code ONE was used on 2026-03-01T09:00:00Z."


def test_a_sentence_tells_seconds_and_the_data_the_exact_instant() -> None:
    at = datetime(2026, 3, 1, 9, 0, 7, 888_468, tzinfo=UTC)
    code = RewardCode(code="ONE", used_at=at, used_place="", expires_at=at)
    used, late = already_used(code), expired(code)
    assert used.detail == "Code ONE was used on 2026-03-01T09:00:07Z."
    assert late.detail == "Code ONE expired on 2026-03-01T09:00:07Z."
    exact = "2026-03-01T09:00:07.888468Z"
    assert (used.data["used_at"], late.data["expired_at"]) == (exact, exact)


def test_a_used_code_stays_used_though_it_would_have_expired(shop: Shop) -> None:
    shop.redeem(shop.pool("ONE", points=0, code_valid_days=1))
    shop.use("ONE")
    shop.today = 5
    with shop.refused(CodeAlreadyUsed):
        shop.use("ONE")


def test_a_code_expires_at_its_very_instant(shop: Shop) -> None:
    reward = shop.pool("ONE", "TWO", points=0, code_valid_days=1)
    shop.redeem(reward)
    shop.redeem(reward)
    shop.today = 1 - 1e-9
    assert shop.use("ONE").status == "fulfilled"
    shop.today = 1
    with shop.refused(CodeExpired, expired_at="2026-03-02T09:00:00Z"):
        shop.use("TWO")


def test_a_code_without_an_end_is_good_for_ever(shop: Shop) -> None:
    shop.redeem(shop.pool("ONE", points=0))
    shop.today = 10_000
    assert shop.use("ONE").status == "fulfilled"


@pytest.mark.parametrize("typed", ["save-10", "  SAVE-10 ", "Save-10", "SA VE - 10"])
def test_a_code_is_found_however_it_is_typed(shop: Shop, typed: str) -> None:
    made = shop.redeem(shop.pool("SAVE-10", points=0))
    assert shop.use(typed).pk == made.pk


def test_of_two_codes_alike_the_one_as_typed_is_meant(shop: Shop) -> None:
    reward = shop.pool("ABC", "abc", points=0)
    upper, lower = shop.redeem(reward), shop.redeem(reward)
    assert shop.use("abc").pk == lower.pk
    assert shop.use("ABC").pk == upper.pk


def test_what_is_no_code_is_not_found(shop: Shop) -> None:
    shop.redeem(shop.pool("SAVE-10", points=0))
    for typed in ("", " ", "SAVE", "SAVE-100", "x" * 200, "\x00"):
        with shop.refused(NotFound):
            shop.use(typed)


def test_a_code_that_nobody_has_yet_is_not_found(shop: Shop) -> None:
    shop.pool("ONE", points=0)
    with shop.refused(NotFound):
        shop.use("ONE")


def test_a_code_of_another_environment_is_not_found(shop: Shop) -> None:
    elsewhere = Shop(make_environment())
    made = elsewhere.redeem(elsewhere.pool("ONE", points=0))
    with shop.refused(NotFound):
        shop.use("ONE")
    assert elsewhere.code(made).status == "issued"


def test_one_text_may_be_a_code_in_two_environments(shop: Shop) -> None:
    elsewhere = Shop(make_environment())
    elsewhere.redeem(elsewhere.pool("ONE", points=0))
    made = shop.redeem(shop.pool("ONE", points=0))
    assert shop.use("ONE").pk == made.pk


def test_what_waits_is_fulfilled_by_its_code(shop: Shop) -> None:
    xp = make_metric(shop.environment, "xp")
    reward = shop.reward("metric", gives_metric=xp, gives_points=30, fulfilment="manual", code_source="pool")
    shop.add(reward, "ONE")
    shop.give(100)
    made = shop.redeem(reward)
    assert shop.total(metric="xp") == 0
    shop.today = 1
    row = shop.use("ONE")
    assert (row.status, row.fulfilled_at, shop.total(metric="xp")) == ("fulfilled", day(1), 30)
    assert shop.status(made) == "fulfilled"
    with shop.refused(CodeAlreadyUsed):
        shop.fail(made)


def test_what_was_fulfilled_before_gives_nothing_again(shop: Shop) -> None:
    xp = make_metric(shop.environment, "xp")
    reward = shop.reward("metric", gives_metric=xp, gives_points=30, fulfilment="manual", code_source="pool")
    shop.add(reward, "ONE")
    shop.give(100)
    made = shop.redeem(reward)
    shop.fulfil(made, note="By hand")
    row = shop.use("ONE")
    assert (row.note, row.fulfilled_at, shop.total(metric="xp")) == ("By hand", day(0), 30)


def test_a_till_gives_nothing_beyond_a_maximum(shop: Shop) -> None:
    xp = make_metric(shop.environment, "xp", maximum=29)
    reward = shop.reward("metric", gives_metric=xp, gives_points=30, fulfilment="manual", code_source="pool")
    shop.add(reward, "ONE")
    shop.give(100)
    shop.redeem(reward)
    with shop.refused(MaximumReached):
        shop.use("ONE")


def test_the_code_of_a_cancelled_redemption_is_no_good(shop: Shop) -> None:
    shop.undo(shop.redeem(shop.pool("ONE", points=0, returns_codes=False)))
    with shop.refused(RedemptionClosed, redemption_status="cancelled"):
        shop.use("ONE")


def test_for_a_frozen_member_too(shop: Shop) -> None:
    shop.redeem(shop.pool("ONE", points=0))
    shop.do(update_member, member="ada", status="frozen")
    assert shop.use("ONE").status == "fulfilled"


def test_after_its_reward_is_paused_a_code_is_still_good(shop: Shop) -> None:
    reward = shop.pool("ONE", points=0)
    shop.redeem(reward)
    shop.save(reward, status="paused", ends_at=day(-1))
    assert shop.use("ONE").status == "fulfilled"


def test_a_repeated_key_uses_once(shop: Shop) -> None:
    made = shop.redeem(shop.pool("ONE", points=0))
    common = {"code": "ONE", "place": "Till 1"}
    shop.do(use_code, **common, idempotency=key("k"))
    before = shop.everything()
    with pytest.raises(Replay) as replay:
        shop.do(use_code, **common, idempotency=key("k"))
    assert str(made.pk) in replay.value.answer
    with shop.refused(CodeAlreadyUsed):
        shop.do(use_code, **common, idempotency=key("other"))
    assert shop.everything() == before


# What `validate` says


def waiting_metric(shop: Shop) -> None:
    xp = make_metric(shop.environment, "xp", maximum=50)
    shop.pool("ONE", kind="metric", points=0, gives_metric=xp, gives_points=30, fulfilment="manual")
    shop.redeem(shop.reward("metric", points=0, gives_metric=xp, gives_points=30))


def waiting_tier(shop: Shop) -> None:
    shop.ladder()
    shop.pool("ONE", kind="tier_upgrade", points=0, gives_tier=shop.tier("silver"), fulfilment="manual")


def waits(shop: Shop, member: str = "ada") -> Redemption:
    return shop.redeem(Reward.objects.get(environment=shop.environment, code_source="pool"), member)


def look(shop: Shop, code: str = "ONE") -> None:
    environment = reload(shop.environment)
    found = find_code(environment=environment, code=code)
    check_till(environment=environment, redemption=found, now=day(shop.today))


def both_refuse(shop: Shop, error: type[DomainError]) -> None:
    """Looking and using answer the same, and neither changes anything."""
    with shop.refused(error) as by_looking:
        look(shop)
    with shop.refused(error) as by_using:
        shop.use("ONE")
    refusals = [by_looking.value, by_using.value]
    assert refusals[0].detail == refusals[1].detail
    assert refusals[0].data == refusals[1].data


def test_looking_tells_that_there_is_no_room_for_what_using_would_give(shop: Shop) -> None:
    waiting_metric(shop)
    waits(shop)
    both_refuse(shop, MaximumReached)
    make_metric(shop.environment, "xp", maximum=60)
    look(shop)
    assert shop.use("ONE").status == "fulfilled"
    assert shop.total(metric="xp") == 60


def test_looking_tells_that_the_tier_was_reached_meanwhile(shop: Shop) -> None:
    waiting_tier(shop)
    waits(shop)
    look(shop)
    shop.give(100)
    both_refuse(shop, NotEligible)


def test_looking_tells_that_the_ladder_is_not_in_use(shop: Shop) -> None:
    waiting_tier(shop)
    waits(shop)
    shop.change(TierLadder.objects.get(environment=shop.environment), is_active=False)
    both_refuse(shop, NotEligible)


def test_looking_asks_the_survivor_of_a_merge(shop: Shop) -> None:
    waiting_metric(shop)
    waits(shop, "bob")
    look(shop)
    shop.merge("bob", "ada")
    both_refuse(shop, MaximumReached)


def test_of_what_was_given_already_nothing_is_asked(shop: Shop) -> None:
    waiting_metric(shop)
    make_metric(shop.environment, "xp", maximum=60)
    shop.fulfil(waits(shop))
    look(shop)
    assert shop.use("ONE").status == "fulfilled"
