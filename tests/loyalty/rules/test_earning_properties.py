"""Properties of the evaluation: nothing above a limit, exact without limits, and no data that breaks it."""

import json
import os
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import get_args
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.rules.earning import Level, Referred, Room, Situation, evaluate
from programs.awards import Each, FixedAward, MultiplierAward, PerAmountAward, PerItemAward, ReferralAward
from programs.conditions import parse, parse_item
from programs.limits import PERIODS, Cap, Schedule
from tests.loyalty.rules.earning_examples import METRIC, PROGRAM, named, outcomes, purchase
from tests.programs.condition_examples import JSON

EXAMPLES = int(os.environ.get("LOYALTY_RULE_EXAMPLES", "0"))
FIGURES = st.integers(1, 300)
FACTORS = st.integers(1001, 4000).map(lambda thousandths: Decimal(thousandths) / 1000)
CAPS = st.lists(
    st.builds(Cap, st.sampled_from(PERIODS), st.sampled_from(["points", "times"]), FIGURES).filter(
        lambda cap: (cap.per, cap.unit) != ("event", "times")
    ),
    max_size=3,
    unique_by=lambda cap: (cap.per, cap.unit),
).map(tuple)
LIMITS = {
    "caps": CAPS,
    "budget": st.none() | FIGURES,
    "exclusive_group": st.sampled_from(["", "", "one"]),
    "priority": st.integers(0, 2),
    "entry_type": st.sampled_from(["earned", "earned", "bonus"]),
}
AWARDS = st.one_of(
    st.builds(FixedAward, FIGURES),
    st.builds(PerAmountAward, FACTORS),
    st.builds(
        PerItemAward,
        st.sampled_from(get_args(Each)),
        FACTORS,
        st.just(parse_item({"field": "item.sku", "op": "ne", "value": "B"})),
    ),
    st.builds(MultiplierAward, FACTORS),
    st.builds(ReferralAward, FIGURES, FIGURES),
)


@st.composite
def rooms(draw, rules):
    """What each rule has left: never more than its limits; some have all."""
    found = {}
    for rule in rules:
        if draw(st.booleans()):
            caps = [None if cap.per == "event" else draw(st.integers(0, cap.limit)) for cap in rule.caps]
            found[rule.id] = Room(tuple(caps), rule.budget and draw(st.integers(0, rule.budget)))
    return found


@st.composite
def cases(draw):
    awards = draw(st.lists(AWARDS, min_size=1, max_size=6))
    rules = [
        named(f"Rule {number}", award, number, **draw(st.fixed_dictionaries(LIMITS)))
        for number, award in enumerate(awards, 1)
    ]
    levels = {PROGRAM: Level("gold", "Gold", draw(FACTORS | st.just(Decimal(1))), METRIC)}
    situation = Situation(
        levels=draw(st.sampled_from([{}, levels])),
        rooms=draw(rooms(rules)),
        maximum=draw(st.just({}) | st.fixed_dictionaries({METRIC: st.integers(0, 500)})),
        referral=draw(st.none() | st.builds(Referred, rooms(rules))),
    )
    amount = draw(st.integers(0, 20_000).map(lambda cents: str(Decimal(cents) / 100)))
    lines = [{"sku": "A", "quantity": 2, "amount": amount}, {"sku": "B"}, {"sku": "C", "amount": 5}]
    return rules, purchase({"amount": amount, "items": lines}), situation


def most(rule, room):
    """By its definition: the most that a rule may give to one member for this event."""
    room = room or Room(tuple(cap.limit for cap in rule.caps), rule.budget)
    limits = [] if room.budget is None else [room.budget]
    for cap, left in zip(rule.caps, room.caps, strict=True):
        if cap.unit == "points":
            limits.append(cap.limit if left is None else left)
        elif left == 0:
            limits.append(0)
    return min(limits, default=10**15)


@given(cases())
@settings(max_examples=EXAMPLES or 75)
def test_no_rule_gives_more_than_its_caps_and_budget_leave_to_either_side(case):
    rules, facts, situation = case
    evaluation = evaluate(facts, rules, situation)
    of_rule = {rule.id: rule for rule in rules}
    spent: dict[UUID, int] = {}
    for used in evaluation.usage:
        theirs = situation.referral.rooms if used.recipient == "referrer" else situation.rooms
        assert 0 < used.points <= most(of_rule[used.rule_id], theirs.get(used.rule_id))
        assert used.times == 1
        spent[used.rule_id] = spent.get(used.rule_id, 0) + used.points
    for rule in rules:
        if rule.budget is not None:
            room = situation.rooms.get(rule.id)
            assert spent.get(rule.id, 0) <= (rule.budget if room is None else room.budget)
        if not (rule.budget or rule.periods):
            assert rule.id not in spent
    assert len(evaluation.usage) == len({(used.rule_id, used.recipient) for used in evaluation.usage})


@given(cases())
@settings(max_examples=EXAMPLES or 75)
def test_the_awards_fit_the_account_and_are_what_the_verdicts_say(case):
    rules, facts, situation = case
    evaluation = evaluate(facts, rules, situation)
    own = [award for award in evaluation.awards if award.recipient == "member"]
    assert all(award.points > 0 for award in evaluation.awards)
    if METRIC in situation.maximum:
        assert sum(award.points for award in own) <= situation.maximum[METRIC]
    awarded = {v.rule.id: v.points for v in evaluation.verdicts if v.outcome == "awarded" and v.points}
    assert {award.rule_id: award.points for award in own} == awarded
    extras = sum(v.points for v in evaluation.verdicts if v.outcome == "multiplied")
    earned = sum(award.points for award in own if award.type == "earned")
    assert extras <= earned
    assert evaluate(facts, rules[::-1], situation) == evaluation
    for verdict in evaluation.verdicts:
        if verdict.outcome == "awarded" and not isinstance(verdict.rule.award, ReferralAward):
            assert verdict.steps[-1].points == verdict.points


ROUND = {"down": floor, "half_up": lambda x: floor(x + Fraction(1, 2)), "up": lambda x: -floor(-x)}


@given(
    st.integers(0, 10**7),
    st.lists(FACTORS, max_size=5),
    FACTORS | st.just(Decimal(1)),
    st.sampled_from(list(ROUND)),
)
def test_without_limits_the_award_is_base_times_all_multipliers_rounded_once(cents, factors, level, rounding):
    amount = Decimal(cents) / 100
    rate = Decimal("1.37")
    rules = [named("Spend", PerAmountAward(rate), 1, rounding=rounding)]
    rules += [named(f"M{n}", MultiplierAward(factor), 50 + n) for n, factor in enumerate(factors)]
    situation = Situation(levels={PROGRAM: Level("gold", "Gold", level, METRIC)})
    exact = Fraction(rate) * int(amount) * Fraction(level)
    for factor in factors:
        exact *= Fraction(factor)
    evaluation = evaluate(purchase({"amount": str(amount)}), rules, situation)
    given_ = sum(award.points for award in evaluation.awards)
    assert given_ == ROUND[rounding](exact)
    extras = sum(points for outcome, points in outcomes(evaluation).values() if outcome == "multiplied")
    assert given_ - extras == ROUND[rounding](Fraction(rate) * int(amount) * Fraction(level))


EVERY_KIND = [
    named("Fixed", FixedAward(5), 1, condition=parse({"field": "data.a", "op": "ne", "value": 1})),
    named("Amount", PerAmountAward(Decimal("0.001"), Decimal("0.001")), 2),
    named("Deep", PerAmountAward(Decimal(2), Decimal(3), "data.a.b"), 3),
    *(
        named(each, PerItemAward(each, Decimal("0.5")), number)
        for number, each in enumerate(get_args(Each), 4)
    ),
    named("Times", MultiplierAward(Decimal("1.5")), 7, schedule=Schedule((6,), (9, 17))),
    named("Friends", ReferralAward(1, 2), 8, budget=100),
]
KEYS = st.sampled_from(["a", "amount", "b", "items", "quantity", "sku"]) | st.text()
EXTREME = (
    st.floats() | st.integers() | st.decimals() | st.sampled_from([10**4000, Decimal("1e-999999"), "9" * 40])
)
ANYTHING = st.recursive(
    JSON | EXTREME,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(
    st.dictionaries(KEYS, ANYTHING, max_size=5),
    st.sampled_from([Situation(), Situation(referral=Referred())]),
)
@settings(max_examples=EXAMPLES or 100)
def test_evaluation_never_fails_whatever_the_data(data, situation):
    evaluation = evaluate(purchase(data), EVERY_KIND, situation)
    assert len(evaluation.verdicts) == len(EVERY_KIND)
    json.dumps(evaluation.to_json(), allow_nan=False).encode()
