"""How much of its plan an organization uses, counted from the rows themselves (domain.md 10)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from audit.ids import first_id_at
from loyalty.ledger.seating import living_members
from loyalty.models import Event
from programs.actions.plan_limits import NEAR
from programs.models import Environment
from programs.models.plans import FEATURES, LIMITS
from programs.queries.plans import Terms, programs_used, projects_used, terms_of, webhook_endpoints_used

# Of what is not used up: none is counted.
_RATES = frozenset({"history_days", "requests_per_minute"})
_SLACK = timedelta(days=1)  # an event's id is older than its row by no more


@dataclass(frozen=True, slots=True)
class LimitUse:
    """One limit of a plan. `allowed` None: unlimited. `used` None: of what is not used up."""

    limit: str
    name: str
    used: int | None
    allowed: int | None

    @property
    def percent(self) -> int:
        """How much of it is used, in whole per cents; of nothing allowed all."""
        if self.used is None or self.allowed is None:
            return 0
        return 100 if not self.allowed else self.used * 100 // self.allowed

    @property
    def is_over(self) -> bool:
        """More is there than the plan allows, since a larger plan went."""
        return self.used is not None and self.allowed is not None and self.used > self.allowed

    @property
    def is_full(self) -> bool:
        return self.used is not None and self.allowed is not None and self.used >= self.allowed

    @property
    def is_near(self) -> bool:
        return self.percent >= NEAR


@dataclass(frozen=True, slots=True)
class PlanUse:
    """`resets_at`: when the month's events begin anew, in the project's zone. `features`: whether the plan holds
    each, by name."""

    terms: Terms
    limits: list[LimitUse]
    features: dict[str, bool]
    resets_at: datetime


def plan_use(*, environment: Environment, now: datetime) -> PlanUse:
    """What the plan allows and how much of it is used, by the organization's environments of this one's kind.
    `now`: real time."""
    terms, zone = terms_of(environment), ZoneInfo(environment.project.time_zone)
    organization, kind = environment.project.organization_id, environment.kind
    month = now.astimezone(zone).date().replace(day=1)
    counts: dict[str, Callable[[], int]] = {
        "projects": lambda: projects_used(organization),
        "programs": lambda: programs_used(organization, kind),
        "members": lambda: living_members(organization, kind),
        "webhook_endpoints": lambda: webhook_endpoints_used(organization, kind),
        "events_per_month": lambda: events_recorded(organization, kind, month),
    }
    limits = [
        LimitUse(name, title, None if name in _RATES else counts[name](), terms.limits.get(name))
        for name, title in LIMITS.items()
    ]
    features = {name: name in terms.features for name in FEATURES}
    return PlanUse(terms, limits, features, datetime.combine(next_month(month), time(), zone))


def events_recorded(organization: UUID, kind: str, month: date) -> int:
    """How many events the organization's environments of that kind recorded in the month that begins on that day,
    each in its project's zone. One statement for each environment, archived ones too."""
    environments = Environment.objects.filter(project__organization=organization, kind=kind)
    return sum(
        _recorded(each.pk, month, ZoneInfo(each.project.time_zone))
        for each in environments.select_related("project")
    )


def next_month(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _recorded(environment: UUID, month: date, zone: ZoneInfo) -> int:
    begins, ends = (datetime.combine(day, time(), zone) for day in (month, next_month(month)))
    rows = Event.objects.filter(environment_id=environment, recorded_at__gte=begins, recorded_at__lt=ends)
    # Ids begin with the time at which they were made; they have the index.
    return rows.filter(id__gte=first_id_at(begins - _SLACK)).count()
