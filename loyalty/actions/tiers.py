"""The downgrade job: levels whose time has come are decided though nobody writes to the member (domain.md 6).

No level waits for it: reads and writes decide what is due. It keeps members' lists, reports and webhooks on time.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog

from audit.record import Actor
from loyalty.actions.pace import Pace
from loyalty.ledger.evaluation import evaluate_due
from loyalty.queries.tiers import environments_with_levels_due
from programs.models import Environment

logger = structlog.get_logger(__name__)


@dataclass(slots=True)
class Evaluation:
    """What a run has done. `left`: it ended before everything was decided; `failed`: environments."""

    chunks: int = 0
    members: int = 0
    changes: int = 0
    left: bool = False
    failed: list[UUID] = field(default_factory=list)


def evaluate_levels(*, actor: Actor, now: datetime, pace: Pace) -> Evaluation:
    """Decide what is due at `now` (real time; a sandbox with a test clock: at that), in chunks.

    Goes about as the sweep does: environments take turns, a run that was ended anywhere is gone on with by
    the next, two at once share the members between them, and one that fails is left for the next run.
    Must not be called in a transaction. Locks: the members of one chunk and their accounts, at a time.
    """
    done = Evaluation()
    waiting = environments_with_levels_due(now=now)
    for _ in pace.chunks():
        if not waiting:
            return done
        environment = waiting.pop(0)
        if _evaluate_chunk(environment, actor, environment.clock or now, done):
            waiting.append(environment)
    done.left = bool(waiting)
    return done


def _evaluate_chunk(environment: Environment, actor: Actor, now: datetime, done: Evaluation) -> bool:
    """Decide one chunk; whether there may be more."""
    try:
        evaluated = evaluate_due(environment=environment, actor=actor, now=now)
    except Exception:  # whatever it is, it must not keep the levels of other tenants
        logger.exception("tiers.environment_failed", environment_id=str(environment.pk))
        done.failed.append(environment.pk)
        return False
    if evaluated.members:
        done.chunks += 1
        done.members += evaluated.members
        done.changes += evaluated.changes
    return evaluated.members > 0
