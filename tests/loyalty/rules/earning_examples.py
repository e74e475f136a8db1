"""Rules, purchases and situations for the tests of the evaluation."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from loyalty.rules.earning import CompiledRule, Level, Situation, evaluate
from programs.awards import FixedAward, MultiplierAward, PerAmountAward
from programs.conditions import Facts, parse

PROGRAM, METRIC = UUID(int=7), UUID(int=9)
START = datetime(2024, 1, 1, tzinfo=UTC)
NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)
"""A Saturday."""
TWO_PER_ONE = PerAmountAward(Decimal(2))
YES = {"field": "event.type", "op": "eq", "value": "purchase"}
NO = {"not": YES}


def rule(award=TWO_PER_ONE, number=1, **changes):
    """Revision 1 of rule 1, always true and in force since the start of 2024."""
    defaults: dict[str, Any] = {
        "id": UUID(int=1),
        "revision_id": UUID(int=100 + number),
        "name": "Spend",
        "event_type": "purchase",
        "condition": parse({}),
        "metric_id": METRIC,
        "metric_code": "points",
        "rounding": "down",
        "valid_from": START,
        "valid_until": None,
        "priority": 0,
        "program_id": PROGRAM,
    }
    return CompiledRule(award=award, revision_number=number, **(defaults | changes))


def named(name, award, number, **changes):
    """A rule with a name and an id of its own."""
    award = FixedAward(award) if isinstance(award, int) else award
    return rule(award, id=UUID(int=number), revision_id=UUID(int=100 + number), name=name, **changes)


def times(factor, name="Double", number=50, **changes):
    """A multiplying rule."""
    return named(name, MultiplierAward(Decimal(factor)), number, **changes)


def gold(multiplier="1.5", metric=METRIC):
    """The situation of a member whose level multiplies."""
    return Situation(levels={PROGRAM: Level("gold", "Gold", Decimal(multiplier), metric)})


def purchase(data=None, at=NOON):
    return Facts("purchase", at, UTC, data or {})


def judge(rules, data=None, situation=None, at=NOON):
    """The evaluation, whose explanation is JSON and says what the awards say; whatever order the rules
    come in, it is the same."""
    situation = situation or Situation()
    evaluation = evaluate(purchase(data, at), rules, situation)
    assert evaluate(purchase(data, at), rules[::-1], situation) == evaluation
    assert [award.points for award in evaluation.awards if award.recipient == "member"] == [
        verdict.points for verdict in evaluation.verdicts if verdict.outcome == "awarded" and verdict.points
    ]
    json.dumps(evaluation.to_json(), allow_nan=False).encode()
    return evaluation


def outcomes(evaluation):
    """What became of each rule: {name: (outcome, points)}."""
    return {verdict.rule.name: (verdict.outcome, verdict.points) for verdict in evaluation.verdicts}


def told(verdict):
    """The steps of a verdict as (stage, words, points)."""
    return [tuple(step.to_json().values()) for step in verdict.steps]


def usage(evaluation):
    """What was used: [(rule's number, points, times, recipient)]."""
    return [(used.rule_id.int, used.points, used.times, used.recipient) for used in evaluation.usage]


def earn(compiled, data=None, at=NOON, situation=None):
    """The one verdict of one rule; what it says and what is posted agree."""
    evaluation = judge([compiled], data, situation, at)
    (verdict,) = evaluation.verdicts
    assert [award.points for award in evaluation.awards] == ([verdict.points] if verdict.points else [])
    assert (verdict.outcome == "awarded") is (verdict.points > 0)
    return verdict
