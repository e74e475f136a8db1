"""What happened in the tenant's product (domain.md 4)."""

from django.db import models
from django.db.models import Q

from audit.exact_json import ExactJSONField
from audit.ids import new_id
from loyalty.models.base import Acted, Immutable
from loyalty.models.members import Member


class Event(Acted, Immutable):
    """One event. `event_id` is the business key; `digest` outlives the payload.

    `data`, `explanation` and `facts` may be redacted to NULL by retention; nothing else ever changes.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="events", db_constraint=False, db_index=False
    )
    event_id = models.CharField(max_length=200)
    type = models.CharField(max_length=100)
    program_id = models.UUIDField(null=True, help_text="The program it was sent to; empty: all.")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    data = ExactJSONField(null=True)
    explanation = ExactJSONField(null=True)
    facts = ExactJSONField(null=True, help_text="What the rules knew of the member; a refund asks again.")
    amount = models.DecimalField(
        max_digits=24, decimal_places=6, null=True, help_text="data.amount, if it is one."
    )
    currency = models.CharField(max_length=3, null=True)
    figures = ExactJSONField(null=True, help_text="What later arithmetic needs and retention leaves.")
    purchase = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="refunds",
        db_constraint=False,
        db_index=False,
        help_text="Of a refund: the purchase that it gives back.",
    )
    via_environment_id = models.UUIDField(
        null=True, help_text="Of a shared program: the environment the call came through."
    )
    digest = models.BinaryField(help_text="SHA-256 of what was sent, to tell a repetition from a reuse.")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["environment_id", "-id"], name="event_newest"),
            models.Index(fields=["environment_id", "-occurred_at", "-id"], name="event_occurred"),
            models.Index(fields=["environment_id", "type", "occurred_at"], name="event_type_occurred"),
            models.Index(fields=["purchase"], condition=Q(purchase__isnull=False), name="event_purchase"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["environment_id", "event_id"], name="event_id_unique"),
            models.UniqueConstraint(fields=["member", "id"], name="event_key"),
            models.CheckConstraint(condition=~Q(event_id=""), name="event_id_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class EventCount(models.Model):
    """How many events of a type a member has had; rules read it (`member.event_count.purchase`)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="event_counts", db_constraint=False, db_index=False
    )
    type = models.CharField(max_length=100)
    count = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member", "type"], name="event_count_unique"),
            models.CheckConstraint(condition=Q(count__gt=0), name="event_count_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.count} × {self.type}"
