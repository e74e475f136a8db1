"""Whether a webhook delivery is from the engine: Standard Webhooks (https://www.standardwebhooks.com)."""

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from loyalty_engine_client.errors import WebhookVerificationError

TOLERANCE = 300  # seconds


def verify(
    payload: bytes | str,
    headers: Mapping[str, str],
    secret: str | Sequence[str],
    *,
    tolerance: float = TOLERANCE,
    now: float | None = None,
) -> Any:
    """The parsed event, if one of the secrets signed it within `tolerance` seconds of now.

    `payload` is the body as it came, before any parsing. Give several secrets while one is rotated. Raises
    WebhookVerificationError; ValueError where no secret is given, or one is malformed: a mistake of the caller.
    """
    keys = [_key(each) for each in ([secret] if isinstance(secret, str) else secret)]
    if not keys:
        raise ValueError("No secret was given.")
    body = payload.encode() if isinstance(payload, str) else bytes(payload)
    found = {name.lower(): value for name, value in headers.items()}
    message_id, sent_at, signatures = (_header(found, name) for name in ("id", "timestamp", "signature"))
    _check_age(sent_at, tolerance, time.time() if now is None else now)
    signed = b".".join([message_id.encode(), sent_at.encode(), body])
    offered = list(_offered(signatures))
    # Every pair is compared, so that the time taken says nothing.
    matches = [
        hmac.compare_digest(hmac.new(key, signed, hashlib.sha256).digest(), signature)
        for key in keys
        for signature in offered
    ]
    if not any(matches):
        raise WebhookVerificationError("No signature is by this secret.")
    try:
        return json.loads(body, parse_float=Decimal)
    except ValueError as error:
        raise WebhookVerificationError("The payload is not JSON.") from error


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("A secret is whsec_ and base64, as the console shows it.") from error
    if not key:
        raise ValueError("A secret is whsec_ and base64, as the console shows it.")
    return key


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(f"webhook-{name}")
    if not value:
        raise WebhookVerificationError(f"The header webhook-{name} is missing.")
    return value


def _check_age(sent_at: str, tolerance: float, now: float) -> None:
    if not re.fullmatch(r"[0-9]{1,15}", sent_at):
        raise WebhookVerificationError("The header webhook-timestamp is not a number of seconds.")
    if now - int(sent_at) > tolerance:
        raise WebhookVerificationError("The delivery is too old.")
    if int(sent_at) - now > tolerance:
        raise WebhookVerificationError("The delivery is from the future: compare the clocks.")


def _offered(header: str) -> list[bytes]:
    """The signatures of version 1; others are not ours to judge."""
    found = []
    for part in header.split(" "):
        version, _, text = part.partition(",")
        if version == "v1":
            try:
                found.append(base64.b64decode(text, validate=True))
            except (binascii.Error, ValueError):
                continue
    return found
