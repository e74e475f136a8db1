"""JSON out: Decimal as the number that came in, instants in UTC with a Z."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import simplejson
from rest_framework.renderers import BaseRenderer

from audit.instants import rfc3339


def plain(value: Any) -> Any:
    """What JSON has no form for. Raises TypeError for what an answer should never hold."""
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def instant(value: datetime | None) -> str | None:
    """RFC 3339 in UTC: `2026-01-31T12:00:00Z`, with microseconds where there are any."""
    return None if value is None else rfc3339(value)


# Made once: simplejson would make one for each call with options.
_encoder = simplejson.JSONEncoder(use_decimal=True, default=plain, ensure_ascii=False, separators=(",", ":"))


def dumps(value: Any) -> str:
    return _encoder.encode(value)


class Rendered(str):
    """A body that is JSON text already."""


class JSONRenderer(BaseRenderer):
    """Renders answers that are JSON values already."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        if data is None:
            return b""
        return (data if isinstance(data, Rendered) else dumps(data)).encode()
