"""What becomes of adjustments that wait for a second person (docs/approvals.md). The callers have locked what they
change: the request, or its member."""

from collections.abc import Sequence
from uuid import UUID

from django.utils import timezone

from audit.ids import public
from loyalty.ledger.posting import Journal
from loyalty.models import AdjustmentRequest, Member

Status = AdjustmentRequest.Status


def close_request(
    journal: Journal, held: AdjustmentRequest, status: AdjustmentRequest.Status, note: str | None
) -> None:
    """Note on the row that the journal's actor has decided so, and plan its audit event; the caller saves it."""
    held.status, held.decided_by, held.decided_at = status, journal.actor.id, timezone.now()
    held.decision_note = note
    audit_request(journal, held, str(status))


def audit_request(journal: Journal, held: AdjustmentRequest, what: str) -> None:
    """Plan the audit event of a step: what was asked for, by whom and why, and what came of it."""
    journal.audit(
        verb=f"adjustment.{what}",
        object_type="adjustment_request",
        object_id=public("adr", held.pk),
        member_id=held.member_id,
        before=None if what == "requested" else {"status": str(Status.PENDING)},
        after={
            "status": str(held.status),
            "points": held.points,
            "metric": held.metric.code,
            "reason": held.reason,
            "note": held.note,
            "requested_by": held.requested_by,
            "decision_note": held.decision_note,
            "transaction": public("txn", held.entry_id) if held.entry_id else None,
        },
    )


def move_requests(merged: Member, survivor: Member) -> None:
    """What still waits goes on for the survivor. One statement."""
    waiting = AdjustmentRequest.objects.filter(member=merged, status=Status.PENDING)
    waiting.update(member=survivor)


def withdraw_requests(journal: Journal, members: Sequence[UUID]) -> None:
    """What still waits for these members ends with them, and what was written about any of it is blanked."""
    rows = AdjustmentRequest.objects.filter(member__in=members).order_by("id")
    for held in rows.select_for_update(of=("self",)).select_related("metric").filter(status=Status.PENDING):
        held.note = None
        close_request(journal, held, Status.WITHDRAWN, None)
        held.save(update_fields=["status", "decided_by", "decided_at", "note"])
    rows.update(note=None, decision_note=None)
