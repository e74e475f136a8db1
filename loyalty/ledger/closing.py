"""The end of redemptions: closed by a step, or with their member (domain.md 1, 5)."""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from audit.ids import public
from loyalty.ledger.posting import Journal
from loyalty.models import Redemption


def close(
    journal: Journal, row: Redemption, status: Redemption.Status, reason: str | None, **more: Any
) -> None:
    """Plan that a locked redemption is cancelled or has failed now, and the audit event of it; with `more`. What
    is given back is the caller's matter."""
    row.status, row.closed_at, row.closed_reason = status, journal.now, reason
    journal.sales.redemption_changes.append(row)
    audit_redemption(journal, row, str(status), reason=reason, **more)


def audit_redemption(journal: Journal, row: Redemption, what: str, **more: Any) -> None:
    """Plan the audit event of a step of a redemption."""
    journal.audit(
        verb=f"redemption.{what}",
        object_type="redemption",
        object_id=public("red", row.id),
        member_id=row.member_id,
        after={"status": str(row.status), "reward": row.reward.public_id, "points": row.points, **more},
        occurred_at=row.occurred_at if what == "created" else journal.now,
    )


def close_pending(journal: Journal, members: Sequence[UUID]) -> None:
    """Cancel the redemptions of these members that were never fulfilled, and give back their stock; not
    their points, which would go with the account. Codes are the caller's matter. Two statements; the journal
    writes the rest. The members and their accounts must be locked.

    Locks: all their redemptions, so that no till is halfway through one; stock only while it is written.
    """
    rows = Redemption.objects.filter(member__in=members).order_by("pk")
    list(rows.select_for_update().values_list("pk"))
    taken: Counter[UUID] = Counter()
    for row in rows.filter(status=Redemption.Status.PENDING).select_related("reward"):
        close(journal, row, Redemption.Status.CANCELLED, None)
        taken[row.reward_id] += row.takes_stock
    for reward_id, count in sorted(taken.items()):
        if count:
            journal.sales.take_stock(journal.environment.id, reward_id, -count)
