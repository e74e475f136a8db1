"""JSON as tables that people read: name beside value, before beside after."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.safestring import SafeString

_DEEPEST = 6


class Row(NamedTuple):
    name: str
    value: str


class Difference(NamedTuple):
    name: str
    before: str
    after: str
    changed: bool


def rows_of(value: Any) -> list[Row]:
    """`{"items": [{"sku": "A"}]}` → one row, "items 1 · sku": "A"."""
    found: list[Row] = []
    _collect("", value, found, 0)
    return found


def _collect(name: str, value: Any, found: list[Row], depth: int) -> None:
    if depth < _DEEPEST and isinstance(value, Mapping) and value:
        for key, inner in value.items():
            _collect(f"{name} · {key}" if name else str(key), inner, found, depth + 1)
    elif (
        depth < _DEEPEST
        and isinstance(value, list)
        and any(isinstance(inner, dict | list) for inner in value)
    ):
        for index, inner in enumerate(value, 1):
            _collect(f"{name} {index}".strip(), inner, found, depth + 1)
    elif name:
        found.append(Row(name, shown(value)))


def diff_of(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Difference]:
    """Every field of both sides, what changed first."""
    old = dict(rows_of(before or {}))
    new = dict(rows_of(after or {}))
    names = list(dict.fromkeys([*old, *new]))
    pairs = [(name, old.get(name, "–"), new.get(name, "–")) for name in names]
    rows = [Difference(name, was, becomes, was != becomes) for name, was, becomes in pairs]
    return sorted((row for row in rows if row[1:3] != ("–", "–")), key=lambda row: not row.changed)


def shown(value: Any) -> str:
    """A plain value as people write it; instants in the current zone."""
    if value is None or value in ("", {}, []):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(shown(inner) for inner in value)
    if isinstance(value, str) and len(value) > 18 and "T" in value:
        return _instant(value)
    return str(value)


def _instant(text: str) -> str:
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        return text
    local = timezone.localtime(moment)
    return f"{local.day} {local:%b %Y, %H:%M}"


def signed(points: int) -> SafeString:
    """+50 in green, −30 in red: sign and colour say the same."""
    kind = "up" if points > 0 else "down" if points < 0 else "none"
    sign = "+" if points > 0 else "−" if points < 0 else ""
    return format_html('<span class="lc-points lc-{}">{}{}</span>', kind, sign, f"{abs(points):,}")
