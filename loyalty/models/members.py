"""The tenant's end users (domain.md 1)."""

import uuid

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Collate, Upper

from audit.exact_json import ExactJSONField
from programs.models import Environment


class Member(models.Model):
    """An end user, named by the tenant's own id.

    The key is `uuid5(environment.namespace, external_id)`, so it is found without a look-up.
    A merged or erased member leaves a row that redirects to its survivor or successor.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        FROZEN = "frozen", "Frozen"
        ERASED = "erased", "Erased"

    LIVING = (Status.ACTIVE, Status.FROZEN)

    id = models.UUIDField(primary_key=True, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="members")
    external_id = models.CharField(max_length=200, null=True, verbose_name="member id")
    attributes = ExactJSONField(default=dict, blank=True)
    status = models.CharField(max_length=6, choices=Status.choices, default=Status.ACTIVE)
    redirect_to = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="redirected_from",
        db_constraint=False,
    )
    created_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["environment", "-created_at", "-id"], name="member_newest"),
            models.Index(F("environment"), Collate(Upper("external_id"), "C"), name="member_named"),
            GinIndex(fields=["attributes"], condition=~Q(attributes={}), name="member_attributes"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["environment", "external_id"], name="member_external_id_unique"),
            models.UniqueConstraint(fields=["environment", "id"], name="member_environment_key"),
            models.CheckConstraint(
                condition=Q(status__in=["active", "frozen", "erased"]), name="member_status_valid"
            ),
            models.CheckConstraint(
                condition=Q(external_id__isnull=False) | Q(status="erased"), name="member_named_unless_erased"
            ),
            models.CheckConstraint(
                condition=~Q(status="erased") | Q(external_id__isnull=True, attributes={}),
                name="member_erased_is_blank",
            ),
            models.CheckConstraint(condition=~Q(redirect_to=F("id")), name="member_redirects_to_another"),
        ]

    def __str__(self) -> str:
        return self.external_id or "(erased)"


def member_key(namespace: uuid.UUID, external_id: str) -> uuid.UUID:
    """The internal key of a member (RFC 9562, version 5)."""
    return uuid.uuid5(namespace, external_id)
