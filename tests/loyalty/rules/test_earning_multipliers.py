"""Levels and multiplying rules: the order of products, one rounding, and what each one added."""

from decimal import Decimal, localcontext
from uuid import UUID

import pytest

from loyalty.rules.earning import Room, Situation
from programs.awards import PerAmountAward
from programs.conditions import parse
from programs.limits import Cap
from tests.loyalty.rules.earning_examples import (
    METRIC,
    NO,
    gold,
    judge,
    named,
    outcomes,
    times,
    told,
    usage,
)

PER_ONE = PerAmountAward(Decimal(1))


def test_the_level_multiplies_first_and_the_product_is_rounded_once():
    evaluation = judge([named("Spend", PER_ONE, 1)], {"amount": 15}, gold("1.25"))
    (verdict,) = evaluation.verdicts
    assert verdict.points == 18
    assert told(verdict) == [
        ("base", "15 holds 15 times 1, at 1 each", "15"),
        ("multiplier", "Gold: 15 × 1.25 = 18.75", "18.75"),
        ("rounding", "18.75 rounded down to 18", "18"),
    ]


@pytest.mark.parametrize(
    ("rounding", "points"),
    [("down", 46), ("half_up", 47), ("up", 47)],
)
def test_two_multipliers_and_a_level_round_the_whole_product_once(rounding, points):
    # 15 x 1.25 x 2 x 1.25 = 46.875; rounding between would give 45 or 47.5
    rules = [named("Spend", PER_ONE, 1, rounding=rounding), times("2"), times("1.25", "Extra", 51)]
    evaluation = judge(rules, {"amount": 15}, gold("1.25"))
    assert [award.points for award in evaluation.awards] == [points]


def test_each_multiplier_says_what_it_added():
    rules = [
        named("Spend", PER_ONE, 1),
        times("2", "Weekend", 50, priority=5),
        times("1.5", "App", 51),
    ]
    evaluation = judge(rules, {"amount": 15}, gold("1.5"))
    assert outcomes(evaluation) == {
        "Weekend": ("multiplied", 23),
        "App": ("multiplied", 22),
        "Spend": ("awarded", 67),
    }
    spend = evaluation.verdicts[2]
    assert told(spend) == [
        ("base", "15 holds 15 times 1, at 1 each", "15"),
        ("multiplier", "Gold: 15 × 1.5 = 22.5", "22.5"),
        ("rounding", "22.5 rounded down to 22", "22"),
        ("multiplier", "Weekend: 22.5 × 2 = 45, 23 extra", "45"),
        ("multiplier", "App: 45 × 1.5 = 67.5 rounded down to 67, 22 extra", "67"),
    ]
    weekend, app = evaluation.verdicts[0], evaluation.verdicts[1]
    assert weekend.reason == "The condition is met: times 2 adds 23 points."
    assert told(app) == [("multiplier", "Spend: 22 extra", "22")]


def test_a_bonus_is_never_multiplied_and_says_so():
    welcome = named("Welcome", 25, 1, entry_type="bonus")
    evaluation = judge([welcome, times("2")], situation=gold())
    assert outcomes(evaluation) == {"Welcome": ("awarded", 25), "Double": ("nothing_to_multiply", 0)}
    assert told(evaluation.verdicts[1]) == [
        ("base", "fixed: 25", "25"),
        ("multiplier", "a bonus is never multiplied", "25"),
    ]
    assert "a bonus never is" in evaluation.verdicts[0].reason
    assert told(judge([welcome]).verdicts[0]) == [("base", "fixed: 25", "25")]


@pytest.mark.parametrize(
    "other",
    [
        times("2", program_id=UUID(int=70)),
        times("2", metric_id=UUID(int=90)),
        times("2", condition=parse(NO)),
        times("2", event_type="visit"),
    ],
)
def test_only_a_matching_multiplier_of_the_same_program_and_metric_counts(other):
    evaluation = judge([named("Spend", 10, 1), other])
    assert [award.points for award in evaluation.awards] == [10]
    assert usage(evaluation) == []


@pytest.mark.parametrize("situation", [gold("1"), gold("2", UUID(int=90)), Situation()])
def test_a_level_of_another_metric_or_that_multiplies_by_one_says_nothing(situation):
    evaluation = judge([named("Spend", 10, 1)], situation=situation)
    assert told(evaluation.verdicts[0]) == [("base", "fixed: 10", "10")]


def test_a_multiplier_without_an_award_gives_nothing():
    evaluation = judge([times("2")])
    assert outcomes(evaluation) == {"Double": ("nothing_to_multiply", 0)}
    assert evaluation.awards == ()


def test_a_multiplier_that_adds_less_than_a_point_adds_nothing():
    evaluation = judge([named("Spend", 1, 1), times("1.5")])
    assert outcomes(evaluation) == {"Double": ("nothing_to_multiply", 0), "Spend": ("awarded", 1)}


def test_a_multiplier_s_own_cap_cuts_its_extra_and_not_the_award():
    double = times("2", caps=(Cap("day", "points", 100),))
    evaluation = judge([named("Spend", PER_ONE, 1), double], {"amount": 250})
    assert outcomes(evaluation) == {"Double": ("multiplied", 100), "Spend": ("awarded", 350)}
    assert told(evaluation.verdicts[1])[1:] == [
        ("multiplier", "Double: 250 × 2 = 500, 250 extra", "500"),
        ("cap", "Double: cut to 100: at most 100 points a day", "350"),
    ]
    assert usage(evaluation) == [(50, 100, 1, "member")]


def test_a_multiplier_s_cap_is_shared_by_the_awards_of_an_event_in_their_order():
    double = times("2", caps=(Cap("event", "points", 100), Cap("day", "times", 80)), budget=1000)
    rules = [named("First", 80, 1, priority=2), named("Second", 80, 2, priority=1), double]
    evaluation = judge(rules)
    assert outcomes(evaluation) == {
        "First": ("awarded", 160),
        "Second": ("awarded", 100),
        "Double": ("multiplied", 100),
    }
    assert usage(evaluation) == [(50, 100, 1, "member")]  # both awards are one time


def test_a_multiplier_s_budget_is_shared_by_the_awards_of_an_event():
    rules = [named("First", 80, 1, priority=2), named("Second", 80, 2, priority=1), times("2", budget=100)]
    evaluation = judge(rules)
    assert [award.points for award in evaluation.awards] == [160, 100]
    assert usage(evaluation) == [(50, 100, 1, "member")]


@pytest.mark.parametrize(
    ("room", "outcome", "words"),
    [
        (Room((0, None, 5)), "cap_reached", "Double: cut to 0: at most 100 points a day, none left"),
        (Room((100, None, 0)), "cap_reached", "Double: cut to 0: at most 3 times a week, none left"),
    ],
)
def test_a_multiplier_whose_cap_is_reached_adds_nothing(room, outcome, words):
    caps = (Cap("day", "points", 100), Cap("event", "points", 60), Cap("week", "times", 3))
    evaluation = judge(
        [named("Spend", 10, 1), times("2", caps=caps)], situation=Situation(rooms={UUID(int=50): room})
    )
    assert outcomes(evaluation) == {"Double": (outcome, 0), "Spend": ("awarded", 10)}
    assert told(evaluation.verdicts[1])[-1] == ("cap", words, "10")
    assert usage(evaluation) == []


def test_a_multiplier_whose_budget_is_spent_adds_nothing():
    situation = Situation(rooms={UUID(int=50): Room((), 0)})
    evaluation = judge([named("Spend", 10, 1), times("2", budget=100)], situation=situation)
    assert outcomes(evaluation) == {"Double": ("budget_spent", 0), "Spend": ("awarded", 10)}


@pytest.mark.parametrize(
    ("left", "first", "second", "given"),
    [(400, 100, 200, 400), (300, 100, 100, 300), (200, 100, 0, 200), (150, 50, 0, 150), (90, 0, 0, 90)],
)
def test_what_a_later_limit_takes_is_taken_from_the_last_extra_first(left, first, second, given):
    caps = (Cap("ever", "points", 10**6),)
    rules = [
        named("Spend", 100, 1, caps=caps),
        times("2", "First", 50, priority=1, caps=caps),
        times("2", "Second", 51, caps=caps),
    ]
    for situation in (
        Situation(rooms={UUID(int=1): Room((left,))}),
        Situation(maximum={METRIC: left}),
    ):
        evaluation = judge(rules, situation=situation)
        used = {number: points for number, points, _, _ in usage(evaluation)}
        assert used == {n: p for n, p in ((1, given), (50, first), (51, second)) if p}
        assert outcomes(evaluation)["First"] == (
            ("multiplied", first) if first else ("nothing_to_multiply", 0)
        )


def test_an_extra_that_the_award_s_cap_takes_again_is_not_the_multiplier_s_fault():
    rules = [named("Spend", 100, 1, caps=(Cap("event", "points", 100),)), times("2", budget=50)]
    evaluation = judge(rules)
    assert outcomes(evaluation) == {"Double": ("nothing_to_multiply", 0), "Spend": ("awarded", 100)}
    assert "cut again by a limit of what it multiplies" in evaluation.verdicts[0].reason
    assert usage(evaluation) == []


def test_a_product_above_10_to_the_15_is_refused_not_cut():
    evaluation = judge([named("Spend", 10**15, 1, caps=(Cap("event", "points", 5),)), times("1000")])
    assert outcomes(evaluation) == {"Double": ("nothing_to_multiply", 0), "Spend": ("too_many_points", 0)}
    assert evaluation.awards == ()


def test_forty_multipliers_stay_exact():
    factor = Decimal("1.000001")
    rules = [named("Spend", 10**14, 1)] + [times(factor, f"M{n:02}", 50 + n) for n in range(40)]
    with localcontext(prec=2000):
        expected = int(10**14 * factor**40)
    with localcontext(prec=3):  # the thread's own context says nothing
        assert sum(award.points for award in judge(rules).awards) == expected


def test_a_product_one_trillionth_of_a_millionth_below_a_whole_is_rounded_down():
    first, second = 1_234_567, 1_999_999
    millionths = pow(-first * second, -1, 10**18)  # so the product ends in 18 nines
    product = millionths * first * second
    assert product % 10**18 == 10**18 - 1
    assert len(str(product)) > 28  # more digits than Decimal has by default
    small = Decimal("0.000001")
    rules = [
        named("Spend", PerAmountAward(small, small), 1),
        times(Decimal(first).scaleb(-6), "First", 50),
        times(Decimal(second).scaleb(-6), "Second", 51),
    ]
    evaluation = judge(rules, {"amount": str(Decimal(millionths).scaleb(-6))})
    assert [award.points for award in evaluation.awards] == [product // 10**18]
