"""Redemptions that wait for fulfilment end with their member (domain.md 1, 5)."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from audit.ids import public
from loyalty.ledger.posting import Journal
from loyalty.models import Redemption


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
        row.status, row.closed_at, row.note = Redemption.Status.CANCELLED, journal.now, None
        journal.sales.redemption_changes.append(row)
        taken[row.reward_id] += row.takes_stock
        journal.audit(
            verb="redemption.cancelled",
            object_type="redemption",
            object_id=public("red", row.pk),
            member_id=row.member_id,
            after={"status": str(row.status), "reward": row.reward.public_id, "points": row.points},
        )
    for reward_id, count in sorted(taken.items()):
        if count:
            journal.sales.take_stock(journal.environment.id, reward_id, -count)
