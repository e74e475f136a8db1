"""How far members are with challenges, and what they achieved (domain.md 8).

Written by `loyalty.ledger` alone, under the lock of the member's row. `period`: of a challenge that repeats, the
local day, week or month (`day:2026-11-21`), else `ever`.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from audit.ids import new_id
from loyalty.models.base import Acted, Immutable
from loyalty.models.ledger import LedgerEntry
from loyalty.models.members import Member
from programs.models import Challenge, MilestoneSet, Mission


class MissionProgress(models.Model):
    """What a member's events have added up to, in events or in the mission's field; net of refunds. Events count
    beyond the target too, so that a refund of one leaves what the others earned."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="mission_progress", db_constraint=False, db_index=False
    )
    challenge = models.ForeignKey(Challenge, on_delete=models.PROTECT, related_name="+", db_index=False)
    mission = models.ForeignKey(Mission, on_delete=models.PROTECT, related_name="+", db_index=False)
    period = models.CharField(max_length=16)
    progress = models.DecimalField(max_digits=30, decimal_places=6)

    class Meta:
        indexes = [
            models.Index(fields=["challenge", "period", "member"], name="mission_progress_of_challenge")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "challenge", "period", "mission"], name="mission_progress_once"
            ),
            models.CheckConstraint(condition=Q(progress__gte=0), name="mission_progress_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.progress} · {self.period}"


class Achievement(Acted):
    """A mission or a challenge that a member completed; also the notification of it (`read_at`). Of a challenge,
    `entry_ids`: the ledger entries that are its rewards. `target`: of a mission, as it was then. `copy_of`: after a
    merge, the other's own; `absorbed`: those of others who had completed the challenge too, which fall with this one.
    `event_id`: what completed it; empty where an edit or a merge did."""

    class Kind(models.TextChoices):
        MISSION = "mission", "Mission completed"
        CHALLENGE = "challenge", "Challenge completed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="achievements", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=9, choices=Kind.choices)
    challenge = models.ForeignKey(Challenge, on_delete=models.PROTECT, related_name="+", db_index=False)
    mission = models.ForeignKey(
        Mission, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    period = models.CharField(max_length=16)
    target = models.DecimalField(max_digits=24, decimal_places=6, null=True)
    event_id = models.UUIDField(null=True)
    entry_ids = ArrayField(models.UUIDField(), default=list)
    copy_of = models.UUIDField(null=True)
    absorbed = ArrayField(models.UUIDField(), default=list)
    display = models.CharField(max_length=5)
    title = models.CharField(max_length=200, null=True)
    message = models.CharField(max_length=1000, null=True)
    read_at = models.DateTimeField(null=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by_id = models.UUIDField(null=True, help_text="The refund that took it back.")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["member", "id"], name="achievement_of_member"),
            models.Index(
                fields=["member", "id"],
                condition=Q(read_at__isnull=True, revoked_at__isnull=True),
                name="achievement_unread",
            ),
            models.Index(
                fields=["member", "revoked_at"],
                condition=Q(revoked_at__isnull=False),
                name="achievement_revoked",
            ),
            models.Index(fields=["challenge", "kind", "period"], name="achievement_of_challenge"),
            models.Index(
                fields=["environment_id", "occurred_at"],
                condition=Q(title__isnull=False) | Q(message__isnull=False),
                name="achievement_payload",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "challenge", "period"],
                condition=Q(kind="challenge", revoked_at__isnull=True),
                name="achievement_challenge_once",
            ),
            models.UniqueConstraint(
                fields=["member", "challenge", "period", "mission"],
                condition=Q(kind="mission", revoked_at__isnull=True),
                name="achievement_mission_once",
            ),
            models.UniqueConstraint(fields=["member", "id"], name="achievement_key"),
            models.CheckConstraint(
                condition=Q(kind="mission", mission__isnull=False, target__isnull=False, entry_ids=[])
                | Q(kind="challenge", mission__isnull=True, target__isnull=True),
                name="achievement_kind_fits",
            ),
            models.CheckConstraint(
                condition=Q(display__in=["none", "toast", "popup"]), name="achievement_display_valid"
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by_id__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by_id__isnull=False),
                name="achievement_revocation_fits",
            ),
            models.CheckConstraint(
                condition=Q(copy_of__isnull=True) | ~Q(copy_of=F("id")), name="achievement_copies_another"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.title or ''}"


class MilestoneChange(Immutable):
    """A member crossed milestones of a set, either way, by one ledger entry. By their public ids, as they
    were then; None: below the first one."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    member = models.ForeignKey(
        Member,
        on_delete=models.PROTECT,
        related_name="milestone_changes",
        db_constraint=False,
        db_index=False,
    )
    milestone_set = models.ForeignKey(
        MilestoneSet, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    entry = models.ForeignKey(
        LedgerEntry, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    from_id = models.CharField(max_length=64, null=True)
    to_id = models.CharField(max_length=64, null=True)
    rises = models.BooleanField()
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "entry", "milestone_set"], name="milestone_change_once"
            ),
            models.CheckConstraint(
                condition=Q(from_id__isnull=False) | Q(to_id__isnull=False), name="milestone_change_names_one"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_id or 'none'} → {self.to_id or 'none'}"
