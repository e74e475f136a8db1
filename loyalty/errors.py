"""Refusals of the engine: stable codes and data, no HTTP (domain.md, api.md)."""

from audit.errors import DomainError


class LoyaltyError(DomainError):
    """A refusal by a rule of the engine. Nothing was written."""


class InsufficientBalance(LoyaltyError):
    """Less can be spent than was asked for. Data: `balance`, `required`."""

    code = "insufficient_balance"
    title = "Insufficient balance"


class NotReversible(LoyaltyError):
    """An entry of this type can't be reversed."""

    code = "not_reversible"
    title = "Not reversible"


class UseCancel(LoyaltyError):
    """The entry belongs to a hold or a redemption; cancelling that reverses it."""

    code = "use_cancel"
    title = "Cancel its owner instead"


class AlreadyReversed(LoyaltyError):
    """More is asked for than is left to reverse. Data: `reversible`."""

    code = "already_reversed"
    title = "Already reversed"


class HoldNotOpen(LoyaltyError):
    """The hold was captured or released, or has expired. Data: `hold_status`."""

    code = "hold_not_open"
    title = "Hold is not open"

    def __init__(self, detail: str, *, status: str) -> None:
        # Not `status`: a refusal's own status is that of HTTP.
        super().__init__(detail, hold_status=status)


class MaximumReached(LoyaltyError):
    """The metric's maximum leaves no room for the credit. Data: `maximum`, `total`."""

    code = "maximum_reached"
    title = "Maximum reached"


class MemberFrozen(LoyaltyError):
    code = "member_frozen"
    title = "Member is frozen"


class ProgramNotFound(LoyaltyError):
    code = "program_not_found"
    title = "Program not found"


class EventIdReused(LoyaltyError):
    """The event id was used before, for other content or another member."""

    code = "event_id_reused"
    title = "Event id reused"


class EventTooLate(LoyaltyError):
    """The event lies before the late window. Data: `earliest`."""

    code = "event_too_late"
    title = "Event too late"


class PurchaseNotFound(LoyaltyError):
    """The refund names a purchase that this member has not made."""

    code = "purchase_not_found"
    title = "Purchase not found"


class RefundExceedsPurchase(LoyaltyError):
    """More is given back than is left of the purchase. Data: `refundable`."""

    code = "refund_exceeds_purchase"
    title = "Refund exceeds purchase"


class AlreadyReferred(LoyaltyError):
    """The member came through another code already."""

    code = "already_referred"
    title = "Already referred"


class OutOfStock(LoyaltyError):
    """All of the reward are taken, or its pool has no code left."""

    code = "out_of_stock"
    title = "Out of stock"


class MemberLimitReached(LoyaltyError):
    """The member has had the reward as often as they may. Data: `limit`, `per`, `used`, `resets_at`."""

    code = "member_limit_reached"
    title = "Member limit reached"


class NotEligible(LoyaltyError):
    """The reward's condition does not hold for the member. Data: `failed`, the part that decided."""

    code = "not_eligible"
    title = "Not eligible"


class ApprovalRequired(LoyaltyError):
    """The adjustment is above what one person may do. Data: `limit`, and of it `adjusted` within 24 hours."""

    code = "approval_required"
    title = "Approval required"


class ApprovalClosed(LoyaltyError):
    """The adjustment was approved, rejected or withdrawn already. Data: `request_status`."""

    code = "approval_closed"
    title = "Approval is closed"


class RewardNotAvailable(LoyaltyError):
    """The reward or its program is paused, or outside its window. Data: `reason`, and from or until when."""

    code = "reward_not_available"
    title = "Reward not available"


class CodeAlreadyUsed(LoyaltyError):
    """Data: `used_at`, `used_place`."""

    code = "code_already_used"
    title = "Code already used"


class CodeExpired(LoyaltyError):
    """Data: `expired_at`."""

    code = "code_expired"
    title = "Code expired"


class RedemptionClosed(LoyaltyError):
    """It was fulfilled or cancelled already, or has failed. Data: `redemption_status`."""

    code = "redemption_closed"
    title = "Redemption is closed"


class AlreadyEnrolled(LoyaltyError):
    """The member has a card of this stamp program. Data: `stamp_collection`."""

    code = "already_enrolled"
    title = "Already enrolled"


class StampProgramNotAvailable(LoyaltyError):
    """Nobody can join the stamp program now: it, or its program, is paused, has ended or has not begun."""

    code = "stamp_program_not_available"
    title = "Stamp program not available"


class StampRewardClosed(LoyaltyError):
    """It was paid already, or revoked. Data: `reward_status`."""

    code = "stamp_reward_closed"
    title = "Stamp reward is closed"


class IdempotencyKeyReused(LoyaltyError):
    code = "idempotency_key_reused"
    title = "Idempotency key reused"


class IdempotencyKeyInUse(LoyaltyError):
    code = "idempotency_key_in_use"
    title = "Idempotency key in use"


class PayloadTooLarge(LoyaltyError):
    code = "payload_too_large"
    title = "Payload too large"


class ServiceUnavailable(LoyaltyError):
    """The database is away or a lock could not be had in time; nothing was written."""

    code = "service_unavailable"
    title = "Service unavailable"


class RateLimited(LoyaltyError):
    code = "rate_limited"
    title = "Too many requests"


class Replay(Exception):
    """The request was done before; this is the answer that it got. Nothing was written now."""

    def __init__(self, status: int, answer: str) -> None:
        super().__init__("repeated request")
        self.status = status
        self.answer = answer
