"""The key, looked up for each request."""

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from programs.actions.keys import hash_key
from programs.models import ApiKey


@dataclass
class Caller(AnonymousUser):
    """Whoever holds the key."""

    key: ApiKey

    @property
    def is_authenticated(self) -> bool:  # type: ignore[override]
        return True


class KeyAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Caller, ApiKey]:
        secret = request.headers.get("Authorization", "").removeprefix("Bearer ")
        found = ApiKey.objects.select_related("environment__project").filter(
            key_hash=hash_key(secret), revoked_at__isnull=True
        )
        key = found.first()
        if key is None:
            raise AuthenticationFailed
        return Caller(key), key
