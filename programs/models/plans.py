"""What a tenant may use, and how much of it is used (domain.md 10)."""

from django.db import models
from django.db.models import Q

from audit.ids import new_id

LIMITS = {
    "projects": "Projects",
    "programs": "Programs",
    "members": "Members",
    "webhook_endpoints": "Webhook endpoints",
    "events_per_month": "Events this month",
    "history_days": "Days of history shown",
    "requests_per_minute": "Requests in a minute",
}
FEATURES = {
    "challenges": "Challenges",
    "stamps": "Stamp cards",
    "webhooks": "Webhooks",
    "cross_project": "Programs shared between projects",
    "approvals": "A second person for large adjustments",
}


class Plan(models.Model):
    """Limits and features of an organization. A limit that is absent does not bind."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.SlugField(max_length=50, unique=True)
    name = models.CharField(max_length=200)
    limits = models.JSONField(
        default=dict, blank=True, help_text='{"members": 10000, …}; a missing limit is unlimited.'
    )
    features = models.JSONField(default=list, blank=True, help_text='["challenges", "stamps", …]')

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Kept(models.Model):
    """Something that is counted for the environments of one kind of an organization, by all its projects."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey("programs.Organization", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=7)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} of {self.organization_id} · {self.kind}"


class Seats(Kept):
    """How many members an organization has in its environments of one kind. Kept while the plan limits them; a
    row that is missing is counted when somebody needs it."""

    used = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "seats"
        constraints = [
            models.UniqueConstraint(fields=["organization", "kind"], name="seats_unique"),
            models.CheckConstraint(condition=Q(kind__in=["sandbox", "live"]), name="seats_kind_valid"),
            models.CheckConstraint(condition=Q(used__gte=0), name="seats_not_negative"),
        ]


class EventAllowance(Kept):
    """Events of one month. `taken`: those recorded, and those that processes lease and have not used yet."""

    month = models.DateField(help_text="Its first day; months are those of each project's zone.")
    taken = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "kind", "month"], name="event_allowance_unique"),
            models.CheckConstraint(
                condition=Q(kind__in=["sandbox", "live"]), name="event_allowance_kind_valid"
            ),
            models.CheckConstraint(condition=Q(taken__gte=0), name="event_allowance_not_negative"),
            models.CheckConstraint(condition=Q(month__day=1), name="event_allowance_month_first"),
        ]


class EventLease(models.Model):
    """A block of an allowance that one process may use until `expires_at`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    allowance = models.ForeignKey(EventAllowance, on_delete=models.CASCADE, related_name="leases")
    events = models.BigIntegerField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(events__gt=0), name="event_lease_some")]

    def __str__(self) -> str:
        return f"{self.events} until {self.expires_at}"


class PlanWarning(Kept):
    """That somebody was told once of a limit that is near."""

    limit = models.CharField(max_length=30)
    allowed = models.BigIntegerField()
    period = models.CharField(max_length=7, blank=True, help_text="2026-11 for what is counted by the month.")
    warned_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "kind", "limit", "allowed", "period"], name="plan_warning_once"
            ),
        ]
