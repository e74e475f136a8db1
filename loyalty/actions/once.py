"""Every action is one transaction, and a repeated one ends as a replay (domain.md 3.7)."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.db import IntegrityError, OperationalError, transaction
from psycopg import errors as pg

from audit.errors import DomainError
from loyalty.errors import IdempotencyKeyInUse, OutOfStock, ServiceUnavailable
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.members import Redirected
from loyalty.ledger.passages import hold_open
from programs.models import Environment

R = TypeVar("R")
_TRIES = 5
_VIOLATIONS = (pg.UniqueViolation, pg.ForeignKeyViolation, pg.CheckViolation)
# What somebody else may make between our look and our writing; whoever looks again finds it.
_TAKEN_MEANWHILE = (
    "idempotency_key_unique",
    "event_id_unique",
    "loyalty_member_pkey",
    "member_external_id_unique",
    "account_member_metric_unique",
    "member_tier_tier_fk",  # a level was removed: whoever asks again has the new ladder
    "stamp_collection_once",
    "achievement_mission_once",  # of somebody new, whose row nobody could lock
    "achievement_challenge_once",
    "entry_opening_balance_once",
    "coupon_code_unique",
    "code_unique",  # a code made at random: the next one is another
)
_STOCK = "reward_stock_not_exceeded"


def once(action: Callable[..., R]) -> Callable[..., R]:
    """Run the action in one transaction; give its refusals by the database their right name.

    A key that was used, also meanwhile: Replay or IdempotencyKeyReused. A lock that could not be had in
    time: IdempotencyKeyInUse where a key was sent (repeating it is safe), else ServiceUnavailable.
    An action whose business key may be taken meanwhile, whose member is merged away meanwhile, or that
    lost a deadlock, is simply run again: it then finds what it should.
    """

    @wraps(action)
    def wrapper(*, environment: Environment, idempotency: Idempotency | None = None, **arguments: Any) -> R:
        @again_if_moved
        def run() -> R:
            with transaction.atomic():
                _begin(environment, idempotency)
                return action(environment=environment, idempotency=idempotency, **arguments)

        for _ in range(_TRIES):
            try:
                return run()
            except (DomainError, IntegrityError) as error:
                if isinstance(error, IntegrityError) and not _is_expected(error):
                    raise
                if idempotency:  # what was done is answered alike, whatever has changed since
                    idempotency.check_stored(environment.id)
                if refusal := _refusal(error):
                    raise refusal from error
            except OperationalError as error:
                if isinstance(error.__cause__, pg.LockNotAvailable):
                    raise _busy(idempotency) from error
                raise
        raise _busy(idempotency)

    return wrapper


def _begin(environment: Environment, idempotency: Idempotency | None) -> None:
    """A call of another project goes through a live share, and its key counts at home too."""
    hold_open(environment)
    if idempotency:
        idempotency.take_home()


def again_if_moved(function: Callable[..., R]) -> Callable[..., R]:
    """Run it again where its member was merged or erased while it waited for the lock, or where it lost a
    deadlock: nothing was written.

    Raises ServiceUnavailable where that happens time and again.
    """

    @wraps(function)
    def wrapper(*positional: Any, **named: Any) -> R:
        for _ in range(_TRIES):
            try:
                return function(*positional, **named)
            except Redirected:
                continue
            except OperationalError as error:
                if not isinstance(error.__cause__, pg.DeadlockDetected):
                    raise
        raise ServiceUnavailable(
            "The member is being changed; nothing was written. Try again.", retry_after=1
        )

    return wrapper


def _is_expected(error: IntegrityError) -> bool:
    return _constraint(error) in (*_TAKEN_MEANWHILE, _STOCK)


def _refusal(error: DomainError | IntegrityError) -> DomainError | None:
    """What the caller gets; None where the action is run again."""
    if isinstance(error, DomainError):
        return error
    # The last ones went to others while this was planned.
    return OutOfStock("All of them are taken.") if _constraint(error) == _STOCK else None


def _constraint(error: IntegrityError) -> str | None:
    cause = error.__cause__
    return cause.diag.constraint_name if isinstance(cause, _VIOLATIONS) else None


def _busy(idempotency: Idempotency | None) -> IdempotencyKeyInUse | ServiceUnavailable:
    if idempotency:
        return IdempotencyKeyInUse(
            "A request with this key, or on this member, is still worked on; repeat it with the same key."
        )
    return ServiceUnavailable("The member is busy; nothing was written. Try again.", retry_after=1)
