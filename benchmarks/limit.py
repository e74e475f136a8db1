"""The limit: a bare psycopg loop that writes or reads the same rows in one prepared statement a call.

No HTTP, no Django, no rules, one transaction a statement: what the database itself gives to as many
processes as there are connections. A JSON order on stdin, as for the load generator.
"""

import json
import multiprocessing
import random
import secrets
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import psycopg
from psycopg import errors
from uuid_utils.compat import uuid7

_FOLDER = Path(__file__).parent / "bare"
_FORK = multiprocessing.get_context("fork")
WARM_UP = 0.25  # seconds that are not counted
BATCH = 1000  # events


def main() -> None:
    order = json.load(sys.stdin)
    sys.stdout.write(json.dumps(run(order)) + "\n")


def run(order: dict[str, Any]) -> dict[str, Any]:
    """One process a connection, all starting together; the latencies in seconds, and how long it took."""
    together = _FORK.Barrier(order["clients"])
    with _FORK.Pool(order["clients"], _remember, (together,)) as pool:
        parts = pool.map(_loop, [order] * order["clients"], chunksize=1)
    return {"latencies": [one for part in parts for one in part], "elapsed": order["seconds"]}


def _remember(together: Any) -> None:
    globals()["_together"] = together


def _loop(order: dict[str, Any]) -> list[float]:
    latencies: list[float] = []
    with psycopg.connect(order["database"], autocommit=True) as connection:
        call = calls(connection, order)
        for _ in range(3):
            call()
        globals()["_together"].wait(300)
        began = time.perf_counter() + WARM_UP
        ends = began + order["seconds"]
        while (start := time.perf_counter()) < ends or not latencies:
            try:
                call()
            except (errors.CheckViolation, errors.UniqueViolation):
                continue  # two spends took from one lot at once; not counted
            if start >= began:
                latencies.append(time.perf_counter() - start)
    return latencies


def calls(connection: psycopg.Connection[Any], order: dict[str, Any]) -> Callable[[], object]:
    """A function that makes the next call of the case."""
    case = order["case"]
    statement = (_FOLDER / f"{case.split()[-1]}.sql").read_text()
    number = random.Random().randint
    namespace, members = UUID(order["namespace"]), order["members"]
    fixed = {
        name: UUID(order[name])
        for name in ("environment_id", "organization_id", "project_id", "metric_id")
        if f"%({name})s" in statement
    }

    if case == "batch":
        size = min(BATCH, members)

        def batch() -> object:
            return connection.execute(
                statement, fixed | _batch(order, namespace, members, size), prepare=True
            )

        return batch

    def parameters() -> dict[str, Any]:
        name = "deep" if case == "deep page" else f"m-{number(1, members)}"
        known: dict[str, Any] = fixed | {"member_id": uuid5(namespace, name)}
        if case == "event":
            ids = ("event_id", "count_id", "entry_id", "lot_id", "audit_id")
            known |= {name: uuid7() for name in ids} | _texts(order)
        elif case in ("award", "spend"):
            known |= {name: uuid7() for name in ("entry_id", "row_id", "audit_id", "answer_id")}
            known |= {
                "key": secrets.token_hex(16),
                "digest": secrets.token_bytes(32),
                "answer": order["answer"],
            }
        elif case != "balance":
            known["before"] = number(30, order["deep"] // 2) if case == "deep page" else 2**62
        return known

    def call() -> object:
        cursor = connection.execute(statement, parameters(), prepare=True)
        return cursor.fetchall() if cursor.description else None

    return call


def _batch(order: dict[str, Any], namespace: UUID, members: int, size: int) -> dict[str, Any]:
    """So many events, each of another member."""
    names = random.sample(range(1, members + 1), size)
    ids = ("event_ids", "count_ids", "entry_ids", "lot_ids", "audit_ids")
    known: dict[str, Any] = {name: [uuid7() for _ in range(size)] for name in ids}
    known["member_ids"] = [uuid5(namespace, f"m-{number}") for number in names]
    return known | _texts(order)


def _texts(order: dict[str, Any]) -> dict[str, Any]:
    """What an event keeps: as long as the engine's own."""
    return {
        "key": secrets.token_hex(16),
        "digest": secrets.token_bytes(32),
        "data": '{"amount": "10.00", "currency": "GBP"}',
        "facts": '{"age_days": 0, "attributes": {}, "event_counts": {}}',
        "explanation": order["explanation"],
    }


if __name__ == "__main__":
    main()
