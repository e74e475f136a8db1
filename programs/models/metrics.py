"""Units of value and their point rules (domain.md 2)."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q

from audit.ids import new_id
from programs.models.addresses import AddressField
from programs.models.programs import Program
from programs.models.tenancy import Environment

MAX_POINTS = 10**15  # as of one award
MAX_DAYS = 36_500
MAX_UNIT_VALUE = Decimal(10**6)
_CURRENCY = "Three capital letters (ISO 4217), such as GBP."


class Metric(models.Model):
    """`points`, `xp`, `coins`: what members hold accounts in."""

    class Expiry(models.TextChoices):
        NEVER = "never", "Never"
        DAYS = "days", "After a number of days"
        MONTHS = "months", "After a number of months"
        DATE = "date", "On a fixed date"

    class NegativeBalance(models.TextChoices):
        DEBT = "debt", "Go below zero; later credits pay"
        CLIP = "clip", "Take what is left"
        REJECT = "reject", "Refuse"

    class Rounding(models.TextChoices):
        DOWN = "down", "Down"
        HALF_UP = "half_up", "Half up"
        UP = "up", "Up"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="metrics")
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="metrics")
    code = models.SlugField(max_length=50)
    title = models.CharField(max_length=200)
    media = AddressField(max_length=500, blank=True)
    default_value = models.BigIntegerField(
        default=0,
        validators=[MinValueValidator(0), MaxValueValidator(MAX_POINTS)],
        help_text="Posted as an opening entry with a member's first write.",
    )
    minimum = models.BigIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(-MAX_POINTS), MaxValueValidator(0)],
        help_text="How far debt may go.",
    )
    maximum = models.BigIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(MAX_POINTS)],
        help_text="Limits the total for credits.",
    )
    expiry = models.CharField(max_length=6, choices=Expiry.choices, default=Expiry.NEVER)
    expiry_count = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_DAYS)],
        help_text="Days or months.",
    )
    expiry_date = models.DateField(null=True, blank=True)
    expiry_month_end = models.BooleanField(
        default=False, help_text="Round up to the end of the month (00:00 on the 1st, project's zone)."
    )
    vesting_days = models.PositiveIntegerField(
        default=0,
        validators=[MaxValueValidator(MAX_DAYS)],
        help_text="Points can be spent this many days after they were earned.",
    )
    negative_balance = models.CharField(
        max_length=6, choices=NegativeBalance.choices, default=NegativeBalance.DEBT
    )
    rounding = models.CharField(max_length=7, choices=Rounding.choices, default=Rounding.DOWN)
    unit_value = models.DecimalField(
        "worth of one",
        max_digits=18,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.000001")), MaxValueValidator(MAX_UNIT_VALUE)],
        help_text="What one point costs you when it is spent, in money: 0.01 is one penny of a pound. Reports then show"
        " what is outstanding in money too; nothing is earned or spent by it.",
    )
    unit_currency = models.CharField(
        "currency of the worth",
        max_length=3,
        blank=True,
        default="",
        db_default="",
        validators=[RegexValidator(r"^[A-Z]{3}\Z", _CURRENCY)],
        help_text=_CURRENCY,
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["environment", "code"], name="metric_code_unique"),
            models.UniqueConstraint(fields=["environment", "id"], name="metric_key"),
            models.CheckConstraint(
                condition=(
                    Q(expiry="never")
                    | Q(expiry__in=["days", "months"], expiry_count__isnull=False, expiry_count__gt=0)
                    | Q(expiry="date", expiry_date__isnull=False)
                ),
                name="metric_expiry_valid",
            ),
            models.CheckConstraint(
                condition=Q(negative_balance__in=["debt", "clip", "reject"]), name="metric_negative_valid"
            ),
            models.CheckConstraint(
                condition=Q(rounding__in=["down", "half_up", "up"]), name="metric_rounding_valid"
            ),
            models.CheckConstraint(
                condition=(Q(minimum__isnull=True) | Q(minimum__lte=0, minimum__gte=-MAX_POINTS))
                & (Q(maximum__isnull=True) | Q(maximum__gte=0, maximum__lte=MAX_POINTS)),
                name="metric_limits_valid",
            ),
            models.CheckConstraint(
                condition=Q(default_value__gte=0, default_value__lte=MAX_POINTS)
                & (Q(maximum__isnull=True) | Q(default_value__lte=F("maximum"))),
                name="metric_default_valid",
            ),
            models.CheckConstraint(
                condition=Q(vesting_days__lte=MAX_DAYS)
                & (Q(expiry_count__isnull=True) | Q(expiry_count__lte=MAX_DAYS)),
                name="metric_days_valid",
            ),
            models.CheckConstraint(
                condition=Q(unit_value__isnull=True, unit_currency="")
                | Q(
                    unit_value__isnull=False,
                    unit_value__gt=0,
                    unit_value__lte=MAX_UNIT_VALUE,
                    unit_currency__regex=r"^[A-Z]{3}$",
                ),
                name="metric_unit_value_valid",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """What the choice of an expiry and a worth in money need, said at the field that lacks it."""
        if self.expiry in (self.Expiry.DAYS, self.Expiry.MONTHS) and not self.expiry_count:
            raise ValidationError({"expiry_count": f"Give the number of {self.expiry}."})
        if self.expiry == self.Expiry.DATE and self.expiry_date is None:
            raise ValidationError({"expiry_date": "Give the date."})
        if self.unit_value is not None:  # as it will be read, so that the same value is no change
            self.unit_value = self.unit_value.quantize(Decimal("0.000001"))
        if self.unit_value is not None and not self.unit_currency:
            raise ValidationError({"unit_currency": "Give the currency of the worth of one."})
        if self.unit_currency and self.unit_value is None:
            raise ValidationError({"unit_value": "Give what one is worth, or leave the currency empty too."})
