"""Challenges are checked whole and saved, with their missions and rewards (domain.md 8)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from audit.errors import FieldError, InvalidRequest
from audit.record import Actor, record
from programs.actions.challenge_missions import (
    makes_complete,
    missions_as_json,
    read_missions,
    save_missions,
)
from programs.actions.challenge_rewards import read_rewards, rewards_as_json, save_rewards
from programs.actions.configure import (
    as_json,
    bump_version,
    clean,
    configure,
    lock_environment,
    locked,
    place_of,
    refusal_of,
)
from programs.models import Challenge, Environment, Mission

_DRAFT, _ACTIVE, _ENDED = Challenge.Status.DRAFT, Challenge.Status.ACTIVE, Challenge.Status.ENDED
_TEXTS: Final = ("title", "subtitle", "notification_title", "notification_message")


@transaction.atomic
def save_challenge(
    *,
    environment: Environment,
    challenge: Challenge,
    actor: Actor,
    now: datetime,
    changes: Mapping[str, Any],
    missions: Sequence[Mapping[str, Any]] | None,
    rewards: Sequence[Mapping[str, Any]] | None,
) -> Challenge:
    """Save a new or stored challenge with `changes`, its whole list of missions in order, matched by `id` (their
    public ids), and its whole list of rewards. None: as they are.

    Each mission: id (made where absent), title, type, event_type, condition, measure, field, target,
    notification_display, notification_title, notification_message. Each reward: kind, metric and quantity, or item.
    A draft is free. Later its program and `per` stay, as do what a mission counts (event_type, measure, field); it
    is never a draft again, ended is final; a mission that is left out stays as a row with `removed_at`.

    Raises InvalidRequest naming every fault, as `title` or `missions[1].target`; NotFound for another environment's
    challenge. Locks: the environment, then the challenge.
    """
    lock_environment(environment)
    stored = None if challenge._state.adding else locked(environment, challenge)
    has_begun = stored is not None and stored.status != _DRAFT
    old_missions = list(stored.missions.filter(removed_at=None)) if stored else []
    old_rewards = list(stored.rewards.select_related("metric", "item__inventory_set")) if stored else []
    wanted_missions, faults = read_missions(
        environment, challenge, old_missions, missions, has_begun=has_begun
    )
    wanted_rewards, more = read_rewards(environment, challenge, old_rewards, rewards)
    faults += more
    before = missions_as_json(old_missions), rewards_as_json(old_rewards)
    after = missions_as_json(wanted_missions), rewards_as_json(wanted_rewards)
    wanted = dict(changes)
    if stored is None:
        wanted |= {"created_at": now, "updated_at": now}
    else:
        faults += _fixed(stored, changes)
        if before != after or _differs(stored, changes):
            wanted["updated_at"] = now
        order = changes.get("mission_order", stored.mission_order)
        if has_begun and makes_complete(
            old_missions, wanted_missions, order_then=stored.mission_order, order_now=order
        ):
            wanted["changes"] = stored.changes + 1
    saved = configure(
        environment=environment,
        instance=challenge,
        actor=actor,
        changes=wanted,
        check=lambda whole: _check(whole, wanted_missions, faults),
    )
    save_missions(saved, old_missions, wanted_missions, now=now, has_begun=has_begun)
    save_rewards(saved, old_rewards, wanted_rewards)
    for name, old, new in zip(("missions", "rewards"), before, after, strict=True):
        _record_part(environment, saved, actor, name, old, new)
    return saved


def _differs(stored: Challenge, changes: Mapping[str, Any]) -> bool:
    """Whether the challenge itself would be another, texts in normal form."""
    trial = Challenge.objects.get(pk=stored.pk)
    for name, value in changes.items():
        setattr(trial, name, value)
    _normalize(trial)
    return as_json(trial) != as_json(stored)


def _normalize(challenge: Challenge) -> None:
    for name in _TEXTS:
        setattr(challenge, name, (getattr(challenge, name) or "").strip())


def _fixed(stored: Challenge, changes: Mapping[str, Any]) -> list[FieldError]:
    """What stays once it has begun."""
    if stored.status == _DRAFT:
        return []
    errors = []
    if "program" in changes and changes["program"].pk != stored.program_id:
        errors.append(FieldError("program", "fixed", "Members have begun; make another challenge instead."))
    if changes.get("per", stored.per) != stored.per:
        errors.append(FieldError("per", "fixed", "Members have begun; make another challenge instead."))
    status = changes.get("status", stored.status)
    if stored.status == _ENDED and status != _ENDED:
        detail = "It has ended, and stays so; make another challenge instead."
        errors.append(FieldError("status", "fixed", detail))
    elif status == _DRAFT:
        errors.append(FieldError("status", "invalid_choice", "Members may have begun; pause it instead."))
    return errors


def _check(challenge: Challenge, missions: Sequence[Mission], faults: Sequence[FieldError]) -> None:
    """Refuse the faults of the challenge and those of its parts together; texts in normal form."""
    _normalize(challenge)
    errors: list[FieldError] = []
    begin, end = challenge.starts_at, challenge.ends_at
    if begin and end and end <= begin:
        errors.append(FieldError("ends_at", "invalid_value", "Give an instant after starts_at."))
    if (
        challenge.status == _ACTIVE
        and not missions
        and not any(f.field.startswith("missions") for f in faults)
    ):
        detail = "It has nothing to do; give it a mission before it is active."
        errors.append(FieldError("missions", "required", detail))
    try:
        clean(challenge)
    except InvalidRequest as refusal:
        errors += [each for each in refusal.errors if each.field or not errors]
    if errors or faults:
        raise refusal_of([*errors, *faults])


def _record_part(
    environment: Environment, challenge: Challenge, actor: Actor, name: str, before: object, after: object
) -> None:
    if before == after:
        return
    record(
        place=place_of(environment),
        actor=actor,
        verb=f"challenge.{name}_changed",
        object_type="challenge",
        object_id=str(challenge.pk),
        before={name: before},
        after={name: after},
    )
    bump_version(environment)
