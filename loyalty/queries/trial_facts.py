"""What the rules are told of a past event's member: what the event kept, else what is known today."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from decimal import Decimal
from typing import Any
from uuid import UUID

from loyalty.queries.past_events import EventCounts, PastEvent, PresentMember, present_members
from loyalty.rules.back_testing import RuleSet
from loyalty.rules.earning import Level
from programs.conditions import Facts

_NOBODY: Mapping[UUID, Level] = {}


@dataclass(slots=True)
class PastFacts:
    """The facts of events in time order. It holds something of each member, and nothing of events."""

    event_type: str
    zone: tzinfo
    attributes: frozenset[str]
    """All that any rule reads, of members as they are today."""
    counts: EventCounts
    as_today: int = 0
    """Events with an attribute as it is today."""
    counted: int = 0
    """Events of which something was counted anew."""
    had_levels: bool = False
    _members: dict[UUID, PresentMember] = field(default_factory=dict)
    _levels: dict[tuple[str, ...], Level] = field(default_factory=dict)

    def prepare(self, chunk: Iterable[tuple[PastEvent, RuleSet]]) -> None:
        """Read the members that these events need. At most one statement."""
        asked = {event.member_id for event, rules in chunk if self._needs_member(event, rules)}
        unknown = asked.difference(self._members)
        if unknown:
            self._members.update(present_members(unknown, self.attributes))

    def facts(self, event: PastEvent, rules: RuleSet) -> Facts:
        """What the rules are told. Asked for in time order, after `prepare`."""
        return Facts(
            event_type=self.event_type,
            occurred_at=event.occurred_at,
            time_zone=self.zone,
            data=event.data or {},
            attributes=self._attributes(event, rules),
            age_days=self._age_days(event),
            event_counts=self._event_counts(event, rules),
        )

    def levels(self, event: PastEvent) -> Mapping[UUID, Level]:
        """The member's levels before the event, as it kept them."""
        kept = event.facts.get("levels")
        if not kept:
            return _NOBODY
        self.had_levels = True
        return {UUID(program): self._level(raw) for program, raw in kept.items()}

    def _level(self, raw: dict[str, Any]) -> Level:
        key = (str(raw["code"]), raw["title"], str(raw["multiplier"]), raw["metric_id"])
        level = self._levels.get(key)
        if level is None:
            multiplier, metric_id = Decimal(key[2]), UUID(raw["metric_id"])
            level = self._levels[key] = Level(raw["code"], raw["title"], multiplier, metric_id)
        return level

    def _needs_member(self, event: PastEvent, rules: RuleSet) -> bool:
        return "age_days" not in event.facts or bool(_not_kept(event, rules))

    def _attributes(self, event: PastEvent, rules: RuleSet) -> Mapping[str, Any]:
        kept: dict[str, Any] = event.facts.get("attributes", {})
        missing = _not_kept(event, rules)
        if not missing:
            return kept
        self.as_today += 1
        present = self._members[event.member_id].attributes
        return {name: present[name] for name in missing if name in present} | kept

    def _age_days(self, event: PastEvent) -> int:
        kept = event.facts.get("age_days")
        if kept is not None:
            return int(kept)
        return max(0, (event.occurred_at - self._members[event.member_id].created_at).days)

    def _event_counts(self, event: PastEvent, rules: RuleSet) -> Mapping[str, int]:
        kept: dict[str, int] = event.facts.get("event_counts", {})
        if not rules.counted:
            return kept
        missing = rules.counted - rules.kept_counts if "event_counts" in event.facts else rules.counted
        if not missing:
            return kept
        self.counted += 1
        return self.counts.of(event, missing) | kept


def _not_kept(event: PastEvent, rules: RuleSet) -> frozenset[str]:
    """The attributes that the event did not keep. One that it asked for and that is not there, was not."""
    if not rules.attributes:
        return rules.attributes
    kept = event.facts.get("attributes")
    return rules.attributes if kept is None else rules.attributes - rules.kept_attributes - kept.keys()
