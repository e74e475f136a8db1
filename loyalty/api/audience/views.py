"""What every view of /api/loyalty shares: the document's envelope, the members' own tokens, and web pages of other
origins."""

from typing import Any, ClassVar

from django.db import DatabaseError
from django.utils.cache import patch_vary_headers
from django.utils.functional import cached_property
from rest_framework.request import Request
from rest_framework.response import Response

from audit.errors import PermissionRefused
from loyalty.api.audience.authentication import MayCall, MemberAuthentication
from loyalty.api.audience.cors import foreign_origin, preflight_headers, readable_headers
from loyalty.api.audience.errors import Refusing
from loyalty.api.common.nothing_here import NothingHereView
from loyalty.api.common.views import EngineView
from programs.queries.member_apps import is_listed
from programs.queries.snapshots import snapshot


class AudienceView(Refusing, EngineView):
    """`anyone_may`: the methods that need no member."""

    authentication_classes = [MemberAuthentication]
    permission_classes = [MayCall]
    http_method_names = ["get", "head", "post", "options"]
    anyone_may: ClassVar[frozenset[str]] = frozenset()

    @property
    def member(self) -> str:
        """The token's own. Asked of methods that only members may call."""
        return self.own(None)

    def envelope(self, data: Any, **headers: str) -> Response:
        return Response({"message": "OK", "data": data}, headers=headers)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.method == "OPTIONS":  # a preflight carries no token
            self._limit(request, f"ip:{request._request.client_ip}")  # type: ignore[attr-defined]
            return
        super().initial(request, *args, **kwargs)
        if self.origin is not None and not self.answers_can_be_read:
            raise PermissionRefused(
                f"The environment does not list the origin {self.origin!r}; an operator can add it to the member app."
            )

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """A browser's preflight; else what the address allows."""
        methods = self.allowed_methods
        if self.origin is None or "Access-Control-Request-Method" not in request.headers:
            return Response(status=204, headers={"Allow": ", ".join(methods)})
        if not self.answers_can_be_read:
            raise PermissionRefused(
                "No environment lists this origin; an operator can add it to the member app."
            )
        return Response(status=204, headers=preflight_headers(methods))

    @cached_property
    def origin(self) -> str | None:
        """Of a web page that is not this host's own."""
        return foreign_origin(self.request._request)

    @cached_property
    def answers_can_be_read(self) -> bool:
        """Whether the caller's environment lists the page's origin; where nobody is recognised, whether any does:
        a page must be able to read that its token has expired. One statement."""
        if "principal" not in vars(self):
            return is_listed(self.origin or "")
        app = snapshot(self.environment).member_app
        return app is not None and self.origin in app.origins

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        found = super().finalize_response(request, response, *args, **kwargs)
        patch_vary_headers(found, ("Authorization", "Origin"))
        if self.origin is not None and self._can_be_read():
            for name, value in readable_headers(self.origin).items():
                found.headers[name] = value
        return found

    def _can_be_read(self) -> bool:
        try:
            return self.answers_can_be_read
        except DatabaseError:  # it is away, which is what the answer says
            return False


class NothingHere(Refusing, NothingHereView):
    """Addresses below /api/loyalty that do not exist."""
