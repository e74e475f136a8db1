"""Money that comes back of a line lowers the price on its stamp, also where the line names only the price of a piece:
no card pays back what a refund has paid back already (domain.md 7.2)."""

from typing import Any

import pytest

from tests.loyalty.stamps.cafe import Cafe, told

BY_MONEY: list[dict[str, Any]] = [{}, {"amount": "300.00"}]
"""What a line of three at £100 says besides; it is the same."""


@pytest.mark.parametrize("says", BY_MONEY, ids=str)
@pytest.mark.parametrize("per", ["purchase", "quantity"])
def test_an_amount_that_comes_back_of_a_line_lowers_the_price_of_its_pieces(
    cafe: Cafe, per: str, says: dict[str, Any]
) -> None:
    card = cafe.card(threshold=1 if per == "purchase" else 3, stamps_per=per)
    cafe.buy("p", "300.00", items=[{"quantity": 3, "unit_price": "100.00", **says}])
    assert cafe.standing(card).rewards == [("issued", 10000)]
    refund = cafe.refund("p", "297.00", items=[{"line": 1, "amount": "297.00"}])
    assert cafe.standing(card).rewards == [("revoked", 10000), ("issued", 100)]
    assert [(each["returned"], each["collected"]) for each in told(refund)] == [
        (1, 1) if per == "purchase" else (3, 3)
    ]


@pytest.mark.parametrize("says", [{}, {"amount": "100.00"}], ids=str)
def test_not_the_rest_of_the_purchase_is_its_bound_but_that_of_the_line(
    cafe: Cafe, says: dict[str, Any]
) -> None:
    latte = {"field": "item.sku", "op": "eq", "value": "LATTE"}
    card = cafe.card(threshold=1, item_where=latte)
    dear = {"sku": "MACHINE", "quantity": 1, "unit_price": "1000.00"}
    cafe.buy("p", "1100.00", items=[{"sku": "LATTE", "quantity": 1, "unit_price": "100.00", **says}, dear])
    cafe.refund("p", "99.00", items=[{"line": 1, "amount": "99.00"}])
    assert cafe.standing(card).rewards == [("revoked", 10000), ("issued", 100)]
    cafe.refund("p", "900.00", items=[{"line": 2, "amount": "900.00"}])
    assert cafe.standing(card).rewards == [("revoked", 10000), ("issued", 100)]
    assert cafe.standing(card).points == 101


def test_pieces_that_stay_whole_keep_their_price(cafe: Cafe) -> None:
    card = cafe.card(threshold=2, stamps_per="quantity")
    cafe.buy("p", "300.00", items=[{"quantity": 3, "unit_price": "100.00"}])
    cafe.refund("p", "100.00", items=[{"line": 1, "quantity": 1}])
    assert cafe.standing(card).rewards == [("issued", 10000)]
    assert cafe.pieces(card) == [(1, "100.000000")] * 2
