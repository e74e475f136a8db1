"""How the members' own app reaches an environment is set up (api.md, /api/loyalty)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction

from audit.errors import FieldError, InvalidRequest
from audit.record import Actor
from programs.actions.configure import configure, lock_environment, refusal_of
from programs.event_types import event_type_fault
from programs.models import Environment, MemberApp

MAX_ORIGINS = 20
MAX_EVENT_TYPES = 200
_LOCAL: Final = ("localhost", "127.0.0.1")
_HOST = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:[0-9]{1,5})?"
)
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}
_NO_SITE: Final = ("file", "data", "javascript")
"""Schemes whose pages are not of any one host: a browser sends `null` for them."""
_TAKEN = FieldError("public_host", "unique", "Another environment has it; choose another.")


def member_app_of(environment: Environment) -> MemberApp:
    """The environment's, or an unsaved empty one. One statement."""
    found = MemberApp.objects.filter(environment=environment).first()
    return found or MemberApp(environment=environment)


@transaction.atomic
def save_member_app(*, environment: Environment, actor: Actor, changes: Mapping[str, Any]) -> MemberApp:
    """Set public_host (name[:port]; None or empty: none), origins (scheme://host[:port]) and event_types (what
    members may report), each put into normal form.

    An origin may be https, http of this machine, or of an app's web view (capacitor://localhost).

    Raises InvalidRequest naming every fault, as `origins[1]`. Locks: the environment, then the row.
    """
    lock_environment(environment)
    try:
        with transaction.atomic():
            return configure(
                environment=environment,
                instance=member_app_of(environment),
                actor=actor,
                changes=changes,
                check=_check,
            )
    except IntegrityError as error:  # another environment took it since it was looked for
        if "public_host" not in str(error):
            raise
        raise refusal_of([_TAKEN]) from error


def _check(app: MemberApp) -> None:
    errors: list[FieldError] = []
    app.public_host = _host(app, errors)
    app.origins = _each("origins", app.origins, MAX_ORIGINS, _origin, errors)
    app.event_types = _each("event_types", app.event_types, MAX_EVENT_TYPES, _event_type, errors)
    if errors:
        raise refusal_of(errors)


def _host(app: MemberApp, errors: list[FieldError]) -> str | None:
    host = (app.public_host or "").strip().lower().removesuffix(":443").removesuffix(":80")
    if not host:
        return None
    if not _HOST.fullmatch(host) or not _port_fits(host):
        detail = "Give a host such as club.example.com, without https:// and without a path."
        errors.append(FieldError("public_host", "invalid", detail))
    elif MemberApp.objects.filter(public_host=host).exclude(pk=app.pk).exists():
        errors.append(_TAKEN)
    return host


def _port_fits(host: str) -> bool:
    port = host.partition(":")[2]
    return not port or 0 < int(port) < 2**16


def _each(name: str, given: Any, most: int, read: Any, errors: list[FieldError]) -> list[str]:
    """Each of the list in normal form, once, in order."""
    if not isinstance(given, Sequence) or isinstance(given, str):
        errors.append(FieldError(name, "invalid_type", "Give a list of texts."))
        return []
    found: list[str] = []
    for place, value in enumerate(given):
        try:
            text = read(str(value).strip())
        except InvalidRequest as refusal:
            fault = refusal.errors[0]
            errors.append(FieldError(f"{name}[{place}]", fault.code, fault.detail))
        else:
            found += [text] if text not in found else []
    if len(found) > most:
        errors.append(FieldError(name, "max_length", f"At most {most}."))
    return found


def _origin(given: str) -> str:
    try:
        parts = urlsplit(given.lower())
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    host = parts.hostname or ""
    rest = (parts.path.strip("/"), parts.query, parts.fragment, parts.username, parts.password)
    if not _HOST.fullmatch(host) or any(rest) or "@" in parts.netloc:
        detail = "Give an origin such as https://www.example.com, without a path."
        raise InvalidRequest.field("origins", "invalid", detail)
    if parts.scheme in ("", *_NO_SITE) or (parts.scheme == "http" and host not in _LOCAL):
        detail = (
            "Give an https origin, or an app's own such as capacitor://localhost; http is for localhost and"
        )
        raise InvalidRequest.field("origins", "invalid", f"{detail} 127.0.0.1 alone.")
    shown = "" if port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{port}"
    return f"{parts.scheme}://{host}{shown}"


def _event_type(given: str) -> str:
    if fault := event_type_fault(given):
        raise InvalidRequest.field("event_types", fault.code, fault.detail)
    if given in ("purchase", "refund"):
        detail = "Members never report purchases and refunds; your servers do."
        raise InvalidRequest.field("event_types", "invalid_value", detail)
    return given
