"""How far the retention of history has come (docs/retention.md)."""

from django.db import models
from django.db.models import Q

from audit.ids import new_id


class RetentionMark(models.Model):
    """Of an environment: every row of this noun up to this id is blank; of a program, or, without one, of all of them.
    Marks only rise, and stay true whatever becomes of the windows."""

    class Noun(models.TextChoices):
        EVENT = "event", "Events"
        SHARED_EVENT = "shared_event", "Events that were sent to all programs"
        ENTRY = "entry", "Ledger entries"
        AUDIT = "audit", "Audit events about members"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    noun = models.CharField(max_length=12, choices=Noun.choices)
    program_id = models.UUIDField(null=True)
    last_id = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["environment_id", "noun", "program_id"],
                nulls_distinct=False,
                name="retention_mark_unique",
            ),
            models.CheckConstraint(
                condition=Q(noun__in=["event", "shared_event", "entry", "audit"]),
                name="retention_mark_noun_valid",
            ),
            models.CheckConstraint(
                condition=Q(program_id__isnull=True) | Q(noun__in=["event", "entry"]),
                name="retention_mark_program_fits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.noun} {self.last_id}"
