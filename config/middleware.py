"""What every request gets: a trace id, a log line, and an error body that machines can read; and what only
the console's pages get."""

import re
from collections.abc import Callable
from ipaddress import ip_address

import structlog
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import resolve
from django.utils.functional import SimpleLazyObject
from django_structlog.middlewares import RequestMiddleware

from audit.ids import new_id
from loyalty.api.audience import errors as audience
from loyalty.api.publisher_v1 import errors as publisher
from loyalty.api.v1.errors import problem_for
from programs.log_ins import user_of

GetResponse = Callable[[HttpRequest], HttpResponseBase]

# Each surface of the API, and how it answers in place of an error page.
SURFACES: dict[str, Callable[..., HttpResponse]] = {
    "/v1/": problem_for,
    "/publisher.v1/": publisher.error_for,
    "/api/loyalty/": audience.error_for,
}
_NOT_THIS_HOST = (
    "This server does not answer to the host it was called by; its operator lists it in ALLOWED_HOSTS."
)
PROBES = ("/healthz", "/readyz", "/metrics")
_LONGEST_HOST = 253  # characters of a name
_JSON = ("application/json", "application/problem+json")
_TRACEPARENT = re.compile(r"^(?!ff|..-0{32}|.{36}0{16})[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$")
_REQUEST_ID = re.compile(r"^[A-Za-z0-9._:/+=-]{1,128}$")


def trace_id(get_response: GetResponse) -> Callable[[HttpRequest], HttpResponseBase]:
    """Give the request its trace id: W3C `traceparent`, else `X-Request-Id`, else a new one.

    `request.client_ip` is set too. The id is echoed as `X-Request-Id`, and stands in every log line and on
    each entry and audit event.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        request.trace_id = _read_trace_id(request)  # type: ignore[attr-defined]
        request.client_ip = client_ip(request)  # type: ignore[attr-defined]
        request.META["HTTP_X_REQUEST_ID"] = request.trace_id  # type: ignore[attr-defined]
        vars(request).pop("headers", None)  # a copy of META; the logger must read the new id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(trace_id=request.trace_id)  # type: ignore[attr-defined]
        response = get_response(request)
        response["X-Request-Id"] = request.trace_id  # type: ignore[attr-defined]
        return response

    return middleware


def _read_trace_id(request: HttpRequest) -> str:
    parent = _TRACEPARENT.match(request.META.get("HTTP_TRACEPARENT", ""))
    if parent:
        return parent[1]
    given = request.META.get("HTTP_X_REQUEST_ID", "")
    return given if _REQUEST_ID.match(given) else new_id().hex


def client_ip(request: HttpRequest) -> str | None:
    """The caller's address; X-Forwarded-For counts only as far as our own proxies wrote it."""
    if settings.TRUSTED_PROXIES:
        hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
        if len(hops) >= settings.TRUSTED_PROXIES:
            return _address(hops[-settings.TRUSTED_PROXIES])
    return _address(request.META.get("REMOTE_ADDR", ""))


def _address(text: str) -> str | None:
    try:
        return str(ip_address(text))
    except ValueError:  # a unix socket, or a proxy that hides it
        return None


class RequestLog(RequestMiddleware):
    """One line a request, when it is answered: what was asked, of whom, with what status."""

    def prepare(self, request: HttpRequest) -> None:
        # In place of two lines and a search for the caller's address, which trace_id has found already.
        structlog.contextvars.bind_contextvars(
            request_id=request.trace_id,  # type: ignore[attr-defined]
            ip=request.client_ip,  # type: ignore[attr-defined]
            user_agent=request.META.get("HTTP_USER_AGENT"),
        )


def known_host(get_response: GetResponse) -> Callable[[HttpRequest], HttpResponseBase]:
    """Refuse a `Host` that is not listed, with a sentence, before Django does with a traceback; the log says which.
    Probes are answered under any: they name the address of a container, which nobody lists."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        try:
            request.get_host()
        except DisallowedHost:
            if request.path_info in PROBES:
                return resolve(request.path_info).func(request)  # type: ignore[no-any-return]
            structlog.contextvars.bind_contextvars(host=request.META.get("HTTP_HOST", "")[:_LONGEST_HOST])
            return _refused_host(request)
        return get_response(request)

    return middleware


def _refused_host(request: HttpRequest) -> HttpResponse:
    if refusal := _refusal_of(request):
        answer = refusal(400, request, _NOT_THIS_HOST)
    else:
        answer = HttpResponse(_NOT_THIS_HOST, status=400, content_type="text/plain; charset=utf-8")
    answer.headers["Cache-Control"] = "no-store"
    return answer


class _ForPages:
    """Before a middleware that only the console's pages need: a call of the API goes past it.

    Its calls carry a key and no session, so nothing there could be forged or hijacked.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if is_api(request):
            return self.get_response(request)  # type: ignore[attr-defined,no-any-return]
        return super().__call__(request)  # type: ignore[misc,no-any-return]


class Sessions(_ForPages, SessionMiddleware):
    """`request.session`."""


class Users(_ForPages, AuthenticationMiddleware):
    """`request.user`: nobody where the log-in has ended."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: user_of(request))  # type: ignore[assignment]


class Messages(_ForPages, MessageMiddleware):
    """What a page says after a change."""


class ContentSecurity(_ForPages, CSPMiddleware):
    """What a page may load, run and ask of the browser, and who may load it; JSON does neither."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        answer = super().process_response(request, response)
        if answer.status_code >= 400 and request.path_info.startswith("/console/"):
            # A refusal may name what only its reader may know; after a log-in it is another.
            answer.headers.setdefault("Cache-Control", "no-store")
        answer.headers.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        answer.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return answer


def is_api(request: HttpRequest) -> bool:
    """Whether it is a call of the API, by its path: it carries a key, and no session."""
    return _refusal_of(request) is not None


def _refusal_of(request: HttpRequest) -> Callable[..., HttpResponse] | None:
    """How the surface refuses that the path belongs to; None of a page."""
    return next(
        (refusal for prefix, refusal in SURFACES.items() if request.path_info.startswith(prefix)), None
    )


def problem_details(get_response: GetResponse) -> Callable[[HttpRequest], HttpResponseBase]:
    """Answers of the API that Django made itself (404, 400, 500 …) become the surface's own refusals."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        is_ours = response.headers.get("Content-Type", "").startswith(_JSON)
        if response.status_code < 400 or is_ours:
            return response
        refusal = _refusal_of(request)
        return refusal(response.status_code, request) if refusal else response

    return middleware
