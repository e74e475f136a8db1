"""Answers of the Audience document: its names, in its order, always all of them; null, {} or [] where empty."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.queries.challenges import active_programs, shown_challenges
from loyalty.queries.coupons import MemberCoupon
from loyalty.queries.member_history import Line
from loyalty.queries.notifications import Notification
from loyalty.queries.profiles import Profile
from programs.models import Challenge, ChallengeReward, InventoryItem, InventorySet, Metric, Mission
from programs.queries.snapshots import Snapshot

Address = Callable[[UUID], str]  # where an uploaded picture is served


def config(found: Snapshot, now: datetime, address: Address) -> dict[str, Any]:
    """What members may see of the configuration; no statement."""
    programs = active_programs(found)
    return {
        "metrics": [_metric(each) for each in found.metrics if each.program_id in programs],
        "inventory": [_inventory_set(each, address) for each in found.inventory_sets],
        "challenges": [_challenge(each) for each in shown_challenges(found, now)],
    }


def _metric(row: Metric) -> dict[str, Any]:
    return {
        "id": row.code,
        "title": row.title,
        "media": row.media or None,
        "defaultValue": row.default_value,
        "minimumValue": row.minimum,
        "maximumValue": row.maximum,
    }


def _inventory_set(row: InventorySet, address: Address) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "title": row.title,
        "items": [_item(item, address) for item in row.items.all()],
    }


def _item(row: InventoryItem, address: Address) -> dict[str, Any]:
    media = address(row.picture_id) if row.picture_id else row.media or None
    return {"id": row.public_id, "title": row.title, "media": media}


def _challenge(row: Challenge) -> dict[str, Any]:
    return {
        "id": str(row.public_id),
        "title": row.title,
        "subtitle": row.subtitle or None,
        "notification": _notified(row),
        "showInProfile": row.show_in_profile,
        "showInRail": row.show_in_rail,
        "time": {"showInUI": row.show_time, "from": _ms(row.starts_at), "to": _ms(row.ends_at)},
        "missions": [_mission(each) for each in row.missions.all() if each.removed_at is None],
        "rewards": [_reward(each) for each in row.rewards.all()],
    }


def _mission(row: Mission) -> dict[str, Any]:
    return {
        "id": str(row.public_id),
        "title": row.title,
        "type": row.type or row.event_type,
        "notification": _notified(row),
    }


def _notified(row: Challenge | Mission) -> dict[str, Any]:
    return {
        "display": row.notification_display,
        "title": row.notification_title or None,
        "message": row.notification_message or None,
    }


def _reward(row: ChallengeReward) -> dict[str, Any]:
    metric, item = row.metric, row.item
    return {
        "type": row.kind,
        "metricId": metric.code if metric else None,
        "metricQuantity": row.quantity,
        "inventorySetId": item.inventory_set.public_id if item else None,
        "inventoryItemId": item.public_id if item else None,
    }


def _ms(at: datetime | None) -> int | None:
    """Unix time in milliseconds."""
    return None if at is None else round(at.timestamp() * 1000)


def profile(found: Profile) -> dict[str, Any]:
    return {
        "metrics": dict(found.metrics),
        "inventory": {name: list(items) for name, items in found.inventory.items()},
        "challenges": {
            name: {"isCompleted": state.is_completed, "missionsCompleted": list(state.missions_completed)}
            for name, state in found.challenges.items()
        },
    }


def notification(found: Notification) -> dict[str, Any]:
    line = found.line
    return {
        "id": line.id,
        "timestamp": line.timestamp,
        "type": line.type,
        "display": found.display,
        "title": found.title or None,
        "message": found.message or None,
        "payload": _payload(line),
    }


def history_line(line: Line) -> dict[str, Any]:
    return {"id": line.id, "timestamp": line.timestamp, "type": line.type, "payload": _payload(line)}


def _payload(line: Line) -> dict[str, Any]:
    return {
        "challengeId": line.challenge_id,
        "missionId": line.mission_id,
        "metricChanges": _changes(line.metrics),
        "inventoryChanges": {"received": _items(line.received), "lost": _items(line.lost)},
        "milestoneChanges": _changes(line.milestones),
    }


def _changes(found: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    return {name: {"oldValue": old, "newValue": new} for name, (old, new) in found.items()}


def _items(found: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"setId": set_id, "itemId": item_id} for set_id, item_id in found]


def coupon(found: MemberCoupon) -> dict[str, Any]:
    row = found.coupon
    return {
        "id": row.item.public_id,
        "title": row.item.title,
        "link": row.link or None,
        "coupon_id": row.coupon_id or None,
        "coupon_type": row.coupon_type or None,
        "coupon_code": found.code or None,
        "showOnNotification": row.show_on_notification,
    }
