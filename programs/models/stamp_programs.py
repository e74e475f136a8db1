"""Stamp cards: what stamps them, and what a full one gives (domain.md 7)."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from audit.ids import new_id, public
from programs.models.addresses import AddressField
from programs.models.pictures import Picture
from programs.models.programs import Program
from programs.models.tenancy import Environment

MAX_THRESHOLD = 1000
MAX_REWARD = 10**12  # minor units


def new_stamp_program_id() -> str:
    return public("lp", new_id())


class StampProgram(models.Model):
    """A stamp card of a program. Purchases that match stamp the cards of members who are enrolled; `threshold`
    stamps are a reward, and the next card begins. `thresholds`: every threshold so far, the present one last; a
    card that has begun under another one goes by the lowest since (rules/cards.py)."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        ENDED = "ended", "Ended"

    class StampsPer(models.TextChoices):
        PURCHASE = "purchase", "One a purchase"
        QUANTITY = "quantity", "One a piece"
        DAY = "day", "One a day"

    class RewardKind(models.TextChoices):
        REFUND = "refund", "The lowest price on the card is paid back"
        FIXED = "fixed-reward", "A fixed amount is paid"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="stamp_programs")
    public_id = models.CharField(max_length=64, default=new_stamp_program_id)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="stamp_programs")
    name = models.CharField(max_length=200)
    status = models.CharField(max_length=6, choices=Status.choices, default=Status.DRAFT)
    starts_at = models.DateTimeField(null=True, blank=True, help_text="Not before then.")
    ends_at = models.DateTimeField(null=True, blank=True, help_text="Not from then on.")

    threshold = models.PositiveIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(MAX_THRESHOLD)],
        help_text="So many stamps are a reward.",
    )
    thresholds = ArrayField(models.PositiveIntegerField(), default=list, editable=False)
    condition = models.JSONField(
        default=dict,
        blank=True,
        help_text="Which purchases stamp the card; docs/conditions.md. Empty: every one.",
    )
    item_where = models.JSONField(
        default=dict,
        blank=True,
        help_text="Which of a purchase's lines count, by item.*; docs/conditions.md. Empty: every one.",
    )
    stamps_per = models.CharField(
        "stamps", max_length=8, choices=StampsPer.choices, default=StampsPer.PURCHASE
    )
    currency = models.CharField(
        max_length=3, help_text="ISO 4217. Purchases in another one don't stamp the card."
    )
    reward_kind = models.CharField("reward", max_length=12, choices=RewardKind.choices)
    reward_amount = models.BigIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_REWARD)],
        help_text="Of a fixed reward: in the currency's smallest unit; 500 is 5.00 GBP.",
    )

    title = models.CharField(max_length=200, help_text="The headline on the card.")
    image_url = AddressField("image address", max_length=500, blank=True, default="")
    logo_url = AddressField("logo address", max_length=500, blank=True, default="")
    picture = models.ForeignKey(
        Picture, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="The image."
    )
    logo = models.ForeignKey(Picture, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    summary = models.CharField(max_length=500, blank=True, default="")
    description = models.TextField(max_length=2000, blank=True, default="")
    terms = models.TextField(max_length=5000, blank=True, default="")
    reward_text = models.CharField(
        max_length=200, blank=True, default="", help_text="The reward in words: 1 Free Coffee."
    )
    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["name"]
        indexes = [models.Index(fields=["environment", "id"], name="stamp_program_in_order")]
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "public_id"], name="stamp_program_public_id_unique"
            ),
            models.UniqueConstraint(fields=["environment", "id"], name="stamp_program_key"),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "active", "paused", "ended"]),
                name="stamp_program_status_valid",
            ),
            models.CheckConstraint(
                condition=Q(threshold__gte=1, threshold__lte=MAX_THRESHOLD),
                name="stamp_program_threshold_valid",
            ),
            models.CheckConstraint(
                condition=Q(stamps_per__in=["purchase", "quantity", "day"]), name="stamp_program_per_valid"
            ),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"), name="stamp_program_currency_valid"
            ),
            models.CheckConstraint(
                condition=Q(reward_kind="refund", reward_amount__isnull=True)
                | Q(
                    reward_kind="fixed-reward",
                    reward_amount__isnull=False,
                    reward_amount__gte=1,
                    reward_amount__lte=MAX_REWARD,
                ),
                name="stamp_program_reward_valid",
            ),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True) | Q(ends_at__isnull=True) | Q(starts_at__lt=F("ends_at")),
                name="stamp_program_window_valid",
            ),
        ]

    def __str__(self) -> str:
        return self.name
