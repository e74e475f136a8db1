"""What judging an event of very many line items costs: one rule after the other, without a database."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from loyalty.rules.earning import CompiledRule, evaluate
from programs.awards import parse_award
from programs.conditions import Facts, parse

LINES = 10_000
ROUNDS = 20
FIXED = {"kind": "fixed", "points": 5}
TEA = {
    "all": [
        {"field": "item.sku", "op": "eq", "value": "tea"},
        {"field": "item.quantity", "op": "gte", "value": 2},
    ]
}
OURS = {
    "any": [
        {"field": "item.sku", "op": "starts_with", "value": "sku"},
        {"field": "item.sku", "op": "exists", "value": False},
    ]
}
RULES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "any line with that sku": ({"field": "data.items[].sku", "op": "eq", "value": "tea"}, FIXED),
    "one line that meets two comparisons": ({"items": "any", "where": TEA}, FIXED),
    "every line, two comparisons": ({"items": "all", "where": OURS}, FIXED),
    "points for each piece": ({}, {"kind": "per_item", "each": "quantity", "points": "2", "where": {}}),
    "points for the amount of some lines": (
        {},
        {"kind": "per_item", "each": "amount", "points": "2", "step": "1", "where": TEA},
    ),
}
HEAD = "| one rule, {:,} line items | ms, empty lines ({:.0f} KiB) | ms, full lines ({:.0f} KiB) |\n|---|--:|--:|\n"


def report(say: Callable[[str], None]) -> str:
    """A line for each rule. Empty lines are all that fits into an event; full ones are far above its limit."""
    empty: list[dict[str, Any]] = [{} for _ in range(LINES)]
    full = [{"sku": f"sku-{n}", "quantity": n % 3, "amount": "4.99"} for n in range(LINES)]
    kinds = (empty, full)
    text = HEAD.format(LINES, *(len(json.dumps(lines, separators=(",", ":"))) / 1024 for lines in kinds))
    for name, (condition, award) in RULES.items():
        rule = _rule(condition, award)
        took = [_milliseconds(rule, lines) for lines in kinds]
        say(f"{name}: {took[0]:.1f} ms over empty lines, {took[1]:.1f} over full ones")
        text += f"| {name} | {took[0]:.1f} | {took[1]:.1f} |\n"
    return text


def _milliseconds(rule: CompiledRule, lines: list[dict[str, Any]]) -> float:
    """The median of some rounds, of the processor's time."""
    at = datetime(2026, 3, 1, tzinfo=UTC)
    facts = Facts(event_type="purchase", occurred_at=at, time_zone=UTC, data={"items": lines})
    took = []
    for _ in range(ROUNDS):
        began = time.process_time()
        evaluate(facts, [rule])
        took.append(1000 * (time.process_time() - began))
    return sorted(took)[ROUNDS // 2]


def _rule(condition: dict[str, Any], award: dict[str, Any]) -> CompiledRule:
    return CompiledRule(
        id=uuid4(),
        revision_id=uuid4(),
        revision_number=1,
        name="Measured",
        event_type="purchase",
        condition=parse(condition),
        metric_id=uuid4(),
        metric_code="points",
        award=parse_award(award),
        rounding="down",
        valid_from=datetime(2020, 1, 1, tzinfo=UTC),
        valid_until=None,
        priority=0,
    )
