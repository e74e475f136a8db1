"""The missions of a challenge, read and saved as a whole list."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError

from audit.errors import FieldError
from programs.actions.configure import faults_of
from programs.conditions import FaultyConfigurationError, canonical
from programs.conditions.fields import Root, parse_field
from programs.event_types import event_type_fault
from programs.models import Challenge, Environment, Mission

MAX_MISSIONS = 50
_TEXTS: Final = ("title", "type", "event_type", "field", "notification_title", "notification_message")
_FIELDS: Final = ("id", *_TEXTS, "condition", "measure", "target", "notification_display")
_LEAST: Final = "A whole number of at least 1."
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
    taken = _taken(environment, given) - {mission.public_id for mission in stored}
    faults: list[FieldError] = []
    wanted: list[Mission] = []
    for place, (values, old) in enumerate(zip(given, _meant(stored, given), strict=True)):
        mission = _copy(environment, old) if old else Mission(environment=environment)
        mission.challenge, mission.place = challenge, place
        found = list(_fill(mission, values))
        if mission.public_id in taken:
            detail = "Another mission has it, or had it before it was removed; choose another."
            found.append(FieldError("id", "unique", detail))
        taken.add(mission.public_id)
        if old and has_begun:
            found += _what_stays(mission, old)
        faults += [FieldError(f"missions[{place}].{f.field}", f.code, f.detail) for f in found]
        wanted.append(mission)
    return wanted, faults


def _meant(stored: Sequence[Mission], given: Sequence[Mapping[str, Any]]) -> list[Mission | None]:
    """The stored mission that each one given is: by its id; without one, in order, the next that counts the same
    under the same title and that no id names. So a list that never had ids may be sent again."""
    by_id: dict[UUID | None, Mission] = {mission.public_id: mission for mission in stored}
    named = {_uuid(values.get("id")) for values in given}
    free = [mission for mission in stored if mission.public_id not in named]
    found: list[Mission | None] = []
    for values in given:
        if values.get("id") is not None:
            found.append(by_id.get(_uuid(values["id"])))
            continue
        alike = next((mission for mission in free if _is_alike(mission, values)), None)
        if alike:
            free.remove(alike)
        found.append(alike)
    return found


def _is_alike(mission: Mission, given: Mapping[str, Any]) -> bool:
    measure = given.get("measure") or Mission.Measure.COUNT
    texts = {name: str(given.get(name) or "").strip() for name in ("event_type", "title", "field")}
    if measure == Mission.Measure.COUNT:
        texts["field"] = ""
    return mission.measure == measure and all(getattr(mission, name) == texts[name] for name in texts)


def _copy(environment: Environment, old: Mission) -> Mission:
    copied = Mission(id=old.id, public_id=old.public_id, environment=environment, created_at=old.created_at)
    copied._state.adding = False
    return copied


def _fill(mission: Mission, given: Mapping[str, Any]) -> Iterator[FieldError]:
    """Set what is given, all else to its default; what is wrong with it."""
    yield from (FieldError(n, "unknown_field", "There is no such field.") for n in given if n not in _FIELDS)
    if given.get("id") is not None:
        if key := _uuid(given["id"]):
            mission.public_id = key
        else:
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
        mission.condition = canonical(given.get("condition"))
    except FaultyConfigurationError as error:
        for fault in error.faults:
            yield FieldError(".".join(filter(None, ("condition", fault.path))), fault.code, fault.detail)
    yield from _of_model(mission)
    yield from _measured(mission)


def _of_count(fault: FieldError) -> FieldError:
    is_too_small = (fault.field, fault.code) == ("target", "min_value")
    return replace(fault, detail=_LEAST) if is_too_small else fault


def _of_model(mission: Mission) -> Iterator[FieldError]:
    is_count = mission.measure == Mission.Measure.COUNT
    try:
        mission.clean_fields(
            exclude=["id", "public_id", "environment", "challenge", "condition", "created_at"]
        )
    except ValidationError as error:
        yield from (_of_count(fault) if is_count else fault for fault in faults_of(error))
        return
    if is_count and mission.target < 1:
        yield FieldError("target", "min_value", _LEAST)
    elif is_count and mission.target != int(mission.target):
        yield FieldError("target", "invalid", "Events are counted in whole numbers.")


def _measured(mission: Mission) -> Iterator[FieldError]:
    if mission.event_type == "refund":
        detail = "Refunds take back what was counted; name another type."
        yield FieldError("event_type", "invalid_value", detail)
    if mission.event_type and (fault := event_type_fault(mission.event_type)):
        yield FieldError("event_type", fault.code, fault.detail)
    if mission.measure != Mission.Measure.SUM:
        return
    field = parse_field(mission.field, "event") if mission.field else None
    if not mission.field:
        yield FieldError("field", "required", "Say which field is added up, such as data.amount.")
    elif field is None or field.root is not Root.DATA:
        detail = "Give a field of the event's data, such as data.amount."
        yield FieldError("field", "unknown_field", detail)


def _taken(environment: Environment, given: Iterable[Mapping[str, Any]]) -> set[UUID]:
    """Of the ids that are given, those that missions of the environment have. One statement."""
    wanted = [key for values in given if (key := _uuid(values.get("id")))]
    rows = Mission.objects.filter(environment=environment, public_id__in=wanted)
    return set(rows.values_list("public_id", flat=True))


def _uuid(given: object) -> UUID | None:
    try:
        return UUID(str(given))
    except ValueError:
        return None


def _what_stays(mission: Mission, old: Mission) -> Iterator[FieldError]:
    for name in _FIXED:
        if getattr(mission, name) != getattr(old, name):
            detail = "Members' progress is counted by it, so it stays; make another mission instead."
            yield FieldError(name, "fixed", detail)


def makes_complete(
    old: Sequence[Mission], new: Sequence[Mission], *, order_then: str, order_now: str
) -> bool:
    """Whether members who were not complete may be by this: a target is lower, a mission is gone, or comes sooner."""
    targets = {mission.pk: mission.target for mission in new}
    if is_reordered(old, new, order_then=order_then, order_now=order_now):
        return True
    return any(mission.pk not in targets or _less(targets[mission.pk], mission.target) for mission in old)


def is_reordered(old: Sequence[Mission], new: Sequence[Mission], *, order_then: str, order_now: str) -> bool:
    """Whether missions of a sequence come in another order, or in any."""
    if order_then != Challenge.Order.SEQUENCE:
        return False
    after = [mission.pk for mission in new]
    before = [mission.pk for mission in old if mission.pk in after]
    return order_now != Challenge.Order.SEQUENCE or before != [key for key in after if key in before]


def _less(new: Any, old: Any) -> bool:
    """False of a target that is no number, which is refused anyhow."""
    return isinstance(new, type(old)) and bool(new < old)


def save_missions(
    challenge: Challenge, old: Sequence[Mission], new: Sequence[Mission], *, now: datetime, has_begun: bool
) -> None:
    """Write what differs, in as many statements for fifty as for one. Removed ones stay for the members' history
    once the challenge has begun."""
    before = {mission.pk: mission for mission in old}
    gone = Mission.objects.filter(pk__in=before.keys() - {mission.pk for mission in new})
    if has_begun:
        gone.update(removed_at=now)
    else:
        gone.delete()
    made = [mission for mission in new if mission.pk not in before]
    for mission in made:
        mission.challenge, mission.created_at = challenge, now
    Mission.objects.bulk_create(made)
    changed = [each for each in new if each.pk in before and _differs(each, before[each.pk])]
    Mission.objects.bulk_update(changed, [name for name in (*_FIELDS, "place") if name != "id"])


def _differs(new: Mission, old: Mission) -> bool:
    return new.place != old.place or _as_json(new) != _as_json(old)


def missions_as_json(missions: Iterable[Mission]) -> list[dict[str, Any]]:
    """In order, as the audit keeps them."""
    return [_as_json(mission) for mission in missions]


def _as_json(mission: Mission) -> dict[str, Any]:
    plain = {name: getattr(mission, name) for name in _FIELDS if name not in ("id", "target")}
    target = mission.target
    text = f"{target.normalize():f}" if hasattr(target, "normalize") else str(target)
    return {"id": str(mission.public_id), **plain, "target": text}
