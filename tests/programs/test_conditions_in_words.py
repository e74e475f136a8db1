"""Conditions as an operator reads them beside the rows (console.md)."""

import pytest
from hypothesis import given

from programs.conditions import ConditionError, describe
from tests.programs.condition_examples import CONDITIONS, leaf

BIG, GOLD, WEEKEND = (
    leaf("data.amount", "gte", "50"),
    leaf("member.tier", "eq", "gold"),
    leaf("event.occurred_at.weekday", "in", [6, 7]),
)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({}, "always"),
        (None, "always"),
        ({"all": [BIG, WEEKEND]}, "amount is at least 50 and the day is Saturday or Sunday"),
        ({"all": [BIG]}, "amount is at least 50"),
        ({"any": [BIG, GOLD]}, "amount is at least 50 or the tier is gold"),
        (
            {"all": [BIG, WEEKEND, GOLD]},
            "amount is at least 50, the day is Saturday or Sunday and the tier is gold",
        ),
        (
            {"all": [BIG, {"any": [GOLD, WEEKEND]}]},
            "amount is at least 50 and (the tier is gold or the day is Saturday or Sunday)",
        ),
        ({"all": [BIG, {"any": [GOLD]}]}, "amount is at least 50 and the tier is gold"),
        ({"not": {"all": [BIG, GOLD]}}, "not (amount is at least 50 and the tier is gold)"),
        ({"any": [{"not": GOLD}, BIG]}, "not (the tier is gold) or amount is at least 50"),
    ],
)
def test_groups_read_as_english(raw, words):
    assert describe(raw) == words


@pytest.mark.parametrize(
    ("op", "value", "words"),
    [
        ("eq", "x", "a is x"),
        ("eq", "two words", 'a is "two words"'),
        ("eq", "", 'a is ""'),
        ("eq", 50.50, "a is 50.5"),
        ("eq", True, "a is true"),
        ("ne", "x", "a is not x"),
        ("in", ["x"], "a is x"),
        ("in", ["x", "y"], "a is x or y"),
        ("in", ["x", "y", 3], "a is x, y or 3"),
        ("not_in", ["x"], "a is not x"),
        ("not_in", ["x", "y"], "a is none of x or y"),
        ("gt", 5, "a is more than 5"),
        ("gte", "5.00", "a is at least 5"),
        ("lt", -0.5, "a is less than -0.5"),
        ("lte", 1000000, "a is at most 1000000"),
        ("gt", "2024-12-01", "a is after 1 December 2024"),
        ("between", [1, 5], "a is from 1 to 5"),
        ("contains", "x", "a contains x"),
        ("starts_with", "x", "a starts with x"),
        ("exists", True, "a is present"),
        ("exists", False, "a is missing"),
    ],
)
def test_every_op_has_its_words(op, value, words):
    assert describe(leaf("data.a", op, value)) == words


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (leaf("event.type", "eq", "purchase"), "the event type is purchase"),
        (leaf("event.occurred_at.weekday", "gte", 5), "the day is Friday or later"),
        (leaf("event.occurred_at.weekday", "between", [1, 5]), "the day is from Monday to Friday"),
        (leaf("event.occurred_at.weekday", "ne", "sunday"), "the day is not Sunday"),
        (leaf("event.occurred_at.hour", "between", [9, 17]), "the hour is from 9 to 17"),
        (leaf("event.occurred_at.hour", "lt", 12), "the hour is less than 12"),
        (leaf("event.occurred_at.date", "eq", "2024-12-25"), "the date is 25 December 2024"),
        (leaf("event.occurred_at.date", "gte", "2024-01-01"), "the date is 1 January 2024 or later"),
        (leaf("event.occurred_at.date", "lte", "2024-01-31"), "the date is 31 January 2024 or earlier"),
        (leaf("event.occurred_at.date", "lt", "2024-01-31"), "the date is before 31 January 2024"),
        (
            leaf("event.occurred_at.date", "between", ["2024-01-01", "2024-01-31"]),
            "the date is from 1 January 2024 to 31 January 2024",
        ),
        (leaf("member.event_count.purchase", "eq", 0), "the member has no earlier purchase events"),
        (
            leaf("member.event_count.purchase", "gte", 3),
            "the number of earlier purchase events is at least 3",
        ),
        (leaf("member.age_days", "gt", 30), "the number of days since joining is more than 30"),
        (leaf("member.attributes.home_town", "eq", "Leeds"), "the member's home town is Leeds"),
        (leaf("data.order.unit_price", "gt", 3), "order unit price is more than 3"),
        (leaf("data.items[].sku", "eq", "X"), "any item's sku is X"),
        (leaf("data.items[].sku", "ne", "X", match="all"), "every item's sku is not X"),
        (
            {
                "items": "any",
                "where": {"all": [leaf("item.sku", "eq", "X"), leaf("item.count", "gte", 2)]},
            },
            "at least one item matches (sku is X and count is at least 2)",
        ),
        ({"items": "all", "where": leaf("item.gift", "eq", False)}, "every item matches (gift is false)"),
    ],
)
def test_every_field_has_its_words(raw, words):
    assert describe(raw) == words


@pytest.mark.parametrize(
    ("raw", "currency", "words"),
    [
        (BIG, "GBP", "amount is at least £50"),
        (leaf("data.amount", "gt", "9.5"), "USD", "amount is more than $9.50"),
        (leaf("data.amount", "eq", 12), "eur", "amount is €12"),
        (leaf("data.unit_price", "between", [1, 2]), "CHF", "unit price is from CHF 1 to CHF 2"),
        (leaf("data.distance", "gt", "5"), "GBP", "distance is more than 5"),
        (leaf("data.amount", "eq", "none"), "GBP", "amount is none"),
        (leaf("member.age_days", "gte", 5), "GBP", "the number of days since joining is at least 5"),
    ],
)
def test_money_shows_its_currency(raw, currency, words):
    assert describe(raw, currency=currency) == words


def test_long_values_and_long_lists_are_cut():
    words = describe(leaf("data.a", "in", [f"code-{number}" for number in range(1000)]))
    assert words.endswith("code-8, code-9 or 990 more")
    assert len(describe(leaf("data.a", "eq", "x" * 1000))) < 80


def test_a_bad_condition_has_no_words():
    with pytest.raises(ConditionError):
        describe({"all": []})


@given(CONDITIONS)
def test_every_valid_condition_can_be_told_on_one_line(raw):
    words = describe(raw, currency="GBP")
    assert words == describe(raw, currency="GBP").strip() != ""
    assert "\n" not in words
