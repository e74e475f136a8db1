"""What members got for their points: redemptions, their codes, and the stock they take from (domain.md 5).

Written by `loyalty.ledger` alone, with the entries that pay for them.
"""

from django.db import models
from django.db.models import F, Q

from audit.exact_json import ExactJSONField
from audit.ids import new_id
from loyalty.models.base import Acted
from loyalty.models.ledger import LedgerEntry
from loyalty.models.members import Member
from programs.models import Environment, Metric, Reward


class Redemption(Acted):
    """A reward bought by a member, as it was sold: what the reward becomes later changes nothing of it.

    The ledger entries that paid for it, and what it gave in other metrics, name it. It waits, is fulfilled and
    may be cancelled, in this order: a trigger sees to that.
    """

    class Status(models.TextChoices):
        PENDING = "pending", "Waiting for fulfilment"
        FULFILLED = "fulfilled", "Fulfilled"
        CANCELLED = "cancelled", "Cancelled"
        FAILED = "failed", "Failed"

    COUNTING = (Status.PENDING, Status.FULFILLED)

    # What one that was just made carries along; not stored.
    paid_by: LedgerEntry | None = None
    balance: int | None = None

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="redemptions", db_constraint=False, db_index=False
    )
    reward = models.ForeignKey(Reward, on_delete=models.PROTECT, related_name="+", db_index=False)
    metric = models.ForeignKey(
        Metric, on_delete=models.PROTECT, related_name="+", db_index=False, help_text="What it was paid in."
    )
    status = models.CharField(max_length=9, choices=Status.choices)
    points = models.BigIntegerField(help_text="What it cost.")
    kind = models.CharField(max_length=14)
    name = models.CharField(max_length=200)
    discount_amount = models.DecimalField(max_digits=18, decimal_places=3, null=True)
    discount_percent = models.DecimalField(max_digits=6, decimal_places=3, null=True)
    currency = models.CharField(max_length=3, default="")
    gives = models.JSONField(
        default=dict,
        help_text='What it changes beside: {"metric": id, "points": n}, {"tier": id} or {"item": id}.',
    )
    given = models.JSONField(
        null=True, help_text="Of a tier upgrade: the level and dates from before, for a cancellation."
    )
    takes_stock = models.BooleanField(default=False)
    reason = models.CharField(max_length=500, null=True)
    metadata = ExactJSONField(null=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    fulfilled_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True, help_text="When it was cancelled, or failed.")
    note = models.CharField(max_length=500, null=True, help_text="Said when it was fulfilled.")
    closed_reason = models.CharField(
        max_length=500, null=True, help_text="Why it was cancelled, or has failed."
    )

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["environment_id", "-id"], name="redemption_newest"),
            models.Index(fields=["member", "reward", "occurred_at"], name="redemption_limit"),
            models.Index(fields=["reward", "occurred_at"], name="redemption_of_reward"),
            models.Index(fields=["environment_id", "status", "id"], name="redemption_in_status"),
            models.Index(
                fields=["environment_id", "occurred_at"],
                condition=~Q(status="pending")
                & (
                    Q(reason__isnull=False)
                    | Q(metadata__isnull=False)
                    | Q(note__isnull=False)
                    | Q(closed_reason__isnull=False)
                ),
                name="redemption_payload",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["member", "id"], name="redemption_key"),
            models.UniqueConstraint(fields=["member", "reward", "id"], name="redemption_reward_key"),
            models.CheckConstraint(condition=Q(points__gte=0), name="redemption_cost_not_negative"),
            models.CheckConstraint(
                condition=Q(status="pending", fulfilled_at__isnull=True, closed_at__isnull=True)
                | Q(status="fulfilled", fulfilled_at__isnull=False, closed_at__isnull=True)
                | Q(status="cancelled", closed_at__isnull=False)
                | Q(status="failed", fulfilled_at__isnull=True, closed_at__isnull=False),
                name="redemption_status_fits",
            ),
            models.CheckConstraint(
                condition=Q(closed_reason__isnull=True) | Q(closed_at__isnull=False),
                name="redemption_reason_fits",
            ),
            models.CheckConstraint(
                condition=Q(actor_kind__in=["api_key", "member", "staff", "system"]),
                name="redemption_actor_kind_valid",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def issued_code(self) -> "RewardCode | None":
        """Its code; None where it has none, or a cancellation gave it back to the pool."""
        return getattr(self, "code", None)

    @issued_code.setter
    def issued_code(self, code: "RewardCode | None") -> None:
        self._meta.get_field("code").set_cached_value(self, code)  # type: ignore[union-attr]


class RewardCode(models.Model):
    """A code, once in its environment: uploaded and `available`, or `issued` to a redemption, then `used` at
    a till or `void`. That an issued one has expired follows from `expires_at`. It goes no other way, and only
    while it is available can it be deleted: a trigger sees to that."""

    class Source(models.TextChoices):
        GENERATED = "generated", "Made from a pattern"
        POOL = "pool", "Uploaded"

    class Status(models.TextChoices):
        AVAILABLE = "available", "Available"
        ISSUED = "issued", "Issued"
        USED = "used", "Used"
        VOID = "void", "Void"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    reward = models.ForeignKey(Reward, on_delete=models.PROTECT, related_name="+", db_index=False)
    code = models.CharField(
        max_length=100, null=True, help_text="Of a generated one empty once its member was erased."
    )
    source = models.CharField(max_length=9, choices=Source.choices)
    status = models.CharField(max_length=9, choices=Status.choices)
    member_id = models.UUIDField(null=True)
    redemption = models.OneToOneField(
        Redemption, on_delete=models.PROTECT, null=True, related_name="code", db_constraint=False
    )
    added_at = models.DateTimeField(help_text="When it was uploaded or made, in real time.")
    issued_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    used_recorded_at = models.DateTimeField(null=True)
    used_place = models.CharField(max_length=200, null=True)
    used_by = models.CharField(max_length=200, null=True, help_text="The key, or the member of staff.")

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["reward", "id"], name="code_of_reward"),
            models.Index(fields=["reward", "status", "id"], name="code_in_status"),
            models.Index(fields=["reward", "expires_at"], condition=Q(status="issued"), name="code_expiring"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["environment_id", "code"], name="code_unique"),
            models.CheckConstraint(
                condition=Q(
                    status="available",
                    source="pool",
                    member_id__isnull=True,
                    redemption__isnull=True,
                    issued_at__isnull=True,
                    expires_at__isnull=True,
                    used_at__isnull=True,
                )
                | Q(
                    status__in=["issued", "void"],
                    member_id__isnull=False,
                    redemption__isnull=False,
                    issued_at__isnull=False,
                    used_at__isnull=True,
                )
                | Q(
                    status="used",
                    member_id__isnull=False,
                    redemption__isnull=False,
                    issued_at__isnull=False,
                    used_at__isnull=False,
                    used_recorded_at__isnull=False,
                ),
                name="code_status_fits",
            ),
            models.CheckConstraint(condition=Q(source__in=["generated", "pool"]), name="code_source_valid"),
            models.CheckConstraint(
                condition=Q(code__isnull=False) | Q(source="generated", status__in=["used", "void"]),
                name="code_named",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=F("issued_at")),
                name="code_expires_after_issue",
            ),
        ]

    def __str__(self) -> str:
        return self.code or "(erased)"


class RewardStock(models.Model):
    """How many of a reward there are altogether (null: no limit) and how many are taken. A reward that never
    had a limit has no row. Its row is hot: nothing waits for it but the posting that takes from it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    reward = models.OneToOneField(Reward, on_delete=models.PROTECT, related_name="stock_row")
    stock = models.BigIntegerField(null=True)
    taken = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(taken__gte=0) & (Q(stock__isnull=True) | Q(stock__gte=0)),
                name="reward_stock_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(stock__isnull=True) | Q(taken__lte=F("stock")), name="reward_stock_not_exceeded"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.taken} of {self.stock}"

    @property
    def left(self) -> int | None:
        """None: no limit."""
        return None if self.stock is None else self.stock - self.taken


class CodeUpload(Acted):
    """A file of codes for a reward's pool: looked at first, then added by a job in pieces. `content`: one code
    a line; blank once all are added."""

    class Status(models.TextChoices):
        PREVIEW = "preview", "Looked at, nothing added"
        QUEUED = "queued", "Waiting for a worker"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+")
    reward = models.ForeignKey(Reward, on_delete=models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=200)
    content = models.TextField()
    status = models.CharField(max_length=7, choices=Status.choices, default=Status.PREVIEW)
    total = models.PositiveIntegerField(help_text="Codes that would be added when it was looked at.")
    duplicates = models.PositiveIntegerField(default=0)
    invalid = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list, help_text='The first of them: [{"line", "code", "problem"}].')
    done = models.PositiveIntegerField(default=0, help_text="Lines of the content that were worked off.")
    added = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True, default="")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["reward", "-id"], name="code_upload_of_reward")]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["preview", "queued", "running", "done", "failed"]),
                name="code_upload_status_valid",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name
