"""The background jobs and their timetable; procrastinate finds this file by its name (docs/jobs.md).

Each may be ended anywhere and run by two workers at once. `lock`: not two at one time; `queueing_lock`: not
two waiting. Procrastinate passes the `timestamp` for which it was deferred. A job's answer is a few counts for
its line in the log.
"""

from django.utils import timezone
from procrastinate import JobContext, builtin_tasks
from procrastinate.contrib.django import app

from audit.record import Actor
from loyalty import jobs
from loyalty.actions.retention import delete_idempotency_records
from loyalty.actions.sweep import sweep

KEPT_HOURS = 72  # rows of jobs that have ended
Counts = dict[str, int | bool]


class SweepFailed(Exception):
    """Some environments could not be settled; the log names them, the others are done."""


@app.periodic(cron="* * * * *")
@app.task(name="sweep", queue="loyalty", lock="sweep", queueing_lock="sweep", pass_context=True)
def settlement_sweep(context: JobContext, timestamp: int) -> Counts:  # noqa: ARG001
    """Every minute: settle what has come due, in every environment."""
    actor = Actor.system("sweep")
    done = sweep(actor=actor, now=timezone.now(), pace=jobs.pace_of(context))
    if done.failed:
        raise SweepFailed(f"{len(done.failed)} environments failed; {done.accounts} accounts were settled.")
    return {"chunks": done.chunks, "accounts": done.accounts, "lots": done.lots, "left": done.left}


@app.periodic(cron="17 * * * *")
@app.task(
    name="idempotency", queue="loyalty", lock="idempotency", queueing_lock="idempotency", pass_context=True
)
def old_idempotency_records(context: JobContext, timestamp: int) -> Counts:  # noqa: ARG001
    """Every hour: forget the answers of requests older than 30 days."""
    return {"deleted": delete_idempotency_records(now=timezone.now(), pace=jobs.pace_of(context))}


# No lock: a worker that dies in it must not keep it from the others.
@app.periodic(cron="* * * * * */20")
@app.task(name="stalled_jobs", queue="loyalty", queueing_lock="stalled_jobs", priority=10, pass_context=True)
async def stalled_jobs(context: JobContext, timestamp: int) -> Counts:  # noqa: ARG001
    """Every 20 seconds: what a dead worker was at is done by another."""
    return {"freed": await jobs.free_stalled(context.app)}


@app.periodic(cron="41 * * * *")
@app.task(name="old_jobs", queue="loyalty", queueing_lock="old_jobs", pass_context=True)
async def old_jobs(context: JobContext, timestamp: int) -> None:  # noqa: ARG001
    """Every hour: forget the jobs that ended more than three days ago."""
    await builtin_tasks.remove_old_jobs(
        context, max_hours=KEPT_HOURS, remove_failed=True, remove_cancelled=True, remove_aborted=True
    )
