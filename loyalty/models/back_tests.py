"""A draft rule tried on the past (domain.md 4.2)."""

from django.db import models
from django.db.models import F, Q

from audit.ids import new_id, public
from loyalty.models.base import Acted
from programs.models import EarningRule, Environment


def new_back_test_id() -> str:
    return public("bt", new_id())


class BackTest(Acted):
    """A run of a rule's draft over the stored events of a period, by a worker. It writes no ledger row.

    `definition`: the draft as it was; `result` names members by their internal keys alone.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", "Waiting for a worker"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+")
    public_id = models.CharField(max_length=64, default=new_back_test_id)
    rule = models.ForeignKey(EarningRule, on_delete=models.PROTECT, related_name="back_tests")
    definition = models.JSONField()
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    status = models.CharField(max_length=7, choices=Status.choices, default=Status.QUEUED)
    total = models.BigIntegerField(default=0, help_text="Events in the period.")
    done = models.BigIntegerField(default=0)
    result = models.JSONField(null=True)
    error = models.CharField(max_length=500, blank=True, default="")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["rule", "-id"], name="back_test_of_rule")]
        constraints = [
            models.UniqueConstraint(fields=["environment", "public_id"], name="back_test_id_unique"),
            models.CheckConstraint(
                condition=Q(status__in=["queued", "running", "done", "failed"]),
                name="back_test_status_valid",
            ),
            models.CheckConstraint(condition=Q(begins_at__lt=F("ends_at")), name="back_test_period_valid"),
            models.CheckConstraint(condition=Q(done__gte=0, total__gte=0), name="back_test_counts_valid"),
        ]

    def __str__(self) -> str:
        return f"{self.rule}, {self.begins_at:%Y-%m-%d} to {self.ends_at:%Y-%m-%d}"
