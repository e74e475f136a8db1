"""What a member owns, with the coupons' codes (domain.md 8)."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from loyalty.models import Member, MemberItem
from loyalty.queries.coupons import codes_kept
from programs.models import Coupon, InventoryItem


@dataclass(frozen=True, slots=True)
class Owned:
    """An item as often as it is owned. Of a coupon with codes of its own: those that the member got and still has,
    the newest first."""

    item: InventoryItem
    quantity: int
    coupon: Coupon | None
    codes: list[str]


def owned_by(member: Member) -> list[Owned]:
    """By title; three statements at most, one for nothing."""
    owned = MemberItem.objects.filter(member=member, quantity__gt=0)
    rows = list(owned.select_related("item__inventory_set").order_by("item__title", "pk"))
    if not rows:
        return []
    coupons = {one.item_id: one for one in Coupon.objects.filter(item__in=[row.item_id for row in rows])}
    codes = _codes(member.pk, [item for item, coupon in coupons.items() if coupon.code_pattern])
    return [
        Owned(row.item, row.quantity, coupons.get(row.item_id), codes.get(row.item_id, [])) for row in rows
    ]


def _codes(member_id: UUID, items: Collection[UUID]) -> dict[UUID, list[str]]:
    found: defaultdict[UUID, list[str]] = defaultdict(list)
    if items:
        for item, code in codes_kept(member_id, items).values_list("item_id", "code"):
            found[item].append(code or "")
    return dict(found)
