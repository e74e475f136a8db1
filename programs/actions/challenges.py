"""Challenges are checked whole and saved, with their missions and rewards (domain.md 8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from programs.models import Challenge, ChallengeReward, Environment, Mission
from programs.queries.plans import require_feature

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

    Raises FeatureNotInPlan; InvalidRequest naming every fault, as `title` or `missions[1].target`; NotFound for another
    environment's challenge. Locks: the environment, then the challenge.
    """
    require_feature(environment, "challenges")
    lock_environment(environment)
    stored = None if challenge._state.adding else locked(environment, challenge)
    parts = _read(environment, challenge, stored, missions, rewards)
    faults = [*parts.faults, *(_fixed(stored, changes) if stored else ())]
    saved = configure(
        environment=environment,
        instance=challenge,
        actor=actor,
        changes={**changes, **_noted(stored, changes, parts, now)},
        check=lambda whole: _check(whole, parts.missions, faults),
    )
    save_missions(saved, parts.old_missions, parts.missions, now=now, has_begun=parts.has_begun)
    save_rewards(saved, parts.old_rewards, parts.rewards)
    for name, (before, after) in parts.told.items():
        _record_part(environment, saved, actor, name, before, after)
    return saved


@dataclass(frozen=True, slots=True)
class _Parts:
    """A challenge's missions and rewards, as they are and as they would be saved."""

    has_begun: bool
    old_missions: list[Mission]
    missions: list[Mission]
    old_rewards: list[ChallengeReward]
    rewards: list[ChallengeReward]
    faults: list[FieldError]

    @property
    def told(self) -> dict[str, tuple[object, object]]:
        """Each list by its name, before and after, as the audit keeps it."""
        return {
            "missions": (missions_as_json(self.old_missions), missions_as_json(self.missions)),
            "rewards": (rewards_as_json(self.old_rewards), rewards_as_json(self.rewards)),
        }


def _read(
    environment: Environment,
    challenge: Challenge,
    stored: Challenge | None,
    missions: Sequence[Mapping[str, Any]] | None,
    rewards: Sequence[Mapping[str, Any]] | None,
) -> _Parts:
    has_begun = stored is not None and stored.status != _DRAFT
    old_missions = list(stored.missions.filter(removed_at=None)) if stored else []
    old_rewards = list(stored.rewards.select_related("metric", "item__inventory_set")) if stored else []
    wanted, faults = read_missions(environment, challenge, old_missions, missions, has_begun=has_begun)
    given, more = read_rewards(environment, challenge, old_rewards, rewards)
    return _Parts(has_begun, old_missions, wanted, old_rewards, given, faults + more)


def _noted(
    stored: Challenge | None, changes: Mapping[str, Any], parts: _Parts, now: datetime
) -> dict[str, Any]:
    """What the engine itself notes with the changes."""
    if stored is None:
        return {"created_at": now, "updated_at": now}
    noted: dict[str, Any] = {}
    if any(before != after for before, after in parts.told.values()) or _differs(stored, changes):
        noted["updated_at"] = now
    then, by_now = stored.mission_order, changes.get("mission_order", stored.mission_order)
    if parts.has_begun and makes_complete(
        parts.old_missions, parts.missions, order_then=then, order_now=by_now
    ):
        noted["changes"] = stored.changes + 1
    return noted


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
