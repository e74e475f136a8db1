"""Salted digests of rows: a redacted row can still be proved (domain.md 9.1)."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import simplejson


def salted_digest(salt: bytes, content: Mapping[str, Any]) -> bytes:
    """SHA-256 over salt and content. The same for a row as it was written and as it is read back:
    names sorted, instants in UTC, numbers without exponent or superfluous zeros."""
    return hashlib.sha256(salt + simplejson.dumps(_plain(content), sort_keys=True).encode()).digest()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float | Decimal):
        number = Decimal(str(value))
        return "0" if number == 0 else f"{number.normalize():f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    raise TypeError(f"{type(value).__name__} has no canonical form")
