"""The worker that runs the jobs of `loyalty.tasks`, round procrastinate's own (docs/jobs.md)."""

import asyncio
import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import structlog
from django.db import connections, reset_queries
from procrastinate import App, JobContext, exceptions
from procrastinate.app import WorkerOptions
from procrastinate.contrib.django.utils import connector_params
from procrastinate.jobs import Status
from procrastinate.middleware import AsyncCallNext, SyncCallNext
from procrastinate.psycopg_connector import PsycopgConnector
from procrastinate.worker import Worker

from loyalty.actions.pace import Pace

RUN_SECONDS = 50.0  # of a chunked job: less than a minute, after which the next one is due
HEARTBEAT_SECONDS = 3.0
STALLED_SECONDS = 15.0  # without a heartbeat: the worker is dead
PATIENCE = (1, 2, 5, 10, 30)  # seconds before the database is tried again
QUEUES = ["loyalty"]

OPTIONS: WorkerOptions = {
    "queues": QUEUES,
    "concurrency": 2,  # a long sweep keeps nothing else waiting
    # Polled: LISTEN needs a session of its own, and each NOTIFY would take turns with all other commits.
    "listen_notify": False,
    "fetch_job_polling_interval": 0.25,
    "update_heartbeat_interval": HEARTBEAT_SECONDS,
    "stalled_worker_timeout": STALLED_SECONDS,
    "install_signal_handlers": False,  # ours, since they also end a reconnection
    "delete_jobs": "never",  # the rows say when a job ran last, and how it ended
}

logger = structlog.get_logger(__name__)


def connector() -> PsycopgConnector:
    """The worker's own few connections for its queue, to Django's database; jobs use Django's."""
    return PsycopgConnector(kwargs=connector_params(), min_size=1, max_size=2, timeout=3.0)


def pace_of(context: JobContext) -> Pace:
    """How a chunked job may go about in this worker."""
    pace: Pace = context.additional_context["pace"]
    return pace


async def run(app: App, *, once: bool = False, stopping: threading.Event | None = None) -> None:
    """Run jobs until SIGTERM, SIGINT or `stopping`; `once`: everything that there is to do now, then return.

    Told to stop, it ends at once where no job runs, else after the present chunk. When the database goes
    away it waits and connects again; `once` raises ConnectorException instead.
    """
    stopping = stopping or threading.Event()
    with _signals(stopping):
        if once:
            await _run_once(app, stopping)
            return
        failures = 0
        while not stopping.is_set():
            began = time.monotonic()
            try:
                await _run_until_stopped(app, stopping)
            except (exceptions.ConnectorException, psycopg.Error) as error:
                logger.warning("worker.database_lost", error=reason(error))
            if time.monotonic() - began > PATIENCE[-1]:
                failures = 0
            await _wait(stopping, PATIENCE[min(failures, len(PATIENCE) - 1)])
            failures += 1


def reason(error: Exception) -> str:
    """What the database said, which procrastinate keeps behind its own words."""
    return str(error.__cause__ or error).strip()


async def free_stalled(app: App) -> int:
    """Let go of the jobs of workers that are dead: run again, unless the next of its kind waits already."""
    manager, freed = app.job_manager, 0
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        try:
            await manager.retry_job(job)
        except exceptions.UniqueViolation:
            await manager.finish_job(job, Status.FAILED, delete_job=False)
        freed += 1
    return freed


async def _run_until_stopped(app: App, stopping: threading.Event) -> None:
    pace = Pace(seconds=RUN_SECONDS, stopping=stopping)
    async with app.open_async():
        await free_stalled(app)
        worker = asyncio.create_task(_worker(app, pace, wait=True))
        stop = asyncio.create_task(_wait(stopping))
        await asyncio.wait({worker, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        worker.cancel()  # if it has not ended: no further job, and the end of those that run is awaited
        with contextlib.suppress(asyncio.CancelledError):
            await worker


async def _run_once(app: App, stopping: threading.Event) -> None:
    usual = app.periodic_defaults
    app.periodic_defaults = {"max_delay": 0}  # only what is put there now, not the timetable's last
    try:
        async with app.open_async():
            await free_stalled(app)
            for periodic in app.periodic_registry.periodic_tasks.values():
                with contextlib.suppress(exceptions.AlreadyEnqueued):
                    await periodic.task.defer_async(timestamp=int(time.time()))
            await _worker(app, Pace(stopping=stopping), wait=False)
    finally:
        app.periodic_defaults = usual


async def _worker(app: App, pace: Pace, *, wait: bool) -> None:
    options: WorkerOptions = {
        **OPTIONS,
        # One after the other where it ends when nothing can be begun: what waits for a lock is begun then too.
        "concurrency": OPTIONS["concurrency"] if wait else 1,
        "wait": wait,
        "additional_context": {"pace": pace},
        "worker_middleware": [_told],
        "task_middleware": [_disconnecting],
    }
    await app.run_worker_async(**options)


async def _told(call_next: AsyncCallNext, context: JobContext, worker: Worker) -> Any:  # noqa: ARG001
    """One line in the log for each run of a job; a failure's traceback is procrastinate's."""
    began = time.monotonic()
    name = context.job.task_name
    try:
        counts = await call_next()
    except BaseException as error:
        logger.error("job.failed", job=name, seconds=_since(began), error=repr(error))  # noqa: TRY400
        raise
    logger.info("job.done", job=name, seconds=_since(began), **(counts or {}))
    return counts


def _disconnecting(call_next: SyncCallNext, context: JobContext, worker: Worker) -> Any:  # noqa: ARG001
    """A job leaves no connection of Django's open in the thread it ran in: it may be a minute until the next."""
    try:
        return call_next()
    finally:
        connections.close_all()
        reset_queries()


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)


@contextlib.contextmanager
def _signals(stopping: threading.Event) -> Iterator[None]:
    """SIGTERM and SIGINT set `stopping`; outside the main thread, where signals don't arrive, nothing does."""
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT) if threading.current_thread() is threading.main_thread() else ()
    for number in signals:
        loop.add_signal_handler(number, stopping.set)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


async def _wait(stopping: threading.Event, seconds: float = float("inf")) -> None:
    """Until `stopping` is set, from whichever thread, or the time is over."""
    end = time.monotonic() + seconds
    while not stopping.is_set() and time.monotonic() < end:  # noqa: ASYNC110 - threads set it too
        await asyncio.sleep(0.1)
