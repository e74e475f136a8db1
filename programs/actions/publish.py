"""Earning rules go into force, and out of it, as immutable revisions (domain.md 4)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit.errors import InvalidRequest, NotFound
from audit.instants import rfc3339
from audit.record import Actor, record
from programs.actions.configure import bump_version, locked, place_of
from programs.actions.rules import check_rule, save_rule
from programs.models import EarningRule, EarningRuleRevision, Environment

_WITHOUT_LIMITS: dict[str, Any] = {
    "entry_type": EarningRule.EntryType.EARNED.value,
    "exclusive_group": "",
    "caps": [],
    "budget": None,
    "starts_at": None,
    "ends_at": None,
    "schedule": {},
}


def definition_of(rule: EarningRule) -> dict[str, Any]:
    """What a revision keeps of its rule: everything that decides what an event earns."""
    return {
        "name": rule.name,
        "program_id": str(rule.program_id),
        "event_type": rule.event_type,
        "condition": rule.condition,
        "award": rule.award,
        "metric_id": str(rule.metric_id),
        "priority": rule.priority,
        "entry_type": str(rule.entry_type),
        "exclusive_group": rule.exclusive_group,
        "caps": rule.caps,
        "budget": rule.budget,
        "starts_at": rfc3339(rule.starts_at) if rule.starts_at else None,
        "ends_at": rfc3339(rule.ends_at) if rule.ends_at else None,
        "schedule": rule.schedule,
    }


def completed(definition: Mapping[str, Any]) -> dict[str, Any]:
    """A stored definition with every key: one from before rules had limits has none."""
    return {**_WITHOUT_LIMITS, **definition}


def is_published(rule: EarningRule, newest: EarningRuleRevision | None) -> bool:
    """Whether the newest revision says what the draft says, so that there is nothing to publish."""
    return bool(newest and newest.definition and completed(newest.definition) == definition_of(rule))


def published_revision(rule: EarningRule) -> EarningRuleRevision | None:
    """The rule's newest revision, or None where it was never published."""
    return rule.revisions.order_by("-number").first()


@transaction.atomic
def publish(
    *, environment: Environment, rule: EarningRule, actor: Actor, now: datetime
) -> EarningRuleRevision:
    """Put the draft into force from `now` (the environment's time) on.

    Publishing a draft that equals the revision in force changes nothing and returns that one.
    Raises InvalidRequest where the draft is faulty or a sandbox's clock is behind, and NotFound for
    another environment's rule. Locks: the environment, then the rule.
    """
    rule = locked(environment, rule)
    check_rule(rule)
    newest = published_revision(rule)
    if newest and is_published(rule, newest):
        return newest
    return _revise(environment, rule, newest, definition_of(rule), actor, now)


@transaction.atomic
def roll_back(
    *, environment: Environment, rule: EarningRule, number: int, actor: Actor, now: datetime
) -> EarningRuleRevision:
    """Make that revision's definition the draft, and publish it anew from `now` on.

    Where it is in force already, nothing is published, and that revision returned. Raises as `publish`,
    and NotFound where the rule has no such revision, or that one ended the rule. Locks: as `publish`.
    """
    rule = locked(environment, rule)
    revision = rule.revisions.filter(number=number).first()
    if revision is None or revision.definition is None:
        raise NotFound(f"The rule has no revision {number} to return to; see the list of its revisions.")
    rule = save_rule(
        environment=environment, rule=rule, actor=actor, changes=_draft_of(completed(revision.definition))
    )
    return publish(environment=environment, rule=rule, actor=actor, now=now)


def _draft_of(definition: Mapping[str, Any]) -> dict[str, Any]:
    """The rule's fields, from what `definition_of` made of them."""
    fields = {key: definition[key] for key in definition if not key.endswith(("_id", "_at"))}
    keys = {key: UUID(definition[key]) for key in ("program_id", "metric_id")}
    instants = {key: _instant(definition[key]) for key in ("starts_at", "ends_at")}
    return fields | keys | instants


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


@transaction.atomic
def archive(*, environment: Environment, rule: EarningRule, actor: Actor, now: datetime) -> EarningRule:
    """Take the rule out of force from `now` on; what it gave stays.

    Raises InvalidRequest where a sandbox's clock is behind, and NotFound for another environment's rule.
    Locks: the environment, then the rule.
    """
    rule = locked(environment, rule)
    newest = published_revision(rule)
    if newest and newest.definition is not None:
        _revise(environment, rule, newest, None, actor, now)
    elif newest is None:
        EarningRule.objects.filter(pk=rule.pk).update(status=EarningRule.Status.ARCHIVED)
        _record(environment, rule, "archived", None, None, actor)
    rule.refresh_from_db()
    return rule


def _revise(
    environment: Environment,
    rule: EarningRule,
    newest: EarningRuleRevision | None,
    definition: dict[str, Any] | None,
    actor: Actor,
    now: datetime,
) -> EarningRuleRevision:
    revision = EarningRuleRevision.objects.create(
        environment=environment,
        rule=rule,
        number=newest.number + 1 if newest else 1,
        definition=definition,
        effective_from=_effective_from(environment, newest, now),
        published_at=timezone.now(),
        published_by=f"{actor.kind}:{actor.id}",
    )
    status = EarningRule.Status.PUBLISHED if definition else EarningRule.Status.ARCHIVED
    EarningRule.objects.filter(pk=rule.pk).update(status=status)
    before = newest.definition if newest else None
    _record(environment, rule, "published" if definition else "archived", before, definition, actor)
    bump_version(environment)
    return revision


def _effective_from(environment: Environment, newest: EarningRuleRevision | None, now: datetime) -> datetime:
    """`now`, unless somebody published meanwhile: whoever waited for the lock has the earlier `now` and
    yet comes second. Raises InvalidRequest where a sandbox's clock is before the revision in force."""
    if newest is None or newest.effective_from <= now:
        return now
    if environment.kind == Environment.Kind.LIVE:
        return newest.effective_from
    if environment.clock is None and newest.effective_from <= timezone.now():
        return newest.effective_from
    raise InvalidRequest("The sandbox's clock is before the revision in force; move it forward first.")


def _record(
    environment: Environment,
    rule: EarningRule,
    verb: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    actor: Actor,
) -> None:
    record(
        place=place_of(environment),
        actor=actor,
        verb=f"earningrule.{verb}",
        object_type="earningrule",
        object_id=str(rule.pk),
        before=before,
        after=after,
    )
