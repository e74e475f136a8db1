"""The one grammar of conditions: rules, missions, stamp matching and reward eligibility (domain.md 4).

Pure: it knows neither Django nor a clock. A condition is JSON, a tree of these nodes:

| node | true when |
|---|---|
| `{"field": …, "op": …, "value": …}` | the field compares so; fields in fields.py, ops in operands.py |
| `{"all": [node, …]}` | every one is true |
| `{"any": [node, …]}` | at least one is true |
| `{"not": node}` | it is false |
| `{"items": "any", "where": node}` | one line item satisfies all of `where`, whose fields are `item.*` |
| `{"items": "all", "where": node}` | there are line items, and each satisfies it |
| `{}` or null, as the whole condition | always |

Line items are the elements of the list `data.items`. One comparison with them needs no block:
`{"field": "data.items[].sku", "op": "eq", "value": "X", "match": "any"}`; `match` is `any` (the default)
or `all`. But two such leaves may be true of two different items; the block asks for the same one.

A missing field is false, never an error: for every op, `ne` and `not_in` too; `exists` with value false
alone is true of it. Null counts as missing, and so do the fields of items when there are no items: `all`
over no items is false. `not` turns that round: `{"not": {"field": "data.x", "op": "eq", …}}` is true where
x is missing.

Limits: groups nest 5 deep; 200 nodes; lists of 1,000 values; texts of 1,024 characters.
"""

from .condition import (
    Condition,
    ItemCondition,
    Verdict,
    canonical,
    describe,
    event_types_counted,
    field_named,
    fields_used,
    parse,
    parse_item,
    validate,
)
from .explaining import Failure
from .facts import Facts, look_up
from .faults import ConditionError, Fault, FaultyConfigurationError
from .fields import Kind, Scope
from .nodes import Op
from .operands import OPS

__all__ = [
    "OPS",
    "Condition",
    "ConditionError",
    "Facts",
    "Failure",
    "Fault",
    "FaultyConfigurationError",
    "ItemCondition",
    "Kind",
    "Op",
    "Scope",
    "Verdict",
    "canonical",
    "describe",
    "event_types_counted",
    "field_named",
    "fields_used",
    "look_up",
    "parse",
    "parse_item",
    "validate",
]
