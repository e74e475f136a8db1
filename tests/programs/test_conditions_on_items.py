"""Conditions on line items: any, all, and several things of the same line."""

import pytest

from programs.conditions import (
    parse,
    parse_item,
)
from tests.programs.condition_examples import (
    LINES,
    facts,
    fault_of,
    holds,
    leaf,
)
from tests.work import Watched, steps_of, touches_of

# -- line items


def test_a_comparison_with_line_items_asks_any_by_default_or_all():
    assert holds(leaf("data.items[].sku", "eq", "B"), LINES)
    assert holds(leaf("data.items[].sku", "eq", "B", match="any"), LINES)
    assert not holds(leaf("data.items[].sku", "eq", "B", match="all"), LINES)
    assert holds(leaf("data.items[].sku", "in", ["A", "B"], match="all"), LINES)
    assert not holds(leaf("data.items[].sku", "eq", "C"), LINES)


def test_a_line_without_the_field_is_false_for_that_line():
    lines = {"items": [{"sku": "A"}, {}, "what", None]}
    assert holds(leaf("data.items[].sku", "eq", "A"), lines)
    assert not holds(leaf("data.items[].sku", "ne", "Z", match="all"), lines)
    assert holds(leaf("data.items[].sku", "exists", False), lines)
    assert not holds(leaf("data.items[].sku", "exists", False, match="all"), lines)


def test_fields_of_line_items_can_be_nested():
    lines = {"items": [{"product": {"category": "tea"}}, {"product": "tea"}]}
    assert holds(leaf("data.items[].product.category", "eq", "tea"), lines)
    assert not holds(leaf("data.items[].product.category", "eq", "tea", match="all"), lines)


def test_a_block_asks_for_one_line_that_satisfies_everything():
    apart = {"all": [leaf("data.items[].sku", "eq", "A"), leaf("data.items[].quantity", "gte", "5")]}
    where = {"all": [leaf("item.sku", "eq", "A"), leaf("item.quantity", "gte", "5")]}
    assert holds(apart, LINES)
    assert not holds({"items": "any", "where": where}, LINES)
    assert holds({"items": "any", "where": where}, {"items": [{"sku": "A", "quantity": 5}]})
    assert holds({"items": "all", "where": leaf("item.quantity", "gte", "1")}, LINES)
    assert not holds({"items": "all", "where": leaf("item.quantity", "gte", "2")}, LINES)


@pytest.mark.parametrize("quantifier", ["any", "all"])
def test_a_block_is_false_without_line_items(quantifier):
    assert not holds({"items": quantifier, "where": leaf("item.sku", "exists", False)}, {"items": []})


def test_a_condition_on_one_item_stands_alone():
    tea = parse_item({"all": [leaf("item.category", "eq", "tea"), leaf("item.price", "gt", "2")]})
    assert tea.matches({"category": "tea", "price": "2.50"})
    assert not tea.matches({"category": "tea", "price": "2"})
    assert not tea.matches("tea")
    assert parse_item(None).matches({"anything": 1})


@pytest.mark.parametrize("field", ["data.amount", "event.type", "member.tier", "data.items[].sku"])
def test_inside_a_line_item_there_are_only_its_own_fields(field):
    assert fault_of(leaf(field, "eq", "x"), scope="item") == ("field", "unknown_field")
    assert fault_of({"items": "any", "where": leaf(field, "eq", "x")}) == ("where.field", "unknown_field")


def test_outside_a_line_item_there_are_none_of_them():
    assert fault_of(leaf("item.sku", "eq", "x")) == ("field", "unknown_field")


@pytest.mark.parametrize(
    "raw",
    [
        leaf("data.items[].sku", "eq", "none"),
        leaf("data.items[].sku", "in", [str(number) for number in range(-1000, 0)]),
        leaf("data.items[].quantity", "gte", 0, match="all"),
    ],
)
def test_ten_times_the_items_are_ten_times_the_work(raw):
    condition, few, many = parse(raw), items(100), items(1_000)
    assert steps_of(lambda: condition.matches(many)) <= 10 * steps_of(lambda: condition.matches(few))
    assert touches_of(lambda: condition.matches(many)) <= 10 * touches_of(lambda: condition.matches(few))


def test_a_thousand_listed_values_are_no_more_work_than_one():
    one, thousand = (
        parse(leaf("data.items[].sku", "in", [str(-number) for number in range(1, count + 1)]))
        for count in (1, 1_000)
    )
    known = items(100)
    assert steps_of(lambda: thousand.matches(known)) == steps_of(lambda: one.matches(known))
    assert touches_of(lambda: thousand.matches(known)) == touches_of(lambda: one.matches(known)) == 100


def items(count):
    return facts({"items": [{"sku": Watched(number), "quantity": number} for number in range(count)]})
