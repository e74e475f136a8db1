"""The settlement sweep: what has come due is written down though nobody writes to the account (domain.md 3.3).

No balance waits for it: reads count what is due. It keeps history, reports and webhooks on time.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog

from audit.record import Actor
from loyalty.actions.pace import Pace
from loyalty.ledger.settlement import settle_due
from loyalty.queries.due import environments_due
from programs.models import Environment

logger = structlog.get_logger(__name__)


@dataclass(slots=True)
class Sweep:
    """What a sweep has done. `left`: it ended before everything was settled; `failed`: environments."""

    chunks: int = 0
    accounts: int = 0
    lots: int = 0
    left: bool = False
    failed: list[UUID] = field(default_factory=list)


def sweep(*, actor: Actor, now: datetime, pace: Pace) -> Sweep:
    """Settle what is due at `now` (real time; a sandbox with a test clock: at that), in chunks.

    Each chunk is a transaction of one environment, and they take turns, so that a large one does not keep
    the others waiting. Ended anywhere, the next sweep goes on from the last chunk; two at once share the
    accounts between them. An environment that fails is left for the next sweep, the others are done.
    Must not be called in a transaction. Locks: the accounts of one chunk at a time.
    """
    done = Sweep()
    waiting = environments_due(now=now)
    for _ in pace.chunks():
        if not waiting:
            return done
        environment = waiting.pop(0)
        if _settle_chunk(environment, actor, environment.clock or now, done):
            waiting.append(environment)
    done.left = bool(waiting)
    return done


def _settle_chunk(environment: Environment, actor: Actor, now: datetime, done: Sweep) -> bool:
    """Settle one chunk; whether there may be more."""
    try:
        settled = settle_due(environment=environment, actor=actor, now=now)
    except Exception:  # whatever it is, it must not keep the points of other tenants
        logger.exception("sweep.environment_failed", environment_id=str(environment.pk))
        done.failed.append(environment.pk)
        return False
    if settled.accounts:
        done.chunks += 1
        done.accounts += settled.accounts
        done.lots += settled.lots
    return settled.accounts > 0
