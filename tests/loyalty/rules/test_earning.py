"""What an event earns: which revision counts, the arithmetic of an award, and the explanation."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.rules.earning import Award, evaluate
from programs.awards import FixedAward, PerAmountAward
from programs.conditions import parse
from tests.loyalty.rules.earning_examples import START, YES, earn, gold, judge, named, purchase, rule

# -- awards


def test_a_fixed_award_gives_its_points_to_the_rule_s_metric():
    bonus = rule(FixedAward(25), entry_type="bonus")
    evaluation = evaluate(purchase(), [bonus])
    assert evaluation.awards == (Award(bonus.id, bonus.revision_id, bonus.metric_id, 25, "bonus"),)


@pytest.mark.parametrize(
    ("rate", "step", "amount", "points"),
    [
        ("2", "1", "53.20", 106),
        ("2", "1", "53", 106),
        ("2", "1", 53.99, 106),
        ("2", "1", Decimal("53.99"), 106),
        ("1", "1", "0.99", 0),
        ("1", "1", 0, 0),
        ("5", "10", "39.99", 15),
        ("1", "0.10", 0.3, 3),  # 0.3 // 0.1 is 2 in floats
        ("1", "0.01", "1000000000000", 10**14),
        ("2.5", "1", "3", 7),
        ("0.1", "1", "29", 2),
    ],
)
def test_an_award_per_amount_counts_full_steps(rate, step, amount, points):
    compiled = rule(PerAmountAward(Decimal(rate), Decimal(step)))
    assert earn(compiled, {"amount": amount}).points == points


def test_the_amount_may_be_any_field_of_the_data():
    compiled = rule(PerAmountAward(Decimal(1), Decimal(5), "data.run.distance"))
    assert earn(compiled, {"run": {"distance": "21.1"}, "amount": 1000}).points == 4


@pytest.mark.parametrize(
    ("rounding", "rate", "points"),
    [
        ("down", "2.5", 7),
        ("half_up", "2.5", 8),
        ("up", "2.5", 8),
        ("half_up", "1.5", 5),  # half to even would be 4
        ("half_up", "0.8", 2),
        ("up", "0.7", 3),
        ("down", "0.9", 2),
        ("half_up", "0.5", 2),
        ("up", "2", 6),
    ],
)
def test_an_award_is_rounded_once_by_its_metric_s_rounding(rounding, rate, points):
    compiled = rule(PerAmountAward(Decimal(rate)), rounding=rounding)
    assert earn(compiled, {"amount": "3.99"}).points == points


@pytest.mark.parametrize(
    ("data", "outcome", "said"),
    [
        ({}, "amount_missing", "no data.amount"),
        ({"amount": None}, "amount_missing", "no data.amount"),
        ({"amount": "a lot"}, "amount_unusable", '"a lot", which is not a number'),
        ({"amount": "1e5"}, "amount_unusable", "1e5, which is not a number"),
        ({"amount": True}, "amount_unusable", "true, which is not a number"),
        ({"amount": [5]}, "amount_unusable", "a list, which is not a number"),
        ({"amount": float("nan")}, "amount_unusable", "which is not a number"),
        ({"amount": float("inf")}, "amount_unusable", "which is not a number"),
        ({"amount": "-0.01"}, "amount_unusable", "less than zero"),
        ({"amount": "1000000000000.01"}, "amount_unusable", "above 10^12"),
        ({"amount": 10**4000}, "amount_unusable", "above 10^12"),
        ({"amount": Decimal("1e999999999")}, "amount_unusable", "above 10^12"),
    ],
)
def test_an_unusable_amount_earns_nothing_and_the_verdict_says_why(data, outcome, said):
    verdict = earn(rule(), data)
    assert verdict.matched
    assert verdict.outcome == outcome
    assert said in verdict.reason
    assert len(verdict.reason) < 150


def test_zero_points_are_no_award():
    verdict = earn(rule(), {"amount": "0.99"})
    assert (verdict.outcome, verdict.matched) == ("zero_points", True)
    assert "0 points" in verdict.reason


def test_an_award_above_10_to_the_15_is_refused_not_cut():
    million = PerAmountAward(Decimal(10**6), Decimal("0.001"))
    assert earn(rule(million), {"amount": 10**6}).points == 10**15
    verdict = earn(rule(million), {"amount": "1000000.001"})
    assert (verdict.outcome, verdict.points) == ("too_many_points", 0)


CENTS = st.integers(0, 10**14)
RATES = st.integers(1, 10**6)


@given(CENTS, RATES, RATES, st.sampled_from(["down", "half_up", "up"]))
def test_the_arithmetic_is_that_of_exact_fractions(cents, rate, step, rounding):
    award = PerAmountAward(Decimal(rate) / 1000, Decimal(step) / 100)
    exact = floor(Fraction(cents, 100) / Fraction(step, 100)) * Fraction(rate, 1000)
    rounded = {"down": floor(exact), "half_up": floor(exact + Fraction(1, 2)), "up": -floor(-exact)}
    expected = rounded[rounding]
    verdict = earn(rule(award, rounding=rounding), {"amount": str(Decimal(cents) / 100)})
    assert verdict.points == (expected if expected <= 10**15 else 0)


AMOUNTS = st.floats() | st.integers() | st.text() | st.decimals() | st.none() | st.lists(st.integers())


@given(AMOUNTS)
def test_evaluation_never_fails_whatever_the_amount(amount):
    earn(rule(), {"amount": amount})


# -- conditions


def test_a_rule_whose_condition_fails_awards_nothing_and_says_what_failed():
    big = rule(condition=parse({"field": "data.amount", "op": "gte", "value": "50"}))
    verdict = earn(big, {"amount": 30})
    assert (verdict.outcome, verdict.matched, verdict.points) == ("condition_failed", False, 0)
    assert verdict.reason == "The condition is not met: data.amount is 30, needs at least 50."
    assert verdict.failed is not None
    assert verdict.failed.actual == 30
    assert earn(big, {"amount": 50}).points == 100


def test_the_tier_in_a_condition_is_the_level_in_the_rule_s_own_program():
    condition = parse({"field": "member.tier", "op": "eq", "value": "gold"})
    rules = [
        named("Here", 5, 1, condition=condition),
        named("There", 5, 2, condition=condition, program_id=UUID(int=70)),
        named("Anybody", 5, 3),
    ]
    assert [v.outcome for v in judge(rules, situation=gold()).verdicts] == [
        "awarded",
        "awarded",
        "condition_failed",
    ]
    without = judge(rules).verdicts[1]
    assert without.reason == "The condition is not met: the tier is missing, needs gold."


def test_rules_of_other_event_types_are_not_asked():
    evaluation = evaluate(purchase({"amount": 5}), [rule(event_type="refund")])
    assert (evaluation.awards, evaluation.verdicts) == ((), ())


# -- the revision in force

CHANGE = datetime(2024, 6, 1, tzinfo=UTC)
OLD = rule(FixedAward(10), 1, valid_until=CHANGE)
NEW = rule(FixedAward(20), 2, valid_from=CHANGE)


@pytest.mark.parametrize("revisions", [[OLD, NEW], [NEW, OLD]])
@pytest.mark.parametrize(
    ("at", "points"),
    [
        (START - timedelta(microseconds=1), 0),
        (START, 10),
        (CHANGE - timedelta(microseconds=1), 10),
        (CHANGE, 20),
        (CHANGE + timedelta(days=4000), 20),
    ],
)
def test_the_revision_that_held_when_the_event_happened_counts(revisions, at, points):
    evaluation = evaluate(purchase(at=at), revisions)
    assert [award.points for award in evaluation.awards] == ([points] if points else [])
    assert len(evaluation.verdicts) == 1


def test_a_rule_that_was_not_in_force_says_so_once():
    (verdict,) = evaluate(purchase(at=START - timedelta(days=1)), [NEW, OLD]).verdicts
    assert (verdict.outcome, verdict.matched) == ("not_in_force", False)
    assert verdict.rule is NEW
    ended = earn(OLD, at=CHANGE)
    assert ended.outcome == "not_in_force"


def test_a_rule_awards_an_event_once_even_if_two_revisions_overlap():
    overlapping = [NEW, replace(OLD, valid_until=None)]
    for order in (overlapping, overlapping[::-1]):
        assert [award.points for award in evaluate(purchase(), order).awards] == [20]


# -- several rules


def test_verdicts_and_awards_come_by_priority_then_by_name():
    rules = [
        rule(FixedAward(1), id=UUID(int=1), name="b"),
        rule(FixedAward(2), id=UUID(int=2), name="a"),
        rule(FixedAward(3), id=UUID(int=3), name="z", priority=5),
        rule(FixedAward(4), id=UUID(int=4), name="c", condition=parse({"not": {"all": [YES]}})),
    ]
    for order in (rules, rules[::-1]):
        evaluation = evaluate(purchase(), order)
        assert [award.points for award in evaluation.awards] == [3, 2, 1]
        assert [verdict.rule.name for verdict in evaluation.verdicts] == ["z", "a", "b", "c"]


def test_no_rules_earn_nothing():
    evaluation = evaluate(purchase(), [])
    assert (evaluation.awards, evaluation.verdicts) == ((), ())


# -- the explanation


def test_the_explanation_shows_each_step_in_words_and_figures():
    compiled = rule(PerAmountAward(Decimal("2.5")), condition=parse(YES), priority=3)
    evaluation = evaluate(purchase({"amount": "3.20"}), [compiled])
    assert evaluation.to_json() == {
        "verdicts": [
            {
                "rule_id": str(compiled.id),
                "revision_id": str(compiled.revision_id),
                "revision": 1,
                "name": "Spend",
                "group": "",
                "metric": "points",
                "matched": True,
                "outcome": "awarded",
                "reason": "The condition is met: 7 points.",
                "failed": None,
                "points": 7,
                "type": "earned",
                "steps": [
                    {"stage": "base", "words": "3.2 holds 3 times 1, at 2.5 each", "points": "7.5"},
                    {"stage": "rounding", "words": "7.5 rounded down to 7", "points": "7"},
                ],
            }
        ]
    }


def test_nothing_is_said_of_rounding_where_nothing_is_rounded():
    verdict = earn(rule(), {"amount": 5})
    assert [step.stage for step in verdict.steps] == ["base"]
    assert [step.words for step in earn(rule(FixedAward(7))).steps] == ["fixed: 7"]


def test_a_failed_condition_is_part_of_the_explanation():
    told = earn(rule(condition=parse({"not": YES}))).to_json()
    assert told["failed"] == {
        "path": "",
        "words": "excluded, because the event type is purchase",
        "field": None,
        "actual": None,
    }
    assert told["steps"] == []
