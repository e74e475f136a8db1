"""Why a condition is false, and what it reads."""

import json
from decimal import Decimal

import pytest

from programs.conditions import OPS, event_types_counted, field_named, fields_used, parse, validate
from tests.programs.condition_examples import LINES, NO, YES, facts, leaf


def why(raw, data=None, **more):
    failed = parse(raw).evaluate(facts(data, **more)).failed
    assert failed is not None
    json.dumps(failed.to_json(), allow_nan=False)
    return failed


# -- why it is false


@pytest.mark.parametrize(
    ("raw", "data", "path", "words"),
    [
        (leaf("data.amount", "gte", "50"), {"amount": 30}, "", "data.amount is 30, needs at least 50"),
        (leaf("data.amount", "gte", "50"), {}, "", "data.amount is missing, needs at least 50"),
        (
            {"all": [YES, {"any": [leaf("data.a", "eq", "x")]}]},
            {"a": "y z"},
            "all[1].any[0]",
            'data.a is "y z", needs x',
        ),
        (
            leaf("event.occurred_at.weekday", "in", [1, 7]),
            {},
            "",
            "the day is Saturday, needs Monday or Sunday",
        ),
        ({"not": YES}, {}, "", "excluded, because the event type is purchase"),
        (
            {"any": [NO, leaf("data.a", "starts_with", "x")]},
            {"a": "y"},
            "",
            "none holds: the event type is purchase, needs refund; data.a is y, needs to start with x",
        ),
        (leaf("data.items[].sku", "eq", "X"), {}, "", "the event has no items"),
        (leaf("data.items[].sku", "eq", "X"), LINES, "", "there is no item whose sku is X"),
        (
            leaf("data.items[].sku", "eq", "A", match="all"),
            LINES,
            "",
            "data.items[1].sku is B, needs A",
        ),
        ({"items": "any", "where": leaf("item.sku", "eq", "X")}, LINES, "", "no item matches (sku is X)"),
        (
            {"items": "all", "where": leaf("item.sku", "eq", "A")},
            LINES,
            "where",
            "data.items[1]: item.sku is B, needs A",
        ),
        (leaf("data.a", "exists", False), {"a": [1]}, "", "data.a is a list, needs to be missing"),
    ],
)
def test_a_false_condition_says_what_decided_it(raw, data, path, words):
    failed = why(raw, data)
    assert (failed.path, failed.words) == (path, words)


def test_the_first_failing_part_is_the_one_that_is_named():
    both = {"all": [YES, leaf("data.a", "gt", 5), leaf("data.b", "gt", 5)]}
    assert why(both, {"a": "3.50", "b": 1}).to_json() == {
        "path": "all[1]",
        "words": "data.a is 3.50, needs more than 5",
        "field": "data.a",
        "actual": "3.50",
    }


def test_a_true_condition_has_no_failure():
    assert parse(YES).evaluate(facts()).to_json() == {"matched": True, "failed": None}


@pytest.mark.parametrize(
    "actual", [float("nan"), 10**400, "x" * 5000, "\0\ud800", {"a": [1]}, 1.5, Decimal("1e999")]
)
def test_an_explanation_is_small_and_can_be_stored_whatever_the_actual_value(actual):
    stored = json.dumps(why(leaf("data.a", "eq", "no"), {"a": actual}).to_json(), allow_nan=False)
    assert len(stored) < 500
    assert "\0" not in json.loads(stored)["words"]
    json.loads(stored)["words"].encode()


# -- what a condition reads


def test_a_condition_tells_which_fields_it_reads():
    condition = parse(
        {
            "all": [
                leaf("data.amount", "gte", 1),
                {"not": leaf("member.event_count.purchase", "eq", 0)},
                {
                    "items": "any",
                    "where": {"any": [leaf("item.sku", "eq", "A"), leaf("item.a.b", "eq", "B")]},
                },
                leaf("data.items[].sku", "eq", "A"),
            ]
        }
    )
    assert fields_used(condition) == {
        "data.amount",
        "member.event_count.purchase",
        "data.items[].sku",
        "data.items[].a.b",
    }
    assert event_types_counted(condition) == {"purchase"}
    assert fields_used(parse({})) == set()


def test_the_console_can_ask_which_ops_a_field_takes():
    kind, ops = field_named("event.occurred_at.weekday") or (None, ())
    assert kind == "weekday"
    assert "gte" in ops
    assert "contains" not in ops
    assert (field_named("data.anything") or (None, ()))[1] == OPS
    assert field_named("nothing.there") is None
    assert field_named("item.sku") is None
    assert field_named("item.sku", scope="item")


@pytest.mark.parametrize("op", OPS)
def test_every_op_offered_for_a_field_is_accepted_there(op):
    values = {
        "event.type": "x",
        "event.occurred_at.weekday": 3,
        "event.occurred_at.hour": 3,
        "event.occurred_at.date": "2024-01-01",
        "member.age_days": 3,
        "data.x": "3",
    }
    for name, value in values.items():
        _, ops = field_named(name) or (None, ())
        several = [value, value] if op in ("in", "not_in", "between") else value
        raw = leaf(name, op, True if op == "exists" else several)
        assert (validate(raw) == []) is (op in ops)
