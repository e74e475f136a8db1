"""The jobs of tiers: levels whose time has come are decided though nobody writes to the member, and progress
is counted anew where a ladder counts something else (domain.md 6).

No level waits for the first: reads and writes decide what is due. It keeps lists, reports and webhooks on time.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog

from audit.record import Actor
from loyalty.actions.once import again_if_moved
from loyalty.actions.pace import Pace
from loyalty.ledger.evaluation import evaluate_due
from loyalty.ledger.recounting import recount
from loyalty.queries.tiers import environments_with_levels_due
from programs.models import Environment
from programs.queries.environments import environment_by_id, now_in

logger = structlog.get_logger(__name__)


class NotAllCounted(Exception):
    """The worker is to end before every member was counted."""


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


def recount_levels(*, environment_id: UUID, actor: Actor, pace: Pace) -> int:
    """Count the progress of every member of the environment anew, in chunks; how many days were not right.

    Done again, it changes nothing: a run that ended early begins from the start. Raises NotAllCounted where
    the pace ended it. Must not be called in a transaction. Locks: the members of one chunk and their
    accounts, at a time.
    """
    after, days = UUID(int=0), 0
    for _ in pace.chunks():
        environment = environment_by_id(environment_id)
        # Beside the events of the same members it may lose a deadlock: that chunk is counted again.
        done = again_if_moved(recount)(
            environment=environment, actor=actor, now=now_in(environment), after=after
        )
        days += done.days
        if done.last is None:
            return days
        after = done.last
    raise NotAllCounted("The members that follow were not counted.")
