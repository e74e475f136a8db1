"""What a condition is asked about: one event and the member it happened to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from .fields import Field, Root


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that rules may know. No clock: `occurred_at` (aware) is the event's business time.
    `time_zone` is the project's. `event_counts` leaves this event out; a type not in it counts 0.
    Raises ValueError for a naive `occurred_at`."""

    event_type: str
    occurred_at: datetime
    time_zone: tzinfo
    data: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    tier: str | None = None
    age_days: int | None = None
    event_counts: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.occurred_at.tzinfo is None:
            raise ValueError("occurred_at must carry a time zone")

    @property
    def local_time(self) -> datetime:
        """`occurred_at` on the clocks of the project's zone."""
        return self.occurred_at.astimezone(self.time_zone)

    @property
    def lines(self) -> Sequence[Any]:
        """The line items, `data.items`; empty when it is absent or no list."""
        items = self.data.get("items")
        return items if isinstance(items, list | tuple) else ()


def look_up(source: object, keys: Sequence[str]) -> Any:
    """The value behind nested keys; None where the path ends early. JSON null counts as missing."""
    for key in keys:
        # dict first: the check against the abstract Mapping is 4 times as slow
        if not isinstance(source, dict | Mapping):
            return None
        source = source.get(key)
    return source


_FIXED: dict[Root, Callable[[Facts], Any]] = {
    Root.EVENT_TYPE: lambda facts: facts.event_type,
    Root.WEEKDAY: lambda facts: facts.local_time.isoweekday(),
    Root.HOUR: lambda facts: facts.local_time.hour,
    Root.DATE: lambda facts: facts.local_time.date().isoformat(),
    Root.TIER: lambda facts: facts.tier,
    Root.AGE_DAYS: lambda facts: facts.age_days,
}


def reader(field: Field) -> Callable[[Any], Any]:
    """A function that reads the field: from a line item for `item.*` and `data.items[].*`,
    from Facts for all others. It answers None where the field is missing."""
    keys = field.keys
    if field.root in _FIXED:
        return _FIXED[field.root]
    if field.root is Root.DATA:
        return lambda facts: look_up(facts.data, keys)
    if field.root is Root.ATTRIBUTES:
        return lambda facts: look_up(facts.attributes, keys)
    if field.root is Root.EVENT_COUNT:
        return lambda facts: facts.event_counts.get(keys[0], 0)
    if len(keys) == 1:
        # the common case on the hottest path: 10,000 lines of one event
        only = keys[0]
        return lambda item: item.get(only) if isinstance(item, dict) else None
    return lambda item: look_up(item, keys)
