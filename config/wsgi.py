"""The WSGI application that config/gunicorn.py runs."""

import os
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

_django = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Django's application, with chunked bodies."""
    return _django(with_length(environ), start_response)


def with_length(environ: dict[str, Any]) -> dict[str, Any]:
    """Read a chunked body: Django knows one by its Content-Length alone, and would take this for empty."""
    chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
    if not chunked or environ.get("CONTENT_LENGTH"):
        return environ
    # One byte more than any view takes, so that it refuses a body that is too large.
    body = environ["wsgi.input"].read(settings.LARGEST_BODY + 1)
    return environ | {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
