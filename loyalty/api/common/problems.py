"""Refusals on every surface: the one table from error to status (api.md), and what an exception means in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions as drf

from audit.errors import DomainError, FieldError

logger = structlog.get_logger(__name__)


class Problem(NamedTuple):
    """What a code means, and the way out: the page that a problem's `type` points to."""

    status: int
    title: str
    meaning: str
    remedy: str


PROBLEMS: dict[str, Problem] = {
    "invalid_request": Problem(
        400,
        "Invalid request",
        "A field, a query name, a header or the body itself is missing or wrong.",
        "`errors` names each faulty field and what it takes; correct them and send the request again.",
    ),
    "authentication_failed": Problem(
        401,
        "Authentication failed",
        "The secret key or member token is missing, malformed, unknown, revoked or expired; of a token `detail` says "
        "what is wrong with it.",
        "Send `Authorization: Bearer sk_…` with a valid key (owners make keys in the console under API keys), or a "
        "member token that a registered key signed.",
    ),
    "permission_denied": Problem(
        403,
        "Permission denied",
        "The key is valid, but lacks the scope that this call needs; `scope` names it. Or a member token asks for what "
        "members may not, or for somebody else's; or a web page's origin is not listed.",
        "Make a key with that scope in the console; a key's scopes stay as they are. What a member token may not do, "
        "do from your server. List the origin in the console, under Member app.",
    ),
    "feature_not_in_plan": Problem(
        403,
        "Feature not in plan",
        "The organization's plan does not hold the `feature`. Nothing was changed; what was made before is kept.",
        "Ask for a plan that holds it. `GET /v1/plan` and the console's page Plan list what yours holds.",
    ),
    "plan_limit_exceeded": Problem(
        403,
        "Plan limit exceeded",
        "The plan allows `allowed` of `limit`, and `used` are used. Nothing was written.",
        "Ask for a larger plan, or free some. `GET /v1/plan` and the console's page Plan show each limit.",
    ),
    "not_found": Problem(
        404,
        "Not found",
        "There is nothing of that name in the key's environment. What belongs to another one does not exist here.",
        "Check the id, and that the key is of the right environment: sandbox and live share nothing.",
    ),
    "program_not_found": Problem(
        404,
        "Program not found",
        "The named program does not exist in the key's environment.",
        "Use the code or the `prg_` id of a program that `GET /v1/programs` lists, or leave `program` out.",
    ),
    "purchase_not_found": Problem(
        404,
        "Purchase not found",
        "The refund names a purchase that this member has not made in the key's environment.",
        "Give the `event_id` of the purchase as `data.purchase`; report the purchase before its refund.",
    ),
    "method_not_allowed": Problem(
        405,
        "Method not allowed",
        "The address exists, but not with this method.",
        "The `Allow` header lists the methods of this address.",
    ),
    "not_acceptable": Problem(
        406,
        "Not acceptable",
        "The `Accept` header excludes `application/json`.",
        "Send `Accept: application/json`, or leave the header out.",
    ),
    "insufficient_balance": Problem(
        409,
        "Insufficient balance",
        "Less can be spent than was asked for: `balance` is there, `required` was asked. Nothing was taken.",
        "Read the balance first, and spend at most that. Points that are pending or held can't be spent.",
    ),
    "not_reversible": Problem(
        409,
        "Not reversible",
        "A transaction of type `reversed`, `expired` or `transferred`, or of an erased customer, can't be reversed.",
        "Reverse the transaction that gave or took the points, or adjust the balance by hand.",
    ),
    "use_cancel": Problem(
        409,
        "Cancel its owner instead",
        "The transaction belongs to a hold or a redemption, which must not disagree with the ledger.",
        "Cancel that: `POST /v1/redemptions/{redemption_id}/cancel`, or `POST /v1/holds/{hold_id}/cancel`, which gives "
        "a captured hold's points back, whole or in parts.",
    ),
    "already_reversed": Problem(
        409,
        "Already reversed",
        "More is asked for than is left to reverse: `reversible` is left. Nothing was changed.",
        "Ask for at most `reversible`, or leave `points` out to reverse whatever is left.",
    ),
    "hold_not_open": Problem(
        409,
        "Hold is not open",
        "The hold was captured or released, or has expired: `hold_status` says which.",
        "Make a new hold. A captured one is undone by `POST /v1/holds/{hold_id}/cancel`.",
    ),
    "maximum_reached": Problem(
        409,
        "Maximum reached",
        "The metric's `maximum` leaves no room beside the account's `total`. Nothing was changed.",
        "Let points be spent first, transfer less, or raise the metric's maximum.",
    ),
    "approval_required": Problem(
        409,
        "Approval required",
        "One person may not adjust so many points here (`limit`), alone or with what the same key or person adjusted "
        "for this customer within 24 hours (`adjusted`). Nothing was changed.",
        "Open the customer in the console and adjust there: the page asks for approval, and another person approves "
        "it. Or adjust by less.",
    ),
    "approval_closed": Problem(
        409,
        "Approval is closed",
        "The adjustment that waited for a second person was approved, rejected or withdrawn already: `request_status` "
        "says which. The console alone tells this.",
        "Look at the request; ask for a new one if it is still needed.",
    ),
    "reward_not_available": Problem(
        409,
        "Reward not available",
        "The reward or its program is paused, a draft, or outside its window: `reason` says which, `available_from` or "
        "`available_until` when. Nothing was taken.",
        "Offer what `GET /v1/rewards?customer_id=…` shows as `eligible`; it names the same reasons beforehand.",
    ),
    "not_eligible": Problem(
        409,
        "Not eligible",
        "The reward's condition does not hold for this member: `failed` is the part that decided. Or the member has "
        "the tier that it gives, or a higher one. Nothing was taken.",
        "Wait until the member meets the condition; `GET /v1/rewards?customer_id=…` says what they may have now.",
    ),
    "member_limit_reached": Problem(
        409,
        "Member limit reached",
        "The member has had the reward `used` times, and may have it `limit` times per `per`. Nothing was taken.",
        "Wait until `resets_at`, where there is one. A cancelled redemption no longer counts.",
    ),
    "out_of_stock": Problem(
        409,
        "Out of stock",
        "All of the reward are taken, or no uploaded code is left. Nothing was taken from the member.",
        "Raise `stock` by `PATCH /v1/rewards/{reward_id}`, or upload codes to `POST /v1/rewards/{reward_id}/codes`.",
    ),
    "code_already_used": Problem(
        409,
        "Code already used",
        "The code was used before: `used_at` says when, `used_place` where. Nothing was changed.",
        "Refuse the customer, or look at the redemption: `GET /v1/redemptions?code=…`. It can't be cancelled any more.",
    ),
    "code_expired": Problem(
        409,
        "Code expired",
        "The code was good until `expired_at`. Nothing was changed.",
        "The customer can redeem the reward again. `code.valid_days` of the reward says how long a new code is good.",
    ),
    "redemption_closed": Problem(
        409,
        "Redemption is closed",
        "The redemption was fulfilled or cancelled already, or has failed: `redemption_status` says which.",
        "Read it with `GET /v1/redemptions/{redemption_id}`. Only a pending one can be fulfilled or fail.",
    ),
    "event_id_reused": Problem(
        409,
        "Event id reused",
        "An event with this `event_id` was recorded before, with other content or for another member.",
        "Give each event an id of its own. The very same event may be sent again at any time.",
    ),
    "event_too_late": Problem(
        409,
        "Event too late",
        "`occurred_at` lies before the window in which events are accepted; `earliest` says where it begins.",
        "Award points for it by `POST /v1/points/award`; in a sandbox, set the test clock back before its first data.",
    ),
    "refund_exceeds_purchase": Problem(
        409,
        "Refund exceeds purchase",
        "More is given back than is left of the purchase: `refundable` is left. Nothing was changed.",
        "Refund at most `refundable`, or leave `data.amount` out to give back all that is left.",
    ),
    "already_referred": Problem(
        409,
        "Already referred",
        "The customer came through somebody's code before; a customer has one referrer, for good.",
        "Nothing is to be done: `GET /v1/members/{member_id}/referral` shows the referral that counts.",
    ),
    "already_enrolled": Problem(
        409,
        "Already enrolled",
        "The customer has a card of this stamp program: `stamp_collection` is its id. A customer has one, for good.",
        "Nothing is to be done: `GET /v1/stamp-collections/{stamp_collection_id}` shows the card.",
    ),
    "stamp_program_not_available": Problem(
        409,
        "Stamp program not available",
        "Nobody can join the stamp program now: it, or its program, is paused, has ended or has not begun.",
        "Offer those that `POST /publisher.v1/loyalty-program/list` shows: all of them can be joined.",
    ),
    "stamp_reward_closed": Problem(
        409,
        "Stamp reward is closed",
        "The reward of a full card was paid already, or revoked by a refund: `reward_status` says which.",
        "Read it with `GET /v1/stamp-rewards/{stamp_reward_id}`. Only one that is issued can be paid.",
    ),
    "member_frozen": Problem(
        409,
        "Member is frozen",
        "The member neither earns nor spends while frozen.",
        'Set `{"status": "active"}` by `PATCH /v1/customers/{customer_id}`, or in the console.',
    ),
    "idempotency_key_in_use": Problem(
        409,
        "Idempotency key in use",
        "A request with this key, or on the same member, is still being worked on. This one changed nothing.",
        "Wait a moment and repeat the request with the same key.",
    ),
    "environment_archived": Problem(
        409,
        "Environment archived",
        "The sandbox was reset while this request was worked on. Nothing was written.",
        "Send the request again: the same key is of the new sandbox.",
    ),
    "payload_too_large": Problem(
        413,
        "Payload too large",
        "The body is larger than 2 MiB; of `POST /v1/events/batch` and `POST /v1/rewards/{reward_id}/codes`, larger "
        "than 8 MiB.",
        "Send less at once. A single JSON object has a smaller limit, which the schema names.",
    ),
    "unsupported_media_type": Problem(
        415,
        "Unsupported media type",
        "The body is not declared as JSON.",
        "Send `Content-Type: application/json`.",
    ),
    "idempotency_key_reused": Problem(
        422,
        "Idempotency key reused",
        "This `Idempotency-Key` was used for a different request. This one changed nothing.",
        "Use a new key for each new request; repeat a request byte for byte, or its key will not be recognised.",
    ),
    "rate_limited": Problem(
        429,
        "Too many requests",
        "More requests came in this minute than the limit in `RateLimit-Limit` allows.",
        "Wait for as many seconds as `Retry-After` says, then go on.",
    ),
    "internal_error": Problem(
        500,
        "Internal error",
        "Something went wrong on our side.",
        "Repeat a write with the same `Idempotency-Key`. If it stays, report the `request_id`, which the logs carry.",
    ),
    "service_unavailable": Problem(
        503,
        "Service unavailable",
        "The database is away or busy. Nothing was written.",
        "Wait as many seconds as `Retry-After` says, then repeat the request; a write with the same `Idempotency-Key`.",
    ),
}
_BY_STATUS = {
    400: "invalid_request",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is answered in place of a result; each surface writes it in its own form."""

    code: str
    detail: str
    errors: Sequence[FieldError] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    allow: str = ""

    @property
    def status(self) -> int:
        return PROBLEMS[self.code].status

    def headers(self) -> dict[str, str]:
        """What HTTP asks for beside the body."""
        found = {"Allow": self.allow} if self.allow else {}
        if self.status == 401:
            found["WWW-Authenticate"] = 'Bearer realm="loyalty"'
        if self.status == 503:
            found["Retry-After"] = str(self.data.get("retry_after", 1))
        return found


def refusal_of(error: Exception, context: Mapping[str, Any]) -> Refusal:
    """Of an exception as DRF's hook gets it; an unforeseen one is logged and tells nothing."""
    if isinstance(error, DomainError):
        return Refusal(error.code, error.detail, error.errors, error.data)
    code, detail = _foreign(error)
    if code == "internal_error":
        logger.error("unhandled", exc_info=error)
    not_allowed = isinstance(error, drf.MethodNotAllowed)
    return Refusal(code, detail, allow=", ".join(context["view"].allowed_methods) if not_allowed else "")


def refusal_for(status: int, detail: str = "") -> Refusal:
    """In place of an error page that Django made before or after a view. `detail`: a sentence, where more is known
    than the status."""
    code = _BY_STATUS.get(status, "internal_error")
    known = "There is nothing at this address." if status == 404 else PROBLEMS[code].title + "."
    return Refusal(code, detail or known)


def _foreign(error: Exception) -> tuple[str, str]:
    match error:
        case drf.NotAuthenticated() | drf.AuthenticationFailed():
            return "authentication_failed", str(error.detail)
        case drf.MethodNotAllowed():
            return "method_not_allowed", str(error.detail)
        case drf.NotAcceptable():
            return "not_acceptable", "Answers are application/json."
        case drf.UnsupportedMediaType():
            return "unsupported_media_type", "Send Content-Type: application/json."
        case drf.ParseError():
            return "invalid_request", str(error.detail)
        case RequestDataTooBig():
            return (
                "payload_too_large",
                f"A request body is at most {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes.",
            )
        case Http404() | drf.NotFound():
            return "not_found", "There is nothing at this address."
        case OperationalError() | InterfaceError():
            return "service_unavailable", "The database is away; nothing was written. Try again."
        case _:
            return "internal_error", "Something went wrong here; the request id finds it in the logs."
