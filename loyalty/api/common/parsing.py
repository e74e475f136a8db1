"""JSON in: exact numbers, valid text, and a clear refusal for anything else."""

import re
from collections.abc import Mapping
from typing import IO, Any, ClassVar

from django.conf import settings
from rest_framework.parsers import BaseParser

from audit.errors import InvalidRequest
from audit.json_in import check_text, check_values, read_json
from loyalty.errors import PayloadTooLarge

__all__ = [
    "MAX_BODY",
    "ItemsApart",
    "StrictJSONParser",
    "check_text",
    "check_values",
    "may_hide",
    "too_large",
]

MAX_BODY = 2 * 1024 * 1024  # bytes
_SUSPICIOUS = re.compile(rb"\\u0000|\\u[dD][89a-fA-F]")


class StrictJSONParser(BaseParser):
    """A JSON object in UTF-8; decimals become Decimal, never float.

    Raises InvalidRequest for anything else, PayloadTooLarge above `max_body` bytes.
    """

    media_type = "application/json"
    max_body: ClassVar[int] = MAX_BODY

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        body = stream.read(self.max_body + 1)
        if len(body) > self.max_body:
            raise too_large(self.max_body)
        try:
            parsed = read_json(body.decode())
        except UnicodeDecodeError as error:
            raise InvalidRequest("The body is not valid UTF-8.") from error
        except RecursionError as error:
            raise InvalidRequest("The body is nested too deeply.") from error
        except ValueError as error:
            raise InvalidRequest(f"The body is not valid JSON: {error}.") from error
        if not isinstance(parsed, dict):
            raise InvalidRequest("The body must be a JSON object.")
        self.check(parsed, look_at_text=may_hide(body))
        return parsed

    def check(self, parsed: dict[str, Any], *, look_at_text: bool) -> None:
        """Refuse what can't be stored. Raises InvalidRequest."""
        check_values(parsed, "", 0, look_at_text=look_at_text)


class ItemsApart(StrictJSONParser):
    """Of a batch: up to 8 MiB, and the items of its list are left to be checked one by one
    (`check_values`), so that a faulty one spoils no other."""

    max_body = settings.LARGEST_BODY

    def check(self, parsed: dict[str, Any], *, look_at_text: bool) -> None:
        for name, value in parsed.items():
            if not isinstance(value, list):
                check_values({name: value}, "", 0, look_at_text=look_at_text)
            elif look_at_text:
                check_text(name, name)


def may_hide(body: bytes) -> bool:
    """Whether text in this JSON may be such as can't be stored: then each has to be looked at."""
    return bool(_SUSPICIOUS.search(body))


def too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"A request body is at most {limit} bytes.")
