"""The worked example of docs/earning.md: two rules match, one loses to its group, a cap and a level count."""

from decimal import Decimal
from pathlib import Path
from uuid import UUID

from loyalty.rules.earning import Room, Situation
from programs.awards import MultiplierAward, PerAmountAward
from programs.limits import Cap, Schedule
from tests.loyalty.rules.earning_examples import gold, judge, named, outcomes, told, usage

DOCS = Path(__file__).parents[3] / "docs" / "earning.md"
BONUS = {"exclusive_group": "hello", "entry_type": "bonus"}
RULES = [
    named(
        "Double at weekends",
        MultiplierAward(Decimal(2)),
        1,
        priority=20,
        schedule=Schedule((6, 7)),
        caps=(Cap("day", "points", 100),),
    ),
    named("1 point per £1", PerAmountAward(Decimal(1)), 2, priority=10, caps=(Cap("day", "points", 200),)),
    named("Welcome", 25, 3, **BONUS),
    named("Newsletter", 10, 4, **BONUS),
]
ADA = Situation(levels=gold("1.25").levels, rooms={UUID(int=1): Room((70,)), UUID(int=2): Room((150,))})


def test_each_rule_gives_what_the_documentation_says():
    evaluation = judge(RULES, {"amount": "95"}, ADA)
    assert outcomes(evaluation) == {
        "Double at weekends": ("multiplied", 32),
        "1 point per £1": ("awarded", 150),
        "Newsletter": ("group_lost", 0),
        "Welcome": ("awarded", 25),
    }
    assert usage(evaluation) == [(2, 150, 1, "member"), (1, 32, 1, "member")]


def test_the_documentation_shows_each_step_in_the_same_words():
    text = DOCS.read_text()
    double, spend, newsletter, welcome = judge(RULES, {"amount": "95"}, ADA).verdicts
    steps = [step for verdict in (double, spend, welcome) for step in told(verdict)]
    assert len(steps) == 9
    for stage, words, points in steps:
        row = f"| {stage} | {words} | "
        assert row in text
        assert row == "| multiplier | 1 point per £1: 32 extra | " or any(
            f"{row}{figure} |" in text for figure in (points, f"**{points}**")
        )
    assert newsletter.reason in text


def test_every_outcome_is_documented():
    text = DOCS.read_text()
    source = (Path(__file__).parents[3] / "loyalty" / "rules" / "verdicts.py").read_text()
    declared = source.split("Outcome = Literal[")[1].split("]")[0]
    names = [line.strip(' ",') for line in declared.split("\n") if line.strip()]
    assert len(names) == 16
    assert [name for name in names if f"`{name}`" not in text] == []
