"""A project's owners say who else works in its console (domain.md 1)."""

import secrets
import string
from typing import NamedTuple

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from audit.errors import InvalidRequest
from audit.record import Actor, Place, record
from programs.actions.staff_trail import record_of_staff
from programs.actions.tenancy import remove_membership, set_membership
from programs.models import LogIns, Project, ProjectMembership
from programs.queries.second_factors import may_reset
from programs.queries.staff import owners_of

Role = ProjectMembership.Role
_LETTERS = string.ascii_letters + string.digits


class Login(NamedTuple):
    """A console user and, where it was set now, the password, which is not kept."""

    user: User
    password: str | None


class NewStaff(NamedTuple):
    """A membership and, where the log-in is new, its first password, which is not kept."""

    membership: ProjectMembership
    password: str | None


@transaction.atomic
def add_staff(*, project: Project, username: str, role: str, actor: Actor) -> NewStaff:
    """Let the user into the project's console; a new log-in is made where there is none of that name, whose user
    chooses a password of their own first.

    Raises InvalidRequest for somebody who is in already, a log-in that is switched off, and as
    `ensure_login`. Locks: the user.
    """
    user, password = ensure_login(project=project, username=username, actor=actor, must_choose=True)
    if not (user.is_active and user.is_staff):
        raise InvalidRequest.field(
            "username", "inactive", "This log-in is switched off; choose another name."
        )
    if ProjectMembership.objects.filter(project=project, user=user).exists():
        raise InvalidRequest.field(
            "username", "exists", f"{username} is in the project already; change the role there."
        )
    return NewStaff(set_membership(project=project, user=user, role=role, actor=actor), password)


@transaction.atomic
def ensure_login(
    *,
    project: Project,
    username: str,
    actor: Actor,
    password: str | None = None,
    new_password: bool = False,
    must_choose: bool = False,
) -> Login:
    """The user of that name, made if missing, for a project of the user's own organization; no membership.
    A new user gets `password`, else a random one; so does a known one with `new_password`, unless it is
    their password already (another hash would end their sessions). `must_choose`: who gets one here is asked for
    one of their own at the next log-in.

    Raises InvalidRequest for a name that can't be one, and alike for each that is taken by somebody
    outside the organization, or just now, or in other letters' case: whose it is stays unsaid. Locks: the user.
    """
    username = User.normalize_username(username)
    try:
        UnicodeUsernameValidator()(username)
    except ValidationError as error:
        raise InvalidRequest.field("username", "invalid", error.messages[0]) from error
    user = User.objects.select_for_update(no_key=True).filter(username=username).first()
    if user is None:
        if User.objects.filter(
            username__iexact=username
        ).exists():  # the same person, to whoever reads the name
            raise _taken()
        return _make(project, User(username=username, is_staff=True), password, actor, must_choose)
    _refuse_stranger(user, project, alone=new_password)
    if not new_password or (password and user.check_password(password)):
        return Login(user, None)
    return _set_password(project, user, password, "user.password_set", actor, must_choose)


@transaction.atomic
def reset_password(*, project: Project, user: User, by: User, actor: Actor) -> str:
    """A random password for a colleague who lost theirs, which is not kept; all their log-ins end, and the next asks
    for one of their own. Their second factor stays.

    Raises InvalidRequest unless `by` owns every project that the user is in. Locks: the user."""
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if not may_reset(by=by, user=user):
        raise InvalidRequest(f"Only an owner of every project that {user} is in gives them a new password.")
    made = _set_password(project, user, None, "user.password_set", actor, must_choose=True)
    return made.password or ""


@transaction.atomic
def choose_password(*, user: User, password: str, actor: Actor) -> User:
    """The user's own choice, which nobody else knows; all their other log-ins end. The caller has checked it, and the
    old one against `user`. The user as stored.

    Raises InvalidRequest where that is no more the password: an owner was faster. Locks: the user.
    """
    stored = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if stored.password != user.password:
        raise InvalidRequest.field("old_password", "changed", "It was changed meanwhile: log in again.")
    stored.set_password(password)
    stored.save(update_fields=["password"])
    asked = LogIns.objects.filter(user=stored, must_choose_password=True)
    was_asked = asked.update(must_choose_password=False) > 0
    record_of_staff(
        username=stored.get_username(),
        verb="staff.password_changed",
        actor=actor,
        before={"must_choose_password": True} if was_asked else None,
        after={"must_choose_password": False} if was_asked else None,
    )
    return stored


def random_password(user: User) -> str:
    """20 random letters and digits (119 bits) that the site's validators accept."""
    while True:
        password = "".join(secrets.choice(_LETTERS) for _ in range(20))
        try:
            validate_password(password, user)
        except ValidationError:
            continue
        return password


def _make(project: Project, user: User, password: str | None, actor: Actor, must_choose: bool) -> Login:
    try:
        with transaction.atomic():
            return _set_password(project, user, password, "user.created", actor, must_choose)
    except IntegrityError as error:  # made by somebody else meanwhile
        raise _taken() from error


def _refuse_stranger(user: User, project: Project, *, alone: bool) -> None:
    """Only users of the organization may be let in; where their password would change, of it `alone`."""
    memberships = ProjectMembership.objects.filter(user=user)
    organizations = set(memberships.values_list("project__organization_id", flat=True))
    if project.organization_id not in organizations or (alone and len(organizations) > 1):
        raise _taken()


def _taken() -> InvalidRequest:
    return InvalidRequest.field("username", "taken", "Choose another user name.")


def _set_password(
    project: Project, user: User, password: str | None, verb: str, actor: Actor, must_choose: bool
) -> Login:
    shown = password or random_password(user)
    user.set_password(shown)
    user.save()
    if must_choose:
        LogIns.objects.update_or_create(user=user, defaults={"must_choose_password": True})
    else:  # an owner's, which asked for it, is gone
        LogIns.objects.filter(user=user).update(must_choose_password=False)
    record(
        place=Place(project.organization_id, project.id),
        actor=actor,
        verb=verb,
        object_type="user",
        object_id=str(user.pk),
        after={"username": user.username, "is_staff": user.is_staff}
        | ({"must_choose_password": True} if must_choose else {}),
    )
    return Login(user, shown)


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
