"""What is known besides the event and its member's facts: levels, what is left, and a referral."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from uuid import UUID

from loyalty.rules.compiled import Room
from programs.conditions import Facts


@dataclass(frozen=True, slots=True)
class Level:
    """The member's level in one program, before the event. It multiplies earned points of `metric_id`."""

    code: str | None
    title: str
    multiplier: Decimal
    metric_id: UUID


@dataclass(frozen=True, slots=True)
class Referred:
    """A pending referral of the event's member. `rooms` and `maximum` are the referrer's, as in Situation;
    `by_oneself`: a merge made the two one member."""

    rooms: Mapping[UUID, Room] = field(default_factory=dict)
    by_oneself: bool = False
    maximum: Mapping[UUID, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Situation:
    """As it was before the event. `levels` by program id; `rooms` by rule id (a rule that is not in it has
    everything left); `maximum` by metric id: points that the account has room for (absent: no maximum)."""

    levels: Mapping[UUID, Level] = field(default_factory=dict)
    rooms: Mapping[UUID, Room] = field(default_factory=dict)
    maximum: Mapping[UUID, int] = field(default_factory=dict)
    referral: Referred | None = None


NOTHING = Situation()


def with_tier(facts: Facts, levels: Mapping[UUID, Level], program_id: UUID) -> Facts:
    """The facts with the member's level in that program."""
    level = levels.get(program_id)
    tier = level.code if level else None
    return facts if facts.tier == tier else replace(facts, tier=tier)
