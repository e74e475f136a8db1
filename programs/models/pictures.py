"""Pictures of what members can get, kept in the database: a self-hosted engine needs no other store."""

from django.db import models
from django.db.models import Q

from audit.ids import new_id
from programs.models.tenancy import Environment


class Picture(models.Model):
    """A picture as it is served: decoded, made small and written anew when it was uploaded. Never changed:
    another picture is another row, so that browsers may keep it for good. One that no reward shows goes."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+")
    content = models.BinaryField(help_text="WebP.")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["environment", "id"], name="picture_key"),
            models.CheckConstraint(condition=Q(width__gt=0, height__gt=0), name="picture_has_a_size"),
        ]

    def __str__(self) -> str:
        return f"{self.width} × {self.height}"
