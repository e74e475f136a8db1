"""Which level a member has, and what counts towards it (domain.md 6)."""

from django.db import models
from django.db.models import Q

from audit.ids import new_id
from loyalty.models.base import Acted, Immutable
from loyalty.models.members import Member
from programs.models import Tier, TierLadder


class MemberTier(models.Model):
    """A member's level on one ladder. `tier` null: below the first one. `next_evaluation_at`: the midnight,
    in the project's zone, at which the level is decided anew; null: never, until progress changes that."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="member_tiers", db_constraint=False, db_index=False
    )
    ladder = models.ForeignKey(TierLadder, on_delete=models.PROTECT, related_name="+", db_index=False)
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, null=True, related_name="+")
    since = models.DateTimeField(help_text="When it was reached, confirmed or lowered to.")
    next_evaluation_at = models.DateTimeField(null=True)
    in_grace = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(
                fields=["environment_id", "next_evaluation_at"],
                condition=Q(next_evaluation_at__isnull=False),
                name="member_tier_due",
            ),
            models.Index(fields=["ladder", "tier"], name="member_tier_level"),
        ]
        constraints = [models.UniqueConstraint(fields=["member", "ladder"], name="member_tier_unique")]

    def __str__(self) -> str:
        return str(self.tier or "no tier")


class TierProgress(models.Model):
    """What counts towards a member's level, by the day on which it was earned (project's zone): points,
    money or events; net of reversals and refunds, which count on the day of their original."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="tier_progress", db_constraint=False, db_index=False
    )
    ladder = models.ForeignKey(TierLadder, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    figure = models.DecimalField(max_digits=30, decimal_places=6)

    class Meta:
        indexes = [
            # Members by what they would reach: read without the rows.
            models.Index(fields=["ladder", "day"], include=["member", "figure"], name="tier_progress_ladder"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["member", "ladder", "day"], name="tier_progress_unique")
        ]

    def __str__(self) -> str:
        return f"{self.figure} on {self.day}"


class TierChange(Acted, Immutable):
    """A member's level was reached, confirmed, or lowered, or its days of grace began."""

    class Kind(models.TextChoices):
        REACHED = "reached", "Reached"
        CONFIRMED = "confirmed", "Confirmed"
        GRACE = "grace", "Days of grace begin"
        LOWERED = "lowered", "Lowered"
        MERGED = "merged", "Taken over by a merge"
        GRANTED = "granted", "Given by a reward"
        REVOKED = "revoked", "Taken back with its reward"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="tier_changes", db_constraint=False, db_index=False
    )
    ladder = models.ForeignKey(TierLadder, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=9, choices=Kind.choices)
    from_code = models.CharField(max_length=50, null=True)
    to_code = models.CharField(max_length=50, null=True)
    progress = models.DecimalField(max_digits=30, decimal_places=6, help_text="What decided.")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    event = models.ForeignKey(
        "loyalty.Event",
        on_delete=models.PROTECT,
        null=True,
        related_name="tier_changes",
        db_constraint=False,
        db_index=False,
    )

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["member", "-id"], name="tier_change_of_member"),
            models.Index(fields=["event"], condition=Q(event__isnull=False), name="tier_change_event"),
            models.Index(fields=["ladder", "occurred_at"], name="tier_change_of_ladder"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=["reached", "confirmed", "grace", "lowered", "merged", "granted", "revoked"]
                ),
                name="tier_change_kind_valid",
            )
        ]

    def __str__(self) -> str:
        return f"{self.from_code} → {self.to_code}"
