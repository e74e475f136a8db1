"""What members can own beside points (domain.md 8)."""

from django.db import models

from audit.ids import new_id, public
from programs.models.addresses import AddressField
from programs.models.pictures import Picture
from programs.models.programs import Program
from programs.models.tenancy import Environment


def new_set_id() -> str:
    return public("ins", new_id())


def new_item_id() -> str:
    return public("itm", new_id())


class InventorySet(models.Model):
    """A group of items: badges, wallpapers, coupons."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="inventory_sets")
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="inventory_sets")
    public_id = models.CharField(max_length=64, default=new_set_id)
    title = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["title"]
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "public_id"], name="inventory_set_public_id_unique"
            ),
            models.UniqueConstraint(fields=["environment", "id"], name="inventory_set_key"),
        ]

    def __str__(self) -> str:
        return self.title


class InventoryItem(models.Model):
    """Something that a member has or has not, once or several times."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+")
    inventory_set = models.ForeignKey(InventorySet, on_delete=models.PROTECT, related_name="items")
    public_id = models.CharField(max_length=64, default=new_item_id)
    title = models.CharField(max_length=200)
    media = AddressField(max_length=500, blank=True)
    picture = models.ForeignKey(
        Picture, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["inventory_set", "title"]
        constraints = [
            models.UniqueConstraint(
                fields=["inventory_set", "public_id"], name="inventory_item_public_id_unique"
            ),
            models.UniqueConstraint(fields=["environment", "id"], name="inventory_item_key"),
        ]

    def __str__(self) -> str:
        return self.title
