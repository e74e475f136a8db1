"""What a condition is true of."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from programs.conditions import (
    OPS,
    canonical,
    validate,
)
from tests.programs.condition_examples import (
    LONDON,
    NO,
    YES,
    facts,
    fault_of,
    holds,
    leaf,
)

# -- the empty condition


@pytest.mark.parametrize("raw", [None, {}])
def test_an_empty_condition_is_always_true(raw):
    assert holds(raw)
    assert canonical(raw) == {}
    assert validate(raw) == []


@pytest.mark.parametrize("raw", [[], "", 0, False, "always"])
def test_other_empty_things_are_no_condition(raw):
    assert fault_of(raw) == ("", "invalid_type")


# -- numbers


@pytest.mark.parametrize("actual", [50, 50.0, Decimal("50.00"), "50", "50.00", "050"])
@pytest.mark.parametrize("value", [50, 50.0, "50", "50.00", Decimal(50)])
def test_ordered_ops_compare_numbers_and_numeric_texts_alike(actual, value):
    data = {"amount": actual}
    assert holds(leaf("data.amount", "gte", value), data)
    assert holds(leaf("data.amount", "lte", value), data)
    assert not holds(leaf("data.amount", "gt", value), data)
    assert not holds(leaf("data.amount", "lt", value), data)


def test_numbers_never_pass_through_floats():
    third = "0.3000000000000000000000000000000000001"
    assert holds(leaf("data.x", "gt", "0.3"), {"x": third})
    assert not holds(leaf("data.x", "gt", "0.3"), {"x": 0.3})
    assert not holds(leaf("data.x", "gte", 2**53 + 1), {"x": 2**53})
    assert holds(leaf("data.x", "eq", 0.1), {"x": Decimal("0.1")})


@pytest.mark.parametrize(
    ("value", "actual", "equal"),
    [
        (50, 50, True),
        (50, "50.00", True),
        ("50", 50, True),
        ("50.0", Decimal(50), True),
        ("50", "50", True),
        ("50", "50.00", False),  # two texts: stock code 050 is not 50
        ("50", "050", False),
        (50, "fifty", False),
        (1, True, False),
        (True, 1, False),
        (True, True, True),
        (True, "true", False),
        ("GB", "GB", True),
        ("GB", "gb", False),
    ],
)
def test_equality_is_numeric_when_one_side_is_a_number_and_textual_between_texts(value, actual, equal):
    data = {"x": actual}
    assert holds(leaf("data.x", "eq", value), data) is equal
    assert holds(leaf("data.x", "ne", value), data) is not equal
    assert holds(leaf("data.x", "in", ["other", value]), data) is equal
    assert holds(leaf("data.x", "not_in", ["other", value]), data) is not equal


@pytest.mark.parametrize(
    "actual", [True, "fifty", "", [60], {"a": 60}, float("nan"), float("inf"), "1e9", " 60"]
)
@pytest.mark.parametrize("op", ["gt", "gte", "lt", "lte"])
def test_an_ordered_op_is_false_for_what_is_no_number(actual, op):
    assert not holds(leaf("data.x", op, "50"), {"x": actual})
    assert not holds(leaf("data.x", "between", ["0", "10000000000"]), {"x": actual})


@pytest.mark.parametrize("actual", [[50], {"a": 50}, float("nan")])
@pytest.mark.parametrize("op", ["eq", "ne", "starts_with", "gte"])
def test_lists_objects_and_nan_compare_with_nothing(actual, op):
    assert not holds(leaf("data.x", op, "50"), {"x": actual})


def test_between_includes_both_ends():
    between = leaf("data.x", "between", ["10", "20"])
    assert [x for x in (9.99, 10, 15, 20, "20.01") if holds(between, {"x": x})] == [10, 15, 20]


# -- texts, lists, dates


def test_contains_finds_a_part_of_a_text_or_an_element_of_a_list():
    assert holds(leaf("data.x", "contains", "ell"), {"x": "hello"})
    assert not holds(leaf("data.x", "contains", "ELL"), {"x": "hello"})
    assert holds(leaf("data.x", "contains", "vip"), {"x": ["new", "vip"]})
    assert not holds(leaf("data.x", "contains", "vi"), {"x": ["new", "vip"]})
    assert holds(leaf("data.x", "contains", 5), {"x": ["5.0"]})
    assert not holds(leaf("data.x", "contains", 5), {"x": "15"})
    assert not holds(leaf("data.x", "contains", "a"), {"x": {"a": 1}})


def test_starts_with_is_for_texts():
    assert holds(leaf("data.sku", "starts_with", "85"), {"sku": "85123A"})
    assert not holds(leaf("data.sku", "starts_with", "85"), {"sku": 85123})
    assert not holds(leaf("data.sku", "starts_with", "51"), {"sku": "85123A"})


def test_dates_in_the_data_compare_with_dates():
    on_or_after = leaf("data.day", "gte", "2024-02-01")
    assert holds(on_or_after, {"day": "2024-02-01"})
    assert not holds(on_or_after, {"day": "2024-01-31"})
    assert not holds(on_or_after, {"day": "2024-02-30"})
    assert not holds(on_or_after, {"day": 20240202})
    assert not holds(on_or_after, {"day": "20240202"})


# -- a missing field


EXAMPLES = {
    "eq": "1",
    "ne": "1",
    "in": ["1"],
    "not_in": ["1"],
    "gt": "1",
    "gte": "1",
    "lt": "1",
    "lte": "1",
    "contains": "1",
    "starts_with": "1",
    "exists": True,
    "between": ["0", "1"],
}


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("data", [{}, {"a": None}, {"a": {"b": None}}, {"a": 3}, {"a": [{"b": 1}]}])
def test_a_missing_field_is_false_for_every_op(op, data):
    assert not holds(leaf("data.a.b", op, EXAMPLES[op]), data)


@pytest.mark.parametrize("data", [{}, {"a": None}, {"a": {"b": None}}, {"a": 3}])
def test_only_exists_false_is_true_of_a_missing_field(data):
    assert holds(leaf("data.a.b", "exists", False), data)
    assert not holds(leaf("data.a.b", "exists", False), {"a": {"b": 0}})
    assert holds(leaf("data.a.b", "exists", True), {"a": {"b": False}})


@pytest.mark.parametrize("op", OPS)
def test_missing_line_items_are_a_missing_field_for_any_and_for_all(op):
    without: list[dict[str, object]] = [{}, {"items": []}, {"items": "x"}, {"items": None}]
    for match in ("any", "all"):
        for data in without:
            assert not holds(leaf("data.items[].sku", op, EXAMPLES[op], match=match), data)
            assert holds(leaf("data.items[].sku", "exists", False, match=match), data)


# -- the fields


def test_day_hour_and_date_are_those_of_the_project_s_zone():
    late_friday = datetime(2024, 5, 31, 23, 30, tzinfo=UTC)  # 00:30 on Saturday in London
    for zone, weekday, hour, day in ((LONDON, 6, 0, "2024-06-01"), (UTC, 5, 23, "2024-05-31")):
        known = {"at": late_friday, "zone": zone}
        assert holds(leaf("event.occurred_at.weekday", "eq", weekday), **known)
        assert holds(leaf("event.occurred_at.hour", "eq", hour), **known)
        assert holds(leaf("event.occurred_at.date", "eq", day), **known)
    assert holds(leaf("event.occurred_at.date", "between", ["2024-05-31", "2024-06-01"]), at=late_friday)
    assert not holds(leaf("event.occurred_at.date", "gt", "2024-06-01"), at=late_friday)


def test_weekdays_have_numbers_and_names():
    assert holds(leaf("event.occurred_at.weekday", "in", ["saturday", 7]))
    assert canonical(leaf("event.occurred_at.weekday", "in", ["saturday", 7, "1"]))["value"] == [6, 7, 1]
    assert not holds(leaf("event.occurred_at.weekday", "eq", "monday"))


def test_every_field_of_the_member_can_be_asked_about():
    member = {"attributes": {"address": {"city": "Leeds"}}, "tier": "gold", "age_days": 30}
    assert holds(leaf("member.attributes.address.city", "eq", "Leeds"), **member)
    assert holds(leaf("member.tier", "in", ["gold", "silver"]), **member)
    assert holds(leaf("member.age_days", "gte", 30), **member)
    assert not holds(leaf("member.age_days", "gt", 30), **member)
    assert holds(leaf("event.type", "eq", "purchase"))
    assert holds(leaf("member.tier", "exists", False))
    assert not holds(leaf("member.age_days", "lt", 1))


def test_the_first_purchase_is_the_one_with_no_earlier_ones():
    first = leaf("member.event_count.purchase", "eq", 0)
    assert holds(first)
    assert holds(first, event_counts={"purchase": 0, "visit": 3})
    assert not holds(first, event_counts={"purchase": 1})
    assert holds(leaf("member.event_count.lesson.completed", "gte", 2), event_counts={"lesson.completed": 2})


def test_facts_refuse_a_time_without_a_zone():
    with pytest.raises(ValueError, match="time zone"):
        facts(at=datetime(2024, 1, 1))  # noqa: DTZ001


# -- groups


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"all": [YES, YES]}, True),
        ({"all": [YES, NO]}, False),
        ({"any": [NO, YES]}, True),
        ({"any": [NO, NO]}, False),
        ({"not": NO}, True),
        ({"not": YES}, False),
        ({"all": [{"any": [NO, {"not": NO}]}, {"not": {"all": [YES, NO]}}]}, True),
        ({"not": leaf("data.nothing", "eq", 1)}, True),
    ],
)
def test_groups_combine_as_they_are_called(raw, expected):
    assert holds(raw) is expected
