"""An HTTP answer as the value of a call, or as the error that it stands for."""

from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from loyalty_engine_client.errors import LoyaltyError, UnexpectedAnswerError
from loyalty_engine_client.problems import PROBLEMS

_STANDARD = {"type", "title", "status", "code", "detail", "request_id", "errors", "error"}


def value_of(response: requests.Response) -> dict[str, Any]:
    """The JSON object of a 2xx, with exact decimals; raises LoyaltyError for anything else."""
    if not 200 <= response.status_code < 300:
        raise error_of(response)
    value = _object(response)
    if value is None:
        raise UnexpectedAnswerError(
            "The answer is not a JSON object: is the base URL that of the engine?",
            status=response.status_code,
        )
    return value


def error_of(response: requests.Response) -> LoyaltyError:
    """The error that an answer stands for: of its code's class, also if the code is newer than this library."""
    body = _object(response)
    request_id = response.headers.get("X-Request-Id")
    retry_after = _seconds(response.headers.get("Retry-After"))
    if body is None or not isinstance(body.get("code"), str):
        return UnexpectedAnswerError(
            f"The answer is {response.status_code} {response.reason}, and not from the engine.",
            status=response.status_code,
            request_id=request_id,
            retry_after=retry_after,
        )
    return PROBLEMS.get(body["code"], LoyaltyError)(
        str(body.get("detail", "")),
        code=body["code"],
        status=response.status_code,
        errors=body.get("errors") or (),
        data={name: value for name, value in body.items() if name not in _STANDARD},
        request_id=body.get("request_id") or request_id,
        retry_after=retry_after,
    )


def _object(response: requests.Response) -> dict[str, Any] | None:
    """What was answered; None for whatever the engine does not answer."""
    try:
        body = response.json(parse_float=Decimal)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _seconds(header: str | None) -> float | None:
    """A Retry-After: seconds, or a date."""
    if header is None:
        return None
    if header.isascii() and header.strip().isdigit():
        return float(header)
    try:
        return max(0.0, (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
