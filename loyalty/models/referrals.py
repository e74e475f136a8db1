"""Members bring members (domain.md 4.3)."""

from django.db import models
from django.db.models import F, Q

from audit.ids import new_id
from loyalty.models.members import Member


class ReferralCode(models.Model):
    """A member's own code, made when it is first asked for."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="referral_codes", db_constraint=False
    )
    code = models.CharField(max_length=20)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["environment_id", "code"], name="referral_code_unique"),
        ]

    def __str__(self) -> str:
        return self.code


class Referral(models.Model):
    """`member` came through `referrer_id`; their first qualifying event awards both sides, once."""

    class Status(models.TextChoices):
        PENDING = "pending", "Waiting for the first qualifying event"
        AWARDED = "awarded", "Awarded"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="referrals", db_constraint=False, db_index=False
    )
    referrer_id = models.UUIDField(help_text="The member whose code was used; a merge may redirect it.")
    status = models.CharField(max_length=7, choices=Status.choices, default=Status.PENDING)
    event = models.ForeignKey(
        "loyalty.Event",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="The qualifying event.",
    )
    rule_revision_id = models.UUIDField(null=True)
    referrer_entry_id = models.UUIDField(null=True, help_text="The referrer's side, in their ledger.")
    created_at = models.DateTimeField()
    awarded_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["referrer_id"], name="referral_referrer"),
            models.Index(fields=["event"], condition=Q(event__isnull=False), name="referral_event"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["member"], name="referral_once_per_member"),
            models.CheckConstraint(condition=~Q(member=F("referrer_id")), name="referral_not_of_oneself"),
            models.CheckConstraint(
                condition=Q(status="pending", event__isnull=True, awarded_at__isnull=True)
                | Q(status="awarded", event__isnull=False, awarded_at__isnull=False),
                name="referral_status_valid",
            ),
        ]

    def __str__(self) -> str:
        return self.get_status_display()
