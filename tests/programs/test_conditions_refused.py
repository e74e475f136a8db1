"""Which conditions are refused, with the path of the fault."""

from decimal import Decimal

import pytest
from hypothesis import given, settings

from programs.conditions import (
    ConditionError,
    parse,
    validate,
)
from tests.programs.condition_examples import JSON, YES, facts, fault_of, leaf
from tests.work import steps_of

# -- what is refused, and where


@pytest.mark.parametrize(
    ("raw", "path", "code"),
    [
        ({"all": [YES, {"any": [leaf("data.a", "like", "x")]}]}, "all[1].any[0].op", "unknown_op"),
        (leaf("data.a", ["eq"], "x"), "op", "unknown_op"),
        (leaf("data.a", None, "x"), "op", "unknown_op"),
        (leaf("points.total", "eq", 1), "field", "unknown_field"),
        (leaf("data", "eq", 1), "field", "unknown_field"),
        (leaf("data.", "eq", 1), "field", "unknown_field"),
        (leaf("data.a..b", "eq", 1), "field", "unknown_field"),
        (leaf("data.lines[].sku", "eq", 1), "field", "unknown_field"),
        (leaf("data.items[]", "eq", 1), "field", "unknown_field"),
        (leaf("data." + "a" * 300, "eq", 1), "field", "unknown_field"),
        (leaf("data.a\0", "eq", 1), "field", "unknown_field"),
        (leaf("event.occurred_at", "eq", 1), "field", "unknown_field"),
        (leaf("member.event_count.", "eq", 1), "field", "unknown_field"),
        (leaf(7, "eq", 1), "field", "invalid_type"),
        ({"op": "eq", "value": 1}, "field", "invalid_type"),
        ({"field": "data.a", "op": "eq"}, "value", "missing_key"),
        (leaf("data.a", "eq", None), "value", "invalid_value"),
        (leaf("data.a", "eq", [1]), "value", "invalid_value"),
        (leaf("data.a", "eq", float("nan")), "value", "invalid_value"),
        (leaf("data.a", "gt", float("inf")), "value", "invalid_value"),
        (leaf("data.a", "eq", 10**50), "value", "invalid_value"),
        (leaf("data.a", "eq", Decimal("0.1234567890123456789")), "value", "invalid_value"),
        (leaf("data.a", "gt", "much"), "value", "invalid_value"),
        (leaf("data.a", "gt", True), "value", "invalid_value"),
        (leaf("data.a", "gt", "NaN"), "value", "invalid_value"),
        (leaf("data.a", "gt", 1e300), "value", "invalid_value"),
        (leaf("data.a", "gt", "2024-02-30"), "value", "invalid_value"),
        (leaf("data.a", "in", "x"), "value", "invalid_value"),
        (leaf("data.a", "in", []), "value", "empty"),
        (leaf("data.a", "in", ["x", {}]), "value[1]", "invalid_value"),
        (leaf("data.a", "in", ["x"] * 1001), "value", "too_long"),
        (leaf("data.a", "between", ["1"]), "value", "invalid_value"),
        (leaf("data.a", "between", "1"), "value", "invalid_value"),
        (leaf("data.a", "between", ["2", "1"]), "value", "invalid_value"),
        (leaf("data.a", "between", ["2", "x"]), "value[1]", "invalid_value"),
        (leaf("data.a", "between", ["2", "2024-01-01"]), "value", "invalid_value"),
        (leaf("data.a", "exists", "yes"), "value", "invalid_value"),
        (leaf("data.a", "starts_with", ""), "value", "invalid_value"),
        (leaf("data.a", "starts_with", 8), "value", "invalid_value"),
        (leaf("data.a", "eq", "x" * 1025), "value", "too_long"),
        (leaf("data.a", "eq", "a\0b"), "value", "invalid_value"),
        (leaf("data.a", "eq", "\ud800"), "value", "invalid_value"),
        (leaf("event.occurred_at.weekday", "eq", 0), "value", "invalid_value"),
        (leaf("event.occurred_at.weekday", "eq", 8), "value", "invalid_value"),
        (leaf("event.occurred_at.weekday", "eq", "Saturday"), "value", "invalid_value"),
        (leaf("event.occurred_at.weekday", "eq", True), "value", "invalid_value"),
        (leaf("event.occurred_at.hour", "lt", 24), "value", "invalid_value"),
        (leaf("event.occurred_at.hour", "eq", 1.5), "value", "invalid_value"),
        (leaf("event.occurred_at.date", "eq", "01.06.2024"), "value", "invalid_value"),
        (leaf("event.occurred_at.date", "contains", "-12-"), "op", "invalid_op"),
        (leaf("event.type", "gt", "a"), "op", "invalid_op"),
        (leaf("member.tier", "between", ["a", "b"]), "op", "invalid_op"),
        (leaf("member.tier", "eq", 3), "value", "invalid_value"),
        (leaf("member.age_days", "eq", -1), "value", "invalid_value"),
        (leaf("data.a", "eq", 1, match="any"), "match", "unknown_key"),
        (leaf("data.items[].a", "eq", 1, match="some"), "match", "invalid_value"),
        (leaf("data.a", "eq", 1, note="x"), "", "unknown_key"),
        ({"all": [YES], "why": 1}, "", "unknown_key"),
        ({"all": [YES], "any": [YES]}, "", "ambiguous"),
        ({"not": YES, **YES}, "", "ambiguous"),
        ({"all": []}, "all", "empty"),
        ({"any": []}, "any", "empty"),
        ({"all": YES}, "all", "invalid_type"),
        ({"any": None}, "any", "invalid_type"),
        ({"not": [YES]}, "not", "invalid_type"),
        ({"all": [{}]}, "all[0]", "missing_key"),
        ({"not": {"none": [YES]}}, "not", "missing_key"),
        ({"items": "some", "where": YES}, "items", "invalid_value"),
        ({"items": "any"}, "where", "missing_key"),
        ({"items": "any", "where": {}}, "where", "missing_key"),
        (
            {"items": "any", "where": {"items": "any", "where": leaf("item.a", "eq", 1)}},
            "where",
            "nested_items",
        ),
    ],
)
def test_a_bad_condition_is_refused_with_the_path_of_the_fault(raw, path, code):
    assert fault_of(raw) == (path, code)
    with pytest.raises(ConditionError) as refusal:
        parse(raw)
    assert [(fault.path, fault.code) for fault in refusal.value.faults] == [(path, code)]
    assert refusal.value.faults[0].to_json().keys() == {"path", "code", "detail"}


def test_all_faults_are_reported_at_once():
    raw = {"all": [leaf("x", "like", 1), YES, leaf("data.a", "gt", "?")]}
    assert [fault.path for fault in validate(raw)] == ["all[0].field", "all[0].op", "all[2].value"]


def nested(depth):
    raw = YES
    for _ in range(depth):
        raw = {"not": raw}
    return raw


def test_groups_may_be_nested_five_deep_and_no_deeper():
    assert validate(nested(5)) == []
    assert fault_of(nested(6)) == ("not.not.not.not.not", "too_deep")
    assert fault_of(nested(100_000)) == ("not.not.not.not.not", "too_deep")
    block = {"items": "any", "where": {"not": {"not": {"not": {"not": leaf("item.a", "eq", 1)}}}}}
    assert validate(block) == []
    assert fault_of({"not": block}) == ("not.where.not.not.not", "too_deep")


def test_a_condition_has_at_most_200_nodes():
    assert validate({"all": [YES] * 199}) == []
    assert fault_of({"all": [YES] * 200}) == ("all[199]", "too_many_nodes")
    assert fault_of({"all": [{"any": [YES] * 99}] * 3}) == ("all[1].any[98]", "too_many_nodes")


@pytest.mark.parametrize(
    "raw",
    [
        {"all": [{}] * 1_000_000},
        {"all": [[]] * 1_000_000},
        {str(number): number for number in range(100_000)},
        leaf("data.a", "in", [None] * 1_000_000),
        leaf("data.a", "in", [None] * 1_000),
        leaf("data.a", "eq", "x" * 10_000_000),
        leaf("x" * 10_000_000, "x" * 10_000_000, 10**5000),
    ],
)
def test_huge_conditions_are_refused_at_once_with_a_few_short_faults(raw):
    faults = []
    assert steps_of(lambda: faults.extend(validate(raw))) < 100_000  # less than one for each of a million
    assert 1 <= len(faults) <= 20
    assert all(len(fault.path) + len(fault.detail) < 400 for fault in faults)


@given(JSON)
@settings(max_examples=250)
def test_validation_answers_on_any_json_at_all(raw):
    faults = validate(raw)
    if faults:
        with pytest.raises(ConditionError) as refusal:
            parse(raw)
        assert list(refusal.value.faults) == faults
    else:
        parse(raw).evaluate(facts())
