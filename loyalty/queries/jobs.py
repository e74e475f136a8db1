"""What the background jobs have done, from procrastinate's tables (docs/jobs.md)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.periodic import PeriodicTask

from audit.models import WebhookDelivery, WebhookRelay
from audit.positions import Restored
from audit.webhooks.relay import state

_QUEUE = "loyalty"

# The rows of a job are kept for days, those of the newest run of each task in any case longer than its period.
_LAST_RUNS = """
SELECT DISTINCT ON (job.task_name) job.task_name, job.status::text, started.at, ended.at
FROM procrastinate_jobs AS job
CROSS JOIN LATERAL (
    SELECT max(at) AS at FROM procrastinate_events WHERE job_id = job.id AND type = 'started'
) AS started
CROSS JOIN LATERAL (
    SELECT max(at) AS at FROM procrastinate_events
    WHERE job_id = job.id AND type IN ('succeeded', 'failed', 'aborted') AND at >= started.at
) AS ended
WHERE started.at IS NOT NULL
ORDER BY job.task_name, started.at DESC
"""


@dataclass(frozen=True, slots=True)
class JobRun:
    """The last run of a job, in real time. `outcome`: succeeded, failed, aborted, doing, or todo (again)."""

    job: str
    outcome: str
    started_at: datetime
    ended_at: datetime | None

    @property
    def duration(self) -> timedelta | None:
        return self.ended_at - self.started_at if self.ended_at else None


def last_runs() -> list[JobRun]:
    """The last run of each job that has run within the days that rows are kept, by name; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST_RUNS)
        return [JobRun(*row) for row in cursor.fetchall()]


_WAITING = """
SELECT task_name, count(*) FROM procrastinate_jobs
WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now()) GROUP BY task_name
"""
_WORKERS = (
    "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => %s)"
)
_ALIVE_SECONDS = 15.0  # as long without a heartbeat a worker counts as dead (loyalty.jobs)
_OUTBOX_SECONDS = 60.0  # without a look at the outbox: nobody sends webhooks


@dataclass(frozen=True, slots=True)
class JobState:
    """A job as the console shows it, in real time. `occasion`: when it runs; `next_at`: of one of the timetable;
    `waiting`: how many are due and not begun."""

    job: str
    occasion: str
    purpose: str
    last: JobRun | None
    next_at: datetime | None
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Outbox:
    """Webhooks, which a worker looks for beside its jobs. `problem`: why none are sent."""

    checked_at: datetime | None
    pending: int
    problem: str


def job_states(now: datetime) -> list[JobState]:
    """All jobs, those of the timetable first, by name; two statements."""
    runs = {run.job: run for run in last_runs()}
    with connection.cursor() as cursor:
        cursor.execute(_WAITING)
        waiting = dict(cursor.fetchall())
    timetable = {each.task.name: each for each in app.periodic_registry.periodic_tasks.values()}
    tasks = [task for task in app.tasks.values() if task.queue == _QUEUE]
    return [
        JobState(
            task.name,
            *_said(task.func),
            runs.get(task.name),
            _next(timetable[task.name], now) if task.name in timetable else None,
            waiting.get(task.name, 0),
        )
        for task in sorted(tasks, key=lambda task: (task.name not in timetable, task.name))
    ]


def workers_alive() -> int:
    """How many workers run, as their heartbeats say; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_WORKERS, [_ALIVE_SECONDS])
        (count,) = cursor.fetchone()
    return int(count)


def outbox(now: datetime) -> Outbox:
    """How the sending of webhooks is; three statements."""
    checked = WebhookRelay.objects.values_list("checked_at", flat=True).first()
    pending = WebhookDelivery.objects.filter(status=WebhookDelivery.Status.PENDING).count()
    try:
        state(now)
    except Restored as error:
        return Outbox(checked, pending, str(error))
    late = checked is None or (now - checked).total_seconds() > _OUTBOX_SECONDS
    return Outbox(checked, pending, "No worker looks for them: start one." if late else "")


def _next(periodic: PeriodicTask[Any, Any, Any], now: datetime) -> datetime:
    at = periodic.croniter.get_next(float, start_time=now.timestamp(), update_current=False)
    return datetime.fromtimestamp(at, UTC)


def _said(function: Callable[..., object]) -> tuple[str, str]:
    """When a job runs, and what it does: its docstring begins so."""
    occasion, _, purpose = " ".join((function.__doc__ or "").split()).partition(": ")
    return occasion, purpose[:1].upper() + purpose[1:]
