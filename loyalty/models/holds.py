"""Points reserved for a later capture (domain.md 3.6). Written by `loyalty.ledger` alone."""

from django.db import models
from django.db.models import F, Q

from audit.exact_json import ExactJSONField
from audit.ids import new_id
from loyalty.models.base import Acted, Immutable
from loyalty.models.ledger import Account, Lot
from loyalty.models.members import Member


class Hold(Acted):
    """Points reserved for a later capture (domain.md 3.6)."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        CAPTURED = "captured", "Captured"
        RELEASED = "released", "Released"
        EXPIRED = "expired", "Expired"
        MOVED = "moved", "Moved to the survivor of a merge"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="holds", db_constraint=False, db_index=False
    )
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="holds", db_constraint=False, db_index=False
    )
    points = models.BigIntegerField()
    captured = models.BigIntegerField(default=0)
    account_sequence = models.BigIntegerField(
        help_text="The account's sequence when it was made: what came before."
    )
    moved_to = models.UUIDField(null=True, help_text="After a merge: the hold that goes on in its place.")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    reason = models.CharField(max_length=500, null=True)
    metadata = ExactJSONField(null=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_recorded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["account", "expires_at"], condition=Q(status="open"), name="hold_open"),
            models.Index(fields=["environment_id", "-id"], name="hold_newest"),
            models.Index(fields=["member", "-id"], name="hold_of_member"),
            models.Index(
                fields=["environment_id", "occurred_at"],
                condition=~Q(status="open") & (Q(reason__isnull=False) | Q(metadata__isnull=False)),
                name="hold_payload",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["member", "account", "id"], name="hold_key"),
            models.CheckConstraint(
                condition=Q(points__gt=0, captured__gte=0, captured__lte=F("points")), name="hold_parts_valid"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["open", "captured", "released", "expired", "moved"]),
                name="hold_status_valid",
            ),
            models.CheckConstraint(
                condition=Q(
                    status="open", closed_at__isnull=True, closed_recorded_at__isnull=True, captured=0
                )
                | Q(
                    Q(status="captured", captured__gt=0)
                    | Q(status__in=["released", "expired", "moved"], captured=0),
                    closed_at__isnull=False,
                    closed_recorded_at__isnull=False,
                ),
                name="hold_status_fits",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("occurred_at")), name="hold_ends_after_it_began"
            ),
            models.CheckConstraint(
                condition=Q(status="moved", moved_to__isnull=False)
                | (~Q(status="moved") & Q(moved_to__isnull=True)),
                name="hold_moved_names_its_heir",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.points} held"


class HoldLot(Immutable):
    """How much of a hold stands on which lot."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    hold = models.ForeignKey(
        Hold, on_delete=models.PROTECT, related_name="lots", db_constraint=False, db_index=False
    )
    lot = models.ForeignKey(
        Lot, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    points = models.BigIntegerField()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["lot"], name="hold_lot_lot")]
        constraints = [
            models.UniqueConstraint(fields=["hold", "lot"], name="hold_lot_unique"),
            models.CheckConstraint(condition=Q(points__gt=0), name="hold_lot_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.points}"
