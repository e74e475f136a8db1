"""A referral awards both sides, once, within each side's own caps and one budget."""

from uuid import UUID

import pytest

from loyalty.rules.earning import Award, Referred, Room, Situation
from programs.awards import ReferralAward
from programs.limits import Cap
from tests.loyalty.rules.earning_examples import METRIC, gold, judge, named, outcomes, times, told, usage

ONE = UUID(int=1)
BOB = Referred()


def both(member=100, referrer=200, number=1, name="Friends", **changes):
    return named(name, ReferralAward(member, referrer), number, **changes)


def referred(rooms=None, theirs=None, **changes):
    return Situation(rooms=rooms or {}, referral=Referred(theirs or {}, **changes))


def given(evaluation):
    return [(award.recipient, award.points) for award in evaluation.awards]


def test_a_referral_awards_both_sides_and_names_the_rule_that_did():
    rule = both(entry_type="bonus")
    evaluation = judge([rule], situation=referred())
    ids = rule.id, rule.revision_id, METRIC
    assert evaluation.awards == (Award(*ids, 100, "bonus"), Award(*ids, 200, "bonus", "referrer"))
    assert evaluation.referral is rule
    (verdict,) = evaluation.verdicts
    assert verdict.reason == "The condition is met: 100 points, and 200 for the referrer."
    assert (verdict.points, verdict.to_json()["referrer_points"]) == (100, 200)
    assert told(verdict) == [
        ("base", "a referred member: 100", "100"),
        ("base", "the referrer: 200", "200"),
    ]


@pytest.mark.parametrize(
    ("referral", "reason"),
    [
        (None, "The member has no referral that waits for its first qualifying event."),
        (Referred(by_oneself=True), "The referrer is the member; nobody refers themselves."),
    ],
)
def test_without_a_referral_by_somebody_else_nobody_gets_anything(referral, reason):
    evaluation = judge([both()], situation=Situation(referral=referral))
    assert [(v.outcome, v.reason, v.matched) for v in evaluation.verdicts] == [("not_referred", reason, True)]
    assert (evaluation.awards, evaluation.usage, evaluation.referral) == ((), (), None)


def test_the_first_rule_that_pays_settles_the_referral():
    spent = both(number=1, name="Spent", priority=3, budget=500)
    rules = [spent, both(10, 20, 2, "Now", priority=2), both(30, 40, 3, "Later")]
    evaluation = judge(rules, situation=referred({spent.id: Room((), 0)}))
    assert outcomes(evaluation) == {
        "Spent": ("budget_spent", 0),
        "Now": ("awarded", 10),
        "Later": ("not_referred", 0),
    }
    assert evaluation.verdicts[2].reason == "The referral is awarded once, and Now awarded it."
    assert evaluation.referral is rules[1]


@pytest.mark.parametrize(
    ("member", "referrer", "expected"),
    [(100, 0, [("member", 100)]), (0, 200, [("referrer", 200)])],
)
def test_one_side_may_get_nothing(member, referrer, expected):
    evaluation = judge([both(member, referrer)], situation=referred())
    assert given(evaluation) == expected
    assert evaluation.referral


def test_each_side_is_cut_by_the_caps_of_its_own_usage():
    rule = both(caps=(Cap("month", "points", 250),))
    evaluation = judge([rule], situation=referred({ONE: Room((250,))}, {ONE: Room((60,))}))
    assert given(evaluation) == [("member", 100), ("referrer", 60)]
    assert usage(evaluation) == [(1, 100, 1, "member"), (1, 60, 1, "referrer")]
    assert told(evaluation.verdicts[0])[-1] == (
        "cap",
        "the referrer: cut to 60: at most 250 points a month, 60 left",
        "60",
    )
    times_used_up = {ONE: Room((0,))}
    rule = both(caps=(Cap("month", "times", 5),))
    assert given(judge([rule], situation=referred(theirs=times_used_up))) == [("member", 100)]


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        (300, [("member", 100), ("referrer", 200)]),
        (150, [("member", 100), ("referrer", 50)]),
        (100, [("member", 100)]),
        (70, [("member", 70)]),
        (0, []),
    ],
)
def test_both_share_one_budget_and_the_member_comes_first(budget, expected):
    left = {ONE: Room((), budget)}
    for situation in (referred(left), referred(left, left)):
        evaluation = judge([both(budget=1000)], situation=situation)
        assert given(evaluation) == expected
        assert sum(points for _, points, _, _ in usage(evaluation)) <= budget
    assert outcomes(evaluation)["Friends"][0] == ("awarded" if expected else "budget_spent")


def test_a_referral_is_not_multiplied_by_level_or_rule():
    situation = Situation(levels=gold("3").levels, referral=BOB)
    evaluation = judge([both(), times("2")], situation=situation)
    assert given(evaluation) == [("member", 100), ("referrer", 200)]
    assert outcomes(evaluation)["Double"] == ("nothing_to_multiply", 0)


def test_each_side_has_its_own_account_s_maximum():
    situation = Situation(maximum={METRIC: 10}, referral=Referred(maximum={METRIC: 20}))
    assert given(judge([both()], situation=situation)) == [("member", 10), ("referrer", 20)]


def test_a_referral_in_a_group_counts_what_both_sides_get():
    welcome = named("Welcome", 250, 2, exclusive_group="new")
    evaluation = judge([both(exclusive_group="new"), welcome], situation=referred())
    assert outcomes(evaluation) == {"Friends": ("awarded", 100), "Welcome": ("group_lost", 0)}
    evaluation = judge([both(exclusive_group="new"), welcome])
    assert outcomes(evaluation) == {"Friends": ("not_referred", 0), "Welcome": ("awarded", 250)}
