"""Programs that another project of the organization may use (domain.md 1.5)."""

from django.core.validators import MinLengthValidator
from django.db import models
from django.db.models import F, Q

from audit.ids import new_id, public
from programs.models.programs import Program
from programs.models.tenancy import Environment


class ProgramShare(models.Model):
    """Calls of `guest` may name the program by its `prg_` id, until it is revoked. The wallets stay where the program
    is. Both environments are of one kind and one organization, which a trigger sees to; nothing but `revoked_at` ever
    changes, and that once."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="shares_given")
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="shares")
    guest = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="shares_received")
    reason = models.CharField(
        max_length=500, validators=[MinLengthValidator(1)], help_text="Why, in words; both projects read it."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-id"]
        verbose_name = "shared program"
        indexes = [models.Index(fields=["environment", "-id"], name="program_share_given")]
        constraints = [
            models.UniqueConstraint(
                fields=["guest", "program"],
                condition=Q(revoked_at__isnull=True),
                name="program_share_live_once",
            ),
            models.CheckConstraint(condition=~Q(guest=F("environment")), name="program_share_with_another"),
            models.CheckConstraint(condition=~Q(reason=""), name="program_share_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.program} for {self.guest}"

    @property
    def public_id(self) -> str:
        return public("shr", self.id)
