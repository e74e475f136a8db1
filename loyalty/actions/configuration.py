"""Configuration by API: the same actions as the console's, behind an Idempotency-Key."""

from collections.abc import Callable
from typing import TypeVar

from django.utils import timezone

from loyalty.actions.once import once
from loyalty.ledger.idempotency import Idempotency
from programs.actions.configure import lock_environment
from programs.models import Environment

T = TypeVar("T")


@once
def configure_once(
    *,
    environment: Environment,
    change: Callable[[], T],
    environment_first: bool = True,
    idempotency: Idempotency | None = None,
) -> T:
    """Run `change` (an action of `programs`) once for its key; its answer is kept with it.

    Raises what `change` raises, Replay and IdempotencyKeyReused. Locks: the environment, then as `change`:
    whoever sends the same key at the same time waits, and then finds the answer. Where `change` locks something
    else before the environment (a plan's limits the organization), `environment_first` must be False.
    """
    if environment_first:
        lock_environment(environment)
    if idempotency:
        idempotency.check_stored(environment.id)
    result = change()
    if idempotency:
        idempotency.record(environment.id, result, timezone.now(), None).save(force_insert=True)
    return result
