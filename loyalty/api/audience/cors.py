"""Calls from web pages of other origins (CORS, as the Fetch standard has it).

Not django-cors-headers: it decides by the request alone. Here a preflight, which names nobody, is allowed to an
origin that any environment lists, while the call itself must come from one that the *caller's* environment lists.
"""

from collections.abc import Iterable

from django.http import HttpRequest

EXPOSED = (
    "ETag, Event-Id, Idempotent-Replayed, Link, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset,"
    " Retry-After, X-Request-Id"
)
_SENT = "Authorization, Content-Type, Idempotency-Key, If-None-Match, traceparent, X-Request-Id"
_REMEMBERED = 3600  # seconds for which a browser need not ask again


def foreign_origin(request: HttpRequest) -> str | None:
    """The origin of the web page that calls; None where no page does, or one of this very host."""
    origin = request.headers.get("Origin")
    return None if origin == f"{request.scheme}://{request.get_host()}" else origin


def preflight_headers(methods: Iterable[str]) -> dict[str, str]:
    """What a page of an allowed origin may send."""
    return {
        "Access-Control-Allow-Methods": ", ".join(methods),
        "Access-Control-Allow-Headers": _SENT,
        "Access-Control-Max-Age": str(_REMEMBERED),
    }


def readable_headers(origin: str) -> dict[str, str]:
    """What lets a page of that origin read the answer."""
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": EXPOSED}
