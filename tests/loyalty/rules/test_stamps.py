"""Which purchases stamp a card, how often, and at which price, for whatever a caller may send."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.rules.stamps import (
    MAX_STAMPS,
    HeldStamp,
    Judgement,
    Piece,
    StampRule,
    difference,
    in_proportion,
    in_window,
    judge,
    replacing,
)
from programs.conditions import Facts

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
MUGS = {"all": [{"field": "item.sku", "op": "eq", "value": "mug"}]}


def rule(per: str = "purchase", *, where: Any = None, condition: Any = None, **options: Any) -> StampRule:
    usual: dict[str, Any] = {"currency": "GBP", "needs_price": True, "program_id": uuid4()}
    return StampRule.of(condition=condition or {}, where=where or {}, per=per, **usual | options)


def judged(of: StampRule, currency: str | None = None, **data: Any) -> Judgement:
    facts = Facts(event_type="purchase", occurred_at=AT, time_zone=ZoneInfo("UTC"), data=data)
    return judge(of, facts, currency)


def prices(judgement: Judgement) -> list[tuple[int | None, str | None]]:
    """Line and price of each stamp."""
    return [
        (piece.line, None if piece.unit_price is None else f"{piece.unit_price:f}")
        for piece in judgement.pieces
    ]


# -- one a purchase, one a piece


def test_a_purchase_without_lines_is_one_piece_of_its_amount() -> None:
    assert prices(judged(rule(), amount="3.50")) == [(None, "3.500000")]
    assert prices(judged(rule("day"), amount="3.50")) == [(None, "3.500000")]
    assert prices(judged(rule("quantity"), amount="3.50")) == [(1, "3.500000")]


def test_or_its_quantity_of_pieces_of_its_amount_together() -> None:
    assert prices(judged(rule("quantity"), amount="10", quantity=3)) == [(1, "3.333333")] * 3
    assert prices(judged(rule(), amount="10", quantity=3)) == [(None, "3.333333")]


def test_less_than_a_piece_costs_what_was_paid_for_it() -> None:
    assert prices(judged(rule(), amount="3", quantity="0.5")) == [(None, "3.000000")]
    assert prices(judged(rule(), amount="3", items=[{"quantity": "0.5", "unit_price": "6"}])) == [
        (None, "3.000000")
    ]


def test_a_unit_price_or_its_share_of_the_amount_whichever_is_lower() -> None:
    per = rule("quantity")
    assert prices(judged(per, amount="10", quantity=2, unit_price="4.50")) == [(1, "4.500000")] * 2
    assert prices(judged(per, amount="8", quantity=2, unit_price="4.50")) == [(1, "4.000000")] * 2
    discounted = [{"quantity": 2, "amount": "5", "unit_price": "3"}]
    assert prices(judged(per, amount="5", items=discounted)) == [(1, "2.500000")] * 2


def test_no_piece_costs_more_than_the_whole_purchase() -> None:
    items = [{"quantity": 2, "unit_price": "9"}]
    assert prices(judged(rule("quantity"), amount="5", items=items)) == [(1, "5.000000")] * 2


def test_one_for_the_purchase_is_at_the_lowest_price_of_its_lines() -> None:
    items = [{"unit_price": "3"}, {"quantity": 4, "amount": "10"}, {"amount": "2.60"}]
    assert prices(judged(rule(), amount="15.60", items=items)) == [(None, "2.500000")]
    assert judged(rule(), amount="15.60", items=items).reason == "One stamp for the purchase."
    assert judged(rule("day"), amount="15.60", items=items).reason == "One stamp for the day."


def test_one_for_each_piece_is_at_the_price_of_its_line() -> None:
    items = [{"quantity": 2, "unit_price": "3"}, {"amount": "2.60"}]
    judgement = judged(rule("quantity"), amount="8.60", items=items)
    assert prices(judgement) == [(1, "3.000000"), (1, "3.000000"), (2, "2.600000")]
    assert judgement.reason == "3 stamps for 3 pieces."


def test_only_lines_that_are_asked_for_count() -> None:
    items = [{"sku": "postage", "amount": "1"}, {"sku": "mug", "quantity": 2, "amount": "10"}]
    assert prices(judged(rule("quantity", where=MUGS), amount="11", items=items)) == [(2, "5.000000")] * 2
    assert prices(judged(rule(where=MUGS), amount="11", items=items)) == [(None, "5.000000")]
    others = judged(rule(where=MUGS), amount="1", items=items[:1])
    assert (others.outcome, others.reason, others.pieces) == (
        "no_line_matches",
        "None of the purchase's lines counts: the card asks for lines where sku is mug.",
        (),
    )


def test_a_purchase_without_lines_has_none_that_is_asked_for() -> None:
    judgement = judged(rule(where=MUGS), amount="10")
    assert (judgement.outcome, judgement.reason) == (
        "no_line_matches",
        "The purchase has no lines: the card asks for lines where sku is mug.",
    )


def test_lines_that_are_none_count_nothing() -> None:
    judgement = judged(rule(), amount="10", items=["mug", 5, None])
    assert (judgement.outcome, judgement.reason) == (
        "no_line_matches",
        "None of the purchase's lines counts for the card.",
    )


def test_texts_of_lines_compare_with_their_capitals_and_the_reason_shows_which() -> None:
    where = [
        {"field": "item.description", "op": "contains", "value": "COFFEE"},
        {"field": "item.unit_price", "op": "gte", "value": "2"},
    ]
    latte = judged(
        rule(where={"all": where}), amount="3", items=[{"description": "Coffee", "unit_price": "3"}]
    )
    assert latte.reason == (
        "None of the purchase's lines counts: the card asks for lines where description contains COFFEE"
        " and unit price is at least £2."
    )


def test_a_long_condition_does_not_make_the_reason_long() -> None:
    where = [
        {"field": "item.sku", "op": "eq", "value": f"a-rather-long-number-of-an-article-{n}"}
        for n in range(99)
    ]
    judgement = judged(rule(where={"any": where}), amount="3", items=[{"sku": "mug"}])
    assert judgement.reason.endswith("….")
    assert len(judgement.reason) < 400
    assert prices(judged(rule(), amount="10", items="mug")) == [(None, "10.000000")]


@pytest.mark.parametrize(
    ("quantity", "stamps"),
    [("1", 1), ("2.9", 2), (None, 1)],
)
def test_whole_pieces_are_stamped(quantity: Any, stamps: int) -> None:
    judgement = judged(rule("quantity"), amount="10", items=[{"quantity": quantity, "unit_price": "2"}])
    assert len(judgement.pieces) == stamps


def test_part_of_a_piece_is_none() -> None:
    items = [{"quantity": Decimal("0.999999"), "unit_price": "2"}]
    judgement = judged(rule("quantity"), amount="10", items=items)
    assert (judgement.outcome, judgement.reason, judgement.pieces) == (
        "nothing_bought",
        "Less than one whole piece was bought; stamps are for whole ones.",
        (),
    )


@pytest.mark.parametrize("per", ["purchase", "day", "quantity"])
@pytest.mark.parametrize("quantity", [0, -3, "many", 10**13])
def test_a_line_of_which_nothing_was_bought_stamps_nothing(per: str, quantity: Any) -> None:
    returned = {"sku": "LATTE", "quantity": quantity, "unit_price": "2.50"}
    items = [returned, {"sku": "TEA", "quantity": 1, "unit_price": "5.50"}]
    where = {"field": "item.sku", "op": "eq", "value": "LATTE"}
    judgement = judged(rule(per, where=where), amount="3.00", items=items)
    assert (judgement.outcome, judgement.pieces) == ("nothing_bought", ())


def test_so_many_stamps_a_purchase_and_no_more() -> None:
    items = [{"quantity": MAX_STAMPS - 1, "unit_price": "1"}, {"quantity": 5, "unit_price": "2"}]
    judgement = judged(rule("quantity"), amount="20000", items=items)
    assert len(judgement.pieces) == MAX_STAMPS
    assert judgement.reason == "10000 stamps for 10004 pieces: a purchase gives no more."
    assert judged(rule("quantity"), amount=10**12, quantity=10**12).pieces[-1].line == 1


# -- what costs nothing, and what has no price


@pytest.mark.parametrize("amount", ["0", "-3", 0, "0.00"])
def test_what_costs_nothing_stamps_nothing(amount: Any) -> None:
    judgement = judged(rule(), amount=amount, items=[{"unit_price": "3"}])
    assert (judgement.outcome, judgement.pieces) == ("nothing_bought", ())
    assert judgement.reason.endswith("what costs nothing stamps nothing.")


def test_lines_for_nothing_are_left_out() -> None:
    items = [{"unit_price": "0"}, {"unit_price": "3"}, {"unit_price": "-2"}, {"amount": "0", "quantity": 4}]
    assert prices(judged(rule("quantity"), amount="3", items=items)) == [(2, "3.000000")]
    assert prices(judged(rule(), amount="3", items=items)) == [(None, "3.000000")]
    free = judged(rule(), amount="3", items=items[:1])
    assert (free.outcome, free.reason) == (
        "nothing_bought",
        "Nothing that the card counts was bought, or it was for nothing; that stamps nothing.",
    )


def test_a_price_below_the_smallest_that_is_kept_is_none() -> None:
    assert judged(rule(), amount="0.0000001").outcome == "nothing_bought"
    assert judged(rule(), amount="0.000001", quantity=3).outcome == "nothing_bought"


def test_without_a_price_only_a_fixed_reward_can_be_had() -> None:
    assert judged(rule()).outcome == "no_price"
    assert judged(rule()).reason == "No price is known, and the card pays one back."
    assert prices(judged(rule(needs_price=False))) == [(None, None)]
    assert judged(rule(), items=[{"quantity": 2}]).outcome == "no_price"
    assert prices(judged(rule("quantity", needs_price=False), items=[{"quantity": 2}])) == [(1, None)] * 2


def test_lines_whose_price_is_known_go_before_others() -> None:
    items = [{"quantity": 1}, {"unit_price": "2"}]
    assert prices(judged(rule("quantity"), items=items)) == [(2, "2.000000")]
    assert prices(judged(rule(), items=items)) == [(None, "2.000000")]
    assert len(judged(rule("quantity", needs_price=False), items=items).pieces) == 2


# -- currency and condition


def test_another_currency_does_not_qualify() -> None:
    judgement = judged(rule(), "EUR", amount="10")
    assert (judgement.outcome, judgement.pieces) == ("other_currency", ())
    assert judgement.reason == "The purchase is in EUR; the card takes purchases in GBP."


@pytest.mark.parametrize("currency", ["GBP", None])
def test_its_own_and_none_do(currency: str | None) -> None:
    assert judged(rule(), currency, amount="10").outcome == "stamped"


def test_a_condition_that_fails_is_said() -> None:
    large = {"all": [{"field": "data.amount", "op": "gte", "value": "50"}]}
    judgement = judged(rule(condition=large), amount="49.99")
    assert (judgement.outcome, judgement.pieces) == ("condition_failed", ())
    assert judgement.reason.startswith("The condition is not met: ")
    assert judgement.to_json()["failed"]["path"] == "all[0]"
    assert judged(rule(condition=large), amount="50").outcome == "stamped"


def test_what_is_kept_of_a_rule_judges_the_same() -> None:
    of = rule(
        "quantity", where=MUGS, condition={"all": [{"field": "member.tier", "op": "exists", "value": False}]}
    )
    assert StampRule.from_json(of.to_json()) == of


def test_a_window_has_its_first_instant_and_not_its_last() -> None:
    later = datetime(2026, 3, 2, tzinfo=UTC)
    assert in_window(AT, later, AT)
    assert not in_window(AT, later, later)
    assert not in_window(later, None, AT)
    assert in_window(None, None, AT)


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
numbers = absurd | st.none() | st.integers(-5, 20000) | st.decimals(0, 10**12, places=6, allow_nan=False)
lines = st.fixed_dictionaries(
    {}, optional={"quantity": numbers, "amount": numbers, "unit_price": numbers, "sku": st.just("mug")}
)


@given(
    items=st.lists(lines | absurd, max_size=4) | absurd,
    amount=numbers,
    quantity=numbers,
    per=st.sampled_from(["purchase", "quantity", "day"]),
    where=st.sampled_from([None, MUGS]),
    needs_price=st.booleans(),
)
def test_it_never_raises(
    items: Any, amount: Any, quantity: Any, per: str, where: Any, *, needs_price: bool
) -> None:
    of = rule(per, where=where, needs_price=needs_price)
    judgement = judged(of, items=items, amount=amount, quantity=quantity)
    assert bool(judgement.pieces) == (judgement.outcome == "stamped")
    assert len(judgement.pieces) <= MAX_STAMPS
    for piece in judgement.pieces:
        assert piece.unit_price is None or Decimal(0) < piece.unit_price <= 10**12
        assert piece.unit_price is not None or not needs_price


# -- what a refund takes back


def again(*lines: int | None) -> Judgement:
    return Judgement("stamped", "", tuple(Piece(line, Decimal(1)) for line in lines))


def held(*stamps: tuple[int | None, bool]) -> list[HeldStamp]:
    """Line and whether it was returned."""
    return [HeldStamp(number, line, gone) for number, (line, gone) in enumerate(stamps, start=1)]


def test_the_last_ones_of_a_line_go_first() -> None:
    assert difference(held((1, False), (1, False), (1, False)), again(1)) == ([2, 3], [])


def test_each_line_answers_for_itself() -> None:
    stamps = held((1, False), (1, False), (2, False), (2, False))
    assert difference(stamps, again(2, 2)) == ([1, 2], [])
    assert difference(stamps, again(1, 2)) == ([2, 4], [])


def test_a_line_that_stamps_more_than_before_gets_back_what_it_lost_and_no_more() -> None:
    assert difference(held((1, False), (1, True)), again(1, 1, 1)) == ([], [(2, None)])
    assert difference(held((1, False)), again(1, 1)) == ([], [])
    assert difference(held((1, False)), again(1, 2)) == ([], [])


def priced(price: str, *, returned: bool = False) -> list[HeldStamp]:
    return [HeldStamp(1, 1, returned, Decimal(price))]


def test_a_piece_that_costs_less_by_now_is_stamped_anew_at_that_price() -> None:
    one = again(1)  # at a pound
    assert difference(priced("3"), one, by_price=True) == ([1], [(1, Decimal(1))])
    assert difference(priced("3"), one) == ([], [])
    for price in ("1", "0.5", "1.000099"):  # no more, and not what was only rounded
        assert difference(priced(price), one, by_price=True) == ([], [])
    assert difference(priced("3", returned=True), one, by_price=True) == ([], [(1, Decimal(1))])
    assert difference(priced("0.5", returned=True), one, by_price=True) == ([], [(1, Decimal("0.5"))])
    assert difference(priced("3", returned=True), one) == ([], [(1, Decimal(3))])


def test_in_proportion_the_last_ones_go_first() -> None:
    assert in_proportion(held((1, False), (1, True), (2, False), (2, False)), 1) == [3, 4]
    assert in_proportion(held((1, False)), 3) == []


@pytest.mark.parametrize(
    ("stamps", "of", "words"),
    [
        (0, 3, ""),
        (1, 1, " It takes the place of one that was refunded after the reward was paid."),
        (1, 3, " 1 of them takes the place of one that was refunded after the reward was paid."),
        (2, 3, " 2 of them take the place of ones that were refunded after the reward was paid."),
    ],
)
def test_a_stamp_that_takes_the_place_of_a_refunded_one_says_so(stamps: int, of: int, words: str) -> None:
    assert replacing(stamps, of) == words
