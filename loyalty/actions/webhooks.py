"""Webhooks by API: the actions of `programs` behind an Idempotency-Key."""

from collections.abc import Callable
from typing import TypeVar

from django.utils import timezone

from loyalty.actions.once import once
from loyalty.ledger.idempotency import Idempotency
from programs.models import Environment

T = TypeVar("T")


@once
def change_webhooks_once(
    *, environment: Environment, change: Callable[[], T], idempotency: Idempotency | None = None
) -> T:
    """Run `change` once for its key; its answer is kept with it.

    Raises what `change` raises, Replay and IdempotencyKeyReused. Locks: as `change`, and not the environment:
    a plan's limits lock the organization, which comes first.
    """
    if idempotency:
        idempotency.check_stored(environment.id)
    result = change()
    if idempotency:
        idempotency.record(environment.id, result, timezone.now(), None).save(force_insert=True)
    return result
