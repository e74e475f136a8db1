"""Tiers: the levels that members reach in a program (domain.md 6)."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from audit.ids import new_id, public
from programs.models.metrics import MAX_DAYS, Metric
from programs.models.programs import Program
from programs.models.tenancy import Environment

MAX_FIGURE = Decimal(10**15)
MAX_MULTIPLIER = Decimal(1000)


def new_ladder_id() -> str:
    return public("tl", new_id())


class TierLadder(models.Model):
    """How members of a program rise and fall: what counts, in which period, and for how long a level lasts.

    `metric`: the points that the levels multiply and, where `basis` is points, that count.
    """

    class Basis(models.TextChoices):
        POINTS = "points", "Points earned"
        SPEND = "spend", "Money spent"
        EVENTS = "events", "Number of events"

    class Period(models.TextChoices):
        ROLLING = "rolling", "Rolling days"
        CALENDAR_YEAR = "calendar_year", "Calendar year"
        LIFETIME = "lifetime", "Lifetime"

    class Downgrade(models.TextChoices):
        ONE_DOWN = "one_down", "One level down"
        TO_QUALIFIED = "to_qualified", "To the level that is still reached"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="tier_ladders")
    public_id = models.CharField(max_length=64, default=new_ladder_id)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="tier_ladders")
    metric = models.ForeignKey(Metric, on_delete=models.PROTECT, related_name="+")
    basis = models.CharField(max_length=6, choices=Basis.choices, default=Basis.POINTS)
    event_type = models.CharField(
        max_length=100, default="purchase", help_text="Of money spent and of events: the type that counts."
    )
    currency = models.CharField(
        max_length=3,
        blank=True,
        default="",
        help_text="Of money spent: the currency that counts; empty: any.",
    )
    period = models.CharField(max_length=13, choices=Period.choices, default=Period.ROLLING)
    days = models.PositiveIntegerField(
        null=True,
        blank=True,
        default=365,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_DAYS)],
        help_text="Of rolling days: how many; a level lasts as long.",
    )
    grace_days = models.PositiveIntegerField(default=0, validators=[MaxValueValidator(MAX_DAYS)])
    downgrade = models.CharField(max_length=12, choices=Downgrade.choices, default=Downgrade.ONE_DOWN)
    is_active = models.BooleanField(default=True, help_text="Off: the levels have no effect.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["program__code"]
        constraints = [
            models.UniqueConstraint(fields=["program"], name="tier_ladder_once_per_program"),
            models.UniqueConstraint(fields=["environment", "id"], name="tier_ladder_key"),
            models.UniqueConstraint(fields=["environment", "public_id"], name="tier_ladder_id_unique"),
            models.CheckConstraint(
                condition=Q(basis__in=["points", "spend", "events"]), name="tier_ladder_basis_valid"
            ),
            models.CheckConstraint(
                condition=Q(period="rolling", days__isnull=False, days__gt=0, days__lte=MAX_DAYS)
                | Q(period__in=["calendar_year", "lifetime"]),
                name="tier_ladder_period_valid",
            ),
            models.CheckConstraint(
                condition=Q(downgrade__in=["one_down", "to_qualified"]) & Q(grace_days__lte=MAX_DAYS),
                name="tier_ladder_downgrade_valid",
            ),
        ]

    def __str__(self) -> str:
        return f"Tiers of {self.program}"

    def clean(self) -> None:
        """What the choice of a period needs, said at the field that lacks it."""
        if self.period == self.Period.ROLLING and not self.days:
            raise ValidationError({"days": "Give the number of days."})


class Tier(models.Model):
    """One level: reached at `threshold` (points, money or events) and above."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+")
    ladder = models.ForeignKey(TierLadder, on_delete=models.PROTECT, related_name="tiers")
    code = models.SlugField(max_length=50)
    title = models.CharField(max_length=200)
    threshold = models.DecimalField(
        max_digits=24, decimal_places=6, validators=[MinValueValidator(0), MaxValueValidator(MAX_FIGURE)]
    )
    multiplier = models.DecimalField(
        max_digits=10,
        decimal_places=4,
        default=Decimal(1),
        validators=[MinValueValidator(Decimal(1)), MaxValueValidator(MAX_MULTIPLIER)],
        help_text="Earned points are multiplied by it.",
    )

    class Meta:
        ordering = ["ladder", "threshold"]
        constraints = [
            models.UniqueConstraint(fields=["ladder", "id"], name="tier_key"),
            # By expressions, so that it is an index alone: one that can be made without a lock.
            models.UniqueConstraint(F("environment"), F("id"), name="tier_environment_key"),
            models.UniqueConstraint(fields=["ladder", "code"], name="tier_code_unique"),
            models.UniqueConstraint(fields=["ladder", "threshold"], name="tier_threshold_unique"),
            models.CheckConstraint(
                condition=Q(threshold__gte=0, threshold__lte=MAX_FIGURE), name="tier_threshold_valid"
            ),
            models.CheckConstraint(
                condition=Q(multiplier__gte=1, multiplier__lte=MAX_MULTIPLIER), name="tier_multiplier_valid"
            ),
        ]

    def __str__(self) -> str:
        return self.title
