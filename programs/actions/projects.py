"""A project's settings, and new projects of an organization (docs/console.md)."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from audit.errors import FieldError, InvalidRequest
from audit.record import Actor, Place, record
from programs.actions.configure import as_json, bump_version, refusal_of
from programs.actions.plan_limits import hold_limit
from programs.actions.tenancy import create_project, ensure_environment, is_time_zone, set_membership
from programs.models import Environment, Organization, Project
from programs.queries.plans import projects_used
from programs.queries.second_factors import factor_of
from programs.queries.staff import Role, has_projects

SETTINGS = ("name", "time_zone", "two_factor_required", "audit_member_views")


@transaction.atomic
def change_project(*, project: Project, changes: Mapping[str, Any], by: User, actor: Actor) -> Project:
    """Change what `SETTINGS` names. A new time zone holds from now on, in both environments.

    Raises InvalidRequest naming each field: a name that another project has, a zone that there is not, and a second
    factor asked for by somebody who has none, or who would shut themself out. Locks: the project, then its
    environments.
    """
    stored = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    before = as_json(stored)
    for name in SETTINGS:
        setattr(stored, name, changes.get(name, getattr(stored, name)))
    stored.name = stored.name.strip()
    _check(stored, before, by)
    after = as_json(stored)
    if after == before:
        return stored
    stored.save(update_fields=SETTINGS)
    if after["time_zone"] != before["time_zone"]:
        for environment in Environment.objects.filter(project=stored, archived_at=None).order_by("pk"):
            bump_version(environment)
    _record(stored, "updated", actor, before)
    return stored


@transaction.atomic
def add_project(
    *, organization: Organization, name: str, time_zone: str, owner: User, actor: Actor
) -> Project:
    """A new project with both environments, and in each the program `default` with the metric `points`. `owner` owns
    it. Raises InvalidRequest naming each field, and PlanLimitExceeded. Locks: the organization."""
    hold_limit(organization=organization, limit="projects", used=lambda: projects_used(organization.pk))
    project = Project(organization=organization, name=name.strip(), time_zone=time_zone)
    _check(project, None, owner)
    project.save(force_insert=True)
    _record(project, "created", actor, None)
    for kind in Environment.Kind.values:
        ensure_environment(project=project, kind=kind, actor=actor)
    set_membership(project=project, user=owner, role=Role.OWNER, actor=actor)
    return project


@transaction.atomic
def add_first_project(*, organization: str, name: str, time_zone: str, owner: User, actor: Actor) -> Project:
    """The first project of a system that has none, in a new organization without limits. Raises InvalidRequest.
    Locks: the table of organizations' names, by its unique index."""
    if has_projects():
        raise InvalidRequest("There is a project by now; an owner makes more.")
    _check(Project(organization=Organization(), name=name.strip(), time_zone=time_zone), None, owner)
    called = organization.strip()
    if not called or len(called) > 200 or "\0" in called:
        detail = "Give the organization a name of 200 letters at most."
        raise InvalidRequest.field("organization", "invalid", detail)
    project = create_project(
        organization_name=called, project_name=name.strip(), time_zone=time_zone, actor=actor
    )
    set_membership(project=project, user=owner, role=Role.OWNER, actor=actor)
    return project


def _check(project: Project, before: Mapping[str, Any] | None, by: User) -> None:
    errors = []
    same = Project.objects.filter(organization=project.organization_id, name=project.name).exclude(
        pk=project.pk
    )
    if not project.name:
        errors.append(FieldError("name", "required", "Give the project a name."))
    elif len(project.name) > 200 or "\0" in project.name:
        errors.append(FieldError("name", "invalid", "Give a name of 200 letters at most."))
    elif same.exists():
        errors.append(FieldError("name", "unique", "Another project of the organization has this name."))
    if not is_time_zone(project.time_zone):
        errors.append(FieldError("time_zone", "invalid", "Use an IANA name such as Europe/London."))
    is_new = project.two_factor_required and not (before and before["two_factor_required"])
    if is_new and factor_of(by) is None:
        detail = "Set up your own second factor first, on the page Your log-in: you would see nothing of the project."
        errors.append(FieldError("two_factor_required", "not_set_up", detail))
    if errors:
        raise refusal_of(errors)


def _record(project: Project, done: str, actor: Actor, before: Mapping[str, Any] | None) -> None:
    record(
        place=Place(project.organization_id, project.pk),
        actor=actor,
        verb=f"project.{done}",
        object_type="project",
        object_id=str(project.pk),
        before=before,
        after=as_json(project),
    )
