"""Security actions of staff stand in the audit trail: log-ins, failed ones, log-outs (domain.md 9)."""

from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from audit.ids import new_id
from audit.record import Actor
from programs.actions.staff_trail import record_of_staff


def record_security(
    verb: str,
    request: HttpRequest | None,
    username: str,
    *,
    is_known: bool = True,
    after: dict[str, Any] | None = None,
) -> None:
    """One audit event in each of the user's projects. `is_known`: whether it was proven who they are."""
    trace, ip = getattr(request, "trace_id", None) or new_id().hex, getattr(request, "client_ip", None)
    actor = Actor("staff" if is_known else "system", username if is_known else "console", trace, ip)
    record_of_staff(username=username, verb=verb, actor=actor, after=after)


@receiver(user_logged_in)
def logged_in(request: HttpRequest, user: User, **_: Any) -> None:
    record_security("staff.logged_in", request, user.get_username())


@receiver(user_logged_out)
def logged_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:
        record_security("staff.logged_out", request, user.get_username())


@receiver(user_login_failed)
def login_failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    step = getattr(request, "login_step", None)
    record_security(
        "staff.login_failed",
        request,
        _name(credentials),
        is_known=False,
        after={"step": step} if step else None,
    )


@receiver(user_locked_out)
def locked(request: HttpRequest | None, username: str | None, **_: Any) -> None:
    record_security("staff.login_locked", request, _name({"username": username}), is_known=False)


def _name(credentials: dict[str, Any]) -> str:
    return str(credentials.get("username") or "").replace("\0", "")[:200]
