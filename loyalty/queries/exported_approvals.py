"""Adjustments of a member that somebody asked another to approve, for an export."""

from collections.abc import Sequence
from typing import Any

from audit.ids import public
from audit.instants import rfc3339
from loyalty.models import AdjustmentRequest, Member


def exported_requests(family: Sequence[Member]) -> list[dict[str, Any]]:
    """Oldest first; one statement."""
    rows = AdjustmentRequest.objects.filter(member__in=family).select_related("member", "metric")
    return [
        {
            "id": public("adr", row.pk),
            "member_id": row.member.external_id,
            "metric": row.metric.code,
            "points": row.points,
            "reason": row.reason,
            "note": row.note,
            "requested_by": row.requested_by,
            "requested_at": rfc3339(row.requested_at),
            "trace_id": row.trace_id,
            "status": row.status,
            "decided_by": row.decided_by,
            "decided_at": rfc3339(row.decided_at) if row.decided_at else None,
            "decision_note": row.decision_note,
            "transaction": row.entry_id and public("txn", row.entry_id),
        }
        for row in rows.order_by("pk")
    ]
