"""A situation as it is kept with its event, in JSON: written once, read by refunds and back-tests."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from loyalty.rules.compiled import Room
from loyalty.rules.situation import Level, Referred, Situation
from programs.conditions.values import plain


def to_json(situation: Situation) -> dict[str, Any]:
    """`levels`, `rooms`, `maximum` and `referral`; what is empty is left out."""
    kept: dict[str, Any] = {
        "levels": {str(key): _level_json(level) for key, level in situation.levels.items()},
        "rooms": _rooms_json(situation.rooms),
        "maximum": _by_text(situation.maximum),
    }
    if situation.referral:
        kept["referral"] = {
            "rooms": _rooms_json(situation.referral.rooms),
            "maximum": _by_text(situation.referral.maximum),
            "by_oneself": situation.referral.by_oneself,
        }
    return {name: value for name, value in kept.items() if value}


def from_json(kept: Mapping[str, Any], *, referred: bool) -> Situation:
    """The situation that `to_json` told. `referred`: the event completed its member's referral."""
    referral = kept.get("referral") or {}
    return Situation(
        levels={UUID(key): level_from(raw) for key, raw in kept.get("levels", {}).items()},
        rooms=_rooms_from(kept.get("rooms", {})),
        maximum=_by_key(kept.get("maximum", {})),
        referral=Referred(
            rooms=_rooms_from(referral.get("rooms", {})), maximum=_by_key(referral.get("maximum", {}))
        )
        if referred
        else None,
    )


def level_from(raw: Mapping[str, Any]) -> Level:
    """One level of what was kept."""
    return Level(raw["code"], raw["title"], Decimal(raw["multiplier"]), UUID(raw["metric_id"]))


def _level_json(level: Level) -> dict[str, Any]:
    return {
        "code": level.code,
        "title": level.title,
        "multiplier": plain(level.multiplier),
        "metric_id": str(level.metric_id),
    }


def _rooms_json(rooms: Mapping[UUID, Room]) -> dict[str, Any]:
    return {str(key): {"caps": list(room.caps), "budget": room.budget} for key, room in rooms.items()}


def _rooms_from(kept: Mapping[str, Any]) -> dict[UUID, Room]:
    return {UUID(key): Room(tuple(room["caps"]), room["budget"]) for key, room in kept.items()}


def _by_text(figures: Mapping[UUID, int]) -> dict[str, int]:
    return {str(key): figure for key, figure in figures.items()}


def _by_key(figures: Mapping[str, int]) -> dict[UUID, int]:
    return {UUID(key): figure for key, figure in figures.items()}
