"""What an event sent by hand begins with: types that have come in, as they last did, and usual ones."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from loyalty.models import Event
from loyalty.queries.suggestions import event_types, latest_event
from programs.models import Environment

COLUMNS = ("sku", "category", "quantity", "amount")
"""Fields of a line item that have an input of their own; any other is kept as it is."""

_USUAL: dict[str, tuple[str, dict[str, Any]]] = {
    "purchase": (
        "Purchase",
        {"amount": "50.00", "currency": "GBP", "items": [{"sku": "SKU-1", "quantity": 1, "amount": "50.00"}]},
    ),
    "sign_up": ("Sign-up", {}),
    "review": ("Review", {"product": "SKU-1", "stars": 5}),
    "visit": ("Visit", {"place": "shop-1"}),
    "refund": ("Refund", {"purchase": "", "amount": "10.00"}),
}
_MOST = 12


@dataclass(frozen=True, slots=True)
class Template:
    """`data` as it would be sent; `member`: of the event it is taken from."""

    type: str
    title: str
    data: Mapping[str, Any] = field(default_factory=dict)
    member: str = ""


def choices(environment: Environment) -> list[Template]:
    """Types to choose from, those received first; without what they hold."""
    received = event_types(environment)[:_MOST]
    usual = [Template(kind, title) for kind, (title, _) in _USUAL.items() if kind not in received]
    return [*(Template(kind, kind) for kind in received), *usual]


def template_of(environment: Environment, kind: str) -> Template:
    """What such an event holds: the last one's data, or the usual."""
    last = latest_event(environment, kind)
    if last is not None and last.data is not None:
        return _as(last)
    title, data = _USUAL.get(kind, (kind, {}))
    return Template(kind, title, data)


def like(event: Event) -> Template:
    """The same once more."""
    return _as(event)


def _as(event: Event) -> Template:
    return Template(event.type, event.type, event.data or {}, event.member.external_id or "")


def items_of(data: Mapping[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The line items that are told by `COLUMNS` alone, as rows, and the rest of the data; where one item says more,
    all stay in the rest."""
    items = data.get("items")
    plain = isinstance(items, list) and all(_is_plain(item) for item in items)
    if not plain or not isinstance(items, list):
        return [], dict(data)
    return [dict(item) for item in items], {key: value for key, value in data.items() if key != "items"}


def _is_plain(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and set(item) <= set(COLUMNS)
        and not any(isinstance(value, dict | list) for value in item.values())
    )
