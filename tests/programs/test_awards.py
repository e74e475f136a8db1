"""What a rule awards: what is accepted, and how it reads."""

import json
from decimal import Decimal

import pytest
from hypothesis import given

from programs.awards import (
    AwardError,
    FixedAward,
    PerAmountAward,
    canonical_award,
    describe_award,
    describe_rule,
    parse_award,
    validate_award,
)
from programs.conditions import FaultyConfigurationError
from tests.programs.condition_examples import JSON, leaf

FIXED = {"kind": "fixed", "points": 100}
TWO_PER_ONE = {"kind": "per_amount", "field": "data.amount", "rate": "2", "step": "1"}


def test_a_fixed_award_is_a_number_of_points():
    assert parse_award(FIXED) == FixedAward(100)


def test_an_award_per_amount_has_an_exact_rate_and_step():
    raw = {"kind": "per_amount", "field": "data.distance.km", "rate": 2.5, "step": "0.10"}
    assert parse_award(raw) == PerAmountAward(Decimal("2.5"), Decimal("0.1"), "data.distance.km")


def test_field_and_step_may_be_left_out_and_are_stored_all_the_same():
    assert canonical_award({"kind": "per_amount", "rate": 2}) == TWO_PER_ONE
    assert canonical_award(TWO_PER_ONE | {"rate": Decimal("2.00")}) == TWO_PER_ONE
    assert canonical_award(FIXED) == FIXED


@pytest.mark.parametrize(
    ("raw", "path", "code"),
    [
        (None, "", "invalid_type"),
        ([FIXED], "", "invalid_type"),
        ({}, "kind", "unknown_kind"),
        ({"kind": "free"}, "kind", "unknown_kind"),
        ({"kind": ["fixed"]}, "kind", "unknown_kind"),
        ({"kind": "fixed"}, "points", "invalid_value"),
        (FIXED | {"points": 0}, "points", "invalid_value"),
        (FIXED | {"points": -5}, "points", "invalid_value"),
        (FIXED | {"points": 1.0}, "points", "invalid_value"),
        (FIXED | {"points": "100"}, "points", "invalid_value"),
        (FIXED | {"points": True}, "points", "invalid_value"),
        (FIXED | {"points": 10**15 + 1}, "points", "invalid_value"),
        (FIXED | {"rate": 2}, "", "unknown_key"),
        (TWO_PER_ONE | {"rate": None}, "rate", "invalid_value"),
        (TWO_PER_ONE | {"rate": 0}, "rate", "invalid_value"),
        (TWO_PER_ONE | {"rate": "-1"}, "rate", "invalid_value"),
        (TWO_PER_ONE | {"rate": "1e3"}, "rate", "invalid_value"),
        (TWO_PER_ONE | {"rate": True}, "rate", "invalid_value"),
        (TWO_PER_ONE | {"rate": float("nan")}, "rate", "invalid_value"),
        (TWO_PER_ONE | {"rate": "0.0000001"}, "rate", "invalid_value"),
        (TWO_PER_ONE | {"rate": 10**9 + 1}, "rate", "invalid_value"),
        (TWO_PER_ONE | {"step": 0}, "step", "invalid_value"),
        (TWO_PER_ONE | {"step": "one"}, "step", "invalid_value"),
        (TWO_PER_ONE | {"field": "data.items[].amount"}, "field", "unknown_field"),
        (TWO_PER_ONE | {"field": "member.age_days"}, "field", "unknown_field"),
        (TWO_PER_ONE | {"field": 5}, "field", "unknown_field"),
    ],
)
def test_a_bad_award_is_refused_with_the_path_of_the_fault(raw, path, code):
    assert [(fault.path, fault.code) for fault in validate_award(raw)] == [(path, code)]
    with pytest.raises(AwardError) as refusal:
        parse_award(raw)
    assert list(refusal.value.faults) == validate_award(raw)


def test_all_faults_of_an_award_are_reported_at_once():
    raw = {"kind": "per_amount", "rate": 0, "step": 0, "points": 5}
    assert [fault.path for fault in validate_award(raw)] == ["rate", "step", ""]


@given(JSON)
def test_validation_answers_on_any_json_at_all(raw):
    assert validate_award(raw)
    assert validate_award({"kind": "per_amount", "rate": raw, "step": raw, "field": raw}) is not None
    assert validate_award({"kind": "fixed", "points": raw}) is not None


def test_a_huge_award_is_refused_with_a_short_fault():
    (fault,) = validate_award({"kind": "fixed", "points": 10**10000})
    assert len(json.dumps(fault.to_json())) < 300


# -- in words


@pytest.mark.parametrize(
    ("raw", "title", "currency", "words"),
    [
        (FIXED, "Points", None, "100 points"),
        (FIXED | {"points": 1}, "Points", None, "1 point"),
        (FIXED | {"points": 1}, "XP", None, "1 XP"),
        (FIXED | {"points": 1}, "Bonus", None, "1 bonus"),
        (FIXED, "Gold Coins", None, "100 Gold Coins"),
        (TWO_PER_ONE, "Points", None, "2 points per 1"),
        (TWO_PER_ONE, "Points", "GBP", "2 points per £1"),
        (TWO_PER_ONE | {"rate": 1, "step": "0.5"}, "Coins", "USD", "1 coin per $0.50"),
        (TWO_PER_ONE | {"rate": "0.5", "step": 10}, "Points", "SEK", "0.5 points per SEK 10"),
        (TWO_PER_ONE | {"field": "data.distance_km", "step": 5}, "XP", "GBP", "2 XP per 5 of distance km"),
        (TWO_PER_ONE | {"field": "data.net_total"}, "Points", "GBP", "2 points per £1 of net total"),
    ],
)
def test_an_award_reads_as_english(raw, title, currency, words):
    assert describe_award(raw, title, currency) == words


BIG_WEEKEND = {
    "all": [leaf("data.amount", "gte", "50"), leaf("event.occurred_at.weekday", "in", [6, 7])],
}


@pytest.mark.parametrize(
    ("event_type", "condition", "award", "words"),
    [
        (
            "purchase",
            BIG_WEEKEND,
            TWO_PER_ONE,
            "Purchases where amount is at least 50 and the day is Saturday or Sunday earn 2 points per 1.",
        ),
        ("purchase", {}, FIXED, "Purchases earn 100 points each."),
        ("visit", None, FIXED, "Visits earn 100 points each."),
        ("entry", None, FIXED, "Entries earn 100 points each."),
        ("delay", None, FIXED, "Delays earn 100 points each."),
        ("watch", None, FIXED, "Watches earn 100 points each."),
        ("lesson_completed", None, FIXED, "Lesson completed events earn 100 points each."),
        ("lesson.completed", None, FIXED, "Lesson completed events earn 100 points each."),
        ("subscribed", None, FIXED, "Subscribed events earn 100 points each."),
    ],
)
def test_a_rule_reads_as_a_sentence(event_type, condition, award, words):
    assert describe_rule(event_type, condition, award, "Points") == words


def test_a_rule_s_sentence_shows_the_currency():
    words = describe_rule("purchase", BIG_WEEKEND["all"][0], TWO_PER_ONE, "Points", "GBP")
    assert words == "Purchases where amount is at least £50 earn 2 points per £1."


@pytest.mark.parametrize(("condition", "award"), [({"all": []}, FIXED), ({}, {})])
def test_a_bad_rule_has_no_sentence(condition, award):
    with pytest.raises(FaultyConfigurationError):
        describe_rule("purchase", condition, award, "Points")
