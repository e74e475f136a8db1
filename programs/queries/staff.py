"""What a staff user may see, and in which role (domain.md 1)."""

from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db.models import Exists, OuterRef, Q, QuerySet

from programs.models import Environment, LogIns, Project, ProjectMembership, SecondFactor

Role = ProjectMembership.Role


def environments_for(user: User | AbstractBaseUser | AnonymousUser) -> QuerySet[Environment]:
    """The environments that the user may choose; a superuser may choose among all. Those of a project that asks for
    a second factor only with one."""
    found = Environment.objects.filter(archived_at=None).select_related("project__organization__plan")
    if not isinstance(user, User):
        return found.none()
    if not user.is_superuser:
        found = found.filter(project__memberships__user=user)
    found = found.filter(Q(project__two_factor_required=False) | _has_second_factor(user))
    return found.order_by("project__name", "project_id", "-kind")


def role_of(user: User | AbstractBaseUser | AnonymousUser, project_id: UUID) -> str | None:
    """The user's role in the project; a superuser counts as an owner. None in one that asks for a second factor and
    the user has none."""
    if not isinstance(user, User):
        return None
    if user.is_superuser:
        return Role.OWNER.value if open_projects(user).filter(pk=project_id).exists() else None
    mine = ProjectMembership.objects.filter(user=user, project_id=project_id)
    return (
        mine.filter(Q(project__two_factor_required=False) | _has_second_factor(user))
        .values_list("role", flat=True)
        .first()
    )


def open_projects(user: User) -> QuerySet[Project]:
    """All projects, without those that ask for a second factor where the user has none. Membership is not looked at."""
    return Project.objects.filter(Q(two_factor_required=False) | _has_second_factor(user))


def _has_second_factor(user: User) -> Q:
    return Q(Exists(SecondFactor.objects.filter(user=user, confirmed=True)))


def owners_of(project: Project) -> QuerySet[ProjectMembership]:
    """The memberships of those who may manage the project and can log in."""
    return ProjectMembership.objects.filter(project=project, role=Role.OWNER, user__is_active=True)


def has_projects() -> bool:
    """Whether the system has any."""
    return Project.objects.exists()


def projects_that_ask(user: User) -> list[Project]:
    """The user's projects in which nobody is let in without a second factor; a superuser's are all."""
    asking = Project.objects.filter(two_factor_required=True)
    return list(asking if user.is_superuser else asking.filter(memberships__user=user))


def with_second_factor(memberships: QuerySet[ProjectMembership]) -> QuerySet[ProjectMembership]:
    """Each with `has_second_factor`."""
    return memberships.annotate(has_second_factor=_factor_of_member())


def must_choose_password(user: User) -> bool:
    """Whether an owner has made the user's password, and the user has not chosen another since."""
    return LogIns.objects.filter(user=user, must_choose_password=True).exists()


def staff_of(project: Project) -> QuerySet[ProjectMembership]:
    """Who is in the project and can log in."""
    found = ProjectMembership.objects.filter(project=project, user__is_active=True)
    return found.select_related("user").order_by("user__username")


def staff_without_second_factor(project: Project) -> QuerySet[ProjectMembership]:
    return staff_of(project).filter(~_factor_of_member())


def _factor_of_member() -> Exists:
    return Exists(SecondFactor.objects.filter(user=OuterRef("user"), confirmed=True))
