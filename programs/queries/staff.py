"""What a staff user may see, and in which role (domain.md 1)."""

from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db.models import QuerySet

from programs.models import Environment, Project, ProjectMembership

Role = ProjectMembership.Role


def environments_for(user: User | AbstractBaseUser | AnonymousUser) -> QuerySet[Environment]:
    """The environments that the user may choose; a superuser may choose among all."""
    found = Environment.objects.filter(archived_at=None).select_related("project__organization__plan")
    if not isinstance(user, User):
        return found.none()
    if not user.is_superuser:
        found = found.filter(project__memberships__user=user)
    return found.order_by("project__name", "project_id", "-kind")


def role_of(user: User | AbstractBaseUser | AnonymousUser, project_id: UUID) -> str | None:
    """The user's role in the project; a superuser counts as an owner."""
    if not isinstance(user, User):
        return None
    if user.is_superuser:
        return Role.OWNER.value
    return (
        ProjectMembership.objects.filter(user=user, project_id=project_id)
        .values_list("role", flat=True)
        .first()
    )


def owners_of(project: Project) -> QuerySet[ProjectMembership]:
    """The memberships of those who may manage the project and can log in."""
    return ProjectMembership.objects.filter(project=project, role=Role.OWNER, user__is_active=True)
