"""Plans are made and changed, and organizations get another one (domain.md 10). What a plan no longer holds is kept:
nothing is deleted, and nothing new is made of it."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from audit.errors import FieldError, InvalidRequest
from audit.record import Actor, Place, record
from programs.actions.configure import as_json, clean, place_of, refusal_of
from programs.models import Environment, EventAllowance, Organization, Plan, Seats
from programs.models.plans import FEATURES, LIMITS

MOST = 10**12


@transaction.atomic
def save_plan(
    *, plan: Plan, changes: Mapping[str, Any], actor: Actor, organization: Organization | None = None
) -> Plan:
    """Save a new or stored plan; it holds at once for every organization that has it. `limits`: a whole number
    from 0 by name, absent: unlimited; `features`: names. `organization`: which is to have it in the same
    transaction, and so is locked in its turn.

    Raises InvalidRequest. Locks: the plan, then its organizations by id, then their environments.
    """
    is_new = plan._state.adding
    if not is_new:
        plan = _locked(plan)
    having = _hold_organizations(plan, organization)
    before, limits = None if is_new else as_json(plan), dict(plan.limits)
    for name, value in changes.items():
        setattr(plan, name, value)
    _check(plan)
    clean(plan)
    if as_json(plan) == before:
        return plan
    plan.save()
    if not is_new:
        _take_effect(having, limits, plan)
    record(
        place=Place(),
        actor=actor,
        verb="plan.created" if is_new else "plan.updated",
        object_type="plan",
        object_id=str(plan.pk),
        before=before,
        after=as_json(plan),
    )
    return plan


@transaction.atomic
def set_plan(*, organization: Organization, plan: Plan, actor: Actor) -> Organization:
    """Give the organization that plan, at once; told in the trail of each of its environments.

    Locks: the plan, so that whoever changes it finds the organization or is found, then the organization, then its
    environments.
    """
    plan = _locked(plan)
    organization = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    before = organization.plan  # read after the lock: what it has become
    if before.pk == plan.pk:
        return organization
    organization.plan = plan
    organization.save(update_fields=["plan"])
    _take_effect([organization], before.limits, plan)
    for environment in _environments(organization):
        record(
            place=place_of(environment),
            actor=actor,
            verb="organization.plan_changed",
            object_type="organization",
            object_id=str(organization.pk),
            before={"plan": before.code, "name": before.name},
            after={"plan": plan.code, "name": plan.name},
        )
    return organization


def _locked(plan: Plan) -> Plan:
    return Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)


def _hold_organizations(plan: Plan, other: Organization | None) -> list[Organization]:
    """Those that have the plan, locked together with the other. Before their environments, as all do."""
    wanted = Q(plan=plan.pk) | Q(pk=other.pk if other else None)
    rows = Organization.objects.select_for_update(no_key=True).filter(wanted).order_by("pk")
    return [each for each in rows if each.plan_id == plan.pk]


def _environments(organization: Organization) -> list[Environment]:
    rows = Environment.objects.filter(project__organization=organization, archived_at=None)
    return list(rows.select_related("project").order_by("pk"))


def _take_effect(organizations: Iterable[Organization], before: Mapping[str, int], plan: Plan) -> None:
    """Every process compiles anew what hangs on features; what was not counted while it was unlimited is counted
    when it is next needed."""
    for organization in organizations:
        environments = [each.pk for each in _environments(organization)]
        Environment.objects.filter(pk__in=environments).update(config_version=F("config_version") + 1)
        for limit, counter in (("members", Seats), ("events_per_month", EventAllowance)):
            if limit in plan.limits and limit not in before:
                counter.objects.filter(organization=organization).delete()


def _check(plan: Plan) -> None:
    faults = [*_limit_faults(plan.limits), *_feature_faults(plan.features)]
    if faults:
        raise refusal_of(faults)


def _limit_faults(limits: Any) -> Iterable[FieldError]:
    if not isinstance(limits, dict):
        raise InvalidRequest.field("limits", "invalid", "Give an object of limits by name.")
    for name, value in limits.items():
        if name not in LIMITS:
            yield FieldError(f"limits.{name}", "unknown_field", f"Unknown; known: {', '.join(LIMITS)}.")
        elif not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST:
            yield FieldError(f"limits.{name}", "invalid", f"Give a whole number from 0 to {MOST:,}.")


def _feature_faults(features: Any) -> Iterable[FieldError]:
    if not isinstance(features, list):
        raise InvalidRequest.field("features", "invalid", "Give a list of features.")
    for name in features:
        if name not in FEATURES:
            yield FieldError("features", "invalid_choice", f"Choose from {', '.join(FEATURES)}.")
