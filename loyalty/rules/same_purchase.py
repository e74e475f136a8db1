"""Whether two reports are of the same purchase, or refund, told on different ways (domain.md 3.7, 7). Pure.

One surface writes amounts as major units in text, another may write them as numbers; what they say is compared,
not how. All else has to be equal.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from programs.conditions.values import json_number, number

_OF_ALL = frozenset({"amount"})
_OF_LINE = frozenset({"amount", "unit_price", "quantity"})

# A number with its exact value; true and 1 are two things.
Canonical: TypeAlias = "tuple[str, Any]"


def same_data(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Of the `data` of two purchases, or of two refunds: amounts, prices and quantities are equal as numbers
    ("12.50" is 12.5), the currency in either case, and all other names and values as JSON."""
    return _canonical(one) == _canonical(other)


def _canonical(data: Mapping[str, Any]) -> dict[str, Canonical]:
    found = {name: _figure(value) if name in _OF_ALL else _json(value) for name, value in data.items()}
    items, currency = data.get("items"), data.get("currency")
    if isinstance(items, Sequence) and not isinstance(items, str):
        found["items"] = ("list", [_line(item) for item in items])
    if isinstance(currency, str):
        found["currency"] = ("other", currency.upper())
    return found


def _line(item: Any) -> Canonical:
    if not isinstance(item, Mapping):
        return _json(item)
    return (
        "object",
        {name: _figure(value) if name in _OF_LINE else _json(value) for name, value in item.items()},
    )


def _figure(value: Any) -> Canonical:
    found = number(value)
    return _json(value) if found is None else ("number", found)


def _json(value: Any) -> Canonical:
    if isinstance(value, Mapping):
        return ("object", {name: _json(inner) for name, inner in value.items()})
    if isinstance(value, list | tuple):
        return ("list", [_json(inner) for inner in value])
    found: Decimal | None = json_number(value)
    if found is not None:
        return ("number", found)
    return ("other", value)
