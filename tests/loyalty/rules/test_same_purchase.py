"""When two reports are of the same purchase: amounts as numbers, all else as it is."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.rules.same_purchase import same_data

LINE = {"line": 1, "sku": "TEA", "quantity": 2, "unit_price": "5.00", "amount": "10.00"}
PURCHASE: dict[str, Any] = {"amount": "12.50", "currency": "GBP", "merchant": "High Street", "items": [LINE]}


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"amount": "12.5"},
        {"amount": "+12.500"},
        {"amount": Decimal("12.5")},
        {"currency": "gbp"},
        {"items": [LINE | {"unit_price": 5, "amount": Decimal("10.0"), "quantity": "2"}]},
        {"items": [dict(reversed(LINE.items()))]},
    ],
)
def test_the_form_of_amounts_does_not_count(other: dict[str, Any]) -> None:
    assert same_data(PURCHASE, PURCHASE | other)
    assert same_data(PURCHASE | other, PURCHASE)


@pytest.mark.parametrize(
    "other",
    [
        {"amount": "12.51"},
        {"amount": None},
        {"amount": "12.50 GBP"},
        {"amount": True},
        {"currency": "EUR"},
        {"currency": None},
        {"merchant": "high street"},
        {"merchant": {"name": "High Street"}},
        {"channel": "web"},
        {"channel": None},
        {"items": []},
        {"items": None},
        {"items": "none"},
        {"items": [LINE, LINE]},
        {"items": [LINE | {"sku": "CAKE"}]},
        {"items": [LINE | {"line": "1"}]},
        {"items": [LINE | {"line": True}]},
        {"items": [LINE | {"amount": "10.01"}]},
        {"items": [LINE | {"colour": "red"}]},
        {"items": [7]},
    ],
)
def test_everything_else_does(other: dict[str, Any]) -> None:
    assert not same_data(PURCHASE, PURCHASE | other)
    assert not same_data(PURCHASE | other, PURCHASE)


@pytest.mark.parametrize("name", PURCHASE)
def test_what_only_one_of_them_says_is_a_difference(name: str) -> None:
    less = {key: value for key, value in PURCHASE.items() if key != name}
    assert not same_data(PURCHASE, less)
    assert not same_data(less, PURCHASE)


def test_numbers_elsewhere_are_compared_as_json() -> None:
    one, other = {"merchant": {"id": 7, "open": True}}, {"merchant": {"id": Decimal("7.0"), "open": True}}
    assert same_data(one, other)
    assert not same_data(one, {"merchant": {"id": "7", "open": True}})
    assert not same_data(one, {"merchant": {"id": 7, "open": 1}})
    assert not same_data({"merchant": [1]}, {"merchant": {"0": 1}})


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_DATA = st.dictionaries(st.sampled_from(["amount", "currency", "items", "merchant", "x"]), _JSON)


@given(_DATA, _DATA)
def test_whatever_is_sent_it_is_the_same_as_itself_and_judged_alike_both_ways(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert same_data(one, one)
    assert same_data(one, other) == same_data(other, one)
