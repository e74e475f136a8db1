"""A worker runs back-tests: seen on their way, ended anywhere, never two at once, each done once."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connection, connections
from procrastinate.contrib.django.models import ProcrastinateJob

from loyalty.actions import back_tests, sweep
from loyalty.actions.back_tests import MOST_ATTEMPTS, Interrupted, run_back_test
from loyalty.actions.pace import Pace
from loyalty.models import BackTest
from loyalty.queries.trials import TrialRun
from programs.models import Environment
from tests.factories import make_environment, make_rule
from tests.loyalty.back_tests.past import BEGIN, Past, run, started, store
from tests.loyalty.own_server import database_url
from tests.waiting import backends, wait_for


class Watched(Pace):
    """A pace that lets a function look, each time a chunk is done."""

    def __init__(self, look: Callable[[int], Any]) -> None:
        object.__setattr__(self, "look", look)

    def chunks(self) -> Iterator[int]:
        for number in range(10**6):
            yield number
            self.look(number)  # type: ignore[attr-defined]


def elsewhere(test: BackTest) -> tuple[str, int, int]:
    """Status, done and total as another connection sees them."""
    seen: list[tuple[str, int, int]] = []

    def look() -> None:
        seen.append(BackTest.objects.values_list("status", "done", "total").get(pk=test.pk))
        connections.close_all()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return seen[0]


def march(number: int) -> list[Past]:
    seconds = 31 * 86400 / number
    return [Past(f"m-{n % 50}", BEGIN + timedelta(seconds=n * seconds)) for n in range(number)]


def waiting(environment: Environment, number: int = 10, *, published: bool = False) -> BackTest:
    """A back-test over so many events that no worker has begun."""
    store(environment, march(number))
    return started(environment, make_rule(environment, published=published))


def test_how_far_it_has_come_is_seen_meanwhile(
    committed_environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(back_tests, "CHUNK", 4)
    test, seen = waiting(committed_environment), []
    assert elsewhere(test) == ("queued", 0, 0)
    run(test, Watched(lambda _: seen.append(elsewhere(test))))
    assert seen == [("running", 4, 10), ("running", 8, 10), ("running", 10, 10)]
    assert elsewhere(test) == ("done", 10, 10)


@pytest.mark.django_db
def test_an_event_that_came_late_is_not_counted_above_the_total(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(back_tests, "CHUNK", 4)
    test = waiting(environment)
    late = [Past(at=BEGIN + timedelta(days=30, seconds=n)) for n in range(6)]
    run(test, Watched(lambda number: store(environment, late) if number == 0 else None))
    assert (test.done, test.total) == (16, 16)


@pytest.mark.django_db
def test_one_that_is_done_or_has_failed_or_is_gone_is_not_run_again(environment: Environment) -> None:
    test = run(waiting(environment))
    before = BackTest.objects.values().get(pk=test.pk)
    store(environment, march(3))
    assert run_back_test(back_test=test.pk, pace=Pace(rest=0)) == {"events": 0}
    assert BackTest.objects.values().get(pk=test.pk) == before
    BackTest.objects.filter(pk=test.pk).update(status="failed")
    assert run_back_test(back_test=test.pk, pace=Pace(rest=0)) == {"events": 0}
    assert BackTest.objects.get(pk=test.pk).status == "failed"
    assert run_back_test(back_test=environment.pk, pace=Pace(rest=0)) == {"events": 0}


@pytest.mark.django_db
def test_a_worker_that_is_told_to_stop_leaves_it_to_the_next_from_the_start(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(back_tests, "CHUNK", 4)
    test, stopping, take = waiting(environment), threading.Event(), TrialRun.take

    def take_and_stop(*arguments: Any) -> None:
        take(*arguments)
        stopping.set()

    with monkeypatch.context() as patch:
        patch.setattr(TrialRun, "take", take_and_stop)
        with pytest.raises(Interrupted):
            run_back_test(back_test=test.pk, pace=Pace(stopping=stopping))
    test.refresh_from_db()
    assert (test.status, test.done, test.total, test.result) == ("running", 4, 10, None)
    run(test)
    assert test.result is not None
    assert (test.status, test.done, test.result["events"], test.result["would"]) == ("done", 10, 10, 100)


@pytest.mark.django_db
def test_a_fault_of_the_engine_ends_it_with_a_sentence(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = waiting(environment)

    def broken(*arguments: Any) -> None:
        raise ZeroDivisionError("a secret of the inside")

    monkeypatch.setattr(TrialRun, "take", broken)
    with pytest.raises(ZeroDivisionError):
        run(test)
    test.refresh_from_db()
    assert (test.status, test.result) == ("failed", None)
    assert test.error == "A fault ended it (ZeroDivisionError); the server's log says more."
    assert test.finished_at is not None


@pytest.mark.django_db
def test_where_the_database_went_away_it_is_not_failed_but_run_again(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = waiting(environment)

    def lost(*arguments: Any) -> None:
        raise OperationalError("the connection is lost")

    with monkeypatch.context() as patch:
        patch.setattr(TrialRun, "take", lost)
        with pytest.raises(OperationalError):
            run(test)
    test.refresh_from_db()
    assert test.status == "running"
    assert run(test).status == "done"


@pytest.mark.django_db
def test_one_that_never_comes_to_an_end_is_given_up(environment: Environment) -> None:
    test = waiting(environment)
    assert run(test, attempt=MOST_ATTEMPTS).status == "failed"
    assert test.error == "It was begun 10 times and never came to an end."
    assert (test.done, test.result) == (0, None)


def test_of_two_runs_at_once_the_later_goes_on(
    committed_environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(back_tests, "CHUNK", 4)
    test = waiting(committed_environment)
    later: list[dict[str, Any]] = []

    def begin_anew(number: int) -> None:
        if number == 0:
            later.append(run_back_test(back_test=test.pk, pace=Pace(rest=0)))
            BackTest.objects.filter(pk=test.pk).update(error="the later one's")

    earlier = run_back_test(back_test=test.pk, pace=Watched(begin_anew))
    assert earlier == {"events": 8, "overtaken": True}, "it notices when it wants to say how far it has come"
    assert later == [{"events": 10, "skipped": 0}]
    test.refresh_from_db()
    assert (test.status, test.done, test.error) == ("done", 10, "the later one's")


# In the queue


@pytest.fixture
def queue(committed: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty queue, and nothing due in any environment."""
    monkeypatch.setattr(sweep, "environments_due", lambda *, now: [])
    _empty_queue()
    yield
    _empty_queue()


def _empty_queue() -> None:
    with connection.cursor() as cursor:
        for table in ("procrastinate_periodic_defers", "procrastinate_jobs", "procrastinate_workers"):
            cursor.execute(f"DELETE FROM {table}")


def job_of(test: BackTest) -> ProcrastinateJob:
    job: ProcrastinateJob = ProcrastinateJob.objects.get(task_name="back_test", args__back_test=str(test.pk))
    return job


@pytest.mark.usefixtures("queue")
def test_the_worker_runs_what_was_started() -> None:
    environment = make_environment()
    tests = [waiting(environment), started(environment, make_rule(environment, name="Other"))]
    call_command("worker", "--once")
    for test in tests:
        test.refresh_from_db()
        assert (test.status, test.done, job_of(test).status) == ("done", 10, "succeeded")


@pytest.mark.usefixtures("queue")
def test_while_one_runs_the_next_waits() -> None:
    environment = make_environment()
    first, second = waiting(environment), started(environment, make_rule(environment, name="Other"))
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now()) RETURNING id")
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE id = %s",
            [cursor.fetchone()[0], job_of(first).id],
        )
    call_command("worker", "--once")
    second.refresh_from_db()
    assert (second.status, job_of(second).status) == ("queued", "todo")


RESTING = """
import django; django.setup()
from functools import partial
from django.core.management import call_command
from loyalty import jobs
jobs.Pace = partial(jobs.Pace, rest=10_000)
call_command("worker")
"""


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGKILL])
def test_another_worker_does_what_one_was_at_when_it_was_ended(by: signal.Signals) -> None:
    environment = make_environment()
    """It rests long after its first chunk, so that it is ended there."""
    test, before = waiting(environment, 16_000), backends()
    with subprocess.Popen(
        [sys.executable, "-c", RESTING],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "config.settings"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as worker:
        wait_for(lambda: elsewhere(test)[1])
        worker.send_signal(by)
        worker.wait(120)
    wait_for(lambda: not backends() - before)
    status, done, total = elsewhere(test)
    assert (status, total) == ("running", 16_000)
    assert 0 < done < 16_000
    assert job_of(test).status == ("todo" if by == signal.SIGTERM else "doing")
    with connection.cursor() as cursor:  # so that nobody has to wait until it counts as dead
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = NULL")
    call_command("worker", "--once")
    test.refresh_from_db()
    assert test.result is not None
    assert (test.status, test.done, job_of(test).status) == ("done", 16_000, "succeeded")
    assert (test.result["events"], test.result["would"], test.result["members"]) == (16_000, 160_000, 50)


def test_it_takes_as_long_as_it_takes_and_still_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    from loyalty import tasks

    paces: list[Pace] = []

    def run_with(*, back_test: Any, pace: Pace, attempt: int) -> dict[str, int]:
        paces.append(pace)
        return {"events": attempt}

    monkeypatch.setattr(tasks, "run_back_test", run_with)
    given = Pace(seconds=50.0)
    context: Any = type(
        "Context", (), {"additional_context": {"pace": given}, "job": type("Job", (), {"attempts": 3})}
    )
    key = "00000000-0000-0000-0000-000000000001"
    assert tasks.try_draft.func(context, key) == {"events": 3}
    assert paces == [replace(given, seconds=None)]
    assert paces[0].stopping is given.stopping
