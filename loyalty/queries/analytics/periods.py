"""Local days of a project as instants (domain.md 12)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from loyalty.rules.days import day_of, midnight
from programs.models import Environment


@dataclass(frozen=True, slots=True)
class Period:
    """`begins_at <= at < ends_at`, in days of the zone: whole ones, or cut at its ends."""

    begins_at: datetime
    ends_at: datetime
    zone: ZoneInfo

    @property
    def first(self) -> date:
        return day_of(self.begins_at, self.zone)

    @property
    def last(self) -> date:
        """The day in which the last instant lies."""
        return day_of(self.ends_at - timedelta(microseconds=1), self.zone)

    def __iter__(self) -> Iterator[date]:
        """Each day, in order."""
        return (self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1))


def zone_of(environment: Environment) -> ZoneInfo:
    return ZoneInfo(environment.project.time_zone)


def days(environment: Environment, first: date, last: date) -> Period:
    """The local days from `first` to `last`, both whole."""
    zone = zone_of(environment)
    return Period(midnight(first, zone), midnight(last + timedelta(days=1), zone), zone)
