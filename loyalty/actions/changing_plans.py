"""Plans are changed and given; what they limit from now on is counted once more when all see it (domain.md 10)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from procrastinate.contrib.django import app

from audit.record import Actor
from programs.actions.plans import save_plan, set_plan
from programs.models import Organization, Plan

_COUNTED = {"members", "events_per_month"}


@transaction.atomic
def change_plan(
    *, plan: Plan, changes: Mapping[str, Any], actor: Actor, organization: Organization | None = None
) -> Plan:
    """As `save_plan`, and a job that is deferred with it recounts what organizations with the plan use: who was
    at work by the old one took no seat."""
    saved = save_plan(plan=plan, changes=changes, actor=actor, organization=organization)
    _recount_soon(saved, plan=saved.pk)
    return saved


@transaction.atomic
def give_plan(*, organization: Organization, plan: Plan, actor: Actor) -> Organization:
    """As `set_plan`, and a job that is deferred with it recounts what the organization uses."""
    saved = set_plan(organization=organization, plan=plan, actor=actor)
    _recount_soon(plan, organization=saved.pk)
    return saved


def _recount_soon(saved: Plan, /, **whose: UUID) -> None:
    if _COUNTED & saved.limits.keys():
        # Later than whoever still works by the old plan.
        job = app.configure_task("recount_plan", schedule_in={"seconds": 5})
        job.defer(**{name: str(key) for name, key in whose.items()})
