"""The demo's history goes through the engine's own actions, in time order.

Its four days of trade are drawn out over half a year, so that months, periods and cohorts have something to show: what
was an hour in the file's shop is five days here. The order of the orders stays, and so does what was long or short
between them. The last day is the one before the first replay. That is never stored: it follows from any event that is
there already, so a replay on a later day sends the same events again, and changes nothing.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Count, Sum

from audit.record import Actor
from loyalty.actions.events import record_batch
from loyalty.demo.orders import DemoEvent, History
from loyalty.models import Event, LedgerEntry
from loyalty.queries.events import RecordedEvent, ReportedEvent
from programs.models import Environment, Metric

Progress = Callable[[int, int], None]
BATCH = 50  # events of a transaction
DAYS = 182
_OPENS, _HOURS = time(8), 11  # of each of them, by the project's clocks
_DAY = _HOURS * 60 * 60  # seconds of trade


class Visit(NamedTuple):
    """What a customer does between the orders, or is given: `act(environment, actor, at)`, by the time of then."""

    at: datetime
    act: Callable[[Environment, Actor, datetime], object]


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the history happens: from the day `first` on, `DAYS` days long. `hours`: the history's."""

    zone: ZoneInfo
    first: date
    hours: tuple[tuple[datetime, datetime], ...]

    def at(self, original: datetime) -> datetime:
        """The instant, in UTC, of one of the file's."""
        days, seconds = divmod(self._trade(original), _DAY)
        return self.on(days, seconds)

    def on(self, day: int, seconds: int = 0) -> datetime:
        """So many seconds after opening, of the day of that number from 0 on; in UTC."""
        opening = datetime.combine(self.first + timedelta(days=day), _OPENS)
        return (opening + timedelta(seconds=seconds)).replace(tzinfo=self.zone).astimezone(UTC)

    @property
    def begins(self) -> datetime:
        """Midnight before the first event, in UTC: rules in force from then on reach all of it."""
        return datetime.combine(self.first, time(), self.zone).astimezone(UTC)

    def day_of(self, original: datetime) -> int:
        """The number of the day on which it happens."""
        return self._trade(original) // _DAY

    def _trade(self, original: datetime) -> int:
        """Seconds of trade before it here, nights and closed days left out."""
        there = sum((max(min(original, end), begin) - begin for begin, end in self.hours), timedelta())
        whole = sum((end - begin for begin, end in self.hours), timedelta())
        return min(there * (DAYS * _DAY) // whole, DAYS * _DAY - 1)


@dataclass(frozen=True, slots=True)
class Summary:
    """What of the history is in the environment now. `points` is the sum of what its events gave of the metric of
    that name, less what its `refunds` took back."""

    events: int
    members: int
    points: int
    refunds: int
    duplicates: int


def stored_events(environment: Environment, history: History) -> dict[str, datetime]:
    """When the history's events happened, as far as they are stored; by event id. One statement."""
    ids = [event.event_id for event in history.events]
    stored = Event.objects.filter(environment_id=environment.id, event_id__in=ids)
    return dict(stored.values_list("event_id", "occurred_at"))


def schedule_of(environment: Environment, history: History, now: datetime) -> Schedule:
    """The schedule of the replay that began, else that of one that begins at `now`: its last day is the latest that
    is over. One statement."""
    zone = ZoneInfo(environment.project.time_zone)
    stored = stored_events(environment, history)
    anew = Schedule(zone, _day(now, zone) - timedelta(days=DAYS), history.hours)
    for event in history.events:
        if event.event_id in stored:
            day = timedelta(days=anew.day_of(event.occurred_at))
            return Schedule(zone, _day(stored[event.event_id], zone) - day, history.hours)
    return anew


def _day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def is_complete(environment: Environment, history: History) -> bool:
    """Whether every event of the history is stored. One statement."""
    return len(stored_events(environment, history)) == len(history.events)


def replay(
    *,
    environment: Environment,
    history: History,
    actor: Actor,
    now: datetime,
    progress: Progress,
    visits: Sequence[Visit] = (),
    batch: int = BATCH,
) -> Summary:
    """Send every event of the history, up to `batch` at a time, each by the time of then; `progress(done, all)` is
    called after each batch. `now` says when a replay that begins is to end.

    Each batch is a transaction, so an interrupted replay is completed by the next one, whenever that is. `visits`,
    none of them after the last event, are made in between, all of them before the history is complete: then it is
    only sent again. A refusal of an event is raised.
    """
    schedule = schedule_of(environment, history, now)
    open_visits = [] if is_complete(environment, history) else sorted(visits, key=lambda visit: visit.at)
    done = duplicates = 0
    for events in _batches(history, schedule, open_visits, batch):
        begins_at, ends_at = (schedule.at(event.occurred_at) for event in (events[0], events[-1]))
        while open_visits and open_visits[0].at <= begins_at:
            visit = open_visits.pop(0)
            visit.act(environment, actor, visit.at)
        reported = [_reported(event, schedule) for event in events]
        for result in record_batch(environment=environment, events=reported, actor=actor, now=ends_at):
            if not isinstance(result, RecordedEvent):
                raise result
            duplicates += result.duplicate
        done += len(events)
        progress(done, len(history.events))
    return summarise(environment, history, duplicates=duplicates)


def _batches(
    history: History, schedule: Schedule, visits: Sequence[Visit], size: int
) -> Iterator[list[DemoEvent]]:
    """The events in their order: none is sent with one of another day, nor with one before a visit that it follows."""
    instants = [visit.at for visit in visits]
    found: list[DemoEvent] = []
    before: object = None
    for event in history.events:
        at = schedule.at(event.occurred_at)
        place = (schedule.day_of(event.occurred_at), bisect_right(instants, at))
        if found and (place != before or len(found) == size):
            yield found
            found = []
        before = place
        found.append(event)
    if found:
        yield found


def _reported(event: DemoEvent, schedule: Schedule) -> ReportedEvent:
    return ReportedEvent(event.event_id, event.type, event.member, event.data, schedule.at(event.occurred_at))


def summarise(environment: Environment, history: History, *, duplicates: int = 0) -> Summary:
    """The summary, read from what is stored. Three statements."""
    ids = [event.event_id for event in history.events]
    stored = Event.objects.filter(environment_id=environment.id, event_id__in=ids)
    figures = stored.aggregate(events=Count("id"), members=Count("member_id", distinct=True))
    points = Metric.objects.filter(environment=environment, code="points").values("id")
    entries = LedgerEntry.objects.filter(event__in=stored.values("id"), account__metric__in=points)
    given = entries.aggregate(points=Sum("points"))
    return Summary(
        events=figures["events"],
        members=figures["members"],
        points=given["points"] or 0,
        refunds=stored.filter(type="refund").count(),
        duplicates=duplicates,
    )
