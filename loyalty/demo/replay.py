"""The demo's history goes through the engine's own actions, in time order.

Dates are shifted by whole weeks of the project's calendar, so that every day keeps its weekday (a rule may
apply on weekends only) and the file's last day, a Sunday, is the latest one before the day of the first
replay. The shift is never stored: it follows from any event that is there already, so a replay on a later
day sends the same events again, and changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Sum

from audit.record import Actor
from loyalty.actions.events import record_batch
from loyalty.demo.orders import History
from loyalty.errors import EventTooLate
from loyalty.models import Event, LedgerEntry
from loyalty.queries.events import RecordedEvent, ReportedEvent
from programs.models import Environment, Metric

Progress = Callable[[int, int], None]
BATCH = 50  # events of a transaction


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the history happens: `days` later than in the file, at the same hour of the day there."""

    zone: ZoneInfo
    days: int

    def at(self, original: datetime) -> datetime:
        """The shifted instant, in UTC."""
        local = original.astimezone(self.zone).replace(tzinfo=None) + timedelta(days=self.days)
        return local.replace(tzinfo=self.zone).astimezone(UTC)

    def begins(self, history: History) -> datetime:
        """Midnight before the first event, in UTC: rules in force from then on reach all of it."""
        first = self.at(history.events[0].occurred_at).astimezone(self.zone).date()
        return datetime.combine(first, time(), self.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Summary:
    """What of the history is in the environment now. `points` is the sum of what its events gave of the metric of
    that name, less what its `refunds` took back."""

    events: int
    members: int
    points: int
    refunds: int
    too_late: int
    duplicates: int


def stored_events(environment: Environment, history: History) -> dict[str, datetime]:
    """When the history's events happened, as far as they are stored; by event id. One statement."""
    ids = [event.event_id for event in history.events]
    stored = Event.objects.filter(environment_id=environment.id, event_id__in=ids)
    return dict(stored.values_list("event_id", "occurred_at"))


def schedule_of(environment: Environment, history: History, now: datetime) -> Schedule:
    """The schedule of the replay that began, else that of one that begins at `now`: whole weeks, the most
    with which the last day is over. One statement."""
    zone = ZoneInfo(environment.project.time_zone)
    stored = stored_events(environment, history)
    for event in history.events:
        if event.event_id in stored:
            return Schedule(zone, (_day(stored[event.event_id], zone) - _day(event.occurred_at, zone)).days)
    last = max(_day(event.occurred_at, zone) for event in history.events)
    yesterday = _day(now, zone) - timedelta(days=1)
    return Schedule(zone, (yesterday - last).days // 7 * 7)


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
    batch: int = BATCH,
) -> Summary:
    """Send every event of the history, `batch` at a time; `progress(done, all)` is called after each batch.

    Each batch is a transaction, so an interrupted replay is completed by the next one; but only within the
    engine's late window. What it refuses after that is counted in `too_late`; any other refusal is raised.
    """
    schedule = schedule_of(environment, history, now)
    too_late = duplicates = 0
    for begin in range(0, len(history.events), batch):
        events = [
            ReportedEvent(
                event.event_id, event.type, event.member, event.data, schedule.at(event.occurred_at)
            )
            for event in history.events[begin : begin + batch]
        ]
        for result in record_batch(environment=environment, events=events, actor=actor, now=now):
            if isinstance(result, RecordedEvent):
                duplicates += result.duplicate
            elif isinstance(result, EventTooLate):
                too_late += 1
            else:
                raise result
        progress(begin + len(events), len(history.events))
    return summarise(environment, history, too_late=too_late, duplicates=duplicates)


def summarise(
    environment: Environment, history: History, *, too_late: int = 0, duplicates: int = 0
) -> Summary:
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
        too_late=too_late,
        duplicates=duplicates,
    )
