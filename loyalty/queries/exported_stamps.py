"""A member's stamp cards for an export, with their stamps and what full cards gave."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.ids import public
from audit.instants import rfc3339
from loyalty.models import Member, Stamp, StampCollection, StampReward
from loyalty.queries.stamp_details import event_names

Rows = dict[UUID, list[dict[str, Any]]]


def exported_stamp_collections(family: Sequence[Member]) -> list[dict[str, Any]]:
    """Every card of these members, oldest first, those too that a merge has joined to another; five
    statements at most, one where there is no card."""
    rows = StampCollection.objects.filter(member__in=family).select_related("member", "stamp_program")
    cards = list(rows.order_by("pk"))
    if not cards:
        return []
    stamps, rewards = _stamps(family), _rewards(family)
    return [_card(row) | {"stamps": stamps[row.pk], "rewards": rewards[row.pk]} for row in cards]


def _card(row: StampCollection) -> dict[str, Any]:
    """`counter` in stamps: those in no reward, less those that are owed."""
    return {
        "id": public("sc", row.pk),
        "member_id": row.member.external_id,
        "stamp_program": row.stamp_program.public_id,
        "name": row.stamp_program.name,
        "counter": row.counter,
        "merged_into": row.merged_into_id and public("sc", row.merged_into_id),
        "created_at": rfc3339(row.created_at),
        "recorded_at": rfc3339(row.recorded_at),
        "actor": {"kind": row.actor_kind, "id": row.actor_id},
        "trace_id": row.trace_id,
    }


def _stamps(family: Sequence[Member]) -> Rows:
    rows = Stamp.objects.filter(member__in=family).select_related("event").order_by("pk")
    found = list(rows.defer("event__data", "event__explanation", "event__facts", "event__figures"))
    refunds = event_names(row.returned_by_id for row in found)
    told: Rows = defaultdict(list)
    for row in found:
        told[row.collection_id].append(
            {
                "id": public("st", row.pk),
                "event_id": row.event.event_id,
                "number": row.number,
                "line": row.line,
                "unit_price": None if row.unit_price is None else f"{row.unit_price.normalize():f}",
                "day": row.day and row.day.isoformat(),
                "reward": row.reward_id and public("sr", row.reward_id),
                "collected_at": rfc3339(row.collected_at),
                "recorded_at": rfc3339(row.recorded_at),
                "returned_at": _instant(row.returned_at),
                "returned_by": row.returned_by_id and refunds.get(row.returned_by_id),
            }
        )
    return told


def _rewards(family: Sequence[Member]) -> Rows:
    """`amount` in minor units; `stamps`: those that it was issued for."""
    found = list(StampReward.objects.filter(member__in=family).order_by("pk"))
    purchases = event_names(row.event_id for row in found)
    told: Rows = defaultdict(list)
    for row in found:
        told[row.collection_id].append(
            {
                "id": public("sr", row.pk),
                "type": row.kind,
                "amount": row.amount,
                "currency": row.currency,
                "status": row.status,
                "stamps": [public("st", key) for key in row.stamp_ids],
                "owed": row.owed,
                "event_id": row.event_id and purchases.get(row.event_id),
                "reference": row.reference,
                "issued_at": rfc3339(row.issued_at),
                "recorded_at": rfc3339(row.recorded_at),
                "paid_at": _instant(row.paid_at),
                "revoked_at": _instant(row.revoked_at),
                "actor": {"kind": row.actor_kind, "id": row.actor_id},
                "trace_id": row.trace_id,
            }
        )
    return told


def _instant(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)
