"""Programs are made and changed (domain.md 2)."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from audit.record import Actor
from programs.actions.configure import configure
from programs.actions.plan_limits import hold_limit
from programs.models import Environment, Program
from programs.queries.plans import has_feature, programs_used, require_feature


@transaction.atomic
def save_program(
    *, environment: Environment, program: Program, actor: Actor, changes: Mapping[str, Any]
) -> Program:
    """Save a new or stored program. A limit of adjustments takes the plan's feature `approvals`; to take it away
    does not. Raises FeatureNotInPlan, InvalidRequest, NotFound, PlanLimitExceeded (new). Locks: the organization
    (new), then the environment, then the program."""
    check_limit(environment, program, changes)
    if program._state.adding:
        hold_program_limit(environment)
    return configure(environment=environment, instance=program, actor=actor, changes=changes)


def hold_program_limit(environment: Environment) -> None:
    """Let the transaction make one more program. Raises PlanLimitExceeded. Locks: the organization."""
    organization = environment.project.organization
    hold_limit(
        organization=organization,
        limit="programs",
        used=lambda: programs_used(organization.pk, environment.kind),
        environment=environment,
    )


def check_limit(environment: Environment, program: Program, changes: Mapping[str, Any]) -> None:
    """Raises FeatureNotInPlan where a limit is set that nobody could approve above. One statement at most."""
    limit = changes.get("adjustment_limit")
    if limit is None or has_feature(environment, "approvals"):
        return
    stored = Program.objects.filter(pk=program.pk).values_list("adjustment_limit", flat=True).first()
    if limit != stored:
        require_feature(environment, "approvals")
