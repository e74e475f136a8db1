"""How much of its plan an organization uses, counted from the rows themselves (domain.md 10)."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from loyalty.models import Event
from programs.models import Environment

_SLACK = timedelta(days=1)  # an event's id is older than its row by no more


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
    return rows.filter(id__gte=_first_id(begins - _SLACK)).count()


def _first_id(at: datetime) -> UUID:
    milliseconds = int(at.astimezone(UTC).timestamp() * 1000)
    return UUID(int=max(0, milliseconds) << 80)
