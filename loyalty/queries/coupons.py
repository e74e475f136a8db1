"""Coupons of a member (domain.md 8)."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, Func, QuerySet, UUIDField

from audit.errors import NotFound
from loyalty.models import Achievement, ItemChange, Member, MemberItem
from loyalty.queries.families import family_of
from programs.models import Coupon, Environment
from programs.models.challenges import COUPONS


@dataclass(frozen=True, slots=True)
class MemberCoupon:
    """A coupon that a member owns, with its item. `code`: everybody's, or the last one that this member got and still
    has; None where there is none."""

    coupon: Coupon
    code: str | None


def coupons_in(environment: Environment) -> QuerySet[Coupon]:
    """All of an environment, with their items; keyset by `id`."""
    return Coupon.objects.filter(environment=environment).select_related("item__inventory_set")


def find_coupon(*, environment: Environment, coupon: str) -> Coupon:
    """The one whose item has that public id in the set `coupons`. Raises NotFound; also for another environment's."""
    rows = coupons_in(environment).filter(item__inventory_set__public_id=COUPONS, item__public_id=coupon)
    found = rows.first()
    if found is None:
        raise NotFound(f"There is no coupon {coupon!r} in this environment.")
    return found


def member_coupon(*, environment: Environment, member: Member, coupon: str) -> MemberCoupon:
    """The coupon with that public id, if the member owns it; four statements at most. Raises NotFound, alike for one
    that there is not and one that they don't own."""
    rows = coupons_in(environment).filter(item__inventory_set__public_id=COUPONS, item__public_id=coupon)
    found = rows.first()
    if found is None or not _is_owned(member, found):
        raise NotFound(f"You have no coupon {coupon!r}.")
    if found.code_pattern:
        return MemberCoupon(found, _own_code(member, found))
    return MemberCoupon(found, found.code or None)


def _is_owned(member: Member, coupon: Coupon) -> bool:
    return MemberItem.objects.filter(member=member, item=coupon.item_id, quantity__gt=0).exists()


def _own_code(member: Member, coupon: Coupon) -> str | None:
    return codes_kept(member.pk, [coupon.item_id]).values_list("code", flat=True).first()


def codes_kept(member_id: UUID, items: Collection[UUID]) -> QuerySet[ItemChange]:
    """How the member got those codes for these items that were not taken back, the newest first.

    A merge leaves codes with whom they came to; what was taken back after one is told of the
    survivor's completion alone: theirs is a copy, or the two were joined.
    """
    family = family_of(member_id).order_by().values("pk")
    revoked = Achievement.objects.filter(member__in=family, revoked_at__isnull=False).order_by()
    got = ItemChange.objects.filter(
        member__in=family, item__in=items, quantity__gt=0, achievement_id__isnull=False, code__isnull=False
    )
    kept = got.exclude(achievement_id__in=revoked.values("pk"))
    kept = kept.exclude(achievement_id__in=revoked.filter(copy_of__isnull=False).values("copy_of"))
    joined = revoked.annotate(fell=Func(F("absorbed"), function="unnest", output_field=UUIDField()))
    kept = kept.exclude(achievement_id__in=joined.values("fell"))
    return kept.order_by("-id")
