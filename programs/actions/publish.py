"""Earning rules go into force, and out of it, as immutable revisions (domain.md 4)."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.errors import InvalidRequest
from audit.record import Actor, record
from programs.actions.configure import bump_version, locked, place_of
from programs.actions.rules import check_rule
from programs.models import EarningRule, EarningRuleRevision, Environment


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
    }


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
    if newest and newest.definition == definition_of(rule):
        return newest
    return _revise(environment, rule, newest, definition_of(rule), actor, now)


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
