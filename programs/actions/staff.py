"""A project's owners say who else works in its console (domain.md 1)."""

import secrets
from typing import NamedTuple

from django.contrib.auth.models import User
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import transaction

from audit.errors import InvalidRequest
from audit.record import Actor, Place, record
from programs.actions.tenancy import remove_membership, set_membership
from programs.models import Project, ProjectMembership
from programs.queries.staff import owners_of

Role = ProjectMembership.Role


class NewStaff(NamedTuple):
    """A membership and, where the log-in is new, its first password, which is not kept."""

    membership: ProjectMembership
    password: str | None


@transaction.atomic
def add_staff(*, project: Project, username: str, role: str, actor: Actor) -> NewStaff:
    """Let the user into the project's console; a new log-in is made where there is none of that name.

    Raises InvalidRequest for a bad name, somebody who is in already, or a log-in that is switched off.
    """
    try:
        UnicodeUsernameValidator()(username)
    except ValidationError as error:
        raise InvalidRequest.field("username", "invalid", error.messages[0]) from error
    user = User.objects.filter(username=username).first()
    password = None
    if user is None:
        password = secrets.token_urlsafe(15)
        user = User.objects.create_user(username, password=password, is_staff=True)
        place = Place(project.organization_id, project.id)
        record(place=place, actor=actor, verb="user.created", object_type="user", object_id=username)
    elif not user.is_active:
        raise InvalidRequest.field(
            "username", "inactive", "This log-in is switched off; choose another name."
        )
    elif ProjectMembership.objects.filter(project=project, user=user).exists():
        raise InvalidRequest.field(
            "username", "exists", f"{username} is in the project already; change the role there."
        )
    elif not user.is_staff:
        user.is_staff = True
        user.save(update_fields=["is_staff"])
    return NewStaff(set_membership(project=project, user=user, role=role, actor=actor), password)


@transaction.atomic
def change_role(*, membership: ProjectMembership, role: str, actor: Actor) -> ProjectMembership:
    """Raises InvalidRequest where the project would be left without an owner. Locks: the project."""
    if role != Role.OWNER:
        _keep_an_owner(membership)
    return set_membership(project=membership.project, user=membership.user, role=role, actor=actor)


@transaction.atomic
def remove_staff(*, membership: ProjectMembership, actor: Actor) -> None:
    """Raises InvalidRequest where the project would be left without an owner. Locks: the project."""
    _keep_an_owner(membership)
    remove_membership(membership=membership, actor=actor)


def _keep_an_owner(leaving: ProjectMembership) -> None:
    """The lock on the project keeps two owners from removing each other at the same moment."""
    project = Project.objects.select_for_update().get(pk=leaving.project_id)
    if not owners_of(project).exclude(pk=leaving.pk).exists():
        detail = f"{leaving.user} is the last owner of {project}; make somebody else an owner first."
        raise InvalidRequest(detail)
