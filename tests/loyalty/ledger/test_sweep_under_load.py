"""The sweep of very many lots while the web is used and a worker is killed; prints what it saw.

LOYALTY_SWEEP_LOTS=200000 .venv/bin/python -m pytest -n 0 -s tests/loyalty/ledger/test_sweep_under_load.py
"""

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import quantiles

import pytest

from tests.loyalty.own_server import BASE, OwnServer
from tests.waiting import wait_for

LOTS = int(os.environ.get("LOYALTY_SWEEP_LOTS", "0"))
LOTS_AN_ACCOUNT = 2
CLIENTS = 3
THINKS = 0.02  # seconds between two calls of a client
ALONE_SECONDS = 20.0
EXPIRED = "SELECT count(*) FROM loyalty_ledgerentry WHERE type = 'expired'"

pytestmark = [
    pytest.mark.skipif(not LOTS, reason="takes minutes: LOYALTY_SWEEP_LOTS=200000 runs it"),
    pytest.mark.timeout(3600),
]


class Visitors:
    """Clients of the web, each reading balances and awarding points in turn; milliseconds by kind of call."""

    def __init__(self, server: OwnServer, accounts: int) -> None:
        self.server, self.accounts = server, accounts
        self.leaving = threading.Event()
        self.took: dict[str, list[float]] = defaultdict(list)
        self.statuses: Counter[int] = Counter()
        self.awarded = 0

    def visit(self, number: int) -> None:
        calls, chosen, count = self.server.calls(), random.Random(number), 0
        while not self.leaving.wait(THINKS):
            count += 1
            member = f"due-{chosen.randrange(self.accounts)}"
            began = time.perf_counter()
            if count % 2:
                kind = "balance"
                status, _, _ = calls.call("GET", f"/v1/members/{member}/balances")
            else:
                kind = "award"
                body = {"customer_id": member, "points": 5, "reason": "Visit"}
                key = f"{id(self)}-{number}-{count}"
                status, _, _ = calls.call("POST", "/v1/points/award", body, Idempotency_Key=key)
                self.awarded += status == 201
            self.took[kind].append(1000 * (time.perf_counter() - began))
            self.statuses[status] += 1

    @contextmanager
    def there(self) -> Iterator[None]:
        with ThreadPoolExecutor(CLIENTS) as pool:
            visits = [pool.submit(self.visit, number) for number in range(CLIENTS)]
            try:
                yield
            finally:
                self.leaving.set()
            for visit in visits:
                visit.result()

    def told(self) -> str:
        parts = []
        for kind, took in sorted(self.took.items()):
            cuts = quantiles(took, n=100)
            parts.append(f"{kind} p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms, {len(took)} calls")
        return f"{'; '.join(parts)}; answers {dict(self.statuses)}"


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    with OwnServer(tmp_path_factory.mktemp("with a space")) as server:
        yield server


def fill(server: OwnServer, accounts: int) -> None:
    environment = server.ask("SELECT id FROM programs_environment WHERE kind = 'sandbox'")
    words = ["-m", "tests.loyalty.ledger.due_lots", str(environment), str(accounts), str(LOTS_AN_ACCOUNT)]
    subprocess.run([sys.executable, *words], cwd=BASE, env=server.environment, check=True)
    with server.database() as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")  # which would else be written while the visitors are timed


def visited_alone(server: OwnServer, accounts: int, when: str) -> Visitors:
    """Visitors without a sweep beside them. Before it, each award settles what is due; after it, none has to."""
    visitors = Visitors(server, accounts)
    with visitors.there():
        time.sleep(ALONE_SECONDS)
    say(f"{when}: {visitors.told()}")
    return visitors


def start_worker(server: OwnServer, number: int) -> subprocess.Popen[bytes]:
    """The worker that is registered as that number."""
    worker = server.start_worker()
    wait_for(lambda: server.ask("SELECT max(id) FROM procrastinate_workers") == number)
    return worker


def sweeping(server: OwnServer) -> int | None:
    """The number of the worker that is at the sweep."""
    doing = "SELECT max(worker_id) FROM procrastinate_jobs WHERE task_name = 'sweep' AND status = 'doing'"
    number: int | None = server.ask(doing)
    return number


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def test_a_large_sweep_survives_its_worker_and_leaves_the_web_alone(server: OwnServer) -> None:
    accounts = LOTS // LOTS_AN_ACCOUNT
    began = time.monotonic()
    fill(server, accounts)
    say(f"\n{LOTS} due lots in {accounts} accounts, made in {time.monotonic() - began:.0f} s")
    server.start_web()
    before = visited_alone(server, accounts, "before the sweep")
    settled_by_visits = server.ask(EXPIRED)

    beside = Visitors(server, accounts)
    began = time.monotonic()
    with beside.there():
        workers = {number: start_worker(server, number) for number in (1, 2)}
        wait_for(lambda: server.ask(EXPIRED) > LOTS // 3, 600)
        at_it = wait_for(lambda: sweeping(server))
        workers[at_it].kill()
        killed_at, expired_then = time.monotonic(), server.ask(EXPIRED)
        wait_for(lambda: sweeping(server) not in (None, at_it), 120)
        went_on_after = time.monotonic() - killed_at
        wait_for(lambda: server.ask(EXPIRED) == LOTS, 1800)
    seconds = time.monotonic() - began
    say(f"beside the sweep: {beside.told()}")

    runs = wait_for(lambda: [line for line in server.log("worker.log") if line.get("job") == "sweep"], 60)
    transactions = server.ask(
        "SELECT count(*), max(lots) FROM (SELECT count(*) AS lots FROM loyalty_ledgerentry"
        " WHERE type = 'expired' GROUP BY xmin) AS chunk WHERE lots > 50"
    )
    say(
        f"swept in {seconds:.0f} s; killed at {expired_then} of {LOTS} lots, the other worker went on after"
        f" {went_on_after:.1f} s; {transactions[0]} chunks of up to {transactions[1]} lots; visits settled"
        f" {settled_by_visits} lots before; runs: {[(run['event'], run.get('lots'), run['seconds']) for run in runs]}"
    )
    after = visited_alone(server, accounts, "after the sweep")
    lots_twice = "SELECT count(*) FROM (SELECT lot_id FROM loyalty_lotuse GROUP BY lot_id HAVING count(*) > 1) AS twice"
    assert server.ask(lots_twice) == 0
    assert server.ask("SELECT sum(total) FROM loyalty_account") == 5 * sum(
        visitors.awarded for visitors in (before, beside, after)
    )
    assert set(before.statuses) | set(beside.statuses) | set(after.statuses) <= {200, 201}
    began = time.monotonic()
    server.manage("check_ledger")
    say(f"check_ledger is clean, in {time.monotonic() - began:.0f} s")
