"""What a member got for points, for an export: redemptions with their codes, and items."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit.ids import public
from audit.instants import rfc3339
from loyalty.models import ItemChange, LedgerEntry, Member, MemberItem, Redemption, RewardCode
from programs.models import InventoryItem, Metric, Tier


def exported_redemptions(family: Sequence[Member]) -> list[dict[str, Any]]:
    """Every redemption of these members, oldest first, with its code and the transactions that name it; six
    statements at most."""
    rows = Redemption.objects.filter(member__in=family).select_related("member", "reward", "metric")
    entries: dict[UUID | None, list[str]] = {}
    named = LedgerEntry.objects.filter(member__in=family, redemption_id__isnull=False).order_by("pk")
    for entry, redemption in named.values_list("pk", "redemption_id"):
        entries.setdefault(redemption, []).append(public("txn", entry))
    codes = {
        code.redemption_id: code
        for code in RewardCode.objects.filter(redemption__in=Redemption.objects.filter(member__in=family))
    }
    found = list(rows.order_by("pk"))
    names = _names_of(found)
    return [
        _redemption(row, names)
        | {"transactions": entries.get(row.pk, []), "code": _code(codes[row.pk]) if row.pk in codes else None}
        for row in found
    ]


def exported_items(family: Sequence[Member]) -> dict[str, list[dict[str, Any]]]:
    """What these members have, and every item that was received or lost, of a coupon with its code; two
    statements."""
    owned = MemberItem.objects.filter(member__in=family).select_related("member", "item__inventory_set")
    changes = ItemChange.objects.filter(member__in=family).select_related("member", "item__inventory_set")
    return {
        "owned": [_item(row) | {"quantity": row.quantity} for row in owned.order_by("member", "item")],
        "changes": [_change(row) for row in changes.order_by("pk")],
    }


def _redemption(row: Redemption, names: dict[str, str]) -> dict[str, Any]:
    return {
        "id": public("red", row.pk),
        "member_id": row.member.external_id,
        "reward_id": row.reward.public_id,
        "name": row.name,
        "kind": row.kind,
        "status": row.status,
        "metric": row.metric.code,
        "points": row.points,
        "discount_amount": _decimal(row.discount_amount),
        "discount_percent": _decimal(row.discount_percent),
        "currency": row.currency or None,
        "gives": _gives(row, names),
        "given": _given(row, names),
        "takes_stock": row.takes_stock,
        "reason": row.reason,
        "metadata": row.metadata,
        "note": row.note,
        "closed_reason": row.closed_reason,
        "occurred_at": rfc3339(row.occurred_at),
        "recorded_at": rfc3339(row.recorded_at),
        "fulfilled_at": _instant(row.fulfilled_at),
        "closed_at": _instant(row.closed_at),
        "actor": {"kind": row.actor_kind, "id": row.actor_id},
        "trace_id": row.trace_id,
    }


def _gives(row: Redemption, names: dict[str, str]) -> dict[str, Any] | None:
    """Points as they are; what was removed since has no name: null."""
    return {what: each if what == "points" else names.get(each) for what, each in row.gives.items()} or None


def _given(row: Redemption, names: dict[str, str]) -> dict[str, Any] | None:
    """Of a tier: the level and its dates from before."""
    return row.given and {**row.given, "tier": names.get(row.given["tier"])}


def _code(code: RewardCode) -> dict[str, Any]:
    return {
        "code": code.code,
        "source": code.source,
        "status": code.status,
        "issued_at": _instant(code.issued_at),
        "expires_at": _instant(code.expires_at),
        "used_at": _instant(code.used_at),
        "used_place": code.used_place,
        "used_by": code.used_by,
    }


def _item(row: MemberItem | ItemChange) -> dict[str, Any]:
    return {
        "member_id": row.member.external_id,
        "set": row.item.inventory_set.public_id,
        "item": row.item.public_id,
        "title": row.item.title,
    }


def _change(row: ItemChange) -> dict[str, Any]:
    return _item(row) | {
        "quantity": row.quantity,
        "redemption_id": row.redemption_id and public("red", row.redemption_id),
        "achievement_id": row.achievement_id and public("ach", row.achievement_id),
        "code": row.code,
        "occurred_at": rfc3339(row.occurred_at),
        "recorded_at": rfc3339(row.recorded_at),
        "actor": {"kind": row.actor_kind, "id": row.actor_id},
    }


def _names_of(rows: Sequence[Redemption]) -> dict[str, str]:
    """What redemptions give is stored by keys; as configured. Of what was removed nothing."""
    keys = {
        what: {row.gives[what] for row in rows if what in row.gives} for what in ("metric", "tier", "item")
    }
    keys["tier"] |= {row.given["tier"] for row in rows if row.given and row.given["tier"]}
    metrics = Metric.objects.filter(pk__in=keys["metric"]).values_list("pk", "code")
    tiers = Tier.objects.filter(pk__in=keys["tier"]).values_list("pk", "code")
    items = InventoryItem.objects.filter(pk__in=keys["item"]).values_list("pk", "public_id")
    return {str(key): name for named in (metrics, tiers, items) for key, name in named}


def _decimal(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount.normalize():f}"


def _instant(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)
