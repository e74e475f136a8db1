"""The settlement sweep: what has come due is written down though nobody writes to the account (domain.md 3.3).

No balance waits for it: reads count what is due. It keeps history, reports and webhooks on time.
"""

from datetime import datetime

from audit.record import Actor
from loyalty.actions.pace import Pace
from loyalty.actions.turns import Counts, Run, environments_by_turns
from loyalty.ledger.settlement import settle_due
from loyalty.queries.due import environments_due
from programs.models import Environment


def sweep(*, actor: Actor, now: datetime, pace: Pace) -> Run:
    """Settle what is due at `now` (real time; a sandbox with a test clock: at that), in chunks; counts `accounts` and
    `lots`.

    Each chunk is a transaction of one environment, and they take turns, so that a large one does not keep
    the others waiting. Ended anywhere, the next sweep goes on from the last chunk; two at once share the
    accounts between them. An environment that fails is left for the next sweep, the others are done.
    Must not be called in a transaction. Locks: the accounts of one chunk at a time.
    """

    def chunk(environment: Environment) -> Counts:
        settled = settle_due(environment=environment, actor=actor, now=environment.clock or now)
        return {"accounts": settled.accounts, "lots": settled.lots}

    return environments_by_turns("sweep", environments_due(now=now), chunk, pace=pace)
