"""New tenants, their projects and their staff (domain.md 1)."""

from functools import cache
from zoneinfo import available_timezones

from django.contrib.auth.models import User
from django.db import DataError, connection, transaction

from audit.errors import InvalidRequest
from audit.record import Actor, Place, record
from programs.actions.configure import as_json
from programs.actions.plan_limits import hold_limit
from programs.actions.programs import hold_program_limit
from programs.models import Environment, Metric, Organization, Plan, Program, Project, ProjectMembership
from programs.models.plans import FEATURES
from programs.queries.plans import projects_used


@transaction.atomic
def create_project(*, organization_name: str, project_name: str, time_zone: str, actor: Actor) -> Project:
    """The project, made with what it needs where it is missing: organization, plan, both environments,
    and in each the program `default` with the metric `points`.

    Doing it again returns the same project. Raises InvalidRequest for an unknown time zone, and PlanLimitExceeded.
    Locks: the organization.
    """
    if not is_time_zone(time_zone):
        raise InvalidRequest.field("time_zone", "invalid", "Use an IANA name such as Europe/London.")
    plan, _ = Plan.objects.get_or_create(
        code="self-hosted", defaults={"name": "Self-hosted, unlimited", "features": list(FEATURES)}
    )
    organization, new = Organization.objects.get_or_create(name=organization_name, defaults={"plan": plan})
    if new:
        _record(Place(organization.id), actor, organization)
    project = Project.objects.filter(organization=organization, name=project_name).first()
    if project is None:
        hold_limit(organization=organization, limit="projects", used=lambda: projects_used(organization.pk))
        project, new = Project.objects.get_or_create(
            organization=organization, name=project_name, defaults={"time_zone": time_zone}
        )
        if new:
            _record(Place(organization.id, project.id), actor, project)
    for kind in Environment.Kind.values:
        ensure_environment(project=project, kind=kind, actor=actor)
    return project


def is_time_zone(name: str) -> bool:
    """Whether both this machine and the database know it: days are worked out by both, and figures of all tenants in
    one statement. One statement in a savepoint, once in a process."""
    return name in time_zones() and _is_known_to_database(name)


@cache
def _is_known_to_database(name: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT now() AT TIME ZONE %s", [name])
    except DataError:
        return False
    return True


@cache
def time_zones() -> frozenset[str]:
    """Read once: it goes through the files of the system's zones."""
    return frozenset(available_timezones())


@transaction.atomic
def ensure_environment(*, project: Project, kind: str, actor: Actor) -> Environment:
    """The project's environment of that kind, made with its default program and metric if missing. Raises
    PlanLimitExceeded. Locks: the organization, where it is made."""
    environment, new = Environment.objects.get_or_create(project=project, kind=kind, archived_at=None)
    if new:
        hold_program_limit(environment)
        place = Place(project.organization_id, project.id, environment.id)
        program = Program.objects.create(environment=environment, code="default", name="Default program")
        metric = Metric.objects.create(
            environment=environment, program=program, code="points", title="Points"
        )
        for made in (environment, program, metric):
            _record(place, actor, made)
    return environment


@transaction.atomic
def set_membership(*, project: Project, user: User, role: str, actor: Actor) -> ProjectMembership:
    """Give the user that role in the project, in place of any other. Locks: the membership."""
    if role not in ProjectMembership.Role.values:
        raise InvalidRequest.field(
            "role", "invalid_choice", f"Choose from {', '.join(ProjectMembership.Role.values)}."
        )
    membership, new = ProjectMembership.objects.select_for_update().get_or_create(
        project=project, user=user, defaults={"role": role}
    )
    before = None if new else as_json(membership)
    if not new and membership.role == role:
        return membership
    membership.role = role
    membership.save()
    _record(Place(project.organization_id, project.id), actor, membership, before)
    return membership


@transaction.atomic
def remove_membership(*, membership: ProjectMembership, actor: Actor) -> None:
    """Take the user out of the project. Locks: the membership."""
    membership = ProjectMembership.objects.select_for_update().get(pk=membership.pk)
    project = membership.project
    record(
        place=Place(project.organization_id, project.id),
        actor=actor,
        verb="projectmembership.removed",
        object_type="projectmembership",
        object_id=str(membership.pk),
        before=as_json(membership),
    )
    membership.delete()


def _record(
    place: Place,
    actor: Actor,
    made: Organization | Project | Environment | Program | Metric | ProjectMembership,
    before: dict[str, object] | None = None,
) -> None:
    noun = made._meta.model_name or ""
    record(
        place=place,
        actor=actor,
        verb=f"{noun}.{'updated' if before else 'created'}",
        object_type=noun,
        object_id=str(made.pk),
        before=before,
        after=as_json(made),
    )
