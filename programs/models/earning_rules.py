"""What events earn: drafts that operators edit, revisions that members earn by (domain.md 4)."""

from typing import Any, NoReturn

from django.db import models
from django.db.models import Q

from audit.ids import new_id, public
from programs.models.metrics import Metric
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

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="earning_rules")
    public_id = models.CharField(max_length=64, default=new_rule_id)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="earning_rules")
    metric = models.ForeignKey(Metric, on_delete=models.PROTECT, related_name="earning_rules")
    name = models.CharField(max_length=200)
    event_type = models.CharField(max_length=100)
    condition = models.JSONField(default=dict, blank=True, help_text="docs/conditions.md; empty: always.")
    award = models.JSONField(help_text='{"kind": "fixed", "points": 100}')
    priority = models.IntegerField(default=0, help_text="Higher comes first.")
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
