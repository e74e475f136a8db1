"""Lists of the console as files, made by a worker (docs/exports.md)."""

from django.db import models
from django.db.models import Q

from audit.ids import new_id
from loyalty.models.base import Acted
from programs.models import Environment


class Export(Acted):
    """A list as somebody had filtered it, on its way to a CSV file. It is deleted a day after it ended, and when
    any member of the environment is erased, since it may name them."""

    class Status(models.TextChoices):
        QUEUED = "queued", "Waiting for a worker"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=32, help_text="Which list.")
    query = models.CharField(max_length=2000, help_text="The list's filters, as they stood in its address.")
    header = models.JSONField(default=list, help_text="The names of its columns.")
    status = models.CharField(max_length=7, choices=Status.choices, default=Status.QUEUED)
    rows = models.PositiveBigIntegerField(default=0)
    pieces = models.PositiveIntegerField(default=0)
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes.")
    place = models.JSONField(null=True, help_text="The key of the last row that was written.")
    error = models.CharField(max_length=500, blank=True, default="")
    created_at = models.DateTimeField(help_text="In real time, as all here.")
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["environment", "-id"], name="export_newest"),
            models.Index(fields=["expires_at"], name="export_expiring"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    status__in=["queued", "running"], finished_at__isnull=True, expires_at__isnull=True
                )
                | Q(status__in=["done", "failed"], finished_at__isnull=False, expires_at__isnull=False),
                name="export_status_fits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.created_at:%Y-%m-%d %H:%M}"


class ExportPiece(models.Model):
    """Some lines of an export's file, in order; the first begins with the header."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    export = models.ForeignKey(Export, on_delete=models.CASCADE, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["export", "number"], name="export_piece_once"),
        ]

    def __str__(self) -> str:
        return f"{self.export_id} {self.number}"
