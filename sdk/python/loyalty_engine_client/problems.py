"""One error for each code of the engine. Made by sdk/generate.py."""

from typing import Final

from loyalty_engine_client.errors import LoyaltyError

__all__ = [
    "AlreadyEnrolledError",
    "AlreadyReferredError",
    "AlreadyReversedError",
    "ApprovalClosedError",
    "ApprovalRequiredError",
    "AuthenticationFailedError",
    "CodeAlreadyUsedError",
    "CodeExpiredError",
    "EnvironmentArchivedError",
    "EventIdReusedError",
    "EventTooLateError",
    "FeatureNotInPlanError",
    "HoldNotOpenError",
    "IdempotencyKeyInUseError",
    "IdempotencyKeyReusedError",
    "InsufficientBalanceError",
    "InternalError",
    "InvalidRequestError",
    "MaximumReachedError",
    "MemberFrozenError",
    "MemberLimitReachedError",
    "MethodNotAllowedError",
    "NotAcceptableError",
    "NotEligibleError",
    "NotFoundError",
    "NotReversibleError",
    "OutOfStockError",
    "PayloadTooLargeError",
    "PermissionDeniedError",
    "PlanLimitExceededError",
    "ProgramNotFoundError",
    "PurchaseNotFoundError",
    "RateLimitedError",
    "RedemptionClosedError",
    "RefundExceedsPurchaseError",
    "RewardNotAvailableError",
    "ServiceUnavailableError",
    "StampProgramNotAvailableError",
    "StampRewardClosedError",
    "UnsupportedMediaTypeError",
    "UseCancelError",
]


class InvalidRequestError(LoyaltyError):
    """400. A field, a query name, a header or the body itself is missing or wrong. `errors` names each faulty
    field and what it takes; correct them and send the request again.
    """

    default_code = "invalid_request"


class AuthenticationFailedError(LoyaltyError):
    """401. The secret key or member token is missing, malformed, unknown, revoked or expired; of a token
    `detail` says what is wrong with it. Send `Authorization: Bearer sk_…` with a valid key (owners make keys
    in the console under API keys), or a member token that a registered key signed.
    """

    default_code = "authentication_failed"


class PermissionDeniedError(LoyaltyError):
    """403. The key is valid, but lacks the scope that this call needs; `scope` names it. Or a member token asks
    for what members may not, or for somebody else's; or a web page's origin is not listed. Make a key with
    that scope in the console; a key's scopes stay as they are. What a member token may not do, do from your
    server. List the origin in the console, under Member app.
    """

    default_code = "permission_denied"


class FeatureNotInPlanError(LoyaltyError):
    """403. The organization's plan does not hold the `feature`. Nothing was changed; what was made before is
    kept. Ask for a plan that holds it. `GET /v1/plan` and the console's page Plan list what yours holds.
    """

    default_code = "feature_not_in_plan"


class PlanLimitExceededError(LoyaltyError):
    """403. The plan allows `allowed` of `limit`, and `used` are used. Nothing was written. Ask for a larger
    plan, or free some. `GET /v1/plan` and the console's page Plan show each limit.
    """

    default_code = "plan_limit_exceeded"


class NotFoundError(LoyaltyError):
    """404. There is nothing of that name in the key's environment. What belongs to another one does not exist
    here. Check the id, and that the key is of the right environment: sandbox and live share nothing.
    """

    default_code = "not_found"


class ProgramNotFoundError(LoyaltyError):
    """404. The named program does not exist in the key's environment. Use the code or the `prg_` id of a program
    that `GET /v1/programs` lists, or leave `program` out.
    """

    default_code = "program_not_found"


class PurchaseNotFoundError(LoyaltyError):
    """404. The refund names a purchase that this member has not made in the key's environment. Give the
    `event_id` of the purchase as `data.purchase`; report the purchase before its refund.
    """

    default_code = "purchase_not_found"


class MethodNotAllowedError(LoyaltyError):
    """405. The address exists, but not with this method. The `Allow` header lists the methods of this address."""

    default_code = "method_not_allowed"


class NotAcceptableError(LoyaltyError):
    """406. The `Accept` header excludes `application/json`. Send `Accept: application/json`, or leave the header
    out.
    """

    default_code = "not_acceptable"


class InsufficientBalanceError(LoyaltyError):
    """409. Less can be spent than was asked for: `balance` is there, `required` was asked. Nothing was taken.
    Read the balance first, and spend at most that. Points that are pending or held can't be spent.
    """

    default_code = "insufficient_balance"


class NotReversibleError(LoyaltyError):
    """409. A transaction of type `reversed`, `expired` or `transferred`, or of an erased customer, can't be
    reversed. Reverse the transaction that gave or took the points, or adjust the balance by hand.
    """

    default_code = "not_reversible"


class UseCancelError(LoyaltyError):
    """409. The transaction belongs to a hold or a redemption, which must not disagree with the ledger. Cancel
    that: `POST /v1/redemptions/{redemption_id}/cancel`, or `POST /v1/holds/{hold_id}/cancel`, which gives a
    captured hold's points back, whole or in parts.
    """

    default_code = "use_cancel"


class AlreadyReversedError(LoyaltyError):
    """409. More is asked for than is left to reverse: `reversible` is left. Nothing was changed. Ask for at most
    `reversible`, or leave `points` out to reverse whatever is left.
    """

    default_code = "already_reversed"


class HoldNotOpenError(LoyaltyError):
    """409. The hold was captured or released, or has expired: `hold_status` says which. Make a new hold. A
    captured one is undone by `POST /v1/holds/{hold_id}/cancel`.
    """

    default_code = "hold_not_open"


class MaximumReachedError(LoyaltyError):
    """409. The metric's `maximum` leaves no room beside the account's `total`. Nothing was changed. Let points
    be spent first, transfer less, or raise the metric's maximum.
    """

    default_code = "maximum_reached"


class ApprovalRequiredError(LoyaltyError):
    """409. One person may not adjust so many points here (`limit`), alone or with what the same key or person
    adjusted for this customer within 24 hours (`adjusted`). Nothing was changed. Open the customer in the
    console and adjust there: the page asks for approval, and another person approves it. Or adjust by less.
    """

    default_code = "approval_required"


class ApprovalClosedError(LoyaltyError):
    """409. The adjustment that waited for a second person was approved, rejected or withdrawn already:
    `request_status` says which. The console alone tells this. Look at the request; ask for a new one if it is
    still needed.
    """

    default_code = "approval_closed"


class RewardNotAvailableError(LoyaltyError):
    """409. The reward or its program is paused, a draft, or outside its window: `reason` says which,
    `available_from` or `available_until` when. Nothing was taken. Offer what `GET /v1/rewards?customer_id=…`
    shows as `eligible`; it names the same reasons beforehand.
    """

    default_code = "reward_not_available"


class NotEligibleError(LoyaltyError):
    """409. The reward's condition does not hold for this member: `failed` is the part that decided. Or the
    member has the tier that it gives, or a higher one. Nothing was taken. Wait until the member meets the
    condition; `GET /v1/rewards?customer_id=…` says what they may have now.
    """

    default_code = "not_eligible"


class MemberLimitReachedError(LoyaltyError):
    """409. The member has had the reward `used` times, and may have it `limit` times per `per`. Nothing was
    taken. Wait until `resets_at`, where there is one. A cancelled redemption no longer counts.
    """

    default_code = "member_limit_reached"


class OutOfStockError(LoyaltyError):
    """409. All of the reward are taken, or no uploaded code is left. Nothing was taken from the member. Raise
    `stock` by `PATCH /v1/rewards/{reward_id}`, or upload codes to `POST /v1/rewards/{reward_id}/codes`.
    """

    default_code = "out_of_stock"


class CodeAlreadyUsedError(LoyaltyError):
    """409. The code was used before: `used_at` says when, `used_place` where. Nothing was changed. Refuse the
    customer, or look at the redemption: `GET /v1/redemptions?code=…`. It can't be cancelled any more.
    """

    default_code = "code_already_used"


class CodeExpiredError(LoyaltyError):
    """409. The code was good until `expired_at`. Nothing was changed. The customer can redeem the reward again.
    `code.valid_days` of the reward says how long a new code is good.
    """

    default_code = "code_expired"


class RedemptionClosedError(LoyaltyError):
    """409. The redemption was fulfilled or cancelled already, or has failed: `redemption_status` says which.
    Read it with `GET /v1/redemptions/{redemption_id}`. Only a pending one can be fulfilled or fail.
    """

    default_code = "redemption_closed"


class EventIdReusedError(LoyaltyError):
    """409. An event with this `event_id` was recorded before, with other content or for another member. Give
    each event an id of its own. The very same event may be sent again at any time.
    """

    default_code = "event_id_reused"


class EventTooLateError(LoyaltyError):
    """409. `occurred_at` lies before the window in which events are accepted; `earliest` says where it begins.
    Award points for it by `POST /v1/points/award`; in a sandbox, set the test clock back before its first
    data.
    """

    default_code = "event_too_late"


class RefundExceedsPurchaseError(LoyaltyError):
    """409. More is given back than is left of the purchase: `refundable` is left. Nothing was changed. Refund at
    most `refundable`, or leave `data.amount` out to give back all that is left.
    """

    default_code = "refund_exceeds_purchase"


class AlreadyReferredError(LoyaltyError):
    """409. The customer came through somebody's code before; a customer has one referrer, for good. Nothing is
    to be done: `GET /v1/members/{member_id}/referral` shows the referral that counts.
    """

    default_code = "already_referred"


class AlreadyEnrolledError(LoyaltyError):
    """409. The customer has a card of this stamp program: `stamp_collection` is its id. A customer has one, for
    good. Nothing is to be done: `GET /v1/stamp-collections/{stamp_collection_id}` shows the card.
    """

    default_code = "already_enrolled"


class StampProgramNotAvailableError(LoyaltyError):
    """409. Nobody can join the stamp program now: it, or its program, is paused, has ended or has not begun.
    Offer those that `POST /publisher.v1/loyalty-program/list` shows: all of them can be joined.
    """

    default_code = "stamp_program_not_available"


class StampRewardClosedError(LoyaltyError):
    """409. The reward of a full card was paid already, or revoked by a refund: `reward_status` says which. Read
    it with `GET /v1/stamp-rewards/{stamp_reward_id}`. Only one that is issued can be paid.
    """

    default_code = "stamp_reward_closed"


class MemberFrozenError(LoyaltyError):
    """409. The member neither earns nor spends while frozen. Set `{"status": "active"}` by `PATCH
    /v1/customers/{customer_id}`, or in the console.
    """

    default_code = "member_frozen"


class IdempotencyKeyInUseError(LoyaltyError):
    """409. A request with this key, or on the same member, is still being worked on. This one changed nothing.
    Wait a moment and repeat the request with the same key.
    """

    default_code = "idempotency_key_in_use"


class EnvironmentArchivedError(LoyaltyError):
    """409. The sandbox was reset while this request was worked on. Nothing was written. Send the request again:
    the same key is of the new sandbox.
    """

    default_code = "environment_archived"


class PayloadTooLargeError(LoyaltyError):
    """413. The body is larger than 2 MiB; of `POST /v1/events/batch` and `POST /v1/rewards/{reward_id}/codes`,
    larger than 8 MiB. Send less at once. A single JSON object has a smaller limit, which the schema names.
    """

    default_code = "payload_too_large"


class UnsupportedMediaTypeError(LoyaltyError):
    """415. The body is not declared as JSON. Send `Content-Type: application/json`."""

    default_code = "unsupported_media_type"


class IdempotencyKeyReusedError(LoyaltyError):
    """422. This `Idempotency-Key` was used for a different request. This one changed nothing. Use a new key for
    each new request; repeat a request byte for byte, or its key will not be recognised.
    """

    default_code = "idempotency_key_reused"


class RateLimitedError(LoyaltyError):
    """429. More requests came in this minute than the limit in `RateLimit-Limit` allows. Wait for as many
    seconds as `Retry-After` says, then go on.
    """

    default_code = "rate_limited"


class InternalError(LoyaltyError):
    """500. Something went wrong on our side. Repeat a write with the same `Idempotency-Key`. If it stays, report
    the `request_id`, which the logs carry.
    """

    default_code = "internal_error"


class ServiceUnavailableError(LoyaltyError):
    """503. The database is away or busy. Nothing was written. Wait as many seconds as `Retry-After` says, then
    repeat the request; a write with the same `Idempotency-Key`.
    """

    default_code = "service_unavailable"


PROBLEMS: Final[dict[str, type[LoyaltyError]]] = {
    "invalid_request": InvalidRequestError,
    "authentication_failed": AuthenticationFailedError,
    "permission_denied": PermissionDeniedError,
    "feature_not_in_plan": FeatureNotInPlanError,
    "plan_limit_exceeded": PlanLimitExceededError,
    "not_found": NotFoundError,
    "program_not_found": ProgramNotFoundError,
    "purchase_not_found": PurchaseNotFoundError,
    "method_not_allowed": MethodNotAllowedError,
    "not_acceptable": NotAcceptableError,
    "insufficient_balance": InsufficientBalanceError,
    "not_reversible": NotReversibleError,
    "use_cancel": UseCancelError,
    "already_reversed": AlreadyReversedError,
    "hold_not_open": HoldNotOpenError,
    "maximum_reached": MaximumReachedError,
    "approval_required": ApprovalRequiredError,
    "approval_closed": ApprovalClosedError,
    "reward_not_available": RewardNotAvailableError,
    "not_eligible": NotEligibleError,
    "member_limit_reached": MemberLimitReachedError,
    "out_of_stock": OutOfStockError,
    "code_already_used": CodeAlreadyUsedError,
    "code_expired": CodeExpiredError,
    "redemption_closed": RedemptionClosedError,
    "event_id_reused": EventIdReusedError,
    "event_too_late": EventTooLateError,
    "refund_exceeds_purchase": RefundExceedsPurchaseError,
    "already_referred": AlreadyReferredError,
    "already_enrolled": AlreadyEnrolledError,
    "stamp_program_not_available": StampProgramNotAvailableError,
    "stamp_reward_closed": StampRewardClosedError,
    "member_frozen": MemberFrozenError,
    "idempotency_key_in_use": IdempotencyKeyInUseError,
    "environment_archived": EnvironmentArchivedError,
    "payload_too_large": PayloadTooLargeError,
    "unsupported_media_type": UnsupportedMediaTypeError,
    "idempotency_key_reused": IdempotencyKeyReusedError,
    "rate_limited": RateLimitedError,
    "internal_error": InternalError,
    "service_unavailable": ServiceUnavailableError,
}
