"""JSON in: exact numbers, valid text, and a clear refusal for anything else."""

import re
from collections.abc import Mapping
from typing import IO, Any, ClassVar

import simplejson
from django.conf import settings
from rest_framework.parsers import BaseParser

from audit.errors import InvalidRequest
from loyalty.errors import PayloadTooLarge

MAX_BODY = 2 * 1024 * 1024  # bytes
_SUSPICIOUS = re.compile(rb"\\u0000|\\u[dD][89a-fA-F]")
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")
_MAX_DEPTH = 64


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
            parsed = simplejson.loads(
                body.decode(), use_decimal=True, parse_constant=_refuse_constant, object_pairs_hook=_unique
            )
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


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number in JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object; refused where a name stands in it twice, since readers differ on which one counts."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice!r} stands twice in one object")
    return found


def check_values(value: Any, path: str, depth: int, *, look_at_text: bool) -> None:
    """Refuse what can't be stored: text with NUL or half a surrogate pair, huge numbers, deep nesting."""
    if depth > _MAX_DEPTH:
        raise InvalidRequest.field(path, "too_deep", f"Nest at most {_MAX_DEPTH} levels.")
    if isinstance(value, dict):
        for name, inner in value.items():
            if look_at_text:
                check_text(name, path)
            check_values(inner, f"{path}.{name}" if path else name, depth + 1, look_at_text=look_at_text)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            check_values(inner, f"{path}[{index}]", depth + 1, look_at_text=look_at_text)
    elif isinstance(value, str) and look_at_text:
        check_text(value, path)
    elif not isinstance(value, str | bool | None) and _is_absurd(value):
        raise InvalidRequest.field(path, "invalid", "Use a number of at most 100 digits.")


def check_text(text: str, path: str) -> None:
    """Raises InvalidRequest for text that PostgreSQL can't store."""
    if _NOT_STORABLE.search(text):
        raise InvalidRequest.field(path or "body", "invalid", "Leave out NUL characters and lone surrogates.")


def _is_absurd(number: Any) -> bool:
    if isinstance(number, int):
        return abs(number) >= 10**100
    return not -100 < number.adjusted() < 100 or len(number.as_tuple().digits) > 100
