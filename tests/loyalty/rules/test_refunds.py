"""What is left of a purchase, for any numbers that a caller may send."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.rules.refunds import LineRefund, Original, Refund, Side, allocate, in_proportion, net_of

absurd = st.sampled_from(
    [
        Decimal("1E+60"),
        Decimal("1E-80"),
        Decimal("-1E+80"),
        "9" * 40,
        "0." + "1" * 40,
        10**90,
        True,
        "x",
        [],
        {},
    ]
)
numbers = absurd | st.integers(-5, 10**13) | st.decimals(0, 10**12, places=6, allow_nan=False)
items = st.lists(
    st.fixed_dictionaries({}, optional={"quantity": numbers, "amount": numbers, "unit_price": numbers})
    | absurd,
    max_size=4,
)
amounts = st.decimals("0.000001", 10**6, places=6, allow_nan=False)


@given(
    items=items,
    other=numbers,
    gross=amounts | st.none(),
    refunds=st.lists(amounts, max_size=4),
    data=st.data(),
)
def test_it_never_raises(
    items: list[Any], other: Any, gross: Decimal | None, refunds: list[Decimal], data: st.DataObject
) -> None:
    purchase = {"amount": gross, "items": items, "x": other}
    parts = []
    for amount in refunds:
        lines: tuple[LineRefund, ...] = ()
        names_line: bool = data.draw(st.booleans())
        if items and names_line:
            index = data.draw(st.integers(0, len(items) - 1))
            lines = (LineRefund(index, data.draw(amounts | st.none()), data.draw(amounts | st.none())),)
        parts.append(Refund(amount if gross is not None else None, lines))
    net = net_of(purchase, gross, parts, ["data.x"])
    assert net.amount is None or net.amount >= 0
    assert purchase == {"amount": gross, "items": items, "x": other}


@given(
    earned=st.integers(0, 1000),
    nets=st.lists(st.integers(0, 1200), min_size=1, max_size=8),
    by_hand=st.integers(0, 300),
)
def test_what_refunds_took_depends_on_the_last_net_alone(earned: int, nets: list[int], by_hand: int) -> None:
    by_hand = min(by_hand, earned)
    taken = 0
    for net in nets:
        taken += Side(earned, net, taken, by_hand).difference
        assert 0 <= taken <= earned - by_hand
    assert taken == Side(earned, nets[-1], 0, by_hand).difference


@given(points=st.integers(0, 60), kept=st.lists(st.integers(0, 20), min_size=3, max_size=3))
def test_each_entry_gives_back_first_what_its_own_rule_would_not_give(points: int, kept: list[int]) -> None:
    originals = [Original(20, 20, keep) for keep in kept]
    parts = allocate(points, originals)
    assert sum(parts) == points
    if points <= sum(20 - keep for keep in kept):
        assert all(part <= 20 - keep for part, keep in zip(parts, kept, strict=True))


@pytest.mark.parametrize(
    ("refunded", "taken"), [("1", 1), ("0.49", 0), ("0.5", 1), ("50", 50), ("99.5", 100), ("100", 100)]
)
def test_without_its_lines_the_share_of_the_money_decides_half_up(refunded: str, taken: int) -> None:
    assert in_proportion(100, Decimal(refunded), Decimal(100)) == taken
