"""Figures by day, added up from the ledger as it grows (docs/analytics.md). Written by `actions.rolling_up` alone.

Nothing here is known from here alone: a row that is lost or wrong is made anew by `manage.py rebuild_rollups`.
No foreign keys: an addition would lock the rows that they name, which every award locks too.
"""

from django.db import models
from django.db.models import Q

from audit.models import TransactionId


class RollupPosition(models.Model):
    """How far the audit trail has been gone along, in the order (epoch, transaction, id). One row."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    epoch = models.SmallIntegerField()
    transaction = TransactionId()
    event_id = models.UUIDField(
        help_text="The last audit event that was added; zero, where a whole transaction was."
    )
    rolled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="rollup_position_one")]

    def __str__(self) -> str:
        return f"{self.epoch}/{self.transaction}"


class RollupZone(models.Model):
    """Whose days an environment's roll-ups are of. None: it has none yet."""

    environment_id = models.UUIDField(primary_key=True, editable=False)
    time_zone = models.CharField(max_length=64)

    def __str__(self) -> str:
        return self.time_zone


class PointsOfDay(models.Model):
    """What moved the points of one metric on one local day, by business time.

    Each figure is the sum of the entries' points with their sign, so that all of them add up to what the outstanding
    points rose by. The sum of many accounts may be more than a bigint holds.
    """

    pk = models.CompositePrimaryKey("environment_id", "metric_id", "day")
    environment_id = models.UUIDField()
    metric_id = models.UUIDField()
    day = models.DateField()
    issued = models.DecimalField(max_digits=30, decimal_places=0)
    redeemed = models.DecimalField(max_digits=30, decimal_places=0)
    expired = models.DecimalField(max_digits=30, decimal_places=0)
    adjusted = models.DecimalField(max_digits=30, decimal_places=0)
    transferred = models.DecimalField(max_digits=30, decimal_places=0)
    reversed_issued = models.DecimalField(max_digits=30, decimal_places=0)
    reversed_redeemed = models.DecimalField(max_digits=30, decimal_places=0)
    reversed_adjusted = models.DecimalField(max_digits=30, decimal_places=0)

    def __str__(self) -> str:
        return f"{self.day}"


class ActiveMember(models.Model):
    """That a member was active in a metric on a local day. A merged member's rows stay; reads follow the redirect."""

    pk = models.CompositePrimaryKey("environment_id", "day", "member_id", "metric_id")
    environment_id = models.UUIDField()
    day = models.DateField()
    member_id = models.UUIDField()
    metric_id = models.UUIDField()

    def __str__(self) -> str:
        return f"{self.day}"
