"""`kill -9` of web workers and of the database in the middle of writes whose clients retry: nothing is lost, nothing
is done twice. LOYALTY_CRASH_CALLS=2000 is the full size; -s prints its figures."""

import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from config import embedded_server
from tests.loyalty.own_server import Calls, OwnServer, children_of
from tests.waiting import wait_for

CALLS = int(os.environ.get("LOYALTY_CRASH_CALLS", "304"))
IMPORTED = int(os.environ.get("LOYALTY_IMPORT_LINES", "4000"))
CLIENTS = 8
MEMBERS = 20
PATIENCE = 120.0  # seconds that a client repeats one call for


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    with OwnServer(tmp_path_factory.mktemp("with a space")) as server:
        yield server


@pytest.fixture
def server(own_server: OwnServer) -> Iterator[OwnServer]:
    """The module's, with nothing but the database running."""
    yield own_server
    own_server.end_children()


@dataclass(frozen=True)
class Write:
    """One call of a client; each award comes right before the spend that it makes possible."""

    key: str
    member: str
    is_award: bool

    def send(self, calls: Calls) -> tuple[int, dict[str, str], Any]:
        path, points = ("/v1/points/award", 10) if self.is_award else ("/v1/points/redeem", 7)
        body = {"customer_id": self.member, "points": points, "reason": "Crash"}
        return calls.call("POST", path, body, Idempotency_Key=self.key)


@dataclass
class Progress:
    """What all clients have met so far."""

    answers: dict[str, Any] = field(default_factory=dict)
    met: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str) -> None:
        with self.lock:
            self.met[what] += 1

    def reached(self, share: float) -> bool:
        return len(self.answers) >= share * CALLS


def writes_of(client: int) -> list[Write]:
    return [
        Write(f"{client}-{number}", f"member-{(client + number // 2) % MEMBERS}", number % 2 == 0)
        for number in range(CALLS // CLIENTS)
    ]


def insist(calls: Calls, write: Write, progress: Progress) -> None:
    """Repeat the call under its key until it is answered with 201."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            status, headers, body = write.send(calls)
        except (OSError, HTTPException):
            progress.note("no answer")
            time.sleep(0.05)
            continue
        progress.note(str(status) if status == 201 else f"{status} {body['code']}")
        if "Idempotent-Replayed" in headers:
            progress.note("replayed")
        if status == 201:
            progress.answers[write.key] = body
            return
        time.sleep(0.05)
    raise AssertionError(f"{write} was not done within {PATIENCE:.0f} s.")


def run_client(server: OwnServer, client: int, progress: Progress) -> None:
    calls = server.calls()
    for write in writes_of(client):
        insist(calls, write, progress)


def test_no_kill_loses_or_repeats_an_effect(server: OwnServer) -> None:
    master = server.start_web()
    progress = Progress()
    began = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(run_client, server, client, progress) for client in range(CLIENTS)]
        wait_for(lambda: progress.reached(0.25), PATIENCE)
        server.kill_web_worker(master)
        wait_for(lambda: progress.reached(0.5), PATIENCE)
        killed = len(server.kill_database())
        done_before = len(progress.answers)
        server.start_database()
        wait_for(lambda: progress.reached(0.75), PATIENCE)
        server.kill_web_worker(master)
        for client in clients:
            client.result()
    seconds = time.monotonic() - began

    assert 0 < done_before < CALLS
    assert killed > 2
    assert progress.met["no answer"] > 0  # the web workers' last
    assert progress.met["503 service_unavailable"] > 0  # the database's last
    assert_each_was_done_once(server, progress)
    assert server.manage("check_ledger")
    sys.stdout.write(
        f"\n{CALLS} awards and spends by {CLIENTS} clients in {seconds:.1f} s, 2 web workers and {killed} "
        f"processes of the database killed; the clients met {dict(sorted(progress.met.items()))}\n"
    )


def assert_each_was_done_once(server: OwnServer, progress: Progress) -> None:
    """Exactly one effect a call, the one that its client was told; repeated once more, it stays so."""
    writes = [write for client in range(CLIENTS) for write in writes_of(client)]
    assert len(writes) == CALLS
    assert server.ask("SELECT count(*) FROM loyalty_ledgerentry") == CALLS
    assert server.ask("SELECT count(*), count(DISTINCT key) FROM loyalty_idempotencyrecord") == (CALLS, CALLS)
    assert server.ask("SELECT sum(total) FROM loyalty_account") == CALLS // 2 * (10 - 7)
    assert len({answer["id"] for answer in progress.answers.values()}) == CALLS

    calls = server.calls()
    for write in writes[:: CALLS // 100]:
        status, headers, body = write.send(calls)
        assert (status, headers["Idempotent-Replayed"]) == (201, "true")
        assert body == progress.answers[write.key]
    assert server.ask("SELECT count(*) FROM loyalty_ledgerentry") == CALLS
    accepted = {"201", "no answer", "replayed", "503 service_unavailable", "409 idempotency_key_in_use"}
    assert set(progress.met) <= accepted


def test_an_import_that_is_killed_is_ended_by_a_worker_and_nothing_is_given_twice(
    server: OwnServer, tmp_path: Path
) -> None:
    """LOYALTY_IMPORT_LINES=100000 is the full size; -s prints how long that took and how much memory."""
    file = tmp_path / "members.csv"
    with file.open("w") as text:
        text.write("member_id,points,expires_at\n")
        text.writelines(f"import-{number},{number % 500 + 1},never\n" for number in range(IMPORTED))
    environment = server.ask("SELECT id::text FROM programs_environment WHERE kind = 'sandbox'")
    words = ("import_members", str(file), "--environment", environment)
    killed = server.start_command(*words)
    wait_for(lambda: server.ask("SELECT coalesce(max(done), 0) FROM loyalty_import") >= 500, PATIENCE)
    killed.kill()
    killed.wait()
    done, status = server.ask("SELECT done, status FROM loyalty_import")
    assert (0 < done < IMPORTED, status) == (True, "running")

    began = time.monotonic()
    worker = server.start_command("worker", "--once")
    _, code, usage = os.wait4(worker.pid, 0)
    worker.returncode = code
    assert code == 0
    sys.stdout.write(
        f"\n{IMPORTED - done} lines in {time.monotonic() - began:.0f} s, {usage.ru_maxrss // 1024} MiB\n"
    )
    given = "SELECT count(*), sum(points) FROM loyalty_ledgerentry WHERE reason = 'opening_balance'"
    counts = "SELECT status, added, already, refused FROM loyalty_import"
    assert server.ask(counts) == ("done", IMPORTED, 0, 0)
    assert server.ask(given) == (IMPORTED, sum(number % 500 + 1 for number in range(IMPORTED)))
    assert "no violation" in server.manage("check_ledger")


def test_a_worker_outlives_the_database_and_ends_when_told(server: OwnServer) -> None:
    worker = server.start_worker()
    wait_for(lambda: server.ask("SELECT count(*) FROM procrastinate_workers") == 1)
    server.kill_database()
    wait_for(lambda: [line for line in server.log("worker.log") if line["event"] == "worker.database_lost"])
    server.start_database()
    again = "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > pg_postmaster_start_time()"
    wait_for(lambda: server.ask(again) == 1)
    worker.terminate()
    assert worker.wait(60) == 0
    assert server.ask(again) == 0


def test_the_demos_worker_ends_with_its_web_server_even_if_that_is_killed(server: OwnServer) -> None:
    count = "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '15 seconds'"
    wait_for(lambda: server.ask(count) == 0)
    master = server.start_web(worker=True)
    wait_for(lambda: server.ask(count) == 1)
    processes = children_of(master)
    assert len(processes) == 3  # two that serve, one that works
    os.kill(master, signal.SIGKILL)
    wait_for(lambda: not any(embedded_server._alive(process) for process in processes), 60)
    assert server.ask(count) == 0
