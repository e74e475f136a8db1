"""What the background jobs have done, from procrastinate's tables (docs/jobs.md)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

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
