"""The refusals of the rules as the errors that callers get."""

from loyalty.errors import (
    InsufficientBalance,
    LoyaltyError,
    MaximumReached,
    MemberFrozen,
    MemberLimitReached,
    NotEligible,
    OutOfStock,
    RewardNotAvailable,
)
from loyalty.rules.redeeming import Refusal

_ERRORS: dict[str, type[LoyaltyError]] = {
    error.code: error
    for error in (
        InsufficientBalance,
        MaximumReached,
        MemberFrozen,
        MemberLimitReached,
        NotEligible,
        OutOfStock,
        RewardNotAvailable,
    )
}


def error_of(refusal: Refusal) -> LoyaltyError:
    """The error of that code, with its sentence and data."""
    return _ERRORS[refusal.code](refusal.detail, **refusal.data)
