"""Where a tenant is told what happened, and how that went (domain.md 9.2)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from audit.ids import new_id
from audit.models.events import TransactionId

LONGEST_URL = 2_000


class WebhookEndpoint(models.Model):
    """A URL of a tenant that is told of its environment's audit events.

    No foreign key to the environment: this layer doesn't know tenants. `failing_since` is the first failure
    after the last success.
    """

    class Status(models.TextChoices):
        ENABLED = "enabled", "Enabled"
        DISABLED = "disabled", "Disabled"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization_id = models.UUIDField()
    project_id = models.UUIDField()
    environment_id = models.UUIDField()
    url = models.CharField(max_length=LONGEST_URL)
    description = models.CharField(max_length=200, blank=True, default="")
    event_types = ArrayField(
        models.CharField(max_length=64), help_text="`points.earned`, `points.*`, or `*` for everything."
    )
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.ENABLED)
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_reason = models.CharField(max_length=200, blank=True, default="")
    secret = models.TextField(editable=False, help_text="Encrypted.")
    previous_secret = models.TextField(
        blank=True, default="", editable=False, help_text="Encrypted; signs too until `previous_until`."
    )
    previous_until = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        verbose_name = "webhook endpoint"
        indexes = [models.Index(fields=["environment_id", "-id"], name="webhook_endpoint_place")]
        constraints = [
            # What a delivery's key over both columns points at.
            models.UniqueConstraint(fields=["id", "environment_id"], name="webhook_endpoint_environment"),
            models.CheckConstraint(
                condition=Q(status="enabled", disabled_at__isnull=True)
                | Q(status="disabled", disabled_at__isnull=False),
                name="webhook_endpoint_status_valid",
            ),
            models.CheckConstraint(
                condition=Q(url__startswith="https://") | Q(url__startswith="http://"),
                name="webhook_endpoint_url_valid",
            ),
            models.CheckConstraint(condition=~Q(event_types=[]), name="webhook_endpoint_has_types"),
            models.CheckConstraint(condition=~Q(secret=""), name="webhook_endpoint_has_secret"),
            models.CheckConstraint(
                condition=Q(previous_secret="", previous_until__isnull=True)
                | (~Q(previous_secret="") & Q(previous_until__isnull=False)),
                name="webhook_endpoint_previous_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(models.Model):
    """One event on its way to one endpoint. While `pending`, `next_attempt_at` says when it is sent next; while it is
    being sent, that is `leased_until`, unless somebody wants it sent again. `history` keeps the last attempts."""

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    # The migration makes the key: over both columns, so that no other environment's endpoint is ever told.
    endpoint = models.ForeignKey(
        WebhookEndpoint,
        on_delete=models.PROTECT,
        related_name="deliveries",
        db_constraint=False,
        db_index=False,
    )
    event_id = models.UUIDField(help_text="The audit event.")
    type = models.CharField(max_length=64)
    member_id = models.UUIDField(null=True)
    sequence = models.BigIntegerField(null=True, help_text="Rises with the events of one member.")
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.PENDING)
    attempts = models.PositiveIntegerField(default=0, help_text="Since it was made, or was last resent.")
    next_attempt_at = models.DateTimeField()
    leased_until = models.DateTimeField(
        null=True, help_text="While it is being sent: nobody else sends it until then."
    )
    first_attempt_at = models.DateTimeField(null=True)
    give_up_at = models.DateTimeField(null=True, help_text="Empty until the first attempt.")
    delivered_at = models.DateTimeField(null=True)
    response_status = models.PositiveSmallIntegerField(null=True)
    latency_ms = models.PositiveIntegerField(null=True)
    response = models.TextField(blank=True, default="", help_text="The first 1 KiB of what was answered.")
    error = models.CharField(max_length=300, blank=True, default="")
    history = models.JSONField(default=list, help_text="[{at, status, latency_ms, error}], oldest first.")
    erased = models.BooleanField(default=False, help_text="Its member is: no answer's text is kept any more.")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        verbose_name = "webhook delivery"
        verbose_name_plural = "webhook deliveries"
        indexes = [
            models.Index(
                fields=["endpoint", "next_attempt_at"],
                condition=Q(status="pending"),
                name="webhook_delivery_due",
            ),
            # Whether anything is due. A condition that is always true, and that who asks for one endpoint's doesn't
            # name: while statistics know of none that wait, all that wait would be read for each endpoint.
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(status="pending", attempts__gte=0),
                name="webhook_delivery_next",
            ),
            models.Index(fields=["environment_id", "-id"], name="webhook_delivery_place"),
            models.Index(fields=["endpoint", "-id"], name="webhook_delivery_endpoint"),
            models.Index(
                fields=["member_id"], condition=Q(member_id__isnull=False), name="webhook_delivery_member"
            ),
            models.Index(fields=["created_at"], name="webhook_delivery_age"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event_id"], name="webhook_delivery_once"),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "delivered", "failed"]),
                name="webhook_delivery_status_valid",
            ),
            models.CheckConstraint(
                condition=Q(status="delivered", delivered_at__isnull=False)
                | Q(~Q(status="delivered"), delivered_at__isnull=True),
                name="webhook_delivery_delivered_at",
            ),
            models.CheckConstraint(
                condition=Q(member_id__isnull=True, sequence__isnull=True)
                | Q(member_id__isnull=False, sequence__gt=0),
                name="webhook_delivery_sequence",
            ),
            models.CheckConstraint(
                condition=Q(erased=False) | Q(response="", error="", history=[]),
                name="webhook_delivery_erased",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} → {self.endpoint_id}"


class WebhookSequence(models.Model):
    """The number that the last event of a member was told with."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    member_id = models.UUIDField()
    last = models.BigIntegerField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["environment_id", "member_id"], name="webhook_sequence_member"),
            models.CheckConstraint(condition=Q(last__gt=0), name="webhook_sequence_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.last}"


class WebhookRelay(models.Model):
    """How far the audit trail has been looked through, in the order (epoch, transaction, id). One row."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    epoch = models.SmallIntegerField()
    transaction = TransactionId()
    event_id = models.UUIDField()
    checked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="webhook_relay_one")]

    def __str__(self) -> str:
        return f"{self.epoch}/{self.transaction}"
