"""Stamp cards of members: the cards, each stamp, and what full cards gave (domain.md 7).

Written by `loyalty.ledger` alone, under the lock of the member's row. A merge lets the rows go on at the
survivor; the purchases that they name stay with who made them.
"""

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from audit.ids import new_id
from loyalty.models.base import Acted
from loyalty.models.events import Event
from loyalty.models.members import Member
from programs.currencies import digits_of
from programs.models import StampProgram


class StampCollection(Acted):
    """A member's card of one stamp program. `counter`: stamps on it that are in no reward, less those that it
    owes to rewards that were paid and lost one. `cycle_from`: the place, in the program's `thresholds`, of the
    one that held when the running card began. `merged_into`: the survivor's card, which has its rows now."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    member = models.ForeignKey(
        Member,
        on_delete=models.PROTECT,
        related_name="stamp_collections",
        db_constraint=False,
        db_index=False,
    )
    stamp_program = models.ForeignKey(
        StampProgram, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    counter = models.BigIntegerField(default=0)
    cycle_from = models.PositiveIntegerField(default=0)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    created_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        verbose_name = "enrolment"  # what the console calls it
        indexes = [
            models.Index(fields=["environment_id", "-id"], name="stamp_collection_newest"),
            models.Index(fields=["stamp_program", "cycle_from", "counter"], name="stamp_collection_counter"),
            models.Index(fields=["stamp_program", "-id"], name="stamp_collection_of_program"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["member", "stamp_program"], name="stamp_collection_once"),
            models.UniqueConstraint(fields=["member", "id"], name="stamp_collection_key"),
            models.UniqueConstraint(
                fields=["member", "stamp_program", "id"], name="stamp_collection_whole_key"
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | Q(~Q(merged_into=F("id")), counter=0),
                name="stamp_collection_merged_is_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stamp_program}: {self.counter}"


class StampReward(Acted):
    """What a full card gave: money that the tenant pays. `amount` in minor units of `currency`. `stamp_ids`:
    the stamps that it was issued for, `size` of them; which ones are in it now, the stamps say. `owed`: of a paid
    one, stamps that were taken back and not replaced. `event_id`: the purchase that completed it; empty where a
    lower threshold or a merge did."""

    class Status(models.TextChoices):
        ISSUED = "issued", "To be paid"
        PAID = "paid", "Paid"
        REVOKED = "revoked", "Revoked"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="stamp_rewards", db_constraint=False, db_index=False
    )
    collection = models.ForeignKey(
        StampCollection, on_delete=models.PROTECT, related_name="rewards", db_constraint=False
    )
    stamp_program = models.ForeignKey(
        StampProgram, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=12)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    size = models.PositiveIntegerField()
    stamp_ids = ArrayField(models.UUIDField())
    cycle_from = models.PositiveIntegerField()
    status = models.CharField(max_length=7, choices=Status.choices, default=Status.ISSUED)
    owed = models.PositiveIntegerField(default=0)
    event_id = models.UUIDField(null=True)
    reference = models.CharField(max_length=200, null=True, help_text="Said when it was paid.")
    issued_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["environment_id", "-id"], name="stamp_reward_newest"),
            models.Index(fields=["environment_id", "status", "id"], name="stamp_reward_in_status"),
            models.Index(fields=["stamp_program", "-id"], name="stamp_reward_of_program"),
            models.Index(fields=["stamp_program"], condition=Q(status="issued"), name="stamp_reward_to_pay"),
            models.Index(
                fields=["environment_id", "reference"],
                condition=Q(reference__isnull=False),
                name="stamp_reward_reference",
            ),
            models.Index(fields=["member", "-id"], name="stamp_reward_of_member"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["member", "id"], name="stamp_reward_key"),
            models.CheckConstraint(
                condition=Q(kind="refund", amount__gte=0) | Q(kind="fixed-reward", amount__gt=0),
                name="stamp_reward_kind_valid",
            ),
            models.CheckConstraint(
                condition=Q(status="issued", owed=0, paid_at__isnull=True, revoked_at__isnull=True)
                | Q(status="paid", owed__lte=F("size"), paid_at__isnull=False, revoked_at__isnull=True)
                | Q(status="revoked", owed=0, paid_at__isnull=True, revoked_at__isnull=False),
                name="stamp_reward_status_fits",
            ),
            models.CheckConstraint(
                condition=Q(size__gt=0, stamp_ids__len=F("size")), name="stamp_reward_names_stamps"
            ),
            models.CheckConstraint(
                condition=Q(actor_kind__in=["api_key", "member", "staff", "system"]),
                name="stamp_reward_actor_kind_valid",
            ),
        ]

    def __str__(self) -> str:
        return f"{Decimal(self.amount).scaleb(-digits_of(self.currency))} {self.currency}"


class Stamp(models.Model):
    """One stamp. It names its purchase, and the reward that it is in; that one has lost it where it was
    returned. `number`: from 1 within its purchase; `line`: the purchase's line, from 1, of one by quantity;
    `day`: the local day, of one a day; `unit_price`: in the program's currency, not its minor unit."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="stamps", db_constraint=False, db_index=False
    )
    collection = models.ForeignKey(
        StampCollection, on_delete=models.PROTECT, related_name="stamps", db_constraint=False, db_index=False
    )
    # Not the member's own key: after a merge the purchase stays with who made it.
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="stamps", db_constraint=False)
    number = models.PositiveIntegerField()
    line = models.PositiveIntegerField(null=True)
    day = models.DateField(null=True)
    unit_price = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    reward = models.ForeignKey(
        StampReward, on_delete=models.PROTECT, null=True, related_name="stamps", db_constraint=False
    )
    collected_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    returned_at = models.DateTimeField(null=True)
    returned_by_id = models.UUIDField(null=True, help_text="The refund that took it back.")

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["collection", "id"],
                condition=Q(reward__isnull=True, returned_at__isnull=True),
                name="stamp_open",
            ),
            models.Index(fields=["member", "-id"], name="stamp_of_member"),
            models.Index(fields=["environment_id", "collected_at"], name="stamp_collected"),
            models.Index(
                fields=["environment_id", "returned_at"],
                condition=Q(returned_at__isnull=False),
                name="stamp_returned",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["collection", "event", "number"], name="stamp_once"),
            models.UniqueConstraint(
                fields=["collection", "day"],
                condition=Q(day__isnull=False, returned_at__isnull=True),
                name="stamp_once_a_day",
            ),
            models.CheckConstraint(
                condition=Q(unit_price__isnull=True) | Q(unit_price__gt=0), name="stamp_price_above_zero"
            ),
            models.CheckConstraint(
                condition=Q(returned_at__isnull=True, returned_by_id__isnull=True)
                | Q(returned_at__isnull=False, returned_by_id__isnull=False),
                name="stamp_return_fits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} · {self.number}"
