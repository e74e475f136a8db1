"""The ledger's tables (domain.md 3). Written by `loyalty.ledger` alone.

Foreign keys between these tables carry the member, so that a row can only point at rows of the
same member. Django can't express such keys: `0002_ledger_guards` makes them in SQL, and the
fields here are told not to (`db_constraint=False`); the indexes are the named ones.
"""

from typing import Any

from django.db import models
from django.db.models import F, Q

from audit.exact_json import ExactJSONField
from audit.ids import new_id
from audit.models import new_salt
from loyalty.models.base import Acted, Immutable
from loyalty.models.members import Member
from programs.models import Metric

MAX_TOTAL = 10**18  # points; sums of two still fit a bigint


class Account(models.Model):
    """One member's holdings in one metric. Spendable balance = total − pending − held."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="accounts", db_constraint=False, db_index=False
    )
    metric = models.ForeignKey(Metric, on_delete=models.PROTECT, related_name="+")
    total = models.BigIntegerField(default=0)
    pending = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    earned = models.BigIntegerField(default=0)
    redeemed = models.BigIntegerField(default=0)
    expired = models.BigIntegerField(default=0)
    adjusted = models.BigIntegerField(default=0)
    transferred = models.BigIntegerField(default=0)
    sequence = models.BigIntegerField(default=0)
    next_due_at = models.DateTimeField(
        null=True, help_text="The earliest instant at which a lot vests or expires, or a hold lapses."
    )
    settled_at = models.DateTimeField(
        null=True, help_text="The environment's time of the last write; an account's time never goes back."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["environment_id", "next_due_at"],
                condition=Q(next_due_at__isnull=False),
                name="account_due",
            ),
            models.Index(fields=["environment_id", "metric"], name="account_environment"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["member", "metric"], name="account_member_metric_unique"),
            models.UniqueConstraint(fields=["member", "environment_id", "id"], name="account_key"),
            models.CheckConstraint(
                condition=Q(pending__gte=0, held__gte=0), name="account_parts_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(
                    total=F("earned") - F("redeemed") - F("expired") + F("adjusted") + F("transferred")
                ),
                name="account_lifetime_adds_up",
            ),
            models.CheckConstraint(condition=Q(sequence__gte=0), name="account_sequence_not_negative"),
            models.CheckConstraint(
                condition=Q(total__gte=-MAX_TOTAL, total__lte=MAX_TOTAL, earned__lte=MAX_TOTAL),
                name="account_figures_bounded",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} · {self.metric}"

    @property
    def balance(self) -> int:
        """What can be spent, as last settled; `queries.balances` counts what has come due since."""
        return self.total - self.pending - self.held


class LedgerEntry(Acted, Immutable):
    """One immutable change of an account's total."""

    class Type(models.TextChoices):
        EARNED = "earned", "Earned"
        BONUS = "bonus", "Bonus"
        REDEEMED = "redeemed", "Redeemed"
        EXPIRED = "expired", "Expired"
        ADJUSTED = "adjusted", "Adjusted"
        REVERSED = "reversed", "Reversed"
        TRANSFERRED = "transferred", "Transferred"

    REVERSIBLE = (Type.EARNED, Type.BONUS, Type.REDEEMED, Type.ADJUSTED)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="entries", db_constraint=False, db_index=False
    )
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="entries", db_constraint=False, db_index=False
    )
    sequence = models.BigIntegerField()
    type = models.CharField(max_length=11, choices=Type.choices)
    points = models.BigIntegerField()
    balance_after = models.BigIntegerField(help_text="The account's total after this entry.")
    nominal = models.BigIntegerField(
        null=True,
        help_text="Of a reversal: −points + shortfall + what had expired already. Of a credit that the"
        " metric's maximum cut: what was asked for.",
    )
    reason = models.CharField(max_length=500, null=True)
    metadata = ExactJSONField(null=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    event = models.ForeignKey(
        "loyalty.Event",
        on_delete=models.PROTECT,
        null=True,
        related_name="entries",
        db_constraint=False,
        db_index=False,
    )
    origin = models.CharField(
        max_length=64, null=True, help_text="The rule or benefit through which the event caused this."
    )
    rule_revision_id = models.UUIDField(null=True)
    redemption_id = models.UUIDField(null=True)
    hold_id = models.UUIDField(null=True)
    reverses = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="reversals",
        db_constraint=False,
        db_index=False,
    )
    counterpart_id = models.UUIDField(null=True, help_text="Of a transfer: the other side's entry.")
    counterpart_member_id = models.UUIDField(null=True, help_text="Of a transfer: the other side's member.")
    via_environment_id = models.UUIDField(
        null=True, help_text="Of a shared program: the environment the call came through."
    )
    digest_salt = models.BinaryField(null=True, default=new_salt)
    digest = models.BinaryField(
        help_text="SHA-256 of salt and content when it was written; outlives a redaction, so seals can prove it."
    )

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "ledger entries"
        indexes = [
            models.Index(fields=["environment_id", "-id"], name="entry_environment"),
            models.Index(fields=["environment_id", "-occurred_at", "-id"], name="entry_occurred"),
            models.Index(fields=["event"], condition=Q(event__isnull=False), name="entry_event"),
            models.Index(fields=["reverses"], condition=Q(reverses__isnull=False), name="entry_reverses"),
            models.Index(fields=["hold_id"], condition=Q(hold_id__isnull=False), name="entry_hold"),
            models.Index(
                fields=["redemption_id"], condition=Q(redemption_id__isnull=False), name="entry_redemption"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["account", "sequence"], name="entry_sequence_unique"),
            models.UniqueConstraint(fields=["member", "id", "account"], name="entry_key"),
            models.UniqueConstraint(
                fields=["event", "origin", "account"],
                condition=Q(event__isnull=False, reverses__isnull=True),
                name="entry_once_per_event_and_origin",
            ),
            models.UniqueConstraint(
                fields=["account", "origin"],
                condition=Q(origin__startswith="opening_balance:"),
                name="entry_opening_balance_once",
            ),
            models.CheckConstraint(
                condition=Q(
                    type__in=[
                        "earned",
                        "bonus",
                        "redeemed",
                        "expired",
                        "adjusted",
                        "reversed",
                        "transferred",
                    ]
                ),
                name="entry_type_valid",
            ),
            models.CheckConstraint(condition=Q(sequence__gt=0), name="entry_sequence_positive"),
            models.CheckConstraint(
                condition=(
                    Q(type__in=["earned", "bonus"], points__gt=0)
                    | Q(type__in=["redeemed", "expired"], points__lt=0)
                    | (Q(type="adjusted") & ~Q(points=0))
                    # A shortfall is carried over by a transfer of no points.
                    | Q(type__in=["reversed", "transferred"])
                ),
                name="entry_sign_fits_type",
            ),
            models.CheckConstraint(
                condition=Q(type="reversed", reverses__isnull=False, nominal__isnull=False, nominal__gte=0)
                | Q(
                    Q(nominal__isnull=True)
                    | Q(type__in=["earned", "bonus", "adjusted"], points__gt=0, nominal__gt=F("points")),
                    ~Q(type="reversed"),
                    reverses__isnull=True,
                ),
                name="entry_reversal_names_original",
            ),
            models.CheckConstraint(condition=~Q(reverses=F("id")), name="entry_reverses_another"),
            models.CheckConstraint(
                condition=Q(
                    type="transferred", counterpart_id__isnull=False, counterpart_member_id__isnull=False
                )
                | (
                    ~Q(type="transferred")
                    & Q(counterpart_id__isnull=True, counterpart_member_id__isnull=True)
                ),
                name="entry_transfer_names_counterpart",
            ),
            models.CheckConstraint(
                condition=Q(event__isnull=False, origin__isnull=False)
                # What an account begins with or brings along, and what a challenge gives by an edit or a
                # merge, has no event.
                | (
                    Q(event__isnull=True)
                    & (
                        Q(origin__isnull=True)
                        | Q(origin="opening")
                        | Q(origin__startswith="opening_balance:")
                        | Q(origin__startswith="challenge:")
                    )
                ),
                name="entry_event_has_origin",
            ),
            models.CheckConstraint(
                condition=Q(actor_kind__in=["api_key", "member", "staff", "system"]),
                name="entry_actor_kind_valid",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} {self.points:+d}"

    def content(self) -> dict[str, Any]:
        """What the digest covers: every column but the salt and the digest."""
        names = [field.attname for field in self._meta.concrete_fields]
        return {name: getattr(self, name) for name in names if name not in ("digest_salt", "digest")}


class Lot(models.Model):
    """What a credit put in, and what is left of it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="lots", db_constraint=False, db_index=False
    )
    entry = models.ForeignKey(
        LedgerEntry, on_delete=models.PROTECT, related_name="lots", db_constraint=False, db_index=False
    )
    points = models.BigIntegerField()
    remaining = models.BigIntegerField()
    held = models.BigIntegerField(default=0)
    pending = models.BooleanField(default=False, help_text="Not yet vested, as last settled.")
    earned_at = models.DateTimeField()
    available_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField()
    continues_id = models.UUIDField(
        null=True, help_text="Of a merge: the lot of the other member that this one continues."
    )

    class Meta:
        ordering = [F("expires_at").asc(nulls_last=True), "earned_at", "id"]
        indexes = [
            models.Index(
                fields=["account", "expires_at", "earned_at"],
                condition=Q(remaining__gt=0) | Q(held__gt=0),
                name="lot_open",
            ),
            models.Index(fields=["entry"], name="lot_entry"),
            models.Index(
                fields=["continues_id"], condition=Q(continues_id__isnull=False), name="lot_continues"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["member", "account", "id"], name="lot_key"),
            models.CheckConstraint(
                condition=Q(points__gt=0, remaining__gte=0, held__gte=0), name="lot_parts_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(points__gte=F("remaining") + F("held")), name="lot_not_more_than_put_in"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.remaining} of {self.points}"


class LotUse(Immutable):
    """Which entry took how much from which lot, and when; negative when given back."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    lot = models.ForeignKey(
        Lot, on_delete=models.PROTECT, related_name="uses", db_constraint=False, db_index=False
    )
    entry = models.ForeignKey(
        LedgerEntry, on_delete=models.PROTECT, related_name="lot_uses", db_constraint=False, db_index=False
    )
    points = models.BigIntegerField()
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["lot"], name="lot_use_lot"),
            models.Index(fields=["entry"], name="lot_use_entry"),
        ]
        constraints = [models.CheckConstraint(condition=~Q(points=0), name="lot_use_not_zero")]

    def __str__(self) -> str:
        return f"{self.points}"


class Uncovered(models.Model):
    """What a debit could not take from lots, and how much of it is still open.

    `debt` is paid by any later credit, oldest first; `shortfall` (policy `clip`) only by points
    given back (domain.md 3.4).
    """

    class Kind(models.TextChoices):
        DEBT = "debt", "Debt"
        SHORTFALL = "shortfall", "Shortfall"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="uncovered", db_constraint=False, db_index=False
    )
    entry = models.ForeignKey(
        LedgerEntry, on_delete=models.PROTECT, related_name="uncovered", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=9, choices=Kind.choices)
    points = models.BigIntegerField()
    open = models.BigIntegerField()
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["account", "id"], condition=Q(open__gt=0), name="uncovered_open")]
        constraints = [
            models.UniqueConstraint(fields=["entry", "kind"], name="uncovered_once_per_entry"),
            models.CheckConstraint(
                condition=Q(points__gt=0, open__gte=0, open__lte=F("points")), name="uncovered_parts_valid"
            ),
            models.CheckConstraint(condition=Q(kind__in=["debt", "shortfall"]), name="uncovered_kind_valid"),
        ]

    def __str__(self) -> str:
        return f"{self.open} of {self.points} {self.kind}"
