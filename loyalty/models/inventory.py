"""What members own beside points (domain.md 8)."""

from django.db import models
from django.db.models import Q

from audit.ids import new_id
from loyalty.models.base import Acted, Immutable
from loyalty.models.members import Member
from programs.models import InventoryItem


class MemberItem(models.Model):
    """How often a member has an item; Σ of the changes. Written under the lock of the member's row."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="items", db_constraint=False, db_index=False
    )
    item = models.ForeignKey(InventoryItem, on_delete=models.PROTECT, related_name="+", db_index=False)
    quantity = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member", "item"], name="member_item_unique"),
            models.CheckConstraint(condition=Q(quantity__gte=0), name="member_item_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.item}"


class ItemChange(Acted, Immutable):
    """An item was received (above zero) or lost (below)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="item_changes", db_constraint=False, db_index=False
    )
    item = models.ForeignKey(InventoryItem, on_delete=models.PROTECT, related_name="+", db_index=False)
    quantity = models.BigIntegerField()
    redemption_id = models.UUIDField(null=True)
    achievement_id = models.UUIDField(null=True, help_text="The challenge that gave it, or gave it back.")
    code = models.CharField(max_length=200, null=True, help_text="Of a coupon: the code that came with it.")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["member", "-id"], name="item_change_of_member"),
            models.Index(
                fields=["redemption_id"],
                condition=Q(redemption_id__isnull=False),
                name="item_change_redemption",
            ),
            models.Index(
                fields=["achievement_id"],
                condition=Q(achievement_id__isnull=False),
                name="item_change_achievement",
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(quantity=0), name="item_change_not_zero"),
            models.UniqueConstraint(
                fields=["environment_id", "code"],
                condition=Q(code__isnull=False, quantity__gt=0, achievement_id__isnull=False),
                name="coupon_code_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity:+d} {self.item}"
