"""The missions of a challenge, read and saved as a whole list."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError

from audit.errors import FieldError
from programs.actions.configure import faults_of
from programs.conditions import FaultyConfigurationError, canonical
from programs.conditions.fields import Root, parse_field
from programs.models import Challenge, Environment, Mission

MAX_MISSIONS = 50
_TEXTS: Final = ("title", "type", "event_type", "field", "notification_title", "notification_message")
_FIELDS: Final = ("id", *_TEXTS, "condition", "measure", "target", "notification_display")
_FIXED: Final = ("event_type", "measure", "field")


def read_missions(
    environment: Environment,
    challenge: Challenge,
    stored: Sequence[Mission],
    given: Sequence[Mapping[str, Any]] | None,
    *,
    has_begun: bool,
) -> tuple[list[Mission], list[FieldError]]:
    """The missions as they would be saved, in order, and what is wrong with them. None: as they are. Writes
    nothing."""
    if given is None:
        return list(stored), []
    if len(given) > MAX_MISSIONS:
        detail = f"A challenge has at most {MAX_MISSIONS} missions."
        return list(stored), [FieldError("missions", "max_length", detail)]
    by_id = {str(mission.public_id): mission for mission in stored}
    faults: list[FieldError] = []
    wanted: list[Mission] = []
    for place, values in enumerate(given):
        old = by_id.get(str(values.get("id")).lower())
        mission = _copy(old) if old else Mission(environment=environment)
        mission.challenge, mission.place = challenge, place
        found = [*_fill(mission, values), *_taken(mission, old, wanted)]
        if old and has_begun:
            found += _what_stays(mission, old)
        faults += [FieldError(f"missions[{place}].{f.field}", f.code, f.detail) for f in found]
        wanted.append(mission)
    return wanted, faults


def _copy(old: Mission) -> Mission:
    copied = Mission(
        id=old.id, public_id=old.public_id, environment=old.environment, created_at=old.created_at
    )
    copied._state.adding = False
    return copied


def _fill(mission: Mission, given: Mapping[str, Any]) -> Iterator[FieldError]:
    """Set what is given, all else to its default; what is wrong with it."""
    yield from (FieldError(n, "unknown_field", "There is no such field.") for n in given if n not in _FIELDS)
    if given.get("id") is not None:
        try:
            mission.public_id = UUID(str(given["id"]))
        except ValueError:
            yield FieldError("id", "invalid", "Give a UUID.")
    for name in _TEXTS:
        setattr(mission, name, str(given.get(name) or "").strip())
    mission.measure = given.get("measure") or Mission.Measure.COUNT
    mission.notification_display = given.get("notification_display") or Mission.Display.NONE
    target = given.get("target")
    mission.target = str(target) if isinstance(target, bool | float) else target  # type: ignore[assignment]
    if mission.measure == Mission.Measure.COUNT:
        mission.field = ""
    try:
        mission.condition = canonical(given.get("condition") or {})
    except FaultyConfigurationError as error:
        for fault in error.faults:
            yield FieldError(".".join(filter(None, ("condition", fault.path))), fault.code, fault.detail)
    yield from _of_model(mission)
    yield from _measured(mission)


def _of_model(mission: Mission) -> Iterator[FieldError]:
    try:
        mission.clean_fields(
            exclude=["id", "public_id", "environment", "challenge", "condition", "created_at"]
        )
    except ValidationError as error:
        yield from faults_of(error)
        return
    if mission.measure == Mission.Measure.COUNT and mission.target != int(mission.target):
        yield FieldError("target", "invalid", "Events are counted in whole numbers.")


def _measured(mission: Mission) -> Iterator[FieldError]:
    if mission.event_type == "refund":
        detail = "Refunds take back what was counted; name another type."
        yield FieldError("event_type", "invalid_value", detail)
    if mission.measure != Mission.Measure.SUM:
        return
    field = parse_field(mission.field, "event") if mission.field else None
    if not mission.field:
        yield FieldError("field", "required", "Say which field is added up, such as data.amount.")
    elif field is None or field.root is not Root.DATA:
        detail = "Give a field of the event's data, such as data.amount."
        yield FieldError("field", "unknown_field", detail)


def _taken(mission: Mission, old: Mission | None, others: Iterable[Mission]) -> Iterator[FieldError]:
    rows = Mission.objects.filter(environment=mission.environment, public_id=mission.public_id)
    if any(other.public_id == mission.public_id for other in others) or (old is None and rows.exists()):
        detail = "Another mission has it, or had it before it was removed; choose another."
        yield FieldError("id", "unique", detail)


def _what_stays(mission: Mission, old: Mission) -> Iterator[FieldError]:
    for name in _FIXED:
        if getattr(mission, name) != getattr(old, name):
            detail = "Members' progress is counted by it, so it stays; make another mission instead."
            yield FieldError(name, "fixed", detail)


def makes_complete(old: Sequence[Mission], new: Sequence[Mission]) -> bool:
    """Whether members who were not complete may be by this: a target is lower, or a mission is gone."""
    targets = {mission.pk: mission.target for mission in new}
    return any(mission.pk not in targets or _less(targets[mission.pk], mission.target) for mission in old)


def _less(new: Any, old: Any) -> bool:
    """False of a target that is no number, which is refused anyhow."""
    return isinstance(new, type(old)) and bool(new < old)


def save_missions(
    challenge: Challenge, old: Sequence[Mission], new: Sequence[Mission], *, now: datetime, has_begun: bool
) -> None:
    """Write what differs. Removed ones stay for the members' history once the challenge has begun."""
    before = {mission.pk: mission for mission in old}
    kept = {mission.pk for mission in new}
    for mission in old:
        if mission.pk in kept:
            continue
        if has_begun:
            mission.removed_at = now
            mission.save(update_fields=["removed_at"])
        else:
            mission.delete()
    for mission in new:
        if mission.pk not in before:
            mission.created_at = now
        elif _as_json(mission) == _as_json(before[mission.pk]) and mission.place == before[mission.pk].place:
            continue
        mission.challenge = challenge
        mission.save()


def missions_as_json(missions: Iterable[Mission]) -> list[dict[str, Any]]:
    """In order, as the audit keeps them."""
    return [_as_json(mission) for mission in missions]


def _as_json(mission: Mission) -> dict[str, Any]:
    plain = {name: getattr(mission, name) for name in _FIELDS if name not in ("id", "target")}
    target = mission.target
    text = f"{target.normalize():f}" if hasattr(target, "normalize") else str(target)
    return {"id": str(mission.public_id), **plain, "target": text}
