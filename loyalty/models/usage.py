"""How much of a rule's caps and budget is used (domain.md 4)."""

from django.db import models
from django.db.models import Q

from audit.ids import new_id
from loyalty.models.members import Member
from programs.models import EarningRule

PERIOD = "^((day|week):[0-9]{4}-[0-9]{2}-[0-9]{2}|month:[0-9]{4}-[0-9]{2}|ever)$"


class RuleUsage(models.Model):
    """What one member has had from one rule in one period, net of refunds.

    `period`: `day:1997-01-05`, `week:1997-01-06` (its Monday), `month:1997-01`, `ever`; in the project's
    zone, by when the event occurred. Written under the member's lock.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="rule_usages", db_constraint=False, db_index=False
    )
    rule = models.ForeignKey(EarningRule, on_delete=models.PROTECT, related_name="+", db_index=False)
    period = models.CharField(max_length=16)
    points = models.BigIntegerField()
    times = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member", "rule", "period"], name="rule_usage_unique"),
            models.CheckConstraint(condition=Q(points__gte=0, times__gte=0), name="rule_usage_not_negative"),
            models.CheckConstraint(condition=Q(period__regex=PERIOD), name="rule_usage_period_valid"),
        ]

    def __str__(self) -> str:
        return f"{self.points} in {self.period}"


class RuleBudget(models.Model):
    """What a rule with a budget has given to all members together, net of refunds. Its row is locked by
    whoever gives from it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    rule = models.OneToOneField(EarningRule, on_delete=models.PROTECT, related_name="+")
    spent = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(spent__gte=0), name="rule_budget_not_negative")]

    def __str__(self) -> str:
        return f"{self.spent} of {self.rule}"
