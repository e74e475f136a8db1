"""A published rule, ready to be asked, and what its caps and budget have left."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Literal
from uuid import UUID

from programs.awards import Award
from programs.conditions import Condition, event_types_counted, fields_used
from programs.limits import ALWAYS, Cap, Per, Schedule, period_of

Rounding = Literal["down", "half_up", "up"]
EntryType = Literal["earned", "bonus"]

_NONE = UUID(int=0)
_ATTRIBUTES = "member.attributes."


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """One published revision of a rule, in force for `valid_from <= occurred_at < valid_until`; it gives
    for events of `starts_at <= occurred_at < ends_at` in its schedule. Higher `priority` comes first.
    `entry_type` is the type of the entry that it posts. `budget`: points for all members together."""

    id: UUID
    revision_id: UUID
    revision_number: int
    name: str
    event_type: str
    condition: Condition
    metric_id: UUID
    metric_code: str
    award: Award
    rounding: Rounding
    valid_from: datetime
    valid_until: datetime | None
    priority: int
    entry_type: EntryType = "earned"
    program_id: UUID = _NONE
    exclusive_group: str = ""
    caps: tuple[Cap, ...] = ()
    budget: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    schedule: Schedule = ALWAYS
    # -- derived once, for the hottest path
    order: tuple[int, str, UUID] = field(init=False, compare=False, repr=False)
    periods: tuple[Per, ...] = field(init=False, compare=False, repr=False)
    """The kinds of period whose usage is kept: each of the caps' once, but `event`."""
    asks_tier: bool = field(init=False, compare=False, repr=False)
    is_timed: bool = field(init=False, compare=False, repr=False)
    asks_attributes: frozenset[str] = field(init=False, compare=False, repr=False)
    """The member's attributes that the condition reads, by their first key."""
    asks_counts: frozenset[str] = field(init=False, compare=False, repr=False)
    """The event types whose number it asks for."""

    def __post_init__(self) -> None:
        put = object.__setattr__  # the class is frozen
        put(self, "order", (-self.priority, self.name, self.id))
        put(self, "periods", tuple(dict.fromkeys(cap.per for cap in self.caps if cap.per != "event")))
        used = fields_used(self.condition)
        put(self, "asks_tier", "member.tier" in used)
        attributes = (name.removeprefix(_ATTRIBUTES) for name in used if name.startswith(_ATTRIBUTES))
        put(self, "asks_attributes", frozenset(name.split(".")[0] for name in attributes))
        put(self, "asks_counts", frozenset(event_types_counted(self.condition)))
        put(self, "is_timed", bool(self.starts_at or self.ends_at or self.schedule))

    @property
    def keeps_usage(self) -> bool:
        """Whether what it gives must be remembered: for later events or other members."""
        return bool(self.periods) or self.budget is not None

    def in_force(self, at: datetime) -> bool:
        return self.valid_from <= at and (self.valid_until is None or at < self.valid_until)


@dataclass(frozen=True, slots=True)
class Room:
    """What one rule has left, before the event, for one member. `caps` is parallel to the rule's; what is
    left of one per event is None, since an event begins with all of it. `budget` None: there is none."""

    caps: tuple[int | None, ...] = ()
    budget: int | None = None


def periods_of(rule: CompiledRule, at: datetime, zone: tzinfo) -> tuple[str, ...]:
    """The periods of an event of that instant whose usage is kept for the rule: `day:1997-01-05`, …, one
    for each distinct `per` of its caps but `event`."""
    return tuple(period_of(per, at, zone) for per in rule.periods)


def room_of(rule: CompiledRule, used: Mapping[str, tuple[int, int]], spent: int = 0) -> Room:
    """What is left of a rule's caps and budget, never below zero. `used`: points and times of each of the
    event's `periods_of` (no others; absent: none); `spent`: of the budget, by all members."""
    of_kind = {period.partition(":")[0]: usage for period, usage in used.items()}
    caps = tuple(
        None if cap.per == "event" else max(0, cap.limit - of_kind.get(cap.per, (0, 0))[cap.unit == "times"])
        for cap in rule.caps
    )
    return Room(caps, None if rule.budget is None else max(0, rule.budget - spent))
