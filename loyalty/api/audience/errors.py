"""Refusals as the Audience document's clients read them: `{"message", "code"}` (api.md)."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from rest_framework.response import Response

from loyalty.api.common.problems import Refusal, refusal_for, refusal_of
from loyalty.api.common.rendering import dumps

MEDIA_TYPE = "application/json"


class Refusing:
    """Refusals leave in this surface's envelope."""

    def get_exception_handler(self) -> Callable[..., Response]:
        return exception_handler


def exception_handler(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's hook: every exception becomes the document's envelope."""
    found = refusal_of(error, context)
    return Response(_envelope(found), found.status, headers=found.headers())


def error_for(status: int, _request: HttpRequest, detail: str = "") -> HttpResponse:
    """The envelope in place of an error page that Django made before or after a view."""
    body = _envelope(refusal_for(status, detail))
    return HttpResponse(dumps(body), status=status, content_type=MEDIA_TYPE)


def _envelope(refusal: Refusal) -> dict[str, Any]:
    return {"message": refusal.detail, "code": refusal.code}
