"""Secret keys: who calls, for which environment, and what they may do (domain.md 1)."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from time import monotonic
from typing import Any, cast
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from audit.errors import PermissionRefused
from programs.actions.keys import hash_key
from programs.models import ApiKey

# A revocation counts within this many seconds, in every process.
CACHE_SECONDS = 5
_CACHED_KEYS = 10_000
_USED_RESOLUTION = timedelta(minutes=1)
_SECRET = re.compile(r"^sk_(?:sandbox|live)_[A-Za-z0-9_-]{43}$")


@dataclass(frozen=True, slots=True)
class Principal:
    """The key behind a request."""

    key_id: UUID
    environment_id: UUID
    prefix: str
    scopes: frozenset[str]
    expires_at: datetime | None

    def may(self, scope: str) -> bool:
        return scope in self.scopes or "*" in self.scopes


_cache: dict[str, tuple[float, Principal]] = {}
_lock = Lock()


def forget_keys() -> None:
    """Empty this process's cache of keys."""
    with _lock:
        _cache.clear()


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer sk_…`. No statement while the key is warm in the process's cache."""

    def authenticate(self, request: Request) -> tuple[None, Principal]:
        words = get_authorization_header(request).decode("latin-1").split()
        if not words:
            raise NotAuthenticated("Send the secret key: `Authorization: Bearer sk_…`.")
        if len(words) != 2 or words[0].lower() != "bearer":
            raise AuthenticationFailed("The Authorization header must be `Bearer sk_…`.")
        principal = _find(words[1]) if _SECRET.match(words[1]) else None
        if principal is None or (principal.expires_at and principal.expires_at <= timezone.now()):
            raise AuthenticationFailed(
                "This key is unknown, revoked or expired; make a new one in the console."
            )
        return None, principal

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="loyalty"'


def _find(secret: str) -> Principal | None:
    digest = hash_key(secret)
    cached = _cache.get(digest)
    if cached and cached[0] > monotonic():
        return cached[1]
    key = ApiKey.objects.filter(
        key_hash=digest,
        revoked_at__isnull=True,
        environment__archived_at__isnull=True,
        kind=ApiKey.Kind.SECRET,
    ).first()
    if key is None:
        with _lock:
            _cache.pop(digest, None)
        return None
    principal = Principal(key.id, key.environment_id, key.prefix, frozenset(key.scopes), key.expires_at)
    _mark_used(key)
    with _lock:
        if len(_cache) >= _CACHED_KEYS:
            _cache.clear()
        _cache[digest] = (monotonic() + CACHE_SECONDS, principal)
    return principal


def _mark_used(key: ApiKey) -> None:
    now = timezone.now()
    if key.last_used_at is None or key.last_used_at < now - _USED_RESOLUTION:
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - _USED_RESOLUTION)
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)


class HasScope(BasePermission):
    """The view says which scope each method needs; a key without it is told its name.

    A method whose scope the view forgot to say is refused to everyone.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.method not in view.allowed_methods:
            return True  # nobody may; 405 follows
        scope = view.scopes.get("GET" if request.method == "HEAD" else request.method)
        if scope is None or not cast("Principal", request.auth).may(scope):
            raise PermissionRefused(f"This key lacks the scope {scope!r}.", scope=scope)
        return True
