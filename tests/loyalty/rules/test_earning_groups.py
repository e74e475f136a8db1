"""Exclusive groups: of the rules that match, the best one alone is applied, and the others name it."""

from uuid import UUID

from loyalty.rules.earning import Room, Situation
from programs.awards import PerAmountAward
from programs.conditions import parse
from programs.limits import Cap
from tests.loyalty.rules.earning_examples import (
    METRIC,
    NO,
    TWO_PER_ONE,
    gold,
    judge,
    named,
    outcomes,
    times,
    told,
    usage,
)

GROUP = {"exclusive_group": "welcome"}


def test_of_a_group_the_rule_that_gives_most_is_applied_and_the_others_name_it():
    rules = [
        named("Fixed", 50, 1, priority=9, **GROUP),
        named("Spend", TWO_PER_ONE, 2, **GROUP),
        named("Beside", 5, 3),
    ]
    evaluation = judge(rules, {"amount": 30})
    assert outcomes(evaluation) == {
        "Fixed": ("group_lost", 0),
        "Beside": ("awarded", 5),
        "Spend": ("awarded", 60),
    }
    lost = evaluation.verdicts[0]
    assert lost.reason == "Of the group welcome, Spend is applied: it gives 60 points, against 50."
    assert (lost.matched, lost.to_json()["group"], told(lost)) == (
        True,
        "welcome",
        [("base", "fixed: 50", "50")],
    )
    assert outcomes(judge(rules, {"amount": 20}))["Fixed"] == ("awarded", 50)


def test_of_equal_ones_the_first_by_priority_then_name_is_applied():
    assert outcomes(judge([named("B", 5, 1, **GROUP), named("A", 5, 2, **GROUP)])) == {
        "A": ("awarded", 5),
        "B": ("group_lost", 0),
    }
    assert outcomes(judge([named("B", 5, 1, priority=1, **GROUP), named("A", 5, 2, **GROUP)])) == {
        "B": ("awarded", 5),
        "A": ("group_lost", 0),
    }


def test_what_each_would_give_counts_its_multipliers_caps_and_budget_but_not_the_account_s_maximum():
    plain = named("Plain", 100, 1, metric_id=UUID(int=90), **GROUP)
    multiplied = named("Multiplied", 80, 2, **GROUP)
    assert outcomes(judge([plain, multiplied], situation=gold()))["Multiplied"] == ("awarded", 120)
    capped = named("Capped", 500, 3, caps=(Cap("day", "points", 500),), **GROUP)
    spent = named("Spent", 500, 4, budget=500, **GROUP)
    rooms = {capped.id: Room((90,)), spent.id: Room((), 95)}
    evaluation = judge([plain, capped, spent], situation=Situation(rooms=rooms))
    assert outcomes(evaluation) == {
        "Capped": ("group_lost", 0),
        "Plain": ("awarded", 100),
        "Spent": ("group_lost", 0),
    }
    assert usage(evaluation) == []
    full = Situation(maximum={METRIC: 10})
    assert outcomes(judge([plain, capped], situation=full)) == {
        "Capped": ("awarded", 10),
        "Plain": ("group_lost", 0),
    }


def test_a_rule_that_does_not_match_or_gives_nothing_has_its_own_reason_and_loses_to_nobody():
    rules = [
        named("Unmatched", 500, 1, condition=parse(NO), **GROUP),
        named("Spend", PerAmountAward(TWO_PER_ONE.rate), 2, **GROUP),
        named("Reached", 500, 3, caps=(Cap("ever", "times", 1),), **GROUP),
        named("Fixed", 5, 4, **GROUP),
    ]
    evaluation = judge(rules, situation=Situation(rooms={UUID(int=3): Room((0,))}))
    assert outcomes(evaluation) == {
        "Fixed": ("awarded", 5),
        "Reached": ("cap_reached", 0),
        "Spend": ("amount_missing", 0),
        "Unmatched": ("condition_failed", 0),
    }


def test_groups_are_those_of_one_program():
    rules = [named("A", 5, 1, **GROUP), named("B", 9, 2, program_id=UUID(int=70), **GROUP)]
    assert [award.points for award in judge(rules).awards] == [5, 9]


def test_of_multipliers_in_a_group_the_largest_factor_is_applied():
    rules = [
        named("Spend", 10, 1),
        times("2", "Double", 50, priority=9, **GROUP),
        times("3", "Triple", 51, **GROUP),
        times("1.5", "Alone", 52),
    ]
    evaluation = judge(rules)
    assert outcomes(evaluation) == {
        "Double": ("group_lost", 0),
        "Alone": ("multiplied", 5),
        "Spend": ("awarded", 45),
        "Triple": ("multiplied", 30),
    }
    assert evaluation.verdicts[0].reason.endswith("Triple is applied: it gives times 3, against 2.")


def test_awards_and_multipliers_of_one_group_do_not_compete():
    rules = [named("Spend", 10, 1, **GROUP), times("2", **GROUP)]
    assert outcomes(judge(rules)) == {"Double": ("multiplied", 10), "Spend": ("awarded", 20)}


def test_the_groups_of_an_event_are_decided_by_what_was_left_before_it():
    # the first award takes all that the multiplier has; yet by itself Small would have been the better one
    double = times("3", caps=(Cap("day", "points", 100),))
    rules = [
        named("First", 100, 1, priority=9),
        named("Small", 50, 2, **GROUP),
        named("Bonus", 60, 3, entry_type="bonus", **GROUP),
        double,
    ]
    assert outcomes(judge(rules)) == {
        "First": ("awarded", 200),
        "Small": ("awarded", 50),
        "Bonus": ("group_lost", 0),
        "Double": ("multiplied", 100),
    }
