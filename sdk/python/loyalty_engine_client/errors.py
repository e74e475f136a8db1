"""What a call can raise. Each code of the engine has a class of its own in `problems`."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypedDict

__all__ = [
    "FieldError",
    "InsecureConnectionError",
    "LoyaltyError",
    "NoAnswerError",
    "TimedOutError",
    "UnexpectedAnswerError",
    "WebhookVerificationError",
]


class FieldError(TypedDict):
    """One faulty field of an `invalid_request`."""

    field: str
    code: str
    detail: str


class LoyaltyError(Exception):
    """A call that was not done, or whose outcome is not known.

    `code` is stable and meant for programs; `detail` is a sentence for people; `errors` name the faulty fields;
    `data` is what this code carries besides (`balance` and `required` of `insufficient_balance`); `request_id` finds
    the request in the engine's logs. `status` is that of the HTTP answer, None where none came or none fits the call.
    """

    default_code: ClassVar[str] = "unknown"

    def __init__(
        self,
        detail: str = "",
        *,
        code: str | None = None,
        status: int | None = None,
        errors: Sequence[FieldError] = (),
        data: Mapping[str, Any] | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.default_code
        self.status = status
        self.errors = list(errors)
        self.data = dict(data or {})
        self.request_id = request_id
        self.retry_after = retry_after  # seconds, as the server asked

    def __str__(self) -> str:
        named = (f"{error['field']}: {error['detail']}" for error in self.errors)
        fields = "; ".join(field for field in named if field not in self.detail)
        parts = [f"{self.code}: {self.detail}", fields, self.request_id and f"request {self.request_id}"]
        return " | ".join(part for part in parts if part)


class NoAnswerError(LoyaltyError):
    """The connection failed before an answer came. A write may have been done: repeat it with the same key."""

    default_code = "no_answer"


class TimedOutError(NoAnswerError):
    """No answer came in time. A write may have been done: repeat it with the same key."""

    default_code = "timed_out"


class InsecureConnectionError(LoyaltyError):
    """The server's certificate is not valid. Nothing was sent."""

    default_code = "insecure_connection"


class UnexpectedAnswerError(LoyaltyError):
    """Something answered that is not the engine: a proxy's error page, a redirect, a wrong base URL."""

    default_code = "unexpected_answer"


class WebhookVerificationError(LoyaltyError):
    """The delivery is not from the engine, or too old, or was changed on its way: answer 400, and do nothing."""

    default_code = "webhook_not_verified"
