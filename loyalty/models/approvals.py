"""Adjustments that wait for a second person (domain.md 9.3)."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.db.models.lookups import Exact

from audit.ids import new_id
from loyalty.models.ledger import LedgerEntry
from loyalty.models.members import Member
from programs.models import Metric


class AdjustmentRequest(models.Model):
    """An adjustment above a program's limit, as somebody asked for it. Another person approves or rejects it,
    who asked may withdraw it, once: constraints and a trigger see to both. `note` and `decision_note` are blank
    once the member was erased; a merge takes along what still waits."""

    class Status(models.TextChoices):
        PENDING = "pending", "Waiting for approval"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        WITHDRAWN = "withdrawn", "Withdrawn"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    metric = models.ForeignKey(
        Metric, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    points = models.BigIntegerField(help_text="Signed: above zero they are given, below taken.")
    reason = models.CharField(max_length=50)
    note = models.CharField(max_length=1000, null=True)
    requested_by = models.CharField(max_length=200, help_text="The member of staff.")
    requested_at = models.DateTimeField(help_text="In real time.")
    trace_id = models.CharField(max_length=128)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.PENDING)
    decided_by = models.CharField(
        max_length=200, null=True, help_text="Who approved, rejected or withdrew it, or erased the member."
    )
    decided_at = models.DateTimeField(null=True, help_text="In real time.")
    decision_note = models.CharField(max_length=1000, null=True)
    entry = models.OneToOneField(LedgerEntry, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["environment_id", "-id"], name="adjustment_request_newest"),
            models.Index(fields=["environment_id", "status", "id"], name="adjustment_request_in_status"),
            models.Index(fields=["member", "-id"], name="adjustment_request_of_member"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="pending", decided_by__isnull=True, decided_at__isnull=True)
                & Q(entry__isnull=True, decision_note__isnull=True)
                | Q(status="approved", decided_by__isnull=False, decided_at__isnull=False)
                & Q(entry__isnull=False)
                | Q(status__in=["rejected", "withdrawn"], decided_by__isnull=False, decided_at__isnull=False)
                & Q(entry__isnull=True),
                name="adjustment_request_status_fits",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "withdrawn"])
                | ~Q(Exact(Lower("decided_by"), Lower("requested_by"))),
                name="adjustment_request_two_people",
            ),
            models.CheckConstraint(
                condition=~Q(points=0) & Q(points__gte=-(10**12), points__lte=10**12),
                name="adjustment_request_points_valid",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.points:+,} {self.metric} for {self.member}"
