"""How /v1 shows rewards, redemptions and codes."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit.ids import public
from loyalty.api.common.rendering import instant
from loyalty.models import Redemption, RewardCode, RewardStock
from loyalty.queries.redemptions import code_status
from loyalty.queries.rewards import Offered
from programs.conditions.values import plain
from programs.models import InventoryItem, InventorySet, Reward
from programs.queries.snapshots import Snapshot

Address = Callable[[UUID], str]


def number(amount: Decimal | None) -> Decimal | int | None:
    """Money as an exact JSON number without trailing zeros: 1000, 9.99."""
    if amount is None:
        return None
    text = plain(amount)
    return Decimal(text) if "." in text else int(text)


def cost(reward: Reward) -> dict[str, Any]:
    if reward.cost_kind == Reward.CostKind.FIXED:
        return {"kind": "fixed", "points": reward.points, "tier_points": reward.tier_points}
    return {
        "kind": "variable",
        "min": reward.min_points,
        "max": reward.max_points,
        "step": reward.step_points,
        "value_per_point": plain(reward.value_per_point or Decimal(0)),
    }


def gives(reward: Reward) -> dict[str, Any] | None:
    """What it changes beside: points of another metric, the tier, an item."""
    if reward.gives_metric:
        return {"metric": reward.gives_metric.code, "points": reward.gives_points}
    if reward.gives_tier:
        return {"tier": reward.gives_tier.code}
    if reward.gives_item:
        return {"set": reward.gives_item.inventory_set.public_id, "item": reward.gives_item.public_id}
    return None


def _head(reward: Reward, program: str, address: Address) -> dict[str, Any]:
    return {
        "id": reward.public_id,
        "program": program,
        "metric": reward.metric.code,
        "kind": reward.kind,
        "name": reward.name,
        "description": reward.description,
        "image_url": reward.picture_id and address(reward.picture_id),
    }


def _worth(reward: Reward) -> dict[str, Any]:
    return {
        "cost": cost(reward),
        "discount_amount": number(reward.discount_amount),
        "discount_percent": number(reward.discount_percent),
        "currency": reward.currency or None,
        "gives": gives(reward),
        "starts_at": instant(reward.starts_at),
        "ends_at": instant(reward.ends_at),
    }


def reward(
    found: Reward, *, stock: RewardStock | None, available: int | None, address: Address
) -> dict[str, Any]:
    """As it is set up. `available`: codes left in its pool."""
    is_pool = found.code_source == Reward.CodeSource.POOL
    return {
        **_head(found, found.program.code, address),
        "status": found.status,
        **_worth(found),
        "condition": found.condition,
        "limit": found.limit_times and {"times": found.limit_times, "per": found.limit_per},
        "stock": stock.stock if stock else None,
        "stock_left": stock.left if stock else None,
        "taken": stock.taken if stock else 0,
        "code": {
            "source": found.code_source,
            "pattern": found.code_pattern or None,
            "valid_days": found.code_valid_days,
            "returns_codes": found.returns_codes,
            "available": (available or 0) if is_pool else None,
        },
        "fulfilment": found.fulfilment,
        "created_at": instant(found.created_at),
    }


def offer(found: Offered, config: Snapshot, address: Address) -> dict[str, Any]:
    """As one member has it now."""
    of = found.reward
    program = next(program.code for program in config.programs if program.id == of.program_id)
    limit = of.limit_times and {"times": of.limit_times, "per": of.limit_per, "used": found.used}
    return {
        **_head(of, program, address),
        "points": found.cost,
        **_worth(of),
        "limit": limit,
        "stock_left": found.left,
        "eligible": found.is_eligible,
        "reasons": [{"code": why.code, "detail": why.detail, **why.data} for why in found.refusals],
    }


def redemption(
    found: Redemption,
    *,
    member: str | None,
    paid_by: UUID | None,
    now: datetime,
    given: Callable[[Redemption], dict[str, Any] | None],
) -> dict[str, Any]:
    """`member`: the external id; `paid_by`: the ledger entry that paid for it; `given`: see `namer`."""
    code: RewardCode | None = getattr(found, "code", None)
    return {
        "id": public("red", found.id),
        "customer_id": member,
        "member_id": member,
        "reward_id": found.reward.public_id,
        "name": found.name,
        "kind": found.kind,
        "status": found.status,
        "points": found.points,
        "metric": found.metric.code,
        "code": code and code.code,
        "code_status": code and code_status(code, now),
        "code_expires_at": instant(code.expires_at) if code else None,
        "used_at": instant(code.used_at) if code else None,
        "used_place": code and code.used_place,
        "discount_amount": number(found.discount_amount),
        "discount_percent": number(found.discount_percent),
        "currency": found.currency or None,
        "gives": given(found),
        "transaction_id": paid_by and public("txn", paid_by),
        "reason": found.reason,
        "metadata": found.metadata,
        "created_at": instant(found.recorded_at),
        "occurred_at": instant(found.occurred_at),
        "fulfilled_at": instant(found.fulfilled_at),
        "closed_at": instant(found.closed_at),
        "note": found.note,
        "closed_reason": found.closed_reason,
    }


def namer(rows: Collection[Redemption], config: Snapshot) -> Callable[[Redemption], dict[str, Any] | None]:
    """Names what redemptions give as the API does. One statement where any gives an item that no reward of the
    catalogue gives any more, else none."""
    items = {reward.gives_item.pk: reward.gives_item for reward in config.rewards if reward.gives_item}
    wanted = {UUID(row.gives["item"]) for row in rows if "item" in row.gives}
    items |= _items(wanted - items.keys())
    tiers = {str(tier.pk): tier.code for tier in config.tiers}
    metrics = {str(metric.pk): metric.code for metric in config.metrics}

    def given(row: Redemption) -> dict[str, Any] | None:
        if "metric" in row.gives:
            return {"metric": metrics.get(row.gives["metric"]), "points": row.gives["points"]}
        if "tier" in row.gives:
            return {"tier": tiers.get(row.gives["tier"])}
        if "item" in row.gives:
            item = items.get(UUID(row.gives["item"]))
            return {"set": item and item.inventory_set.public_id, "item": item and item.public_id}
        return None

    return given


def _items(wanted: Collection[UUID]) -> Mapping[UUID, InventoryItem]:
    if not wanted:
        return {}
    return InventoryItem.objects.select_related("inventory_set").in_bulk(list(wanted))


def code(found: RewardCode, now: datetime) -> dict[str, Any]:
    """A code of a reward; one that nobody has yet is `available`."""
    is_available = found.status == RewardCode.Status.AVAILABLE
    return {
        "code": found.code,
        "status": found.status if is_available else code_status(found, now),
        "source": found.source,
        "redemption_id": found.redemption_id and public("red", found.redemption_id),
        "added_at": instant(found.added_at),
        "issued_at": instant(found.issued_at),
        "expires_at": instant(found.expires_at),
        "used_at": instant(found.used_at),
        "used_place": found.used_place,
    }


def inventory_set(found: InventorySet, items: Iterable[InventoryItem], address: Address) -> dict[str, Any]:
    """A set and its items, in the order in which they were made."""
    return {
        "id": found.public_id,
        "program": found.program.code,
        "title": found.title,
        "items": [
            {"id": item.public_id, "title": item.title, "media": media(item, address)}
            for item in sorted(items, key=lambda item: item.pk)
        ],
        "created_at": instant(found.created_at),
    }


def media(item: InventoryItem, address: Address) -> str:
    """Where an item's picture is; empty where it has none."""
    return address(item.picture_id) if item.picture_id else item.media
