"""Challenges, their missions and rewards; milestones; coupons (domain.md 8)."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Floor

from audit.ids import new_id, public
from programs.models.addresses import AddressField
from programs.models.inventory import InventoryItem
from programs.models.metrics import MAX_POINTS, Metric
from programs.models.programs import Program
from programs.models.tenancy import Environment

MAX_TARGET = Decimal(10) ** 12
COUPONS = "coupons"
"""The public id of the inventory set that coupons are items of."""


def new_milestone_set_id() -> str:
    return public("mls", new_id())


def new_milestone_id() -> str:
    return public("mil", new_id())


class Notified(models.Model):
    """What the member is told when it is done. Empty title and message: the app finds words of its own."""

    class Display(models.TextChoices):
        NONE = "none", "Not shown"
        TOAST = "toast", "Toast"
        POPUP = "popup", "Pop-up"

    notification_display = models.CharField(
        "shown as", max_length=5, choices=Display.choices, default=Display.NONE
    )
    notification_title = models.CharField("title", max_length=200, blank=True, default="")
    notification_message = models.CharField("message", max_length=1000, blank=True, default="")

    class Meta:
        abstract = True


class Challenge(Notified):
    """Missions to do, in a window, once a member or once in each local day, week or month; then its rewards are
    given. `changes` counts the edits that may have made members complete, `settled` those that were looked into; from
    `look_again_at` (real time) on that is done once more."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        ENDED = "ended", "Ended"

    class Per(models.TextChoices):
        EVER = "ever", "Once"
        DAY = "day", "Every day"
        WEEK = "week", "Every week"
        MONTH = "month", "Every month"

    class Order(models.TextChoices):
        ANY = "any", "In any order"
        SEQUENCE = "sequence", "One after the other"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="challenges")
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="challenges")
    public_id = models.UUIDField(default=new_id)
    title = models.CharField(max_length=200)
    subtitle = models.CharField(max_length=500, blank=True, default="")
    status = models.CharField(max_length=6, choices=Status.choices, default=Status.DRAFT)
    starts_at = models.DateTimeField(null=True, blank=True, help_text="Not before then.")
    ends_at = models.DateTimeField(null=True, blank=True, help_text="Not from then on.")
    per = models.CharField("repeats", max_length=5, choices=Per.choices, default=Per.EVER)
    mission_order = models.CharField("missions", max_length=8, choices=Order.choices, default=Order.ANY)
    place = models.IntegerField(default=0, help_text="Lower ones come first in the app.")
    show_in_profile = models.BooleanField(default=True)
    show_in_rail = models.BooleanField(default=True)
    show_time = models.BooleanField("show the dates", default=True)
    changes = models.PositiveIntegerField(default=0, editable=False)
    settled = models.PositiveIntegerField(default=0, editable=False)
    look_again_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["place", "id"]
        constraints = [
            models.UniqueConstraint(fields=["environment", "public_id"], name="challenge_public_id_unique"),
            models.UniqueConstraint(fields=["environment", "id"], name="challenge_key"),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "active", "paused", "ended"]), name="challenge_status_valid"
            ),
            models.CheckConstraint(
                condition=Q(per__in=["ever", "day", "week", "month"]), name="challenge_per_valid"
            ),
            models.CheckConstraint(
                condition=Q(mission_order__in=["any", "sequence"]), name="challenge_order_valid"
            ),
            models.CheckConstraint(
                condition=Q(notification_display__in=["none", "toast", "popup"]),
                name="challenge_display_valid",
            ),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True) | Q(ends_at__isnull=True) | Q(starts_at__lt=F("ends_at")),
                name="challenge_window_valid",
            ),
            models.CheckConstraint(condition=Q(settled__lte=F("changes")), name="challenge_settled_valid"),
        ]

    def __str__(self) -> str:
        return self.title


class Mission(Notified):
    """One thing to do for a challenge: `target` matching events, or events whose `field` adds up to it. One that
    was removed stays for the members' history (`removed_at`) and blocks nobody."""

    class Measure(models.TextChoices):
        COUNT = "count", "Number of events"
        SUM = "sum", "Sum of a field"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+")
    challenge = models.ForeignKey(Challenge, on_delete=models.PROTECT, related_name="missions")
    public_id = models.UUIDField(default=new_id)
    place = models.PositiveIntegerField(default=0, help_text="From 0; the order of a sequence.")
    title = models.CharField(max_length=200)
    type = models.CharField(
        max_length=100, blank=True, default="", help_text="A word for the app. Empty: the event type."
    )
    event_type = models.CharField(max_length=100)
    condition = models.JSONField(
        default=dict,
        blank=True,
        help_text="Which events count; docs/conditions.md. Empty: every one of the type.",
    )
    measure = models.CharField(max_length=5, choices=Measure.choices, default=Measure.COUNT)
    field = models.CharField(max_length=200, blank=True, default="", help_text="Of a sum, as data.amount.")
    target = models.DecimalField(
        max_digits=24,
        decimal_places=6,
        validators=[MinValueValidator(Decimal("0.000001")), MaxValueValidator(MAX_TARGET)],
    )
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["place", "id"]
        constraints = [
            models.UniqueConstraint(fields=["environment", "public_id"], name="mission_public_id_unique"),
            models.UniqueConstraint(fields=["environment", "id"], name="mission_key"),
            models.UniqueConstraint(fields=["challenge", "id"], name="mission_of_challenge_key"),
            models.CheckConstraint(
                condition=Q(notification_display__in=["none", "toast", "popup"]), name="mission_display_valid"
            ),
            models.CheckConstraint(condition=~Q(event_type="refund"), name="mission_of_no_refund"),
            models.CheckConstraint(
                condition=Q(target__gt=0, target__lte=MAX_TARGET), name="mission_target_valid"
            ),
            models.CheckConstraint(
                condition=Q(measure="count", field="") | (Q(measure="sum") & ~Q(field="")),
                name="mission_measure_valid",
            ),
            models.CheckConstraint(
                condition=Q(measure="sum") | Q(target=Floor("target")), name="mission_counts_whole_events"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class ChallengeReward(models.Model):
    """What a challenge gives when it is complete. A coupon is an item of the set `coupons`."""

    class Kind(models.TextChoices):
        METRIC = "metric", "Points of a metric"
        INVENTORY_ITEM = "inventory_item", "Inventory item"
        COUPON = "coupon", "Coupon"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+")
    challenge = models.ForeignKey(Challenge, on_delete=models.PROTECT, related_name="rewards")
    place = models.PositiveIntegerField(default=0)
    kind = models.CharField("type", max_length=14, choices=Kind.choices)
    metric = models.ForeignKey(Metric, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    quantity = models.BigIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(MAX_POINTS)]
    )
    item = models.ForeignKey(
        InventoryItem, on_delete=models.PROTECT, null=True, blank=True, related_name="challenge_rewards"
    )

    class Meta:
        ordering = ["place", "id"]
        constraints = [
            models.UniqueConstraint(fields=["environment", "id"], name="challenge_reward_key"),
            models.CheckConstraint(
                condition=Q(
                    kind="metric",
                    metric__isnull=False,
                    quantity__isnull=False,
                    quantity__gte=1,
                    quantity__lte=MAX_POINTS,
                    item__isnull=True,
                )
                | Q(
                    kind__in=["inventory_item", "coupon"],
                    metric__isnull=True,
                    quantity__isnull=True,
                    item__isnull=False,
                ),
                name="challenge_reward_kind_valid",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.metric}" if self.metric else str(self.item)


class Coupon(models.Model):
    """An item of the set `coupons`, with what a member needs to use it. Its id and title are the item's.
    `code`: the same for everybody; `code_pattern`: each time another one (docs/rewards.md)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="coupons")
    item = models.OneToOneField(InventoryItem, on_delete=models.PROTECT, related_name="coupon")
    link = AddressField(max_length=500, blank=True, default="", help_text="Where it can be used.")
    coupon_id = models.CharField(
        "your own id", max_length=200, blank=True, default="", help_text="In the system that honours it."
    )
    coupon_type = models.CharField("type", max_length=100, blank=True, default="")
    code = models.CharField(max_length=200, blank=True, default="", help_text="The same for everybody.")
    code_pattern = models.CharField(
        max_length=64, blank=True, default="", help_text="A code of its own for each: SPRING-########."
    )
    show_on_notification = models.BooleanField(default=False)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["environment", "id"], name="coupon_key"),
            models.CheckConstraint(condition=Q(code="") | Q(code_pattern=""), name="coupon_one_kind_of_code"),
        ]

    def __str__(self) -> str:
        return self.item.title


class MilestoneSet(models.Model):
    """Thresholds on one metric's total."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="milestone_sets")
    metric = models.ForeignKey(Metric, on_delete=models.PROTECT, related_name="milestone_sets")
    public_id = models.CharField(max_length=64, default=new_milestone_set_id)
    title = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["title", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "public_id"], name="milestone_set_public_id_unique"
            ),
            models.UniqueConstraint(fields=["environment", "id"], name="milestone_set_key"),
        ]

    def __str__(self) -> str:
        return self.title


class Milestone(models.Model):
    """Reached at `threshold` points of the set's metric, lost below it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+")
    milestone_set = models.ForeignKey(MilestoneSet, on_delete=models.CASCADE, related_name="milestones")
    public_id = models.CharField(max_length=64, default=new_milestone_id)
    title = models.CharField(max_length=200)
    media = AddressField(max_length=500, blank=True, default="")
    threshold = models.BigIntegerField(
        validators=[MinValueValidator(-MAX_POINTS), MaxValueValidator(MAX_POINTS)]
    )

    class Meta:
        ordering = ["threshold"]
        constraints = [
            models.UniqueConstraint(
                fields=["milestone_set", "public_id"],
                name="milestone_public_id_unique",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.UniqueConstraint(
                fields=["milestone_set", "threshold"],
                name="milestone_threshold_unique",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.UniqueConstraint(fields=["environment", "id"], name="milestone_key"),
        ]

    def __str__(self) -> str:
        return self.title
