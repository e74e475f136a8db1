"""Refusals as RFC 9457 problem details (api.md)."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.response import Response

from loyalty.api.common.problems import PROBLEMS, refusal_for, refusal_of
from loyalty.api.common.rendering import dumps

MEDIA_TYPE = "application/problem+json"


def problem(code: str, detail: str, trace_id: str, *, errors: Any = (), **data: Any) -> dict[str, Any]:
    """The body of a refusal; also under `error` for clients of the LoyalPro document."""
    status, title, *_ = PROBLEMS[code]
    return {
        "type": f"{settings.DOCS_URL}/{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": trace_id,
        "errors": [error.as_json() for error in errors],
        **data,
        "error": {"code": code, "message": detail},
    }


def exception_handler(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's hook: every exception becomes a problem."""
    found = refusal_of(error, context)
    trace_id = context["request"]._request.trace_id
    body = problem(found.code, found.detail, trace_id, errors=found.errors, **found.data)
    return Response(body, found.status, headers=found.headers(), content_type=MEDIA_TYPE)


def problem_for(status: int, request: HttpRequest, detail: str = "") -> HttpResponse:
    """The problem in place of an error page that Django made before or after a view."""
    found = refusal_for(status, detail)
    body = problem(found.code, found.detail, request.trace_id)  # type: ignore[attr-defined]
    return HttpResponse(dumps(body), status=status, content_type=MEDIA_TYPE)
