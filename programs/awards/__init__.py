"""What a rule awards: its JSON checked, made into figures, and put in words (domain.md 4).

| JSON | gives |
|---|---|
| `{"kind": "fixed", "points": 100}` | 100 points |
| `{"kind": "per_amount", "field": "data.amount", "rate": "2", "step": "1"}` | 2 points for each full 1 |
| `{"kind": "per_item", "each": "quantity", "points": "2", "where": {…}}` | 2 points for each piece of them |
| `{"kind": "per_item", "each": "line", "points": "2", "where": {…}}` | 2 points for each such line |
| `{"kind": "per_item", "each": "amount", "points": "2", "step": "1", "where": {…}}` | 2 for each full 1 of them |
| `{"kind": "multiplier", "factor": "2"}` | earned points of the program and metric twice |
| `{"kind": "referral", "member": 100, "referrer": 200}` | points for a referred member and their referrer |

`field` (default `data.amount`) is a value inside the event's data; `step` is 1 unless given; `where` is a
condition on one line item, `{}` for all. Rates, points of items, steps and factors are numbers or numeric
texts. Pure, like the conditions: neither Django nor a clock.
"""

from programs.limits import MAX_POINTS

from .kinds import (
    Award,
    Each,
    FixedAward,
    MultiplierAward,
    PerAmountAward,
    PerItemAward,
    ReferralAward,
)
from .parsing import AwardError, canonical_award, parse_award
from .words import describe_award, describe_definition, describe_rule

__all__ = [
    "MAX_POINTS",
    "Award",
    "AwardError",
    "Each",
    "FixedAward",
    "MultiplierAward",
    "PerAmountAward",
    "PerItemAward",
    "ReferralAward",
    "canonical_award",
    "describe_award",
    "describe_definition",
    "describe_rule",
    "parse_award",
]
