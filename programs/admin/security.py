"""Security actions of staff stand in the audit trail: log-ins, failed ones, log-outs (domain.md 9)."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from audit.ids import new_id
from audit.record import Actor, Place, record
from programs.models import Organization


def record_security(
    verb: str, request: HttpRequest | None, username: str, user: AbstractBaseUser | AnonymousUser | None
) -> None:
    """One audit event of the user's organization, where they have one."""
    organization = None
    if user is not None and user.pk is not None:
        organization = Organization.objects.filter(projects__memberships__user_id=user.pk).first()
    trace, ip = getattr(request, "trace_id", None) or new_id().hex, getattr(request, "client_ip", None)
    record(
        place=Place(organization.id if organization else None),
        actor=Actor("staff" if user else "system", username if user else "console", trace, ip),
        verb=verb,
        object_type="user",
        object_id=username[:200],
    )


@receiver(user_logged_in)
def logged_in(request: HttpRequest, user: User, **_: Any) -> None:
    record_security("staff.logged_in", request, user.get_username(), user)


@receiver(user_logged_out)
def logged_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:
        record_security("staff.logged_out", request, user.get_username(), user)


@receiver(user_login_failed)
def login_failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    name = str(credentials.get("username") or "").replace("\0", "")
    record_security("staff.login_failed", request, name, None)
