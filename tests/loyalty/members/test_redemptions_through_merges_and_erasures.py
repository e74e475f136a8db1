"""What was bought before a merge or an erasure (domain.md 1, 5)."""

import pytest

from audit.errors import NotFound
from audit.models import AuditEvent
from loyalty.actions.codes import add_codes
from loyalty.errors import (
    CodeAlreadyUsed,
    MemberLimitReached,
    NotReversible,
    RedemptionClosed,
    Replay,
)
from loyalty.ledger.checks import violations
from loyalty.ledger.idempotency import Idempotency
from loyalty.models import IdempotencyRecord, ItemChange, LedgerEntry, MemberItem, Redemption
from programs.models import Environment
from tests.factories import make_ladder, make_metric
from tests.loyalty.members.shop import Shop


@pytest.fixture
def shop(environment: Environment) -> Shop:
    shop = Shop(environment)
    shop.give(500)
    shop.give(500, "bob")
    return shop


def assert_sound(shop: Shop) -> None:
    assert [str(found) for found in violations(environment=shop.environment)] == []


# -- a merge


def test_redemptions_stay_where_they_were_written(shop: Shop) -> None:
    row = shop.redeem("mug")
    shop.merge("ada", "bob")
    assert shop.redemptions(shop.key("ada")) == [("mug", "pending")]
    assert shop.redemptions(shop.key("bob")) == []
    assert (shop.code_of(row).member_id, shop.code_of(row).status) == (shop.key("ada"), "issued")
    assert_sound(shop)


def test_a_code_of_a_merged_member_works_at_a_till_once(shop: Shop) -> None:
    mug, voucher = shop.redeem("mug"), shop.redeem("voucher")
    shop.merge("ada", "bob")
    for row in (mug, voucher):
        shop.use(shop.text_of(row), "Till 1")
        with pytest.raises(CodeAlreadyUsed):
            shop.use(shop.text_of(row), "Till 2")
        assert shop.stored(row).status == "fulfilled"
        assert shop.code_of(row).used_place == "Till 1"
    assert_sound(shop)


def test_what_a_merged_member_spent_comes_back_to_the_survivor_with_its_own_expiry(shop: Shop) -> None:
    shop.give(50, expires=5)
    row = shop.redeem("mug")
    shop.merge("ada", "bob")
    shop.today = 1
    shop.take_back(row)
    assert (shop.balance("bob").balance, shop.balance("ada").balance) == (1050, 0)
    shop.today = 6
    assert shop.balance("bob").balance == 1000
    assert (shop.stock().taken, shop.available()) == (0, 10)
    assert_sound(shop)


def test_what_a_merged_member_is_given_later_is_the_survivors(shop: Shop) -> None:
    boost, poster = shop.redeem("boost"), shop.redeem("poster")
    shop.merge("ada", "bob")
    shop.fulfil(boost)
    shop.fulfil(poster)
    assert (shop.total("bob", "miles"), shop.total("ada", "miles")) == (15, 0)
    assert (shop.items("bob"), shop.items("ada")) == ({"poster": 1}, {})
    assert_sound(shop)
    shop.take_back(boost)
    shop.take_back(poster)
    assert (shop.total("bob", "miles"), shop.items("bob")) == (0, {})
    assert shop.total("bob") == 1000
    assert_sound(shop)


def test_nobody_gets_a_second_opening_balance_by_what_they_are_given_after_a_merge(shop: Shop) -> None:
    boost = shop.redeem("boost")
    make_metric(shop.environment, "miles", default_value=500)
    shop.merge("ada", "bob")
    shop.fulfil(boost)
    assert (shop.total("bob", "miles"), shop.total("ada", "miles")) == (515, 0)
    assert_sound(shop)


def test_items_of_both_are_the_survivors_lost_at_the_one_and_received_at_the_other(shop: Shop) -> None:
    for name, member in (("badge", "ada"), ("badge", "ada"), ("badge", "bob")):
        shop.redeem(name, member)
    shop.fulfil(shop.redeem("poster"))
    shop.merge("ada", "bob")
    assert (shop.items("bob"), shop.items("ada")) == ({"badge": 3, "poster": 1}, {})
    moved = ItemChange.objects.filter(environment_id=shop.environment.id, redemption_id=None)
    assert sorted(moved.values_list("member", "item__title", "quantity")) == sorted(
        [
            (shop.key("ada"), "badge", -2),
            (shop.key("bob"), "badge", 2),
            (shop.key("ada"), "poster", -1),
            (shop.key("bob"), "poster", 1),
        ]
    )
    assert_sound(shop)


def test_items_go_on_through_a_second_merge_and_back_with_their_redemption(shop: Shop) -> None:
    row = shop.redeem("badge")
    shop.give(1, "cid")
    shop.merge("ada", "bob")
    shop.merge("bob", "cid")
    assert (shop.items("cid"), shop.items("bob"), shop.items("ada")) == ({"badge": 1}, {}, {})
    shop.take_back(row)
    assert shop.items("cid") == {}
    assert_sound(shop)


def test_both_have_used_up_the_limit_together(shop: Shop) -> None:
    for member in ("ada", "ada", "bob"):
        shop.redeem("badge", member)
    shop.merge("ada", "bob")
    before = shop.everything()
    for name in ("ada", "bob"):
        with pytest.raises(MemberLimitReached):
            shop.redeem("badge", name)
    assert shop.everything() == before
    assert Redemption.objects.filter(environment_id=shop.environment.id).count() == 3


def test_a_tier_taken_back_leaves_the_survivor_what_was_earned(environment: Environment) -> None:
    make_ladder(environment, ("silver", "100", "1"), ("gold", "5000", "1"))
    shop = Shop(environment)
    shop.give(50)
    shop.give(150, "bob")
    row = shop.redeem("gold")
    shop.merge("ada", "bob")
    assert (shop.level("bob"), shop.level("ada")) == ("gold", None)
    assert_sound(shop)
    shop.take_back(row)
    assert shop.level("bob") == "silver"
    assert_sound(shop)


# -- a refund


def test_a_refund_leaves_what_the_points_have_bought(shop: Shop) -> None:
    shop.rule("pounds")
    shop.buy("order-1", "100.00", "cid")
    rows = [shop.redeem(name, "cid") for name in ("voucher", "badge")]
    shop.refund("order-1", member="cid")
    assert shop.total("cid") == -60
    assert [shop.stored(row).status for row in rows] == ["fulfilled"] * 2
    assert shop.items("cid") == {"badge": 1}
    assert shop.code_of(rows[0]).status == "issued"
    assert_sound(shop)


# -- an erasure


def test_what_waits_is_cancelled_and_its_stock_returned_but_nothing_is_paid_back(shop: Shop) -> None:
    pending, handed_out = shop.redeem("mug"), shop.redeem("mug")
    shop.use(shop.text_of(handed_out))
    assert shop.stock().taken == 2
    shop.erase()
    assert (shop.stored(pending).status, shop.stored(handed_out).status) == ("cancelled", "fulfilled")
    assert shop.stock().taken == 1
    assert not LedgerEntry.objects.filter(environment_id=shop.environment.id, type="reversed").exists()
    assert shop.total() == 0
    verbs = AuditEvent.objects.filter(environment_id=shop.environment.id, verb="redemption.cancelled")
    assert list(verbs.values_list("object_id", flat=True)) == [f"red_{pending.pk.hex}"]
    assert_sound(shop)


def test_no_code_of_an_erased_member_works_and_none_that_was_made_for_them_is_left(shop: Shop) -> None:
    rows = [shop.redeem("mug"), shop.redeem("mug"), shop.redeem("voucher"), shop.redeem("voucher")]
    texts = [shop.text_of(row) for row in rows]
    for number in (1, 3):
        shop.use(texts[number], "Till 1")
    shop.erase()
    found = [shop.code_of(row) for row in rows]
    assert [(code.code, code.status) for code in found] == [
        (texts[0], "void"),
        (texts[1], "used"),
        (None, "void"),
        (None, "used"),
    ]
    assert [(code.used_place, code.used_by) for code in found] == [(None, None)] * 4
    assert [code.used_at is None for code in found] == [True, False, True, False]
    for text, refusal in zip(texts, (RedemptionClosed, CodeAlreadyUsed, NotFound, NotFound), strict=True):
        with pytest.raises(refusal):
            shop.use(text)
    assert_sound(shop)


def test_an_uploaded_code_of_an_erased_member_is_never_issued_again(shop: Shop) -> None:
    waiting, handed_out = shop.redeem("mug"), shop.redeem("mug")
    texts = [shop.text_of(row) for row in (waiting, handed_out)]
    shop.use(texts[1])
    shop.erase()
    assert shop.available() == 8
    assert shop.do(add_codes, reward=shop.rewards["mug"], codes=texts).duplicates == 2
    assert shop.available() == 8


def test_what_an_erased_member_had_can_not_be_changed_any_more(shop: Shop) -> None:
    pending, fulfilled = shop.redeem("poster"), shop.redeem("tea")
    shop.erase()
    before = shop.everything()
    with pytest.raises(RedemptionClosed):
        shop.fulfil(pending)
    for row in (pending, fulfilled):
        with pytest.raises(NotReversible):
            shop.take_back(row)
    with pytest.raises(NotReversible):
        shop.fail(pending)
    assert shop.everything() == before
    assert not MemberItem.objects.filter(environment_id=shop.environment.id).exists()
    assert_sound(shop)


def test_those_merged_into_the_erased_are_reached_too(shop: Shop) -> None:
    rows = [shop.redeem("mug", reason="Birthday"), shop.redeem("mug", "bob", reason="Birthday")]
    shop.redeem("badge")
    shop.merge("ada", "bob")
    shop.erase("bob")
    assert [shop.stored(row).status for row in rows] == ["cancelled"] * 2
    assert [shop.stored(row).reason for row in rows] == [None] * 2
    assert [shop.code_of(row).status for row in rows] == ["void"] * 2
    assert shop.stock().taken == 0
    assert not MemberItem.objects.filter(environment_id=shop.environment.id).exists()
    assert ItemChange.objects.filter(environment_id=shop.environment.id).count() == 3
    assert_sound(shop)


def test_who_comes_back_has_no_limit_used_and_no_item(shop: Shop) -> None:
    for _ in range(3):
        shop.redeem("badge")
    shop.erase()
    shop.give(100)
    shop.redeem("badge")
    (item,) = MemberItem.objects.filter(environment_id=shop.environment.id)
    assert item.quantity == 1
    assert item.member_id != shop.key("ada")
    assert_sound(shop)


def test_an_answer_to_somebody_else_that_holds_the_code_is_blanked(shop: Shop) -> None:
    mine, other = shop.redeem("voucher"), shop.redeem("voucher", "bob")
    for row in (mine, other):
        IdempotencyRecord.objects.create(
            environment_id=shop.environment.id,
            key=row.pk.hex,
            fingerprint=b"f" * 32,
            status=200,
            answer=f'{{"code":"{shop.text_of(row)}"}}',
            created_at=row.recorded_at,
        )
    kept = f'{{"code":"{shop.text_of(other)}"}}'
    shop.erase()
    answers = IdempotencyRecord.objects.filter(environment_id=shop.environment.id)
    assert answers.get(key=mine.pk.hex).answer == '{"erased": true}'
    assert answers.get(key=other.pk.hex).answer == kept


def test_a_repeated_redemption_of_an_erased_member_is_still_a_replay(shop: Shop) -> None:
    sent = Idempotency("", "buy", b"f" * 32, lambda row: (201, f'{{"code":"{row.issued_code.code}"}}'))
    shop.redeem("voucher", idempotency=sent)
    shop.erase()
    with pytest.raises(Replay) as replay:
        shop.redeem("voucher", idempotency=sent)
    assert replay.value.answer == '{"erased": true}'
    assert Redemption.objects.filter(environment_id=shop.environment.id).count() == 1
