"""Refusals of what is done to redemptions, as the console says them: no bare ids, times in the project's zone."""

import re
from datetime import datetime

from django.utils import timezone

from audit.errors import DomainError
from loyalty.errors import CodeAlreadyUsed, CodeExpired, LoyaltyError, RedemptionClosed
from loyalty.models import Redemption

_INSTANT = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_CLOSED = {
    "fulfilled": "It is fulfilled already. Cancel it if it has to be undone.",
    "cancelled": "It was cancelled; everything is given back.",
    "failed": "It has failed; everything is given back.",
}


def said(error: DomainError, redemption: Redemption) -> DomainError:
    """The same refusal in the console's words; one that reads well as it is stays."""
    if isinstance(error, RedemptionClosed):
        status = str(error.data.get("redemption_status", ""))
        return _again(error, _CLOSED.get(status, error.detail))
    code = redemption.issued_code
    if isinstance(error, CodeAlreadyUsed):
        at, where = error.data.get("used_at"), error.data.get("used_place")
        place = f" at {where}" if where else ""
        return _again(error, f"Its code was used{_on(at)}{place}; a used code can't be taken back.")
    if isinstance(error, CodeExpired) and code is not None and code.expires_at:
        since = _on(code.expires_at.isoformat())
        return _again(error, f"Its code expired{since}: no till takes it, and nothing is given back.")
    return error


def in_local_time(sentence: str) -> str:
    """With the instants of a sentence as the project's clocks show them."""
    return _INSTANT.sub(lambda found: _shown(found[0]), sentence)


def _again(error: LoyaltyError, detail: str) -> LoyaltyError:
    return type(error)(detail, **error.data)


def _on(text: object) -> str:
    return f" on {_shown(text)}" if isinstance(text, str) else ""


def _shown(text: str) -> str:
    at = timezone.localtime(datetime.fromisoformat(text))
    return f"{at.day} {at:%b %Y, %H:%M}"
