"""What points can be spent on (domain.md 5)."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from audit.ids import new_id, public
from programs.models.inventory import InventoryItem
from programs.models.metrics import MAX_DAYS, Metric
from programs.models.pictures import Picture
from programs.models.programs import Program
from programs.models.tenancy import Environment
from programs.models.tiers import Tier

MAX_COST = 10**12  # points; as of one spend
MAX_MONEY = Decimal(10) ** 12
_MONEY = [MinValueValidator(Decimal(0)), MaxValueValidator(MAX_MONEY)]
_COST = [MinValueValidator(0), MaxValueValidator(MAX_COST)]
_PAID = [MinValueValidator(1), MaxValueValidator(MAX_COST)]


def new_reward_id() -> str:
    return public("rwd", new_id())


class Reward(models.Model):
    """One entry of the catalogue; the documents also say offer. Its cost is paid in `metric`: `points`,
    or for members of a tier what `tier_points` says, or what the caller names between two bounds. Stock is
    kept apart (`loyalty.RewardStock`): it moves with every redemption."""

    class Kind(models.TextChoices):
        DISCOUNT = "discount", "Discount"
        FREE_PRODUCT = "free_product", "Free product"
        CONTENT_ACCESS = "content_access", "Access to content"
        EARLY_ACCESS = "early_access", "Early access"
        TIER_UPGRADE = "tier_upgrade", "Tier upgrade"
        CASHBACK = "cashback", "Cashback"
        METRIC = "metric", "Points of another metric"
        INVENTORY_ITEM = "inventory_item", "Inventory item"
        CUSTOM = "custom", "Custom"

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        ARCHIVED = "archived", "Archived"

    class CostKind(models.TextChoices):
        FIXED = "fixed", "Fixed"
        VARIABLE = "variable", "The member chooses"

    class Per(models.TextChoices):
        DAY = "day", "Day"
        WEEK = "week", "Week"
        MONTH = "month", "Month"
        EVER = "ever", "Ever"

    class CodeSource(models.TextChoices):
        NONE = "none", "No code"
        GENERATED = "generated", "Made from a pattern"
        POOL = "pool", "From uploaded codes"

    class Fulfilment(models.TextChoices):
        AUTOMATIC = "automatic", "At once"
        MANUAL = "manual", "By your staff"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="rewards")
    public_id = models.CharField(max_length=64, default=new_reward_id)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="rewards")
    metric = models.ForeignKey(
        Metric, on_delete=models.PROTECT, related_name="rewards", help_text="What it is paid in."
    )
    kind = models.CharField(max_length=14, choices=Kind.choices)
    name = models.CharField(max_length=200)
    description = models.TextField(max_length=2000, blank=True, default="")
    picture = models.ForeignKey(Picture, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.DRAFT)

    cost_kind = models.CharField("cost", max_length=8, choices=CostKind.choices, default=CostKind.FIXED)
    points = models.BigIntegerField(
        null=True, blank=True, validators=_COST, help_text="Of a fixed cost; 0: for nothing."
    )
    tier_points = models.JSONField(
        default=dict, blank=True, help_text='{"gold": 150}: what members of these tiers pay instead.'
    )
    min_points = models.BigIntegerField(null=True, blank=True, validators=_PAID)
    max_points = models.BigIntegerField(null=True, blank=True, validators=_PAID)
    step_points = models.BigIntegerField(
        null=True, blank=True, validators=_PAID, help_text="From the minimum in steps of so many points."
    )
    value_per_point = models.DecimalField(
        max_digits=18,
        decimal_places=6,
        null=True,
        blank=True,
        validators=_MONEY,
        help_text="Of a variable cost: money, or points of the other metric, for each point.",
    )

    discount_amount = models.DecimalField(
        max_digits=18, decimal_places=3, null=True, blank=True, validators=_MONEY, help_text="Money."
    )
    discount_percent = models.DecimalField(
        max_digits=6,
        decimal_places=3,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.001")), MaxValueValidator(Decimal(100))],
    )
    currency = models.CharField(max_length=3, blank=True, default="", help_text="ISO 4217.")
    gives_metric = models.ForeignKey(
        Metric, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    gives_points = models.BigIntegerField(null=True, blank=True, validators=_PAID)
    gives_tier = models.ForeignKey(Tier, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    gives_item = models.ForeignKey(
        InventoryItem, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    starts_at = models.DateTimeField(null=True, blank=True, help_text="Not before then.")
    ends_at = models.DateTimeField(null=True, blank=True, help_text="Not from then on.")
    condition = models.JSONField(
        default=dict, blank=True, help_text="Who may have it; docs/conditions.md. Empty: everybody."
    )
    limit_times = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(10**6)],
        help_text="So many times a member; empty: no limit.",
    )
    limit_per = models.CharField(max_length=5, choices=Per.choices, default=Per.EVER)

    code_source = models.CharField(max_length=9, choices=CodeSource.choices, default=CodeSource.NONE)
    code_pattern = models.CharField(
        max_length=64, blank=True, default="", help_text="REDEEM-########: each # is a letter or a digit."
    )
    code_valid_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_DAYS)],
        help_text="A code expires so many days after it was issued; empty: never.",
    )
    returns_codes = models.BooleanField(
        default=True,
        help_text="A cancelled redemption gives its uploaded code back to the pool; else the code is void.",
    )
    fulfilment = models.CharField(max_length=9, choices=Fulfilment.choices, default=Fulfilment.AUTOMATIC)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["environment", "public_id"], name="reward_public_id_unique"),
            models.UniqueConstraint(fields=["environment", "id"], name="reward_key"),
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "discount",
                        "free_product",
                        "content_access",
                        "early_access",
                        "tier_upgrade",
                        "cashback",
                        "metric",
                        "inventory_item",
                        "custom",
                    ]
                ),
                name="reward_kind_valid",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "active", "paused", "archived"]), name="reward_status_valid"
            ),
            models.CheckConstraint(
                condition=Q(
                    cost_kind="fixed",
                    points__isnull=False,
                    points__gte=0,
                    points__lte=MAX_COST,
                    min_points__isnull=True,
                    max_points__isnull=True,
                    step_points__isnull=True,
                    value_per_point__isnull=True,
                )
                | Q(
                    cost_kind="variable",
                    points__isnull=True,
                    tier_points={},
                    min_points__gt=0,
                    max_points__gte=F("min_points"),
                    max_points__lte=MAX_COST,
                    step_points__gt=0,
                    value_per_point__gt=0,
                    discount_amount__isnull=True,
                    discount_percent__isnull=True,
                    gives_points__isnull=True,
                    kind__in=["discount", "cashback", "metric"],
                ),
                name="reward_cost_valid",
            ),
            models.CheckConstraint(
                condition=Q(kind="tier_upgrade", gives_tier__isnull=False)
                | (~Q(kind="tier_upgrade") & Q(gives_tier__isnull=True)),
                name="reward_tier_fits_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind="inventory_item", gives_item__isnull=False)
                | (~Q(kind="inventory_item") & Q(gives_item__isnull=True)),
                name="reward_item_fits_kind",
            ),
            models.CheckConstraint(
                condition=Q(Q(kind="metric", gives_metric__isnull=False), ~Q(gives_metric=F("metric")))
                | Q(kind="cashback")
                | (~Q(kind__in=["metric", "cashback"]) & Q(gives_metric__isnull=True)),
                name="reward_metric_fits_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind="metric", cost_kind="fixed", gives_points__gt=0)
                | (~Q(kind="metric", cost_kind="fixed") & Q(gives_points__isnull=True)),
                name="reward_points_fit_kind",
            ),
            models.CheckConstraint(
                condition=Q(discount_amount__isnull=True) | Q(discount_percent__isnull=True),
                name="reward_one_discount",
            ),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True) | Q(ends_at__isnull=True) | Q(starts_at__lt=F("ends_at")),
                name="reward_window_valid",
            ),
            models.CheckConstraint(
                condition=Q(limit_per__in=["day", "week", "month", "ever"])
                & (Q(limit_times__isnull=True) | Q(limit_times__gt=0)),
                name="reward_limit_valid",
            ),
            models.CheckConstraint(
                condition=(Q(code_source="generated") & ~Q(code_pattern=""))
                | Q(code_source__in=["none", "pool"], code_pattern=""),
                name="reward_code_valid",
            ),
            models.CheckConstraint(
                condition=Q(fulfilment__in=["automatic", "manual"]), name="reward_fulfilment_valid"
            ),
        ]

    def __str__(self) -> str:
        return self.name
