"""How far a member is with challenges, what they achieved, and which milestones they crossed, for an export."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from audit.ids import public
from audit.instants import rfc3339
from loyalty.models import Achievement, Member, MilestoneChange, MissionProgress
from loyalty.queries.stamp_details import event_names


def exported_challenges(family: Sequence[Member]) -> dict[str, list[dict[str, Any]]]:
    """Progress, in events or in the mission's field; every completed mission and challenge, which is the notification
    of it too; every crossing of milestones. Achievements and crossings oldest first. Four statements at most."""
    progress = MissionProgress.objects.filter(member__in=family).select_related(
        "member", "challenge", "mission"
    )
    changes = MilestoneChange.objects.filter(member__in=family).select_related("member", "milestone_set")
    return {
        "progress": [
            _whose(row) | {"progress": f"{row.progress.normalize():f}"}
            for row in progress.order_by("member", "challenge", "period", "mission__place", "mission")
        ],
        "achievements": _achievements(family),
        "milestones": [_change(row) for row in changes.order_by("pk")],
    }


def _achievements(family: Sequence[Member]) -> list[dict[str, Any]]:
    """`transactions`: the rewards in points; items and coupons name the achievement that gave them."""
    rows = Achievement.objects.filter(member__in=family).select_related("member", "challenge", "mission")
    found = list(rows.order_by("pk"))
    keys = {key for row in found for key in (row.event_id, row.revoked_by_id) if key}
    events = event_names(keys)
    return [
        {"id": public("ach", row.pk), "kind": row.kind}
        | _whose(row)
        | {
            "target": _decimal(row.target),
            "notification": {
                "display": row.display,
                "title": row.title,
                "message": row.message,
                "read_at": _instant(row.read_at),
            },
            "transactions": [public("txn", key) for key in row.entry_ids],
            "event_id": row.event_id and events.get(row.event_id),
            "copy_of": row.copy_of and public("ach", row.copy_of),
            "revoked_at": _instant(row.revoked_at),
            "revoked_by": row.revoked_by_id and events.get(row.revoked_by_id),
            "occurred_at": rfc3339(row.occurred_at),
            "recorded_at": rfc3339(row.recorded_at),
            "actor": {"kind": row.actor_kind, "id": row.actor_id},
            "trace_id": row.trace_id,
        }
        for row in found
    ]


def _whose(row: MissionProgress | Achievement) -> dict[str, Any]:
    return {
        "member_id": row.member.external_id,
        "challenge": str(row.challenge.public_id),
        "mission": str(row.mission.public_id) if row.mission else None,
        "title": row.mission.title if row.mission else row.challenge.title,
        "period": row.period,
    }


def _change(row: MilestoneChange) -> dict[str, Any]:
    return {
        "member_id": row.member.external_id,
        "milestone_set": row.milestone_set.public_id,
        "title": row.milestone_set.title,
        "from": row.from_id,
        "to": row.to_id,
        "transaction_id": public("txn", row.entry_id),
        "recorded_at": rfc3339(row.recorded_at),
    }


def _decimal(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount.normalize():f}"


def _instant(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)
