"""The `Idempotency-Key` header of a request."""

import hashlib
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from rest_framework.request import Request

from audit.errors import InvalidRequest
from loyalty.ledger.idempotency import Answer, Idempotency

HEADER = "Idempotency-Key"
_KEY = re.compile(r"^[\x21-\x7e]{1,255}$")


def read_idempotency(
    request: Request,
    body: bytes,
    answer: Callable[[Any], Answer],
    *,
    scope: str,
    home: tuple[UUID, str] | None = None,
) -> Idempotency | None:
    """The caller's key with this request's fingerprint, or None where no key was sent. `scope`: within what
    the key counts, empty for the environment's own servers. `home`: where it counts too.

    Raises InvalidRequest for a key that is empty, too long or not printable ASCII.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not _KEY.match(key):
        raise InvalidRequest.field(
            HEADER, "invalid", "Use 1 to 255 printable ASCII characters without spaces."
        )
    method = (request.method or "").encode()
    path = request.get_full_path().encode()
    return Idempotency(
        scope=scope,
        key=key,
        fingerprint=hashlib.sha256(b"\n".join([method, path, body])).digest(),
        answer=answer,
        home=home,
    )
