"""What events earn: drafts that operators edit, revisions that members earn by (domain.md 4)."""

from typing import Any, NoReturn

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from audit.ids import new_id, public
from programs.models.metrics import MAX_POINTS, Metric
from programs.models.programs import Program
from programs.models.tenancy import Environment


def new_rule_id() -> str:
    return public("rul", new_id())


class EarningRule(models.Model):
    """A rule's draft. It has no effect until a revision of it is published."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        ARCHIVED = "archived", "Archived"

    class EntryType(models.TextChoices):
        EARNED = "earned", "Earned"
        BONUS = "bonus", "Bonus: never multiplied"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="earning_rules")
    public_id = models.CharField(max_length=64, default=new_rule_id)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="earning_rules")
    metric = models.ForeignKey(Metric, on_delete=models.PROTECT, related_name="earning_rules")
    name = models.CharField(max_length=200)
    event_type = models.CharField(max_length=100)
    condition = models.JSONField(default=dict, blank=True, help_text="docs/conditions.md; empty: always.")
    award = models.JSONField(help_text='{"kind": "fixed", "points": 100}')
    entry_type = models.CharField(
        "posted as",
        max_length=6,
        choices=EntryType.choices,
        default=EntryType.EARNED,
        db_default=EntryType.EARNED,
        help_text="Tiers and multiplying rules raise earned points, never a bonus.",
    )
    priority = models.IntegerField(default=0, help_text="Higher comes first.")
    exclusive_group = models.SlugField(
        max_length=50,
        blank=True,
        default="",
        db_default="",
        help_text="Of the rules in one group, the one that gives most is applied.",
    )
    caps = models.JSONField(
        default=list, blank=True, db_default=[], help_text='[{"per": "day", "points": 100}]; empty: none.'
    )
    budget = models.BigIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_POINTS)],
        help_text="Points that the rule gives to all members together; empty: no limit.",
    )
    starts_at = models.DateTimeField(null=True, blank=True, help_text="Only events from then on.")
    ends_at = models.DateTimeField(null=True, blank=True, help_text="Only events before then.")
    schedule = models.JSONField(
        default=dict,
        blank=True,
        db_default={},
        help_text='{"weekdays": [6, 7], "hours": {"from": 9, "until": 17}} in the project\'s zone; {}: always.',
    )
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.DRAFT, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-priority", "name"]
        constraints = [
            models.UniqueConstraint(fields=["environment", "public_id"], name="rule_public_id_unique"),
            models.UniqueConstraint(fields=["environment", "id"], name="rule_key"),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "published", "archived"]), name="rule_status_valid"
            ),
            models.CheckConstraint(
                condition=Q(entry_type__in=["earned", "bonus"]), name="rule_entry_type_valid"
            ),
            models.CheckConstraint(
                condition=Q(budget__isnull=True) | Q(budget__gt=0, budget__lte=MAX_POINTS),
                name="rule_budget_valid",
            ),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True) | Q(ends_at__isnull=True) | Q(starts_at__lt=F("ends_at")),
                name="rule_window_valid",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class EarningRuleRevision(models.Model):
    """An immutable published form of a rule; ledger entries name it.

    In force from `effective_from` until the rule's next revision takes effect. A revision
    without a definition ends the rule (archived).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+")
    rule = models.ForeignKey(EarningRule, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    definition = models.JSONField(null=True)
    effective_from = models.DateTimeField()
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=200)

    class Meta:
        ordering = ["rule", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["rule", "number"], name="rule_revision_number_unique"),
            models.CheckConstraint(condition=Q(number__gt=0), name="rule_revision_number_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} · revision {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("A published revision is immutable; publish a new one.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("A published revision is immutable; archive the rule instead.")
