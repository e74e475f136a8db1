"""A worker adds the codes of a file, and may be ended anywhere."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connection, connections
from procrastinate.contrib.django.models import ProcrastinateJob

from audit.models import AuditEvent
from loyalty.actions import code_uploads, sweep
from loyalty.actions.back_tests import Interrupted
from loyalty.actions.code_uploads import (
    MOST_ATTEMPTS,
    run_upload,
)
from loyalty.actions.pace import Pace
from loyalty.ledger import pools
from loyalty.models import CodeUpload, RewardCode
from programs.models import Environment, Reward
from tests.factories import make_environment
from tests.loyalty.own_server import database_url
from tests.loyalty.pools import pool, pool_reward
from tests.loyalty.uploads import add, counts, lines, look, run, started, uploaded
from tests.waiting import backends, wait_for


class Watched(Pace):
    """A pace that lets a function look, each time a chunk is done."""

    def __init__(self, look: Callable[[int], Any]) -> None:
        object.__setattr__(self, "look", look)

    def chunks(self) -> Iterator[int]:
        for number in range(10**6):
            yield number
            self.look(number)  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_a_run_adds_all_in_the_order_of_the_file_and_says_so_once(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_uploads, "CHUNK", 4)
    reward = pool_reward(environment)
    upload = started(environment, reward, "code\nC-9\nA-1\nB-5\nA-1\n\nx y\nD-0\nE-2\nC-0\n")
    assert counts(run(upload)) == ("done", 6, 1, 1, 6, 6)
    assert pool(reward) == ["C-9", "A-1", "B-5", "D-0", "E-2", "C-0"]
    assert (upload.content, upload.error) == ("", "")
    assert upload.finished_at is not None
    said = {"upload": str(upload.pk), "file": "codes.csv", "added": 6, "duplicates": 1, "invalid": 1}
    assert uploaded(environment) == [said | {"error": ""}]
    event = AuditEvent.objects.get(environment_id=environment.pk, verb="rewardcodes.uploaded")
    assert (event.actor_kind, event.actor_id, event.trace_id) == ("staff", "anna", "t-1")


@pytest.mark.django_db
def test_what_others_added_meanwhile_is_a_duplicate(environment: Environment) -> None:
    reward, other = pool_reward(environment), pool_reward(environment, name="Other")
    upload = started(environment, reward, "A\nB\nC\nC\n")
    add(environment, other, "B")
    assert counts(run(upload)) == ("done", 3, 2, 0, 3, 2)
    assert (pool(reward), pool(other)) == (["A", "C"], ["B"])


@pytest.mark.django_db
def test_one_that_is_done_or_not_started_or_gone_is_left_as_it_is(environment: Environment) -> None:
    reward = pool_reward(environment)
    done, preview = run(started(environment, reward, "A\n")), look(environment, reward, "B\n")
    before = list(CodeUpload.objects.filter(environment=environment).values())
    for key in (done.pk, preview.pk, uuid4()):
        assert run_upload(upload=key, pace=Pace(rest=0)) == {"added": 0}
    assert list(CodeUpload.objects.filter(environment=environment).values()) == before
    assert (pool(reward), len(uploaded(environment))) == (["A"], 1)


def elsewhere_seen(upload: CodeUpload) -> tuple[str, int, int]:
    """Status, done and added as another connection sees them."""
    seen: list[tuple[str, int, int]] = []

    def ask() -> None:
        seen.append(CodeUpload.objects.values_list("status", "done", "added").get(pk=upload.pk))
        connections.close_all()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    return seen[0]


def test_how_far_it_has_come_is_seen_meanwhile(
    committed_environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_uploads, "CHUNK", 4)
    reward, seen = pool_reward(committed_environment), []
    upload = started(committed_environment, reward, lines(10))
    assert elsewhere_seen(upload) == ("queued", 0, 0)
    run(upload, Watched(lambda _: seen.append(elsewhere_seen(upload))))
    assert seen == [("running", 4, 4), ("running", 8, 8), ("running", 10, 10)]
    assert elsewhere_seen(upload) == ("done", 10, 10)


@pytest.mark.django_db
def test_a_worker_that_is_told_to_stop_leaves_the_rest_to_the_next(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_uploads, "CHUNK", 4)
    reward, stopping = pool_reward(environment), threading.Event()
    upload, insert = started(environment, reward, lines(10)), pools.insert_codes

    def insert_and_stop(*arguments: Any) -> Any:
        stopping.set()
        return insert(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(code_uploads, "insert_codes", insert_and_stop)
        with pytest.raises(Interrupted):
            run_upload(upload=upload.pk, pace=Pace(stopping=stopping))
    upload.refresh_from_db()
    assert (counts(upload), len(pool(reward))) == (("running", 10, 0, 0, 4, 4), 4)
    assert counts(run(upload)) == ("done", 10, 0, 0, 10, 10)
    assert pool(reward) == [f"C-{line:06}" for line in range(10)]


@pytest.mark.django_db
@pytest.mark.parametrize("error", [OperationalError("the connection is lost"), ZeroDivisionError("inside")])
def test_a_chunk_that_was_not_committed_is_not_counted(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(code_uploads, "CHUNK", 4)
    reward, insert = pool_reward(environment), pools.insert_codes
    upload = started(environment, reward, lines(10))

    def insert_and_fail(where: Reward, codes: list[str], *arguments: Any) -> Any:
        added = insert(where, codes, *arguments)
        if "C-000005" in codes:
            raise error
        return added

    with monkeypatch.context() as patch:
        patch.setattr(code_uploads, "insert_codes", insert_and_fail)
        with pytest.raises(type(error)):
            run(upload)
    upload.refresh_from_db()
    assert (upload.done, upload.added, len(pool(reward))) == (4, 4, 4)
    if isinstance(error, OperationalError):
        assert upload.status == "running"
        assert counts(run(upload)) == ("done", 10, 0, 0, 10, 10)
    else:
        assert upload.status == "failed"
        assert upload.error == "A fault ended it (ZeroDivisionError); the server's log says more."
        assert [said and (said["added"], said["error"]) for said in uploaded(environment)] == [
            (4, upload.error)
        ]
    assert upload.content == ""


@pytest.mark.django_db
def test_where_the_reward_takes_no_codes_any_more_it_ends_with_that_sentence(
    environment: Environment,
) -> None:
    reward = pool_reward(environment)
    upload = started(environment, reward, "A\n")
    Reward.objects.filter(pk=reward.pk).update(code_source="none")
    assert (run(upload).status, upload.added, pool(reward)) == ("failed", 0, [])
    assert "takes no uploaded codes" in upload.error


@pytest.mark.django_db
def test_one_that_never_comes_to_an_end_is_given_up(environment: Environment) -> None:
    reward = pool_reward(environment)
    upload = run(started(environment, reward, "A\n"), attempt=MOST_ATTEMPTS)
    assert (upload.status, upload.added) == ("failed", 0)
    assert upload.error == "It was begun 10 times and never came to an end."


def test_two_runs_at_once_share_the_file_and_add_each_code_once(
    committed_environment: Environment,
    monkeypatch: pytest.MonkeyPatch,
    together: Callable[..., list[Any]],
) -> None:
    monkeypatch.setattr(code_uploads, "CHUNK", 50)
    reward = pool_reward(committed_environment)
    upload = started(committed_environment, reward, lines(1_000))
    done = together(lambda _: run_upload(upload=upload.pk, pace=Pace(rest=0)), threads=3)
    assert [each for each in done if isinstance(each, Exception)] == []
    upload.refresh_from_db()
    assert counts(upload) == ("done", 1_000, 0, 0, 1_000, 1_000)
    assert sorted(filter(None, pool(reward))) == [f"C-{line:06}" for line in range(1_000)]
    assert len(uploaded(committed_environment)) == 1


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


def status_of_job(upload: CodeUpload) -> str:
    job: ProcrastinateJob = ProcrastinateJob.objects.get(task_name="code_upload", args__upload=str(upload.pk))
    return job.status


@pytest.mark.usefixtures("queue")
def test_a_worker_that_is_killed_in_the_middle_is_gone_on_from_by_another() -> None:
    environment = make_environment()
    reward = pool_reward(environment)
    upload, before = started(environment, reward, lines(60_000)), backends()
    with subprocess.Popen(
        [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "worker"],
        env=os.environ | {"DATABASE_URL": database_url()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as worker:
        wait_for(lambda: elsewhere_seen(upload)[1])
        worker.send_signal(signal.SIGKILL)
        worker.wait(120)
    wait_for(lambda: not backends() - before)
    status, done, added = elsewhere_seen(upload)
    assert (status, added, status_of_job(upload)) == ("running", done, "doing")
    assert 0 < done < 60_000
    assert RewardCode.objects.filter(reward=reward).count() == done, "what is told is what is there"
    with connection.cursor() as cursor:  # so that nobody has to wait until it counts as dead
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
    call_command("worker", "--once")
    upload.refresh_from_db()
    assert (counts(upload), status_of_job(upload)) == (("done", 60_000, 0, 0, 60_000, 60_000), "succeeded")
    assert RewardCode.objects.filter(reward=reward).count() == 60_000
    assert len(uploaded(environment)) == 1
