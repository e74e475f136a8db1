"""Product, limit and yardstick in turn, round by round, so that what the machine does meanwhile hits all three."""

import json
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.database import ROOT

CASES = ("balance", "first page", "deep page", "spend", "award")  # reads first: writes make the tables grow
TARGETS = ("product", "limit", "yardstick")
# What the bare loop stores as the answer of a key: as long as the engine's own.
ANSWER = json.dumps({"id": "txn_" + "0" * 32, "padding": "x" * 400})
# And of its explanation of an event, by three rules.
EXPLANATION = json.dumps({"verdicts": [{"rule": "x" * 500}] * 3})


@dataclass(frozen=True, slots=True)
class Figures:
    """Medians over the rounds: calls a second, latencies in milliseconds."""

    rate: float
    p50: float
    p99: float
    calls: int


@dataclass(frozen=True, slots=True)
class Place:
    """A seeded database and the ports of the two servers on it."""

    facts: dict[str, Any]
    ports: dict[str, int]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured: how often, how long (in seconds), with how many clients."""

    cases: tuple[str, ...]
    targets: tuple[str, ...]
    clients: tuple[int, ...]
    rounds: int
    seconds: float
    connections: int
    """Of the limit at most: as many as the server has threads."""


Key = tuple[int, str, int, str]
"""Rows, case, clients, target."""


def measure(plan: Plan, places: dict[int, Place], say: Callable[[str], None]) -> dict[Key, Figures]:
    """Everything of the plan, interleaved."""
    found: dict[Key, Figures] = {}
    for case in plan.cases:
        for clients in plan.clients:
            samples: defaultdict[Key, list[Figures]] = defaultdict(list)
            for _ in range(plan.rounds):
                for rows, target in _turns(plan, places):
                    key = (rows, case, clients, target)
                    samples[key].append(sample(plan, places[rows], case, clients, target))
            for key, rounds in samples.items():
                found[key] = _median(rounds)
            line = ", ".join(f"{key[3]}@{key[0]} {found[key].rate:.0f}/s" for key in samples)
            say(f"{case}, {clients} clients: {line}")
    return found


def _turns(plan: Plan, places: dict[int, Place]) -> Iterator[tuple[int, str]]:
    for target in plan.targets:
        for rows in places:
            yield rows, target


def sample(plan: Plan, place: Place, case: str, clients: int, target: str) -> Figures:
    """One run in a process of its own."""
    bare = target == "limit"
    order = place.facts | {
        "case": case,
        "target": target,
        "seconds": plan.seconds,
        "clients": min(clients, plan.connections) if bare else clients,
        "port": place.ports.get(target),
        "answer": ANSWER,
        "explanation": EXPLANATION,
    }
    module = "benchmarks.limit" if bare else "benchmarks.load"
    done = subprocess.run(
        [sys.executable, "-m", module],
        cwd=ROOT,
        input=json.dumps(order),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{target}, {case}: {done.stderr.strip()[-1500:]}")
    return figures(**json.loads(done.stdout))


def figures(latencies: list[float], elapsed: float) -> Figures:
    if not latencies:
        raise RuntimeError("Nothing was answered in time: measure longer.")
    ordered = sorted(latencies)
    return Figures(
        rate=len(ordered) / elapsed,
        p50=1000 * ordered[len(ordered) // 2],
        p99=1000 * ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))],
        calls=len(ordered),
    )


def _median(rounds: list[Figures]) -> Figures:
    return Figures(
        rate=statistics.median(one.rate for one in rounds),
        p50=statistics.median(one.p50 for one in rounds),
        p99=statistics.median(one.p99 for one in rounds),
        calls=sum(one.calls for one in rounds),
    )
