"""Refusals as RFC 9457 problem details: the one table from error to status (api.md)."""


from typing import Any, NamedTuple

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions as drf
from rest_framework.response import Response

from audit.errors import DomainError
from loyalty.api.common.rendering import dumps

MEDIA_TYPE = "application/problem+json"
logger = structlog.get_logger(__name__)


class Problem(NamedTuple):
    status: int
    title: str


PROBLEMS: dict[str, Problem] = {
    "invalid_request": Problem(400, "Invalid request"),
    "authentication_failed": Problem(401, "Authentication failed"),
    "permission_denied": Problem(403, "Permission denied"),
    "not_found": Problem(404, "Not found"),
    "program_not_found": Problem(404, "Program not found"),
    "method_not_allowed": Problem(405, "Method not allowed"),
    "not_acceptable": Problem(406, "Not acceptable"),
    "insufficient_balance": Problem(409, "Insufficient balance"),
    "event_id_reused": Problem(409, "Event id reused"),
    "event_too_late": Problem(409, "Event too late"),
    "member_frozen": Problem(409, "Member is frozen"),
    "idempotency_key_in_use": Problem(409, "Idempotency key in use"),
    "payload_too_large": Problem(413, "Payload too large"),
    "unsupported_media_type": Problem(415, "Unsupported media type"),
    "idempotency_key_reused": Problem(422, "Idempotency key reused"),
    "rate_limited": Problem(429, "Too many requests"),
    "internal_error": Problem(500, "Internal error"),
    "service_unavailable": Problem(503, "Service unavailable"),
}
_BY_STATUS = {400: "invalid_request", 403: "permission_denied", 404: "not_found", 405: "method_not_allowed", 413: "payload_too_large"}


def problem(code: str, detail: str, trace_id: str, *, errors: Any = (), **data: Any) -> dict[str, Any]:
    """The body of a refusal; also under `error` for clients of the LoyalPro document."""
    status, title = PROBLEMS[code]
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
    """DRF's hook: every exception becomes a problem; an unforeseen one is logged and tells nothing."""
    trace_id = context["request"]._request.trace_id
    if isinstance(error, DomainError):
        body = problem(error.code, error.detail, trace_id, errors=error.errors, **error.data)
    else:
        code, detail = _foreign(error)
        if code == "internal_error":
            logger.exception("unhandled", exc_info=error)
        body = problem(code, detail, trace_id)
    headers = {}
    if body["status"] == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="loyalty"'
    if body["status"] == 503:
        headers["Retry-After"] = str(body.get("retry_after", 1))
    if isinstance(error, drf.MethodNotAllowed):
        headers["Allow"] = ", ".join(context["view"].allowed_methods)
    return Response(body, body["status"], headers=headers, content_type=MEDIA_TYPE)


def _foreign(error: Exception) -> tuple[str, str]:
    match error:
        case drf.NotAuthenticated() | drf.AuthenticationFailed():
            return "authentication_failed", str(error.detail)
        case drf.MethodNotAllowed():
            return "method_not_allowed", str(error.detail)
        case drf.NotAcceptable():
            return "not_acceptable", "Answers are application/json."
        case drf.UnsupportedMediaType():
            return "unsupported_media_type", "Send Content-Type: application/json."
        case drf.ParseError():
            return "invalid_request", str(error.detail)
        case RequestDataTooBig():
            return "payload_too_large", f"A request body is at most {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes."
        case Http404() | drf.NotFound():
            return "not_found", "There is nothing at this address."
        case OperationalError() | InterfaceError():
            return "service_unavailable", "The database is away; nothing was written. Try again."
        case _:
            return "internal_error", "Something went wrong here; the request id finds it in the logs."


def problem_for(status: int, request: HttpRequest) -> HttpResponse:
    """The problem in place of an error page that Django made before or after a view."""
    code = _BY_STATUS.get(status, "internal_error")
    detail = "There is nothing at this address." if status == 404 else PROBLEMS[code].title + "."
    body = problem(code, detail, request.trace_id)  # type: ignore[attr-defined]
    return HttpResponse(dumps(body), status=status, content_type=MEDIA_TYPE)
