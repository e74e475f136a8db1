"""The fields that a condition may ask about (domain.md 4). Nothing else can be named.

| field | what it is |
|---|---|
| `event.type` | the event's type |
| `event.occurred_at.weekday` | 1 (Monday) to 7 (Sunday), in the project's time zone |
| `event.occurred_at.hour` | 0 to 23, in the project's time zone |
| `event.occurred_at.date` | `YYYY-MM-DD`, in the project's time zone |
| `data.<key>.<key>…` | a value inside the event's data |
| `data.items[].<key>…` | that value of each line item; any of them or all (the leaf's `match`) |
| `item.<key>…` | that value of *one* line item: only inside `{"items": …, "where": …}` |
| `member.attributes.<key>…` | a value inside the member's attributes |
| `member.tier` | code of the member's tier |
| `member.age_days` | whole days since the member was created |
| `member.event_count.<type>` | earlier events of that type, this one not counted: first purchase = 0 |

A key holds no dot, bracket or space. An event type may hold dots.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Scope = Literal["event", "item"]

MAX_FIELD_LENGTH = 255

_KEYS = re.compile(r"[^\s.\[\]\"\x00\ud800-\udfff]+(\.[^\s.\[\]\"\x00\ud800-\udfff]+)*")
_EVENT_TYPE = re.compile(r"[^\s\[\]\"\x00\ud800-\udfff]+")


class Root(StrEnum):
    """Where a field's value comes from."""

    EVENT_TYPE = "event.type"
    WEEKDAY = "event.occurred_at.weekday"
    HOUR = "event.occurred_at.hour"
    DATE = "event.occurred_at.date"
    TIER = "member.tier"
    AGE_DAYS = "member.age_days"
    ITEMS = "data.items[]."
    DATA = "data."
    ATTRIBUTES = "member.attributes."
    EVENT_COUNT = "member.event_count."
    ITEM = "item."


class Kind(StrEnum):
    """What values a field can have; decides which ops and values make sense."""

    TEXT = "text"
    WEEKDAY = "weekday"
    HOUR = "hour"
    DATE = "date"
    COUNT = "count"
    ANY = "any"


_KINDS = {
    Root.EVENT_TYPE: Kind.TEXT,
    Root.WEEKDAY: Kind.WEEKDAY,
    Root.HOUR: Kind.HOUR,
    Root.DATE: Kind.DATE,
    Root.TIER: Kind.TEXT,
    Root.AGE_DAYS: Kind.COUNT,
    Root.EVENT_COUNT: Kind.COUNT,
}
_CLOSED = {root.value: root for root in Root if not root.value.endswith(".")}
# data.items[] before data., whose prefix it shares
_OPEN_ENDED = (Root.ITEMS, Root.DATA, Root.ATTRIBUTES, Root.EVENT_COUNT, Root.ITEM)


@dataclass(frozen=True, slots=True)
class Field:
    """A field's name taken apart. `keys` is what follows the root (for an event count: the type)."""

    name: str
    root: Root
    keys: tuple[str, ...]

    @property
    def kind(self) -> Kind:
        return _KINDS.get(self.root, Kind.ANY)


def parse_field(name: str, scope: Scope) -> Field | None:
    """The field called `name`, or None if there is none. Inside a line item (`scope` "item")
    there are only `item.*` fields, and outside none of them."""
    if len(name) > MAX_FIELD_LENGTH:
        return None
    field = _parse(name)
    if field is None or (field.root is Root.ITEM) != (scope == "item"):
        return None
    return field


def _parse(name: str) -> Field | None:
    if name in _CLOSED:
        return Field(name, _CLOSED[name], ())
    for root in _OPEN_ENDED:
        if not name.startswith(root.value):
            continue
        rest = name[len(root.value) :]
        if root is Root.EVENT_COUNT:
            return Field(name, root, (rest,)) if _EVENT_TYPE.fullmatch(rest) else None
        return Field(name, root, tuple(rest.split("."))) if _KEYS.fullmatch(rest) else None
    return None
