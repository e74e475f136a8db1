"""Pictures in bodies: uploaded as data URLs and kept here, or the address of one."""

import re
from typing import Any
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve
from drf_spectacular.utils import extend_schema_field

from audit.errors import InvalidRequest
from loyalty.api.v1.reward_bodies import Image, in_wire_words
from programs.actions.pictures import store_picture
from programs.models import Environment, Picture

_LONGEST_ADDRESS = 500
_ADDRESS = re.compile(r"https?://[!-~]+", re.IGNORECASE)
_SCHEMAS: list[dict[str, Any]] = [
    {"type": "string", "format": "uri", "pattern": "^https?://", "maxLength": _LONGEST_ADDRESS},
    {"type": "string", "pattern": r"^data:image/[a-z0-9.+-]+;base64,[A-Za-z0-9+/]+={0,2}$"},
]


@extend_schema_field({"anyOf": _SCHEMAS})
class PictureOrAddress(Image):
    """A picture as a data URL, or where one is."""

    default_error_messages = {
        "invalid": "Give an https address, a picture as data:image/png;base64,…, or null for none.",
        "max_length": f"An address has at most {_LONGEST_ADDRESS} characters.",
    }

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or not _ADDRESS.fullmatch(data):
            return super().to_internal_value(data)
        if len(data) > _LONGEST_ADDRESS:
            self.fail("max_length")
        return data


@extend_schema_field({"anyOf": [*_SCHEMAS, {"type": "string", "maxLength": 0}]})
class Media(PictureOrAddress):
    """The same; an empty text is none."""

    default_error_messages = {
        "invalid": "Give an https address, a picture as data:image/png;base64,…, or an empty text for none.",
    }

    def to_internal_value(self, data: Any) -> Any:
        return "" if data == "" else super().to_internal_value(data)


def picture_of(given: str | bytes | None, environment: Environment, host: str, field: str) -> Picture | None:
    """The picture that is meant: an uploaded one is stored, and the address of one that is kept here, as answers give
    it, means that one. None: another address, or nothing. `host`: this engine's own.

    Raises InvalidRequest naming `field`, for one that can't be read."""
    if isinstance(given, bytes):
        try:
            return store_picture(environment=environment, data=given)
        except InvalidRequest as refusal:
            raise in_wire_words(refusal, {"image": field}) from refusal
    return _own(given, environment, host) if given else None


def media_of(given: str | bytes | None, environment: Environment, host: str, field: str) -> dict[str, Any]:
    """An item's settings that its `media` means. Raises InvalidRequest as `picture_of`."""
    picture = picture_of(given, environment, host, field)
    return {"picture": picture, "media": "" if picture or not given else given}


def _own(address: str, environment: Environment, host: str) -> Picture | None:
    """The picture of this environment that is served at the address."""
    try:
        parts = urlsplit(address)
        place = resolve(parts.path) if parts.netloc == host else None
    except (Resolver404, ValueError):
        return None
    if place is None or place.url_name != "picture":
        return None
    rows = Picture.objects.filter(environment=environment, pk=place.kwargs["picture"])
    return rows.defer("content").first()
