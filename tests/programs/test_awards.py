"""What a rule awards: what is accepted, and how it reads."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from programs.awards import (
    AwardError,
    FixedAward,
    MultiplierAward,
    PerAmountAward,
    PerItemAward,
    ReferralAward,
    canonical_award,
    describe_award,
    describe_definition,
    describe_rule,
    parse_award,
)
from programs.conditions import FaultyConfigurationError, parse_item
from tests.programs.condition_examples import JSON, leaf

FIXED = {"kind": "fixed", "points": 100}
TWO_PER_ONE = {"kind": "per_amount", "field": "data.amount", "rate": "2", "step": "1"}
SKU_A = leaf("item.sku", "eq", "A")
PER_PIECE = {"kind": "per_item", "each": "quantity", "points": "2", "where": SKU_A}
PER_FIVE = {"kind": "per_item", "each": "amount", "points": "2", "step": "5", "where": {}}
DOUBLE = {"kind": "multiplier", "factor": "2"}
FRIENDS = {"kind": "referral", "member": 100, "referrer": 200}


def faults_of(raw):
    with pytest.raises(AwardError) as refusal:
        parse_award(raw)
    return refusal.value.faults


def test_a_fixed_award_is_a_number_of_points():
    assert parse_award(FIXED) == FixedAward(100)


def test_an_award_per_amount_has_an_exact_rate_and_step():
    raw = {"kind": "per_amount", "field": "data.distance.km", "rate": 2.5, "step": "0.10"}
    assert parse_award(raw) == PerAmountAward(Decimal("2.5"), Decimal("0.1"), "data.distance.km")


def test_field_and_step_may_be_left_out_and_are_stored_all_the_same():
    assert canonical_award({"kind": "per_amount", "rate": 2}) == TWO_PER_ONE
    assert canonical_award(TWO_PER_ONE | {"rate": Decimal("2.00")}) == TWO_PER_ONE
    assert canonical_award(FIXED) == FIXED


def test_an_award_per_item_counts_pieces_lines_or_amounts_of_the_lines_that_match():
    assert parse_award(PER_PIECE) == PerItemAward("quantity", Decimal(2), parse_item(SKU_A))
    assert parse_award(PER_PIECE | {"each": "line"}) == PerItemAward("line", Decimal(2), parse_item(SKU_A))
    assert parse_award(PER_FIVE) == PerItemAward("amount", Decimal(2), parse_item({}), Decimal(5))
    bare = {"kind": "per_item", "each": "amount", "points": 2.50}
    assert canonical_award(bare) == {**bare, "points": "2.5", "step": "1", "where": {}}
    assert canonical_award(bare | {"each": "line"}) == {**bare, "each": "line", "points": "2.5", "where": {}}


def test_a_multiplier_has_an_exact_factor():
    assert parse_award(DOUBLE | {"factor": 1.1}) == MultiplierAward(Decimal("1.1"))
    assert canonical_award(DOUBLE | {"factor": "2.00"}) == DOUBLE


def test_a_referral_gives_to_both_sides_or_to_one():
    assert parse_award(FRIENDS) == ReferralAward(100, 200)
    assert parse_award(FRIENDS | {"member": 0}) == ReferralAward(0, 200)
    assert canonical_award(FRIENDS | {"referrer": 0}) == FRIENDS | {"referrer": 0}


@pytest.mark.parametrize("award", [FIXED, TWO_PER_ONE, PER_PIECE, PER_FIVE, DOUBLE, FRIENDS])
def test_the_canonical_form_is_stable(award):
    assert canonical_award(award) == award
    assert parse_award(award).to_json() == award


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
        (PER_PIECE | {"each": "item"}, "each", "invalid_value"),
        (PER_PIECE | {"each": None}, "each", "invalid_value"),
        (PER_PIECE | {"points": 0}, "points", "invalid_value"),
        (PER_PIECE | {"step": "1"}, "step", "unknown_key"),
        (PER_FIVE | {"step": 0}, "step", "invalid_value"),
        (PER_PIECE | {"where": []}, "where", "invalid_type"),
        (
            PER_PIECE | {"where": {"all": [SKU_A, leaf("item.sku", "like", "B")]}},
            "where.all[1].op",
            "unknown_op",
        ),
        (PER_PIECE | {"where": leaf("data.amount", "gt", 1)}, "where.field", "unknown_field"),
        (DOUBLE | {"factor": 1}, "factor", "invalid_value"),
        (DOUBLE | {"factor": "0.5"}, "factor", "invalid_value"),
        (DOUBLE | {"factor": "1000.1"}, "factor", "invalid_value"),
        (DOUBLE | {"factor": "1.0000001"}, "factor", "invalid_value"),
        (DOUBLE | {"factor": True}, "factor", "invalid_value"),
        (DOUBLE | {"points": 5}, "", "unknown_key"),
        (FRIENDS | {"member": -1}, "member", "invalid_value"),
        (FRIENDS | {"referrer": None}, "referrer", "invalid_value"),
        (FRIENDS | {"member": 0, "referrer": 0}, "member", "invalid_value"),
    ],
)
def test_a_bad_award_is_refused_with_the_path_of_the_fault(raw, path, code):
    assert [(fault.path, fault.code) for fault in faults_of(raw)] == [(path, code)]


def test_all_faults_of_an_award_are_reported_at_once():
    raw = {"kind": "per_amount", "rate": 0, "step": 0, "points": 5}
    assert [fault.path for fault in faults_of(raw)] == ["rate", "step", ""]


@given(JSON)
def test_any_json_at_all_is_read_or_refused(raw):
    assert faults_of(raw)
    assert faults_of({"kind": "per_item", "each": raw, "points": raw, "step": raw})
    for award in (
        {"kind": "per_amount", "rate": raw, "step": raw, "field": raw},
        {"kind": "fixed", "points": raw},
        PER_PIECE | {"where": raw},
        {"kind": "multiplier", "factor": raw},
        {"kind": "referral", "member": raw, "referrer": raw},
    ):
        try:
            canonical = canonical_award(award)
        except AwardError:
            continue
        assert canonical_award(canonical) == canonical


def test_a_huge_award_is_refused_with_a_short_fault():
    (fault,) = faults_of({"kind": "fixed", "points": 10**10000})
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
        (PER_PIECE, "Points", None, "2 points per piece where sku is A"),
        (PER_PIECE | {"each": "line", "where": {}}, "Points", None, "2 points per line"),
        (PER_FIVE, "XP", "GBP", "2 XP per £5 of the lines"),
        (DOUBLE, "Points", None, "points times 2"),
        (FRIENDS, "Points", None, "a referred member 100 points and the referrer 200 points"),
        (FRIENDS | {"member": 0}, "Points", None, "the referrer 200 points"),
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
        ("purchase", BIG_WEEKEND, TWO_PER_ONE, "Purchases of 50 or more on weekends earn 2 points per 1."),
        (
            "purchase",
            {"all": [leaf("data.channel", "eq", "app"), *BIG_WEEKEND["all"]]},
            FIXED,
            "Purchases of 50 or more on weekends where channel is app earn 100 points each.",
        ),
        (
            "purchase",
            {"any": BIG_WEEKEND["all"]},
            FIXED,
            "Purchases where amount is at least 50 or the day is Saturday or Sunday earn 100 points each.",
        ),
        (
            "purchase",
            leaf("data.amount", "gte", "2024-01-01"),
            FIXED,
            "Purchases where amount is 1 January 2024 or later earn 100 points each.",
        ),
        ("purchase", {}, DOUBLE, "Purchases multiply the points earned by 2."),
        ("purchase", {}, PER_PIECE, "Purchases earn 2 points per piece where sku is A."),
        (
            "purchase",
            {},
            FRIENDS,
            "Purchases give a referred member 100 points and the referrer 200 points, once.",
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
    assert words == "Purchases of £50 or more earn 2 points per £1."


NOON = datetime(2024, 12, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"caps": [{"per": "day", "points": 500}]}, "Purchases earn 2 points per £1, at most 500 a day."),
        (
            {"caps": [{"per": "ever", "times": 1}], "budget": 9000},
            "Purchases earn 2 points per £1, once ever, until 9000 are given to all members together.",
        ),
        (
            {"schedule": {"weekdays": [6, 7], "hours": {"from": 9, "until": 17}}},
            "Purchases on weekends between 09:00 and 17:00 earn 2 points per £1.",
        ),
        ({"starts_at": NOON}, "Purchases from 2024-12-01 12:00 earn 2 points per £1."),
        (
            {"starts_at": NOON, "ends_at": NOON + timedelta(days=30, hours=11)},
            "Purchases from 2024-12-01 13:00 and before 2025-01-01 earn 2 points per £1.",
        ),
        (
            {"exclusive_group": "welcome"},
            "Purchases earn 2 points per £1; of the group welcome the best alone is applied.",
        ),
    ],
)
def test_a_rule_s_sentence_tells_its_limits(limits, words):
    zone = ZoneInfo("Europe/Paris") if "ends_at" in limits else None
    said = describe_rule("purchase", {}, TWO_PER_ONE, "Points", "GBP", **limits, zone=zone)
    assert said == words


def test_a_multiplier_s_caps_are_on_what_it_adds():
    said = describe_rule("purchase", {}, DOUBLE, "Points", caps=[{"per": "day", "points": 100}])
    assert said == "Purchases multiply the points earned by 2, at most 100 extra a day."


def test_a_definition_is_told_like_its_rule_and_an_old_one_has_no_limits():
    old: dict[str, object] = {"event_type": "purchase", "condition": {}, "award": FIXED}
    assert describe_definition(old, "Points") == "Purchases earn 100 points each."
    new = old | {"caps": [], "budget": None, "schedule": {}, "ends_at": "2024-12-01T12:00:00Z"}
    assert describe_definition(new, "Points") == "Purchases before 2024-12-01 12:00 earn 100 points each."


@pytest.mark.parametrize(
    ("condition", "award", "limits"),
    [
        ({"all": []}, FIXED, {}),
        ({}, {}, {}),
        ({}, FIXED, {"caps": [{}]}),
        ({}, FIXED, {"schedule": {"weekdays": []}}),
    ],
)
def test_a_bad_rule_has_no_sentence(condition, award, limits):
    with pytest.raises(FaultyConfigurationError):
        describe_rule("purchase", condition, award, "Points", **limits)
