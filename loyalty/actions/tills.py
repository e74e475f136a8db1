"""Codes are used at a till, once (domain.md 5)."""

from datetime import datetime

from django.utils import timezone

from audit.ids import public
from audit.record import Actor
from loyalty.actions.fulfilment import complete, lock_redemption, open_for_fulfilment
from loyalty.actions.once import once
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.members import Redirected
from loyalty.ledger.posting import Journal
from loyalty.models import Redemption, RewardCode
from loyalty.queries.redemptions import check_usable, find_code
from programs.models import Environment
from programs.queries.snapshots import snapshot


@once
def use_code(
    *,
    environment: Environment,
    code: str,
    place: str | None = None,
    actor: Actor,
    now: datetime,
    idempotency: Idempotency | None = None,
) -> Redemption:
    """Let the code be used now, at `place`; a redemption that waits is fulfilled by it. Also for a frozen
    member: it was sold before.

    Raises CodeAlreadyUsed (says when and where), CodeExpired, MaximumReached, NotEligible, NotFound,
    RedemptionClosed, Replay. Locks: the member and their accounts, where fulfilment gives anything; the
    redemption, its code.
    """
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    config = snapshot(environment)
    known = find_code(environment=environment, code=code)
    owner = open_for_fulfilment(journal, config, known)
    row = lock_redemption(journal, known)
    if row.issued_code != known.issued_code:
        raise Redirected  # it went back to its pool meanwhile, and perhaps to somebody else
    used = check_usable(row, now)
    if row.status == Redemption.Status.PENDING:
        complete(journal, config, row, owner)
    used.status, used.used_at, used.used_recorded_at = RewardCode.Status.USED, now, timezone.now()
    used.used_place, used.used_by = place, f"{actor.kind}:{actor.id}"
    journal.sales.code_changes.append(used)
    journal.audit(
        verb="rewardcode.used",
        object_type="redemption",
        object_id=public("red", row.id),
        member_id=row.member_id,
        after={"code_id": str(used.pk), "place": place},
    )
    journal.write(row, member_id=row.member_id)
    return row
