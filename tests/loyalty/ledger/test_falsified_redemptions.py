"""Each check of redemptions, codes, stock and items names the row that was falsified; of what is right, none."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.db.models import Model
from django.utils import timezone

from loyalty.ledger.checks import Inspection, violations
from loyalty.models import ItemChange, LedgerEntry, MemberItem, Redemption
from programs.models import Environment, Metric
from tests.factories import make_environment
from tests.loyalty.ledger.checking import assert_found
from tests.loyalty.ledger.falsify import falsify, remove
from tests.loyalty.members.shop import Shop


@pytest.fixture
def shop(environment: Environment) -> Shop:
    shop = Shop(environment)
    shop.give(1000)
    return shop


def assert_sound(shop: Shop) -> None:
    assert [str(found) for found in violations(environment=shop.environment)] == []


def bonus_of(row: Redemption) -> LedgerEntry:
    return LedgerEntry.objects.get(redemption_id=row.pk, type="bonus")


def change_of(row: Redemption) -> ItemChange:
    return ItemChange.objects.get(redemption_id=row.pk)


def item_of(shop: Shop, title: str = "badge", member: str = "ada") -> MemberItem:
    return MemberItem.objects.get(member=shop.key(member), item__title=title)


# -- what the product does is right


def test_a_shop_in_use_is_sound(shop: Shop) -> None:
    mug, voucher, boost = shop.redeem("mug"), shop.redeem("voucher"), shop.redeem("boost")
    shop.use(shop.text_of(mug), "Till 1")
    shop.fulfil(boost)
    shop.fail(shop.redeem("poster"))
    miles, badge = shop.redeem("miles"), shop.redeem("badge")
    assert_sound(shop)
    for row in (voucher, boost, miles, badge, shop.redeem("mug"), shop.redeem("coffee")):
        shop.take_back(row)
    assert_sound(shop)
    assert Redemption.objects.filter(environment_id=shop.environment.id, status="cancelled").count() == 6


# -- paid


def test_a_redemption_that_cost_more_than_was_paid(shop: Shop) -> None:
    row = shop.redeem("tea")
    falsify(row, points=21)
    assert_found(shop, redemption_is_paid=row)


def test_a_redemption_that_nothing_paid_for(shop: Shop) -> None:
    row = shop.redeem("tea")
    falsify(shop.paid(row), redemption_id=None)
    assert_found(shop, redemption_is_paid=row)


def test_one_that_was_for_nothing_and_was_paid(shop: Shop) -> None:
    tea, coffee = shop.redeem("tea"), shop.redeem("coffee")
    falsify(shop.paid(tea), redemption_id=coffee.pk)
    assert_found(shop, redemption_is_paid=[tea, coffee])


def test_one_that_was_paid_twice(shop: Shop) -> None:
    row, again = shop.redeem("tea"), shop.redeem("tea")
    falsify(shop.paid(again), redemption_id=row.pk)
    assert_found(shop, redemption_is_paid=[row, again])


@pytest.mark.parametrize("status", ["cancelled", "failed"])
def test_one_that_is_closed_without_its_points_given_back(shop: Shop, status: str) -> None:
    row = shop.redeem("tea")
    falsify(row, status=status, closed_at=timezone.now())
    assert_found(shop, redemption_is_paid=row)


@pytest.mark.parametrize("status", ["pending", "fulfilled"])
def test_one_whose_points_came_back_and_that_stands(shop: Shop, status: str) -> None:
    row = shop.redeem("tea")
    shop.take_back(row)
    falsify(row, status=status, closed_at=None)
    assert_found(shop, redemption_is_paid=row)


def test_one_whose_points_came_back_in_part(shop: Shop) -> None:
    row = shop.redeem("tea")
    shop.take_back(row)
    falsify(row, points=19)
    paid = shop.paid(row)
    falsify(paid, points=-19)
    found = {found.check for found in violations(environment=shop.environment)}
    assert "redemption_is_paid" in found


# -- what it gave


def test_points_that_were_never_given(shop: Shop) -> None:
    row = shop.redeem("miles")
    falsify(bonus_of(row), redemption_id=None)
    assert_found(shop, redemption_gave_its_points=row)


def test_points_that_are_not_as_many_as_promised(shop: Shop) -> None:
    row = shop.redeem("miles")
    falsify(row, gives=json.dumps(row.gives | {"points": 21}))
    assert_found(shop, redemption_gave_its_points=row)


def test_points_that_were_given_before_the_redemption_was_fulfilled(shop: Shop) -> None:
    row = shop.redeem("miles")
    falsify(row, status="pending", fulfilled_at=None)
    assert_found(shop, redemption_gave_its_points=row)


def test_points_that_were_not_taken_back(shop: Shop) -> None:
    row = shop.redeem("miles")
    falsify(row, status="cancelled", closed_at=timezone.now())
    assert_found(shop, redemption_gave_its_points=row, redemption_is_paid=row)


def test_points_of_another_metric_than_promised(shop: Shop) -> None:
    row = shop.redeem("miles")
    points = Metric.objects.get(environment=shop.environment, code="points")
    falsify(row, gives=json.dumps(row.gives | {"metric": str(points.pk)}))
    assert_found(shop, entry_names_its_own_redemption=bonus_of(row))


def test_an_item_that_was_never_received(shop: Shop) -> None:
    row = shop.redeem("badge")
    falsify(change_of(row), redemption_id=None)
    assert_found(shop, redemption_gave_its_item=row)


def test_an_item_that_was_received_before_the_redemption_was_fulfilled(shop: Shop) -> None:
    row = shop.redeem("badge")
    falsify(row, status="pending", fulfilled_at=None)
    assert_found(shop, redemption_gave_its_item=row)


def test_an_item_that_was_not_lost_again(shop: Shop) -> None:
    row = shop.redeem("badge")
    shop.take_back(row)
    falsify(ItemChange.objects.get(redemption_id=row.pk, quantity=-1), redemption_id=None)
    assert_found(shop, redemption_gave_its_item=row)


def test_another_item_than_promised(shop: Shop) -> None:
    row = shop.redeem("badge")
    falsify(row, gives=json.dumps({"item": str(shop.item("poster").pk)}))
    assert_found(shop, redemption_gave_its_item=row)


def test_an_item_from_somebody_elses_redemption(shop: Shop) -> None:
    shop.give(100, "bob")
    row, other = shop.redeem("badge"), shop.redeem("tea", "bob")
    change = change_of(row)
    falsify(change, redemption_id=other.pk)
    assert_found(shop, redemption_gave_its_item=[row, change])


@pytest.mark.parametrize("type_", ["earned", "adjusted"])
def test_an_entry_that_no_redemption_writes(shop: Shop, type_: str) -> None:
    row = shop.redeem("coffee")
    entry = shop.give(5) if type_ == "earned" else shop.adjust(5)
    falsify(entry, redemption_id=row.pk)
    assert_found(shop, entry_names_its_own_redemption=entry)


def test_an_entry_that_names_somebody_elses_redemption(shop: Shop) -> None:
    shop.give(100, "bob")
    row, spent = shop.redeem("tea"), shop.spend(20, "bob")
    falsify(spent, redemption_id=row.pk)
    assert_found(shop, entry_names_its_own_redemption=spent, redemption_is_paid=row)


def test_a_reversal_that_names_a_redemption_that_it_does_not_reverse(shop: Shop) -> None:
    row, spent = shop.redeem("tea"), shop.spend(20)
    entry = shop.reverse(spent).entry
    falsify(entry, redemption_id=row.pk)
    assert_found(shop, entry_names_its_own_redemption=entry)


# -- codes


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("voucher", {"status": "void"}),
        ("voucher", {"code": None}),
        ("mug", {"code": None}),
        ("mug", {"status": "used"}),
        ("mug", {"status": "void"}),
        ("voucher", {"member_id": str(uuid4())}),
    ],
)
def test_a_code_that_is_not_as_its_redemption(shop: Shop, name: str, changes: dict[str, Any]) -> None:
    code = shop.code_of(shop.redeem(name))
    falsify(code, **changes)
    assert_found(shop, code_is_of_its_redemption=code)


@pytest.mark.parametrize("status", ["issued", "used"])
def test_a_code_that_outlives_its_redemption(shop: Shop, status: str) -> None:
    row = shop.redeem("voucher")
    shop.take_back(row)
    code = shop.code_of(row)
    falsify(code, status=status)
    assert_found(shop, code_is_of_its_redemption=code)


def test_a_code_of_another_reward(shop: Shop) -> None:
    code = shop.code_of(shop.redeem("voucher"))
    falsify(code, reward_id=shop.reward("tea").pk)
    assert_found(shop, code_is_of_its_redemption=code)


def test_two_codes_of_one_redemption(shop: Shop) -> None:
    row, other = shop.redeem("voucher"), shop.redeem("voucher")
    falsify(shop.code_of(other), redemption_id=row.pk)
    assert_found(shop, redemption_has_one_code=row)


def test_a_code_that_was_issued_to_nobody(shop: Shop) -> None:
    code = shop.code_of(shop.redeem("voucher"))
    falsify(code, redemption_id=uuid4())
    assert_found(shop, issued_code_has_its_redemption=code)


def test_a_code_of_an_erased_member_that_can_still_be_read_or_used(shop: Shop) -> None:
    kept, issued = (shop.code_of(shop.redeem("voucher")) for _ in range(2))
    shop.erase()
    assert_sound(shop)
    falsify(kept, code="V-STILLHERE")
    falsify(issued, status="issued")
    assert_found(shop, code_is_of_its_redemption=[kept, issued])


def test_an_uploaded_code_of_an_erased_member_that_is_gone(shop: Shop) -> None:
    code = shop.code_of(shop.redeem("mug"))
    shop.erase()
    assert_sound(shop)
    falsify(code, code=None)
    assert_found(shop, code_is_of_its_redemption=code)


# -- stock


def test_stock_that_is_counted_wrongly(shop: Shop) -> None:
    shop.redeem("mug")
    shop.take_back(shop.redeem("mug"))
    assert shop.stock().taken == 1
    falsify(shop.stock(), taken=2)
    assert_found(shop, stock_is_what_was_taken=shop.stock())


def test_a_redemption_that_did_not_take_of_the_stock(shop: Shop) -> None:
    falsify(shop.redeem("mug"), takes_stock=False)
    assert_found(shop, stock_is_what_was_taken=shop.stock())


def test_more_taken_than_there_were(shop: Shop) -> None:
    shop.redeem("mug")
    falsify(shop.stock(), stock=0)
    assert_found(shop, stock_is_what_was_taken=shop.stock())


def test_a_stock_that_is_missing_is_told_of_the_reward(shop: Shop) -> None:
    shop.redeem("mug")
    remove(shop.stock())
    (found,) = violations(environment=shop.environment)
    assert (found.check, found.id) == ("stock_is_what_was_taken", shop.reward("mug").pk)
    assert (found.expected, found.found, found.member_id) == ("1", "0", None)


def test_other_environments_stock_is_not_told(shop: Shop) -> None:
    shop.redeem("mug")
    elsewhere = Shop(make_environment())
    elsewhere.give(100)
    elsewhere.redeem("mug")
    falsify(elsewhere.stock(), taken=2)
    assert_sound(shop)
    assert len(list(violations(environment=elsewhere.environment))) == 1
    assert list(violations(member_id=elsewhere.key("ada"))) == []


def test_many_wrong_codes_are_counted_beyond_a_thousand(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        falsify(shop.code_of(shop.redeem("voucher")), redemption_id=uuid4())
    monkeypatch.setattr("loyalty.ledger.checks.environments.ROWS_A_CHECK", 2)
    seen = Inspection(environment=shop.environment)
    assert len(list(seen.violations())) == 2
    assert seen.left_out == {"issued_code_has_its_redemption": 1}


# -- items


def test_an_item_had_more_often_than_received(shop: Shop) -> None:
    shop.redeem("badge")
    falsify(item_of(shop), quantity=2)
    assert_found(shop, item_is_sum_of_changes=item_of(shop))


def test_an_item_that_is_missing_is_told_of_the_account(shop: Shop) -> None:
    shop.redeem("badge")
    remove(item_of(shop))
    assert_found(shop, item_is_sum_of_changes=shop.account())


def test_an_item_that_a_merged_member_kept(shop: Shop) -> None:
    shop.give(10, "bob")
    shop.redeem("badge")
    shop.merge("ada", "bob")
    assert_sound(shop)
    kept = item_of(shop)
    falsify(kept, quantity=1)
    assert_found(shop, item_is_sum_of_changes=kept)


def test_an_item_that_an_erased_member_kept(shop: Shop) -> None:
    shop.redeem("badge")
    shop.erase()
    assert_sound(shop)
    kept = MemberItem.objects.create(
        environment_id=shop.environment.id, member_id=shop.key("ada"), item=shop.item("badge"), quantity=1
    )
    assert_found(shop, item_is_sum_of_changes=kept)


# -- where it stands


@pytest.mark.parametrize("table", ["redemption", "rewardcode", "memberitem", "itemchange"])
def test_a_row_in_another_environment(shop: Shop, table: str) -> None:
    badge, voucher = shop.redeem("badge"), shop.redeem("voucher")
    rows: dict[str, Model] = {
        "redemption": badge,
        "rewardcode": shop.code_of(voucher),
        "memberitem": item_of(shop),
        "itemchange": change_of(badge),
    }
    falsify(rows[table], environment_id=make_environment().id)
    assert_found(shop, row_is_in_members_environment=rows[table])


def test_a_redemption_is_named_by_its_public_id(shop: Shop) -> None:
    row = shop.redeem("tea")
    falsify(row, points=21)
    (found,) = violations(environment=shop.environment)
    assert (found.public_id, found.member) == (f"red_{row.pk.hex}", "ada")
    assert (found.expected, found.found) == (
        "paid 21, given back 0",
        "paid 20 by 1 entries, given back 0",
    )
