"""The background jobs and their timetable; procrastinate finds this file by its name (docs/jobs.md).

Each may be ended anywhere and run by two workers at once. `lock`: not two at one time; `queueing_lock`: not
two waiting. Procrastinate passes the `timestamp` for which it was deferred. A job's answer is a few counts for
its line in the log.
"""

import contextlib
from dataclasses import replace
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.db.models import Q
from django.utils import timezone
from procrastinate import JobContext, RetryStrategy, builtin_tasks
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from audit.record import Actor
from loyalty import jobs
from loyalty.actions.back_tests import Interrupted, run_back_test
from loyalty.actions.challenge_edits import settle_edited
from loyalty.actions.code_uploads import delete_previews, run_upload
from loyalty.actions.exporting_lists import delete_expired, run_export
from loyalty.actions.importing import delete_texts
from loyalty.actions.importing_run import run_import
from loyalty.actions.lowered_thresholds import settle_lowered
from loyalty.actions.old_deliveries import delete_deliveries
from loyalty.actions.old_payloads import erase_old_payloads
from loyalty.actions.recounting_plans import recount_plans
from loyalty.actions.retention import delete_idempotency_records
from loyalty.actions.rolling_up import roll_up
from loyalty.actions.sealing import seal_trail
from loyalty.actions.sweep import sweep
from loyalty.actions.tiers import NotAllCounted, evaluate_levels, recount_levels
from loyalty.actions.turns import Run
from loyalty.errors import ServiceUnavailable
from programs.actions.pictures import delete_unused

KEPT_HOURS = 72  # rows of jobs that have ended
Counts = dict[str, int | bool]


def _counted(done: Run, *names: str) -> Counts:
    return {**{name: done.counts[name] for name in names}, "left": done.left}


class SweepFailed(Exception):
    """Some environments could not be settled; the log names them, the others are done."""


@app.periodic(cron="* * * * *")
@app.task(name="sweep", queue="loyalty", lock="sweep", queueing_lock="sweep", pass_context=True)
def settlement_sweep(context: JobContext, timestamp: int) -> Counts:  # noqa: ARG001
    """Every minute: let points vest and expire and holds end, where their time has come."""
    actor = Actor.system("sweep")
    done = sweep(actor=actor, now=timezone.now(), pace=jobs.pace_of(context))
    if done.failed:
        raise SweepFailed(
            f"{len(done.failed)} environments failed; {done.counts['accounts']} accounts were settled."
        )
    return {
        "chunks": done.chunks,
        "accounts": done.counts["accounts"],
        "lots": done.counts["lots"],
        "left": done.left,
    }


class LevelsFailed(Exception):
    """The levels of some environments could not be decided; the log names them, the others are done."""


@app.periodic(cron="*/5 * * * *")
@app.task(name="tiers", queue="loyalty", lock="tiers", queueing_lock="tiers", pass_context=True)
def levels(context: JobContext, timestamp: int) -> Counts:  # noqa: ARG001
    """Every five minutes: raise and lower the members whose level ends or begins by now."""
    actor = Actor.system("tiers")
    done = evaluate_levels(actor=actor, now=timezone.now(), pace=jobs.pace_of(context))
    if done.failed:
        raise LevelsFailed(
            f"{len(done.failed)} environments failed; {done.counts['members']} members were decided."
        )
    return {
        "chunks": done.chunks,
        "members": done.counts["members"],
        "changes": done.counts["changes"],
        "left": done.left,
    }


class CardsFailed(Exception):
    """The cards of some environments could not be settled; the log names them, the others are done."""


@app.periodic(cron="* * * * *")
@app.task(name="stamps", queue="loyalty", lock="stamps", queueing_lock="stamps", pass_context=True)
def lowered_thresholds(context: JobContext, timestamp: int) -> Counts:  # noqa: ARG001
    """Every minute: give the rewards of stamp cards that are full since fewer stamps are needed."""
    actor = Actor.system("stamps")
    done = settle_lowered(actor=actor, now=timezone.now(), pace=jobs.pace_of(context))
    if done.failed:
        raise CardsFailed(
            f"{len(done.failed)} environments failed; {done.counts['cards']} cards were settled."
        )
    return _counted(done, "cards")


class ChallengesFailed(Exception):
    """The edits of some environments' challenges could not be settled; the log names them, the others are done."""


@app.periodic(cron="* * * * *")
@app.task(
    name="challenges", queue="loyalty", lock="challenges", queueing_lock="challenges", pass_context=True
)
def edited_challenges(context: JobContext, timestamp: int) -> Counts:  # noqa: ARG001
    """Every minute: complete challenges of members who have done all since a challenge was made easier."""
    actor = Actor.system("challenges")
    done = settle_edited(actor=actor, now=timezone.now(), pace=jobs.pace_of(context))
    if done.failed:
        raise ChallengesFailed(
            f"{len(done.failed)} environments failed; {done.counts['members']} members were settled."
        )
    return _counted(done, "members")


@app.periodic(cron="* * * * *")
@app.task(name="seals", queue="loyalty", lock="seals", queueing_lock="seals", pass_context=True)
def seals(context: JobContext, timestamp: int) -> Counts:  # noqa: ARG001
    """Every minute: seal what was added to the audit trail, so that nobody changes it unseen."""
    return {"rows": seal_trail(pace=jobs.pace_of(context))}


@app.periodic(cron="* * * * *")
@app.task(name="rollups", queue="loyalty", lock="rollups", queueing_lock="rollups", pass_context=True)
def rollups(context: JobContext, timestamp: int) -> Counts:  # noqa: ARG001
    """Every minute: add what moved to the figures by day, so that charts need not read the ledger."""
    done = roll_up(pace=jobs.pace_of(context))
    return {"rows": done.rows, "entries": done.entries, "rebuilt": done.rebuilt, "left": done.left}


@app.periodic(cron="17 * * * *")
@app.task(
    name="idempotency", queue="loyalty", lock="idempotency", queueing_lock="idempotency", pass_context=True
)
def old_idempotency_records(context: JobContext, timestamp: int) -> Counts:  # noqa: ARG001
    """Every hour: forget the answers kept for calls that may be repeated (Idempotency-Key) after 30 days."""
    return {"deleted": delete_idempotency_records(now=timezone.now(), pace=jobs.pace_of(context))}


class OldPayloadsFailed(Exception):
    """In some environments what is too old could not be blanked; the log names them, the others are done."""


# Daily, but in slices: what one slice leaves is put behind whatever else waits.
@app.periodic(cron="23 3 * * *")
@app.task(
    name="retention",
    queue="loyalty",
    priority=-5,
    lock="retention",
    queueing_lock="retention",
    pass_context=True,
)
def old_payloads(context: JobContext, timestamp: int) -> Counts:
    """Every night: erase what is said of members in history that is too old to be shown; amounts stay."""
    done = erase_old_payloads(now=timezone.now(), pace=jobs.pace_of(context))
    if done.left:
        with contextlib.suppress(AlreadyEnqueued):
            app.configure_task("retention").defer(timestamp=timestamp)
    if done.failed:
        raise OldPayloadsFailed(
            f"{len(done.failed)} environments failed; {done.counts['rows']} rows were blanked."
        )
    return _counted(done, "rows")


@app.periodic(cron="41 3 * * *")
@app.task(
    name="deliveries", queue="loyalty", lock="deliveries", queueing_lock="deliveries", pass_context=True
)
def old_deliveries(context: JobContext, timestamp: int) -> Counts:  # noqa: ARG001
    """Every night: forget the webhook deliveries older than 30 days."""
    return {"deleted": delete_deliveries(now=timezone.now(), pace=jobs.pace_of(context))}


@app.task(
    name="recount",
    queue="loyalty",
    priority=-5,
    pass_context=True,
    retry=RetryStrategy(wait=5, retry_exceptions=[NotAllCounted, OperationalError, InterfaceError]),
)
def recount(context: JobContext, environment: str) -> Counts:
    """When a ladder is made or counts something else: count each member's progress anew."""
    pace = replace(jobs.pace_of(context), seconds=None)
    actor = Actor.system("tiers")
    return {"days": recount_levels(environment_id=UUID(environment), actor=actor, pace=pace)}


# One at a time, so that a worker always has a hand free for the timetable, and after everything else that waits.
@app.task(
    name="back_test",
    queue="loyalty",
    lock="back_test",
    priority=-10,
    pass_context=True,
    retry=RetryStrategy(wait=5, retry_exceptions=[Interrupted, OperationalError, InterfaceError]),
)
def try_draft(context: JobContext, back_test: str) -> Counts:
    """When somebody starts a back-test: try the draft of a rule on the events of a period."""
    pace = replace(jobs.pace_of(context), seconds=None)
    return run_back_test(back_test=UUID(back_test), pace=pace, attempt=context.job.attempts)


@app.task(
    name="code_upload",
    queue="loyalty",
    priority=-5,
    pass_context=True,
    retry=RetryStrategy(wait=5, retry_exceptions=[Interrupted, OperationalError, InterfaceError]),
)
def add_uploaded_codes(context: JobContext, upload: str) -> Counts:
    """When somebody starts the upload of a file of codes: add its codes to the reward."""
    pace = replace(jobs.pace_of(context), seconds=None)
    return run_upload(upload=UUID(upload), pace=pace, attempt=context.job.attempts)


@app.task(
    name="import",
    queue="loyalty",
    priority=-5,
    pass_context=True,
    retry=RetryStrategy(
        wait=5, retry_exceptions=[Interrupted, OperationalError, InterfaceError, ServiceUnavailable]
    ),
)
def import_file(context: JobContext, file: str) -> Counts:
    """When somebody starts an import: import the file, or try it."""
    pace = replace(jobs.pace_of(context), seconds=None)
    return run_import(file=UUID(file), pace=pace, attempt=context.job.attempts)


@app.task(
    name="export",
    queue="loyalty",
    priority=-5,
    pass_context=True,
    retry=RetryStrategy(wait=5, retry_exceptions=[Interrupted, OperationalError, InterfaceError]),
)
def write_export(context: JobContext, export: str) -> Counts:
    """When somebody asks for a list as a file: write the file."""
    pace = replace(jobs.pace_of(context), seconds=None)
    return run_export(export=UUID(export), pace=pace, attempt=context.job.attempts)


@app.periodic(cron="47 * * * *")
@app.task(name="exports", queue="loyalty", lock="exports", queueing_lock="exports", pass_context=True)
def old_exports(context: JobContext, timestamp: int) -> Counts:  # noqa: ARG001
    """Every hour: delete the files of exports whose day is over."""
    return {"deleted": delete_expired(now=timezone.now(), pace=jobs.pace_of(context))}


@app.periodic(cron="29 * * * *")
@app.task(name="previews", queue="loyalty", lock="previews", queueing_lock="previews", pass_context=True)
def old_previews(context: JobContext, timestamp: int) -> Counts:  # noqa: ARG001
    """Every hour: forget the files that were looked at a day ago and never taken, lines that an import refused a week
    ago, and pictures that no reward shows any more."""
    deleted = delete_previews(now=timezone.now(), pace=jobs.pace_of(context))
    imports = delete_texts(now=timezone.now(), pace=jobs.pace_of(context))
    return {"deleted": deleted, "imports": imports, "pictures": delete_unused(now=timezone.now())}


@app.periodic(cron="*/10 * * * *")
@app.task(name="plans", queue="loyalty", lock="plans", queueing_lock="plans", pass_context=True)
def recounted_plans(context: JobContext, timestamp: int) -> Counts:  # noqa: ARG001
    """Every ten minutes: count again what plans limit, should a process have died while it counted."""
    wrong = recount_plans(now=timezone.now(), pace=jobs.pace_of(context))
    return {"seats": wrong["seats"], "events": wrong["events"]}


@app.task(
    name="recount_plan",
    queue="loyalty",
    pass_context=True,
    retry=RetryStrategy(wait=5, retry_exceptions=[OperationalError, InterfaceError]),
)
def recount_plan(context: JobContext, plan: str | None = None, organization: str | None = None) -> Counts:
    """When a plan is changed, or given to an organization: count again what it limits."""
    pace = replace(jobs.pace_of(context), seconds=None)
    whose = Q(organization=UUID(organization)) if organization else Q(organization__plan=plan)
    wrong = recount_plans(now=timezone.now(), pace=pace, whose=whose)
    return {"seats": wrong["seats"], "events": wrong["events"]}


# No lock: a worker that dies in it must not keep it from the others.
@app.periodic(cron="* * * * * */20")
@app.task(name="stalled_jobs", queue="loyalty", queueing_lock="stalled_jobs", priority=10, pass_context=True)
async def stalled_jobs(context: JobContext, timestamp: int) -> Counts:  # noqa: ARG001
    """Every 20 seconds: give what a dead worker was doing to another."""
    return {"freed": await jobs.free_stalled(context.app)}


@app.periodic(cron="41 * * * *")
@app.task(name="old_jobs", queue="loyalty", queueing_lock="old_jobs", pass_context=True)
async def old_jobs(context: JobContext, timestamp: int) -> None:  # noqa: ARG001
    """Every hour: forget the jobs that ended more than three days ago."""
    await builtin_tasks.remove_old_jobs(
        context, max_hours=KEPT_HOURS, remove_failed=True, remove_cancelled=True, remove_aborted=True
    )
