"""A set of milestones is configured whole (domain.md 8)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from audit.errors import FieldError, InvalidRequest
from audit.record import Actor, record
from programs.actions.configure import (
    bump_version,
    clean,
    configure,
    faults_of,
    lock_environment,
    locked,
    place_of,
    refusal_of,
)
from programs.models import Environment, Milestone, MilestoneSet

MAX_MILESTONES = 100
_FIELDS = ("id", "title", "media", "threshold")


@transaction.atomic
def save_milestone_set(
    *,
    environment: Environment,
    milestone_set: MilestoneSet,
    actor: Actor,
    changes: Mapping[str, Any],
    milestones: Sequence[Mapping[str, Any]] | None,
) -> MilestoneSet:
    """Save a new or stored set with `changes`, and its whole list of milestones, in any order, matched by id: those
    that are missing are made, those that are not named are removed. None: as they are. Its metric stays as it was
    made. What members crossed before stays as it was.

    Each milestone: id (made where absent), title, media (a URL, or empty), threshold (points). Raises InvalidRequest
    naming every fault, as `title` or `milestones[1].threshold`; NotFound for another environment's set. Locks: the
    environment, then the set.
    """
    lock_environment(environment)
    row = None if milestone_set._state.adding else locked(environment, milestone_set)
    stored = {each.public_id: each for each in row.milestones.all()} if row else {}
    wanted, faults = _read(environment, milestone_set, stored, milestones or ())
    faults += _fixed(row, changes)
    saved = configure(
        environment=environment,
        instance=milestone_set,
        actor=actor,
        changes=changes,
        check=lambda whole: _check(whole, faults),
    )
    if milestones is not None:
        _save(environment, saved, actor, stored, wanted)
    return saved


def _fixed(row: MilestoneSet | None, changes: Mapping[str, Any]) -> list[FieldError]:
    if row is None or "metric" not in changes or changes["metric"].pk == row.metric_id:
        return []
    return [FieldError("metric", "fixed", "It stays as it was made; make another set instead.")]


def _check(milestone_set: MilestoneSet, faults: Sequence[FieldError]) -> None:
    """Refuse the faults of the set and those of its milestones together."""
    milestone_set.title = (milestone_set.title or "").strip()
    errors: Sequence[FieldError] = ()
    try:
        clean(milestone_set)
    except InvalidRequest as refusal:
        errors = refusal.errors
    if errors or faults:
        raise refusal_of([*errors, *faults])


def _read(
    environment: Environment,
    milestone_set: MilestoneSet,
    stored: Mapping[str, Milestone],
    given: Sequence[Mapping[str, Any]],
) -> tuple[dict[str, Milestone], list[FieldError]]:
    """The milestones as they would be saved, by id, and what is wrong with them."""
    if len(given) > MAX_MILESTONES:
        detail = f"A set has at most {MAX_MILESTONES} milestones."
        return {}, [FieldError("milestones", "max_length", detail)]
    faults: list[FieldError] = []
    wanted: dict[str, Milestone] = {}
    thresholds: set[int] = set()
    for place, values in enumerate(given):
        old = stored.get(str(values.get("id")))
        milestone = (
            Milestone(id=old.id, environment=environment) if old else Milestone(environment=environment)
        )
        milestone._state.adding = old is None
        milestone.milestone_set = milestone_set
        found = _fill(milestone, values)
        if not found and milestone.public_id in wanted:
            found.append(FieldError("id", "unique", "Another milestone has it; choose another."))
        if not found and milestone.threshold in thresholds:
            found.append(FieldError("threshold", "unique", "Another milestone has it; choose another."))
        faults += [FieldError(f"milestones[{place}].{f.field}", f.code, f.detail) for f in found]
        wanted[milestone.public_id] = milestone
        thresholds.add(milestone.threshold)
    return wanted, faults


def _fill(milestone: Milestone, given: Mapping[str, Any]) -> list[FieldError]:
    faults = [FieldError(n, "unknown_field", "There is no such field.") for n in given if n not in _FIELDS]
    if given.get("id") is not None:
        milestone.public_id = given["id"]
    milestone.title = str(given.get("title") or "").strip()
    milestone.media = given.get("media") or ""
    threshold = given.get("threshold")
    milestone.threshold = str(threshold) if isinstance(threshold, bool | float) else threshold  # type: ignore[assignment]
    try:
        milestone.clean_fields(exclude=["id", "environment", "milestone_set"])
    except ValidationError as error:
        faults += faults_of(error, rename={"public_id": "id"})
    return faults


def _save(
    environment: Environment,
    milestone_set: MilestoneSet,
    actor: Actor,
    stored: Mapping[str, Milestone],
    wanted: Mapping[str, Milestone],
) -> None:
    """Two may change places: that no two have one threshold is looked at when the transaction ends."""
    before, after = _as_json(stored.values()), _as_json(wanted.values())
    if before == after:
        return
    for key, milestone in stored.items():
        if key not in wanted:
            milestone.delete()
    for key, milestone in wanted.items():
        if key not in stored or _as_json([milestone]) != _as_json([stored[key]]):
            milestone.milestone_set = milestone_set
            milestone.save()
    record(
        place=place_of(environment),
        actor=actor,
        verb="milestoneset.milestones_changed",
        object_type="milestoneset",
        object_id=str(milestone_set.pk),
        before={"milestones": before},
        after={"milestones": after},
    )
    bump_version(environment)


def _as_json(milestones: Iterable[Milestone]) -> list[dict[str, Any]]:
    return [
        {"id": each.public_id, "title": each.title, "media": each.media, "threshold": each.threshold}
        for each in sorted(milestones, key=lambda each: each.threshold)
    ]
