"""Refusals as the K42 document's clients read them: `{"error": {"code", "message"}}` (api.md)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from rest_framework.response import Response

from audit.errors import FieldError, InvalidRequest, told
from loyalty.api.common.problems import Refusal, refusal_for, refusal_of
from loyalty.api.common.rendering import dumps

MEDIA_TYPE = "application/json"


def exception_handler(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's hook: every exception becomes the document's envelope."""
    found = refusal_of(error, context)
    return Response(_envelope(found), found.status, headers=found.headers())


def error_for(status: int, _request: HttpRequest, detail: str = "") -> HttpResponse:
    """The envelope in place of an error page that Django made before or after a view."""
    body = _envelope(refusal_for(status, detail))
    return HttpResponse(dumps(body), status=status, content_type=MEDIA_TYPE)


def _envelope(refusal: Refusal) -> dict[str, Any]:
    return {"error": {"code": refusal.code, "message": refusal.detail}}


def in_own_names(refusal: InvalidRequest) -> InvalidRequest:
    """A refusal of an event, which names the fields that this surface sent it from."""
    errors = [FieldError(_own_name(each.field), each.code, each.detail) for each in refusal.errors]
    if not errors:
        return refusal
    return InvalidRequest(told(errors), errors=errors)


def _own_name(field: str) -> str:
    """`data.amount` is `amount` here; only the items can make the data too large."""
    return "items" if field == "data" else field.removeprefix("data.")
