"""What a card pays back does not depend on how a purchase is told, nor on how many refunds take it back."""

from typing import Any

import pytest

from tests.loyalty.stamps.cafe import Cafe, assert_sound

LATTES = {"item_where": {"field": "item.sku", "op": "eq", "value": "LATTE"}, "threshold": 1}
Parts = list[tuple[str, dict[str, Any]]]


def latte(**fields: Any) -> dict[str, Any]:
    return {"sku": "LATTE", "unit_price": "10.00", **fields}


def issued(cafe: Cafe, card: Any) -> list[int]:
    return [reward.amount for reward in cafe.rewards(card) if reward.status == "issued"]


@pytest.mark.parametrize("line", [latte(), latte(quantity=1), latte(quantity=1, amount="10.00")])
@pytest.mark.parametrize(("per", "left"), [("purchase", [500]), ("quantity", [])])
def test_a_line_that_says_no_quantity_is_one_piece_of_a_refund_too(
    cafe: Cafe, line: dict[str, Any], per: str, left: list[int]
) -> None:
    card = cafe.card(stamps_per=per, **LATTES)
    cake = {"sku": "CAKE", "quantity": 1, "unit_price": "20.00"}
    cafe.buy("p1", "30.00", items=[line, cake])
    assert issued(cafe, card) == [1000]
    cafe.refund("p1", "15.00")
    assert issued(cafe, card) == left
    assert_sound(cafe)


@pytest.mark.parametrize("with_amounts", [True, False])
@pytest.mark.parametrize(
    "parts",
    [
        [("9.00", {"items": [{"line": 1, "amount": "4.00"}]})],
        [("4.00", {"items": [{"line": 1, "amount": "4.00"}]}), ("5.00", {})],
        [("5.00", {}), ("4.00", {"items": [{"line": 1, "amount": "4.00"}]})],
    ],
)
def test_money_of_a_line_and_money_of_none_lower_a_price_alike(
    cafe: Cafe, parts: Parts, with_amounts: bool
) -> None:
    card = cafe.card(**LATTES)
    items: list[dict[str, Any]] = [
        {"sku": "LATTE", "quantity": 4, "unit_price": "2.50"},
        {"sku": "CAKE", "unit_price": "10.00"},
    ]
    if with_amounts:
        items = [item | {"amount": "10.00"} for item in items]
    cafe.buy("p1", "20.00", items=items)
    for number, (amount, named) in enumerate(parts):
        cafe.refund("p1", amount, event_id=f"r{number}", **named)
    assert issued(cafe, card) == [150]


def test_no_minor_unit_is_lost_between_two_roundings(cafe: Cafe) -> None:
    card = cafe.card(**LATTES)
    cafe.buy("p1", "8.20", items=[{"sku": "LATTE", "quantity": 4, "unit_price": "2.05", "amount": "8.20"}])
    cafe.refund("p1", "3.16", items=[{"line": 1, "amount": "0.16"}])
    assert issued(cafe, card) == [201]


@pytest.mark.parametrize("at_once", [True, False])
def test_revoked_rewards_stand_again_under_what_they_were_promised(cafe: Cafe, at_once: bool) -> None:
    card = cafe.card(threshold=5, stamps_per="quantity", reward_kind="fixed-reward", reward_amount=500)
    lines = [{"sku": sku, "quantity": 5, "unit_price": "2.00", "amount": "10.00"} for sku in "ABC"]
    cafe.buy("p1", "30.00", items=lines)
    assert issued(cafe, card) == [500] * 3
    cafe.save(card, threshold=20)
    one_each = [{"line": line, "quantity": 1, "amount": "2.00"} for line in (1, 2, 3)]
    for number, items in enumerate([one_each] if at_once else [[item] for item in one_each]):
        cafe.refund("p1", f"{2 * len(items)}.00", event_id=f"r{number}", items=items)
    assert (issued(cafe, card), cafe.standing(card).counter) == ([500] * 2, 2)
    collection = cafe.collection(card)
    assert collection.cycle_from == 0, "the running card began before the threshold was raised"
    assert_sound(cafe)
