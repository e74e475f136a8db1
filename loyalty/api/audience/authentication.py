"""Who calls /api/loyalty: a member by their token; for the configuration also an app by its publishable key, or
whoever calls by the environment's public host."""

from dataclasses import replace
from typing import Any, cast

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from audit.errors import PermissionRefused
from loyalty.api.common import authentication as known
from loyalty.api.common import member_tokens
from loyalty.api.common.authentication import Principal
from programs.models import ApiKey

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class MemberAuthentication(BaseAuthentication):
    """`Authorization: Bearer <JWT>`; a publishable key is known too, for the view to judge."""

    def authenticate(self, request: Request) -> tuple[None, Principal]:
        sent = known.sent_secret(request, "<member token>")
        if sent is None:
            return None, self.without_authorization(request)
        if sent.startswith("sk_"):
            raise PermissionRefused(
                "Secret keys are for servers: never put one into an app. Revoke it in the console if it was in one;"
                " send a member token here."
            )
        if sent.startswith("pk_"):
            return None, _of_the_app(request, known.by_key(sent, ApiKey.Kind.PUBLISHABLE))
        if member_tokens.looks_like_token(sent):
            return None, known.by_token(sent)
        raise AuthenticationFailed("Send a member token: `Authorization: Bearer <JWT>`.")

    def without_authorization(self, request: Request) -> Principal:
        raise NotAuthenticated("Send a member token: `Authorization: Bearer <JWT>`.")

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="loyalty"'


def _of_the_app(request: Request, key: Principal) -> Principal:
    """Every phone has the same key, so that one of them must not use up what is meant for all."""
    address = request._request.client_ip  # type: ignore[attr-defined]
    return replace(key, counted_as=f"key:{key.key_id}:{address}")


class ConfigAuthentication(MemberAuthentication):
    """As documented also without any: then the host says whose configuration is meant."""

    def without_authorization(self, request: Request) -> Principal:
        http = request._request
        host = http.get_host().lower().removesuffix(_DEFAULT_PORTS[http.scheme or "http"])
        found = known.by_host(host, http.client_ip)  # type: ignore[attr-defined]
        if found is None:
            raise NotAuthenticated(
                "Send a publishable key or a member token, or call by the public host of your environment."
            )
        return found


class MayCall(BasePermission):
    """A member may all that is here; anybody else what the view's `anyone_may` names."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.method not in view.allowed_methods:
            return True  # nobody may; 405 follows
        method = "GET" if request.method == "HEAD" else request.method
        if cast("Principal", request.auth).kind != "member" and method not in view.anyone_may:
            raise PermissionRefused(
                "A publishable key reads `GET /api/loyalty/config` and nothing else; send a member token."
            )
        return True
