"""Programs own what a tenant configures (domain.md 2)."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q

from audit.ids import new_id, public
from programs.models.tenancy import Environment


def new_program_id() -> str:
    return public("prg", new_id())


class Program(models.Model):
    """A loyalty program of one environment. `default` comes with the environment."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        ENDED = "ended", "Ended"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="programs")
    public_id = models.CharField(max_length=64, default=new_program_id)
    code = models.SlugField(max_length=50, help_text="How calls name the program.")
    name = models.CharField(max_length=200)
    status = models.CharField(max_length=6, choices=Status.choices, default=Status.ACTIVE)
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    retention_days = models.PositiveIntegerField(
        null=True, blank=True, help_text="History older than this is not shown; empty: as the plan says."
    )
    adjustment_limit = models.PositiveBigIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(10**12)],
        help_text="Whoever adjusts by more points than this, alone or within 24 hours, needs a second person;"
        " empty: nobody does.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["environment", "code"], name="program_code_unique"),
            models.UniqueConstraint(fields=["environment", "id"], name="program_key"),
            models.UniqueConstraint(fields=["environment", "public_id"], name="program_public_id_unique"),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "active", "paused", "ended"]), name="program_status_valid"
            ),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True) | Q(ends_at__isnull=True) | Q(starts_at__lt=F("ends_at")),
                name="program_window_valid",
            ),
        ]

    def __str__(self) -> str:
        return self.name
