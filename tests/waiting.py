"""Waiting: for a condition, for a lock, and a transaction for another."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection, connections, transaction

PATIENT = "60s"


def wait_for(condition: Callable[[], Any], seconds: float = 120.0) -> Any:
    """What the condition answers as soon as that is true; an AssertionError when the time is over."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"Still not so after {seconds:.0f} s."
        time.sleep(0.02)
    return found


def wait_for_locks(lock_timeout: str) -> None:
    """From now on this thread's connection waits so long for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [lock_timeout])


def while_uncommitted(
    change: Callable[[], Any], call: Callable[[], Any], then: Callable[[], Any] | None = None
) -> Any:
    """What `call` comes to, when it has waited for `change` to be committed. `then`: what the first transaction goes
    on with while the other waits."""

    def elsewhere() -> Any:
        try:
            wait_for_locks(PATIENT)
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            change()
            waiting = pool.submit(elsewhere)
            wait_for(lambda: _somebody_waits() or waiting.done())
            assert not waiting.done()
            if then:
                then()
        return waiting.result(timeout=60)


def backends() -> set[int]:
    """The process ids of the connections to this database. One ends a moment after its client, also a killed one,
    whose last commit may still come."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        return {pid for (pid,) in cursor.fetchall()}


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND "
            "pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
        )
        return bool(cursor.fetchone()[0])
