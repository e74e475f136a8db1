"""The jobs of tiers: levels whose time has come are decided though nobody writes to the member, and progress
is counted anew where a ladder counts something else (domain.md 6).

No level waits for the first: reads and writes decide what is due. It keeps lists, reports and webhooks on time.
"""

from datetime import datetime
from uuid import UUID

from audit.record import Actor
from loyalty.actions.once import again_if_moved
from loyalty.actions.pace import Pace
from loyalty.actions.turns import Counts, Run, environments_by_turns
from loyalty.ledger.evaluation import evaluate_due
from loyalty.ledger.recounting import recount
from loyalty.queries.tiers import environments_with_levels_due
from programs.models import Environment
from programs.queries.environments import environment_by_id, now_in


class NotAllCounted(Exception):
    """The worker is to end before every member was counted."""


def evaluate_levels(*, actor: Actor, now: datetime, pace: Pace) -> Run:
    """Decide what is due at `now` (real time; a sandbox with a test clock: at that), in chunks; counts `members` and
    `changes`.

    Goes about as the sweep does: environments take turns, a run that was ended anywhere is gone on with by
    the next, two at once share the members between them, and one that fails is left for the next run.
    Must not be called in a transaction. Locks: the members of one chunk and their accounts, at a time.
    """

    def chunk(environment: Environment) -> Counts:
        evaluated = evaluate_due(environment=environment, actor=actor, now=environment.clock or now)
        return {"members": evaluated.members, "changes": evaluated.changes}

    return environments_by_turns("tiers", environments_with_levels_due(now=now), chunk, pace=pace)


def recount_levels(*, environment_id: UUID, actor: Actor, pace: Pace) -> int:
    """Count the progress of every member of the environment anew, in chunks; how many days were not right.

    Done again, it changes nothing: a run that ended early begins from the start. Raises NotAllCounted where
    the pace ended it. Must not be called in a transaction. Locks: the members of one chunk and their
    accounts, at a time.
    """
    after, days = UUID(int=0), 0
    for _ in pace.chunks():
        environment = environment_by_id(environment_id)
        if environment.archived_at is not None:
            return days
        # Beside the events of the same members it may lose a deadlock: that chunk is counted again.
        done = again_if_moved(recount)(
            environment=environment, actor=actor, now=now_in(environment), after=after
        )
        days += done.days
        if done.last is None:
            return days
        after = done.last
    raise NotAllCounted("The members that follow were not counted.")
