"""Who calls, for which environment, and what they may do: keys and member tokens (domain.md 1)."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from audit.errors import PermissionRefused
from loyalty.api.common import member_tokens
from loyalty.api.common.member_tokens import KnownKey
from loyalty.api.common.warm import WarmKeys
from loyalty.models import member_key
from programs.actions.keys import hash_key
from programs.models import ApiKey, TokenKey
from programs.queries.member_apps import environment_of_host

_USED_RESOLUTION = timedelta(minutes=1)
_FORMS = {
    ApiKey.Kind.SECRET: re.compile(r"sk_(?:sandbox|live)_[A-Za-z0-9_-]{43}"),
    ApiKey.Kind.PUBLISHABLE: re.compile(r"pk_(?:sandbox|live)_[A-Za-z0-9_-]{43}"),
}


@dataclass(frozen=True, slots=True)
class Principal:
    """The key, the member by their token, or whoever knows the public host, behind a request.

    `prefix`: the first characters of a key, or the kid of a token's. `member`: a token's `sub`, else
    None; `member_key` the internal key that it means. `counted_as`: whose requests are counted together, where
    it is neither the key's nor the member's.
    """

    key_id: UUID
    environment_id: UUID
    prefix: str
    scopes: frozenset[str]
    expires_at: datetime | None
    kind: Literal["secret", "publishable", "member", "host"] = "secret"
    member: str | None = None
    member_key: UUID | None = None
    counted_as: str = ""

    def may(self, scope: str) -> bool:
        return scope in self.scopes or "*" in self.scopes

    @property
    def caller(self) -> str:
        """Whose requests are counted together: a key's, or a member's by whichever token."""
        if self.counted_as:
            return self.counted_as
        if self.member_key is None:
            return f"key:{self.key_id}"
        return f"member:{self.environment_id.hex}:{self.member_key.hex}"


_keys: WarmKeys[Principal] = WarmKeys()
_hosts: WarmKeys[UUID] = WarmKeys()


def forget_keys() -> None:
    """Empty this process's cache of keys and hosts."""
    _keys.forget()
    _hosts.forget()
    member_tokens.forget_keys()


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer sk_…` or `Bearer <JWT>`. No statement while its key is warm in the process."""

    def authenticate(self, request: Request) -> tuple[None, Principal]:
        sent = sent_secret(request, "sk_…")
        if sent is None:
            raise NotAuthenticated("Send the secret key: `Authorization: Bearer sk_…`.")
        if sent.startswith("pk_"):
            raise AuthenticationFailed(
                "A publishable key (`pk_…`) reads `GET /api/loyalty/config` and nothing else; send a secret key."
            )
        if member_tokens.looks_like_token(sent):
            return None, by_token(sent)
        return None, by_key(sent, ApiKey.Kind.SECRET)

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="loyalty"'


def sent_secret(request: Request, example: str) -> str | None:
    """What stands behind `Bearer`; None where the header is missing. Raises AuthenticationFailed."""
    words = get_authorization_header(request).decode("latin-1").split()
    if not words:
        return None
    if len(words) != 2 or words[0].lower() != "bearer":
        raise AuthenticationFailed(f"The Authorization header must be `Bearer {example}`.")
    return words[1]


def by_key(sent: str, kind: ApiKey.Kind) -> Principal:
    """The key of that kind. No statement while it is warm in the process. Raises AuthenticationFailed."""
    found = _find(sent, kind) if _FORMS[kind].fullmatch(sent) else None
    if found is None or (found.expires_at and found.expires_at <= timezone.now()):
        raise AuthenticationFailed("This key is unknown, revoked or expired; make a new one in the console.")
    return found


def by_host(host: str, address: str | None) -> Principal | None:
    """Whoever calls by an environment's public host: counted by their `address`. No statement while it is warm."""
    environment_id = _hosts.get(host)
    if environment_id is None:
        environment_id = environment_of_host(host)
        if environment_id is None:
            _hosts.drop(host)
            return None
        _hosts.keep(host, environment_id)
    return Principal(
        key_id=environment_id,
        environment_id=environment_id,
        prefix="",
        scopes=frozenset(),
        expires_at=None,
        kind="host",
        counted_as=f"ip:{address}",
    )


def _find(secret: str, kind: ApiKey.Kind) -> Principal | None:
    digest = hash_key(secret)
    if known := _keys.get(digest):
        return known
    key = ApiKey.objects.filter(
        key_hash=digest,
        revoked_at__isnull=True,
        environment__archived_at__isnull=True,
        kind=kind,
    ).first()
    if key is None:
        _keys.drop(digest)
        return None
    is_secret = kind == ApiKey.Kind.SECRET
    principal = Principal(
        key_id=key.id,
        environment_id=key.environment_id,
        prefix=key.prefix,
        scopes=frozenset(key.scopes) if is_secret else frozenset(),
        expires_at=key.expires_at,
        kind="secret" if is_secret else "publishable",
    )
    now = timezone.now()
    if _is_stale(key.last_used_at, now):
        ApiKey.objects.filter(_stale(now), pk=key.pk).update(last_used_at=now)
    _keys.keep(digest, principal)
    return principal


def by_token(token: str) -> Principal:
    """The member of a token. Raises AuthenticationFailed."""
    now = timezone.now()
    found = member_tokens.verified(token, now)
    key = found.key
    _mark_token_key(key, now)
    return Principal(
        key_id=key.id,
        environment_id=key.environment_id,
        prefix=key.kid,
        scopes=frozenset(),
        expires_at=None,
        kind="member",
        member=found.member,
        member_key=member_key(key.namespace, found.member),
    )


def _mark_token_key(key: KnownKey, now: datetime) -> None:
    """By tokens that it really signed: anybody may write its kid."""
    if _is_stale(key.last_used_at, now):
        TokenKey.objects.filter(_stale(now), pk=key.id).update(last_used_at=now)
        key.last_used_at = now


def _is_stale(last: datetime | None, now: datetime) -> bool:
    return last is None or last < now - _USED_RESOLUTION


def _stale(now: datetime) -> Q:
    return Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - _USED_RESOLUTION)


class HasScope(BasePermission):
    """The view says which scope each method needs; a key without it is told its name.

    A method whose scope the view forgot to say is refused to everyone. A member token has no scopes: it may
    what the view's `members_may` names, and nothing else.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.method not in view.allowed_methods:
            return True  # nobody may; 405 follows
        method = "GET" if request.method == "HEAD" else request.method
        principal = cast("Principal", request.auth)
        if principal.kind == "member":
            if method not in view.members_may:
                raise PermissionRefused("A member token may not do this; your server may, with a secret key.")
            return True
        scope = view.scopes.get(method)
        if scope is None or not principal.may(scope):
            raise PermissionRefused(f"This key lacks the scope {scope!r}.", scope=scope)
        return True
