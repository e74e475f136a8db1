"""How the members' own app reaches an environment (api.md, /api/loyalty)."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from audit.ids import new_id
from programs.models.tenancy import Environment


class MemberApp(models.Model):
    """`public_host`: the host by which `GET /api/loyalty/config` knows the environment without a key. `origins`:
    web pages that may call, as scheme://host[:port]. `event_types`: what members may report themselves."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment = models.OneToOneField(Environment, on_delete=models.PROTECT, related_name="member_app")
    public_host = models.CharField(max_length=253, null=True, blank=True, unique=True)
    origins = ArrayField(models.CharField(max_length=300), default=list, blank=True)
    event_types = ArrayField(models.CharField(max_length=100), default=list, blank=True)

    class Meta:
        verbose_name = "member app"
        verbose_name_plural = "member app"  # there is one an environment
        indexes = [GinIndex(fields=["origins"], name="member_app_origins")]
        constraints = [
            models.CheckConstraint(
                condition=Q(public_host__isnull=True) | ~Q(public_host=""), name="member_app_host_not_empty"
            ),
            models.CheckConstraint(
                condition=Q(public_host=Lower("public_host")), name="member_app_host_lower"
            ),
            models.CheckConstraint(
                condition=~Q(event_types__overlap=["purchase", "refund"]), name="member_app_no_purchase"
            ),
        ]

    def __str__(self) -> str:
        return f"Member app of {self.environment}"
