"""Awards per item: pieces, lines or amounts of the line items that match."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.rules.earning import evaluate
from programs.awards import PerItemAward
from programs.conditions import parse_item
from tests.loyalty.rules.earning_examples import earn, purchase, rule, told
from tests.work import steps_of

A = parse_item({"field": "item.sku", "op": "eq", "value": "A"})
BASKET = [
    {"sku": "A", "quantity": 2, "amount": "3.60"},
    {"sku": "B", "quantity": "1.5", "amount": 10},
    {"sku": "A", "amount": 1.45},
]


def per(each, points="2", where=None, step="1"):
    return rule(PerItemAward(each, Decimal(points), where or parse_item({}), Decimal(step)))


@pytest.mark.parametrize(
    ("compiled", "points", "words"),
    [
        (per("quantity"), 9, "4.5 pieces in 3 of 3 lines, at 2 each"),
        (per("quantity", "2", A), 6, "3 pieces in 2 of 3 lines, at 2 each"),
        (per("quantity", "0.5", A), 1, "3 pieces in 2 of 3 lines, at 0.5 each"),
        (per("line"), 6, "3 of 3 lines, at 2 each"),
        (per("line", "2", A), 4, "2 of 3 lines, at 2 each"),
        (per("amount"), 30, "15.05 in 3 of 3 lines holds 15 times 1, at 2 each"),
        # 3.60 and 1.45 hold 3 and 1 by themselves, and 5 together
        (per("amount", "2", A), 10, "5.05 in 2 of 3 lines holds 5 times 1, at 2 each"),
        (per("amount", "1", A, "0.5"), 10, "5.05 in 2 of 3 lines holds 10 times 0.5, at 1 each"),
    ],
)
def test_points_are_given_for_each_piece_line_or_step_of_the_lines_that_match(compiled, points, words):
    verdict = earn(compiled, {"items": BASKET})
    assert verdict.points == points
    assert told(verdict)[0][1] == words


@pytest.mark.parametrize(
    "bad", ["many", True, -1, "-0.01", float("nan"), float("inf"), [], {}, 10**13, "1e3"]
)
def test_a_line_whose_figure_is_none_or_below_zero_counts_nothing_and_the_others_do(bad):
    items = [{"quantity": bad, "amount": bad}, {"quantity": 3, "amount": 3}]
    assert earn(per("quantity"), {"items": items}).points == 6
    assert earn(per("amount"), {"items": items}).points == 6
    assert earn(per("line"), {"items": items}).points == 4


def test_a_line_without_a_quantity_is_one_piece_and_without_an_amount_it_is_no_money():
    items = [{}, {"quantity": None, "amount": None}]
    assert earn(per("quantity"), {"items": items}).points == 4
    assert earn(per("amount"), {"items": items}).outcome == "zero_points"


def test_what_is_no_object_is_no_line_of_goods():
    assert earn(per("line"), {"items": [1, None, "A", [], {}]}).points == 2


@pytest.mark.parametrize(
    "data", [{}, {"items": []}, {"items": None}, {"items": {"sku": "A"}}, {"items": "A"}]
)
def test_an_event_without_lines_earns_nothing_and_says_so(data):
    verdict = earn(per("line"), data)
    assert (verdict.outcome, verdict.reason) == (
        "amount_missing",
        "The event has no line items (data.items).",
    )


def test_lines_that_do_not_match_earn_nothing_and_are_counted():
    verdict = earn(per("quantity", "2", A), {"items": [{"sku": "B"}]})
    assert verdict.outcome == "zero_points"
    assert told(verdict) == [("base", "0 pieces in 0 of 1 line, at 2 each", "0")]


NUMBERS = st.integers(0, 10**6) | st.decimals(0, 10**6, places=2)


@given(st.lists(NUMBERS), st.sampled_from(["quantity", "amount"]))
def test_the_sum_of_lines_is_exact(figures, each):
    items = [{each: figure} for figure in figures]
    expected = int(sum(figures, Decimal(0)))
    verdict = earn(per(each, "1"), {"items": items})
    assert verdict.points == expected


@pytest.mark.parametrize("each", ["quantity", "line", "amount"])
def test_a_line_takes_at_most_200_steps(each):
    facts = purchase({"items": [{"q": 1}] * 1_000})
    compiled = per(each, "1", parse_item({"not": {"field": "item.q", "op": "eq", "value": 2}}))
    assert steps_of(lambda: evaluate(facts, [compiled])) <= 200 * 1_000  # 74 to 115 with Python 3.11
