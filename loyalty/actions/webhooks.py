"""Webhooks by API: the actions of `programs` behind an Idempotency-Key."""

from collections.abc import Callable
from typing import TypeVar

from loyalty.actions.configuration import configure_once
from loyalty.ledger.idempotency import Idempotency
from programs.models import Environment

T = TypeVar("T")


def change_webhooks_once(
    *, environment: Environment, change: Callable[[], T], idempotency: Idempotency | None = None
) -> T:
    """As `configure_once`. Locks: as `change`, and not the environment: a plan's limits lock the organization, which
    comes first."""
    result: T = configure_once(
        environment=environment, change=change, environment_first=False, idempotency=idempotency
    )
    return result
