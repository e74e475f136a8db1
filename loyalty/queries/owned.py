"""What a member owns, with the coupons' codes (domain.md 8)."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Max, Q, Sum

from loyalty.models import ItemChange, Member, MemberItem
from loyalty.queries.families import family_of
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
    """A merge leaves a code with whom it came to. A coupon that is taken back takes its code along: the changes of
    one achievement add up to nothing."""
    if not items:
        return {}
    changes = ItemChange.objects.filter(
        member__in=family_of(member_id).order_by().values("pk"), item__in=items
    )
    given = changes.filter(achievement_id__isnull=False).order_by().values("item_id", "achievement_id")
    kept = given.annotate(
        left=Sum("quantity"), latest=Max("recorded_at"), code=Max("code", filter=Q(quantity__gt=0))
    )
    found: defaultdict[UUID, list[str]] = defaultdict(list)
    for row in kept.filter(left__gt=0, code__isnull=False).order_by("-latest"):
        found[row["item_id"]].append(row["code"])
    return dict(found)
