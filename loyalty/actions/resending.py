"""A member did not get their code, and staff send it again by a channel of their own (console.md)."""

from datetime import datetime
from uuid import UUID

from audit.ids import public
from audit.record import Actor
from loyalty.actions.once import once
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.posting import Journal
from loyalty.models import Redemption
from loyalty.queries.redemptions import check_usable, find_redemption
from programs.models import Environment


@once
def resend_code(
    *,
    environment: Environment,
    redemption: UUID,
    note: str,
    actor: Actor,
    now: datetime,
    idempotency: Idempotency | None = None,
) -> Redemption:
    """Put into the trail that the code was given to the member again; `note` says how. Nothing else changes.

    Raises CodeAlreadyUsed, CodeExpired, NotFound, RedemptionClosed, Replay. Locks: nothing.
    """
    if idempotency:
        idempotency.check_stored(environment.id)
    found = find_redemption(environment=environment, redemption=redemption)
    check_usable(found, now)
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    journal.audit(
        verb="redemption.code_resent",
        object_type="redemption",
        object_id=public("red", found.id),
        member_id=found.member_id,
        after={"status": str(found.status), "reward": found.reward.public_id, "note": note},
    )
    journal.write(found, member_id=found.member_id)
    return found
