"""The canonical form, and properties of all valid conditions."""

import json
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from programs.conditions import canonical, parse, validate
from tests.programs.condition_examples import CONDITIONS, DATA, facts, holds, leaf


@given(CONDITIONS)
def test_the_canonical_form_is_json_is_stable_and_means_the_same(raw):
    stored = json.loads(json.dumps(canonical(raw), allow_nan=False))
    assert canonical(stored) == stored
    assert parse(stored) == parse(raw)
    assert parse(raw).to_json() == stored


@given(CONDITIONS, DATA)
def test_evaluation_never_fails_and_the_canonical_form_gives_the_same_verdict(raw, data):
    verdict = parse(raw).evaluate(facts(data))
    assert verdict == parse(canonical(raw)).evaluate(facts(data))
    if verdict.failed:
        json.dumps(verdict.to_json(), allow_nan=False).encode()
        assert "\0" not in verdict.failed.words


@given(CONDITIONS, DATA)
def test_not_turns_every_verdict_round(raw, data):
    if not validate({"not": raw}):
        assert holds({"not": raw}, data) is not holds(raw, data)


@given(st.decimals(-100, 100, places=3), st.decimals(-100, 100, places=3))
def test_exactly_one_of_less_equal_and_greater_is_true(value, actual):
    verdicts = [holds(leaf("data.x", op, str(value)), {"x": str(actual)}) for op in ("lt", "gt")]
    equal = holds(leaf("data.x", "between", [str(value), str(value)]), {"x": str(actual)})
    assert [*verdicts, equal].count(True) == 1


# -- canonical form


def test_the_canonical_form_keeps_exact_bounds_as_text_and_equality_as_it_was_typed():
    raw = {
        "any": [
            {"value": 50.10, "op": "gte", "field": "data.amount"},
            leaf("data.a", "between", [Decimal("1.00"), "2.50"]),
            leaf("data.a", "in", ["50", 50, 50.0, 0.5, True]),
            leaf("event.occurred_at.hour", "lt", "9"),
            leaf("data.items[].a", "gt", "2024-01-01"),
        ]
    }
    stored = canonical(raw)["any"]
    assert json.dumps(stored[0]) == '{"field": "data.amount", "op": "gte", "value": "50.1"}'
    assert stored[1]["value"] == ["1", "2.5"]
    assert json.dumps(stored[2]["value"]) == '["50", 50, 50, 0.5, true]'
    assert stored[3]["value"] == 9
    assert stored[4] == leaf("data.items[].a", "gt", "2024-01-01", match="any")
