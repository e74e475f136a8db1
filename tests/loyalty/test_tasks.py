"""The background jobs: what each does, in which portions, and what the worker makes of them."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import structlog
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.utils import OperationalError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from audit.ids import new_id
from loyalty import jobs
from loyalty.actions import sweep
from loyalty.actions.clock import set_clock
from loyalty.actions.pace import Pace
from loyalty.actions.turns import Run
from loyalty.models import Account
from loyalty.queries.due import environments_due
from loyalty.queries.jobs import last_runs
from programs.models import Environment, Metric
from tests.conftest import Api
from tests.factories import make_actor, make_environment, make_key, make_member
from tests.waiting import backends, wait_for

ALL = {each.task.name for each in app.periodic_registry.periodic_tasks.values()}  # the timetable
Together = Callable[..., list[Any]]


# The sweep, over a ledger that is not the real one (tests/loyalty/ledger/test_sweep.py has that)


class FakeLedger:
    """Settles two accounts at a time, of as many as are due in each environment; `calls` in their order."""

    def __init__(self, due: dict[Environment, int], broken: Environment | None = None) -> None:
        self.due = {environment.pk: accounts for environment, accounts in due.items()}
        self.broken = broken
        self.calls: list[tuple[UUID, datetime]] = []

    def settle_due(self, *, environment: Environment, actor: Any, now: datetime) -> Any:
        self.calls.append((environment.pk, now))
        if environment == self.broken:
            raise OperationalError("the disk is full")
        accounts = min(2, self.due[environment.pk])
        self.due[environment.pk] -= accounts
        return SimpleNamespace(accounts=accounts, lots=3 * accounts)


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Callable[..., FakeLedger]:
    def install(due: dict[Environment, int], broken: Environment | None = None) -> FakeLedger:
        made = FakeLedger(due, broken)
        monkeypatch.setattr(sweep, "settle_due", made.settle_due)
        monkeypatch.setattr(sweep, "environments_due", lambda *, now: list(due))
        return made

    return install


def run_sweep(pace: Pace | None = None) -> Run:
    return sweep.sweep(actor=make_actor(), now=timezone.now(), pace=pace or Pace(rest=0))


@pytest.mark.django_db
def test_environments_take_turns_until_nothing_is_left(ledger: Callable[..., FakeLedger]) -> None:
    large, small = make_environment(), make_environment()
    fake = ledger({large: 5, small: 2})
    done = run_sweep()
    assert (done.chunks, done.counts) == (4, {"accounts": 7, "lots": 21})
    assert (done.left, done.failed) == (False, [])
    assert [pk for pk, _ in fake.calls] == [pk.pk for pk in (large, small, large, small, large, large)]


@pytest.mark.django_db
def test_a_sandbox_is_settled_at_its_own_now(ledger: Callable[..., FakeLedger]) -> None:
    clock = datetime(2031, 5, 1, tzinfo=UTC)
    sandbox, live = make_environment(), make_environment("live")
    set_clock(environment=sandbox, clock=clock, actor=make_actor())
    sandbox.refresh_from_db()
    fake = ledger({sandbox: 1, live: 1})
    before = timezone.now()
    run_sweep()
    assert {now for pk, now in fake.calls if pk == sandbox.pk} == {clock}
    (real,) = {now for pk, now in fake.calls if pk == live.pk}
    assert before <= real <= timezone.now()


@pytest.mark.django_db
def test_an_environment_that_fails_does_not_keep_the_others(ledger: Callable[..., FakeLedger]) -> None:
    broken, sound = make_environment(), make_environment()
    fake = ledger({broken: 9, sound: 3}, broken)
    done = run_sweep()
    assert done.failed == [broken.pk]
    assert (done.counts["accounts"], fake.due) == (3, {broken.pk: 9, sound.pk: 0})
    assert [pk for pk, _ in fake.calls].count(broken.pk) == 1


@pytest.mark.django_db
def test_when_the_time_is_over_the_rest_is_left_to_the_next_sweep(
    ledger: Callable[..., FakeLedger], environment: Environment
) -> None:
    fake = ledger({environment: 7})
    monotonic = iter([0.0, 0.0, 0.0, 1.0, 10.0, 10.0, 49.0, 50.0])  # the end is at 50: after two chunks
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("loyalty.actions.pace.time.monotonic", lambda: next(monotonic))
        done = run_sweep(Pace(seconds=50.0, rest=0))
    assert (done.counts["accounts"], done.left) == (4, True)
    assert fake.due == {environment.pk: 3}
    done = run_sweep()
    assert (done.counts["accounts"], done.left) == (3, False)


@pytest.mark.django_db
def test_a_worker_that_is_told_to_stop_ends_after_the_chunk(
    ledger: Callable[..., FakeLedger], environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake, stopping = ledger({environment: 7}), threading.Event()

    def settle_and_stop(**arguments: Any) -> Any:
        stopping.set()
        return fake.settle_due(**arguments)

    monkeypatch.setattr(sweep, "settle_due", settle_and_stop)
    done = run_sweep(Pace(stopping=stopping))
    assert (done.chunks, done.left, fake.due) == (1, True, {environment.pk: 5})


def test_between_chunks_half_as_long_as_the_chunk_is_left_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    stopping = threading.Event()
    rests: list[float] = []
    monkeypatch.setattr(stopping, "wait", rests.append)
    times = iter([10.0, 14.0, 20.0, 20.5, 30.0])
    monkeypatch.setattr("loyalty.actions.pace.time.monotonic", lambda: next(times))
    chunks = Pace(stopping=stopping).chunks()
    assert [next(chunks) for _ in range(3)] == [0, 1, 2]
    assert rests == [2.0, 0.25]


# Which environments have something due


def make_account(environment: Environment, next_due_at: datetime | None) -> None:
    Account.objects.create(
        environment_id=environment.pk,
        member=make_member(environment, f"m{new_id()}"),
        metric=Metric.objects.get(environment=environment),
        next_due_at=next_due_at,
    )


@pytest.mark.django_db
def test_due_is_what_an_environments_own_now_has_reached() -> None:
    now = datetime(2030, 1, 1, tzinfo=UTC)
    minute = timedelta(minutes=1)
    due, late, never, ahead, behind, archived = (make_environment() for _ in range(6))
    set_clock(environment=ahead, clock=now + 9 * minute, actor=make_actor())
    set_clock(environment=behind, clock=now - 9 * minute, actor=make_actor())
    for environment, at in (
        (due, now),
        (due, now - minute),
        (late, now + minute),
        (never, None),
        (ahead, now + 9 * minute),
        (behind, now - 8 * minute),
        (archived, now),
    ):
        make_account(environment, at)
    Environment.objects.filter(pk=archived.pk).update(archived_at=now)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        found = set(environments_due(now=now))
    ours = {due, late, never, ahead, behind, archived}
    assert found & ours == {due, ahead}
    assert len(queries) == 1


# The worker


@pytest.fixture
def queue(committed: None, ledger: Callable[..., FakeLedger]) -> Iterator[None]:
    """An empty queue, and nothing due in any environment."""
    ledger({})
    _empty_queue()
    yield
    _empty_queue()


def _empty_queue() -> None:
    with connection.cursor() as cursor:
        for table in ("procrastinate_periodic_defers", "procrastinate_jobs", "procrastinate_workers"):
            cursor.execute(f"DELETE FROM {table}")


def statuses() -> dict[str, list[str]]:
    """Of each job in the queue, oldest first."""
    found: dict[str, list[str]] = {}
    for job in ProcrastinateJob.objects.order_by("id"):
        found.setdefault(job.task_name, []).append(job.status)
    return found


def put(task: str, *, status: str = "todo", worker: int | None = None) -> int:
    """A job in the queue; its id."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args, status, worker_id)"
            " VALUES ('loyalty', %s, %s, %s, '{\"timestamp\": 0}', %s::procrastinate_job_status, %s) RETURNING id",
            [task, task, task, status, worker],
        )
        (job,) = cursor.fetchone()
    return int(job)


def make_worker(seconds_ago: float) -> int:
    """A worker whose heart beat last so long ago; its id."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - make_interval(secs => %s))"
            " RETURNING id",
            [seconds_ago],
        )
        (worker,) = cursor.fetchone()
    return int(worker)


@pytest.mark.usefixtures("queue")
def test_once_runs_every_job_and_logs_a_line_for_each() -> None:
    with structlog.testing.capture_logs() as lines:
        call_command("worker", "--once")
    assert statuses() == {job: ["succeeded"] for job in ALL}
    assert sorted(line["job"] for line in lines) == sorted(ALL)
    assert {line["event"] for line in lines} == {"job.done"}
    (line,) = [line for line in lines if line["job"] == "sweep"]
    assert line.pop("seconds") >= 0
    assert line == {
        "event": "job.done",
        "log_level": "info",
        "job": "sweep",
        "chunks": 0,
        "accounts": 0,
        "lots": 0,
        "left": False,
    }


@pytest.mark.usefixtures("queue")
def test_what_a_slice_of_retention_leaves_is_put_behind_what_else_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slices = iter([Run(left=True), Run(left=True), Run()])
    monkeypatch.setattr("loyalty.tasks.erase_old_payloads", lambda **arguments: next(slices))
    call_command("worker", "--once")
    assert statuses()["retention"] == ["succeeded"] * 3


@pytest.mark.usefixtures("queue")
def test_a_worker_that_has_ended_leaves_no_connection_open() -> None:
    before = backends()
    call_command("worker", "--once")
    assert wait_for(lambda: not backends() - before)


@pytest.mark.usefixtures("queue")
def test_the_last_run_of_each_job_can_be_read() -> None:
    call_command("worker", "--once")
    before = timezone.now()
    call_command("worker", "--once")
    runs = last_runs()
    assert [run.job for run in runs] == sorted(ALL)
    for run in runs:
        assert run.outcome == "succeeded"
        assert run.ended_at is not None
        assert before < run.started_at <= run.ended_at < timezone.now()
        assert run.duration == run.ended_at - run.started_at
    out = StringIO()
    call_command("worker", "--status", stdout=out)
    said = [line.split()[:2] for line in out.getvalue().splitlines()]
    assert said == [[job, "succeeded"] for job in sorted(ALL)]


def test_a_failed_sweep_is_told_with_its_counts(
    committed: None, queue: None, ledger: Callable[..., FakeLedger]
) -> None:
    broken, sound = make_environment(), make_environment()
    ledger({broken: 1, sound: 4}, broken)
    with structlog.testing.capture_logs() as lines:
        call_command("worker", "--once")
    assert statuses()["sweep"] == ["failed"]
    (failed,) = [line for line in lines if line["event"] == "job.failed"]
    assert failed["error"] == "SweepFailed('1 environments failed; 4 accounts were settled.')"
    (named,) = [line for line in lines if line["event"] == "sweep.environment_failed"]
    assert named["environment_id"] == str(broken.pk)
    assert {run.job: run.outcome for run in last_runs()}["sweep"] == "failed"


@pytest.mark.usefixtures("queue")
def test_while_one_worker_sweeps_another_leaves_it_alone() -> None:
    put("sweep", status="doing", worker=make_worker(seconds_ago=-3600))  # alive as long as this takes
    call_command("worker", "--once")
    assert statuses() == {job: ["succeeded"] for job in ALL} | {"sweep": ["doing", "todo"]}
    call_command("worker", "--once")
    assert statuses()["sweep"] == ["doing", "todo"]  # nor does a second one queue up


@pytest.mark.usefixtures("queue")
def test_the_job_of_a_dead_worker_is_run_by_another() -> None:
    put("sweep", status="doing", worker=make_worker(seconds_ago=jobs.STALLED_SECONDS + 1))
    call_command("worker", "--once")
    assert statuses()["sweep"] == ["succeeded"]


@pytest.mark.usefixtures("queue")
def test_the_job_of_a_dead_worker_gives_way_to_the_next_that_waits() -> None:
    put("sweep", status="doing", worker=make_worker(seconds_ago=jobs.STALLED_SECONDS + 1))
    put("sweep")
    call_command("worker", "--once")
    assert statuses()["sweep"] == ["failed", "succeeded"]


@pytest.mark.usefixtures("queue")
def test_jobs_that_ended_long_ago_are_forgotten() -> None:
    outcomes = ("succeeded", "failed", "aborted", "cancelled")
    old = {put("sweep", status=status): 73 for status in outcomes}
    young = {put("sweep", status=status): 71 for status in outcomes}
    with connection.cursor() as cursor:
        for job, hours in {**old, **young}.items():
            cursor.execute(
                "INSERT INTO procrastinate_events (job_id, type, at)"
                " VALUES (%s, 'succeeded', now() - make_interval(hours => %s))",
                [job, hours],
            )
    call_command("worker", "--once")
    assert statuses()["sweep"] == [*outcomes, "succeeded"]


@pytest.mark.usefixtures("queue")
def test_a_worker_ends_when_told_and_leaves_nothing_of_itself() -> None:
    stopping = threading.Event()

    def stop_when_all_are_done() -> None:
        try:
            wait_for(lambda: {job for job, found in statuses().items() if "succeeded" in found} == ALL)
        finally:
            stopping.set()
            connection.close()

    watching = threading.Thread(target=stop_when_all_are_done)
    watching.start()
    with app.replace_connector(jobs.connector()) as real:
        asyncio.run(asyncio.wait_for(jobs.run(real, stopping=stopping), 240))
    watching.join()
    assert {found[0] for found in statuses().values()} == {"succeeded"}  # what was missed while no worker ran
    assert {status for found in statuses().values() for status in found} <= {"succeeded", "todo"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_workers")
        assert cursor.fetchone() == (0,)


def test_without_its_tables_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(app.job_manager), "check_connection", lambda self: False)
    with pytest.raises(CommandError, match=r"manage\.py migrate"):
        call_command("worker")


@pytest.mark.usefixtures("queue")
def test_a_write_over_the_api_defers_no_job(committed_environment: Environment) -> None:
    api = Api(make_key(committed_environment))
    with CaptureQueriesContext(connection) as queries:
        for path in ("award", "redeem"):
            answer = api.post(f"/v1/points/{path}", {"customer_id": "ada", "points": 5}, Idempotency_Key=path)
            assert answer.status_code == 201
    assert queries.captured_queries
    assert not [query for query in queries.captured_queries if "procrastinate" in query["sql"].lower()]
    assert statuses() == {}
