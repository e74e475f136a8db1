"""The coupons of a member, and their codes."""

import pytest

from audit.errors import NotFound
from loyalty.models import ItemChange
from loyalty.queries.coupons import MemberCoupon, member_coupon
from loyalty.queries.owned import owned_by
from programs.models import Coupon, Environment
from tests.factories import make_challenge, make_coupon, reload
from tests.loyalty.queries.phone import Phone


@pytest.fixture
def phone(environment: Environment) -> Phone:
    return Phone(environment)


def giving(phone: Phone, coupon: Coupon) -> None:
    """One for each visit of a day, as often as a day has it."""
    make_challenge(
        reload(phone.environment),
        per="day",
        missions=[{"title": "Buy", "event_type": "purchase", "target": 1}],
        rewards=[{"kind": "coupon", "item": coupon.item}],
    )


def owned(phone: Phone, name: str, coupon: str = "tea") -> MemberCoupon:
    return member_coupon(environment=phone.environment, member=phone.member(name), coupon=coupon)


def codes(phone: Phone) -> list[str | None]:
    """Those that were given, oldest first."""
    rows = ItemChange.objects.filter(environment_id=phone.environment.pk, achievement_id__isnull=False)
    return list(rows.filter(quantity=1).order_by("id").values_list("code", flat=True))


def shown(phone: Phone) -> list[str]:
    """Ada's in the console."""
    (one,) = owned_by(phone.member())
    assert one.quantity == len(one.codes)
    return one.codes


def test_a_coupon_with_a_code_for_everybody_is_shown_to_its_owner_alone(phone: Phone) -> None:
    coupon = make_coupon(phone.environment)
    make_coupon(reload(phone.environment), id="cake", title="Cake")
    giving(phone, coupon)
    phone.buy("p", "1.00")
    phone.give(1, "bob")
    found = owned(phone, "ada")
    assert (found.coupon, found.code) == (coupon, "TEA")
    assert found.coupon.item.title == "Free tea"
    for name, asked in (("bob", "tea"), ("ada", "cake"), ("ada", "none")):
        with pytest.raises(NotFound):
            owned(phone, name, asked)
    phone.refund("p")
    with pytest.raises(NotFound):
        owned(phone, "ada")


def test_the_last_code_that_came_and_was_not_taken_back_is_shown(phone: Phone) -> None:
    giving(phone, make_coupon(phone.environment, code_pattern="T-########"))
    for number in range(3):
        phone.today = number
        phone.buy(f"p{number}", "1.00")
    first, second, third = codes(phone)
    assert len({first, second, third}) == 3
    assert owned(phone, "ada").code == third
    phone.refund("p1")
    assert owned(phone, "ada").code == third
    phone.refund("p2")
    assert owned(phone, "ada").code == first
    phone.refund("p0")
    with pytest.raises(NotFound):
        owned(phone, "ada")


def test_a_survivor_has_the_codes_of_who_was_merged_into_them(phone: Phone) -> None:
    giving(phone, make_coupon(phone.environment, code_pattern="T-########"))
    phone.buy("p", "1.00", "bob")
    phone.give(1, "ada")
    phone.merge("bob", "ada")
    (code,) = codes(phone)
    assert owned(phone, "ada").code == owned(phone, "bob").code == code
    phone.refund("p", member="bob")
    with pytest.raises(NotFound):
        owned(phone, "ada")


def test_a_code_that_was_taken_back_after_a_merge_is_neither_in_the_app_nor_in_the_console(
    phone: Phone,
) -> None:
    giving(phone, make_coupon(phone.environment, code_pattern="T-########"))
    phone.buy("p", "1.00", "bob")
    phone.today = 1
    phone.buy("q", "1.00", "ada")
    bobs, adas = codes(phone)
    phone.merge("bob", "ada")
    assert (owned(phone, "ada").code, shown(phone)) == (adas, [adas, bobs])
    phone.refund("p", member="bob")
    assert (owned(phone, "ada").code, shown(phone)) == (adas, [adas])
    phone.refund("q")
    assert owned_by(phone.member()) == []


def test_codes_of_completions_that_a_merge_joined_fall_together(phone: Phone) -> None:
    giving(phone, make_coupon(phone.environment, code_pattern="T-########"))
    phone.buy("p", "1.00", "bob")
    phone.buy("q", "1.00", "ada")
    bobs, adas = codes(phone)
    phone.merge("bob", "ada")
    assert shown(phone) == [adas, bobs]
    phone.refund("p", member="bob")
    assert shown(phone) == [adas, bobs], "one purchase is left"
    phone.refund("q")
    assert owned_by(phone.member()) == []
    with pytest.raises(NotFound):
        owned(phone, "ada")
    phone.buy("r", "1.00")
    assert shown(phone) == codes(phone)[2:]
