"""Balance reads while the settlement sweep works beside them: what it does to their p99.

As a program (`python -m benchmarks.sweeping`): the sweep itself, as the worker runs it, in a process of its own.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import django

from benchmarks.database import ROOT, settings
from benchmarks.measuring import Figures, Place, Plan, sample

CLIENTS = 8
SECONDS = 5.0  # of the reads; shorter than the sweep of 20,000 accounts
HEAD = "| balance reads, 8 clients | calls/s | p50 ms | p99 ms |\n|---|--:|--:|--:|\n"


def main() -> None:
    """Settle everything that is due; prints what was done and in how many seconds."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.utils import timezone  # noqa: PLC0415 - Django is set up by now

    from audit.record import Actor  # noqa: PLC0415
    from loyalty.actions.pace import Pace  # noqa: PLC0415
    from loyalty.actions.sweep import sweep  # noqa: PLC0415

    sys.stdout.write("begins\n")
    sys.stdout.flush()
    began = time.monotonic()
    done = sweep(actor=Actor.system("sweep"), now=timezone.now(), pace=Pace())
    report = {
        "accounts": done.counts["accounts"],
        "lots": done.counts["lots"],
        "seconds": time.monotonic() - began,
    }
    sys.stdout.write(json.dumps(report) + "\n")


def report(plan: Plan, place: Place, say: Callable[[str], None]) -> str:
    """A table of two lines: without the sweep, and with it."""
    longer = replace(plan, seconds=min(SECONDS, 3 * plan.seconds))
    alone = sample(longer, place, "balance", CLIENTS, "product")
    with _sweep(place.facts["database"]) as said:
        beside = sample(longer, place, "balance", CLIENTS, "product")
    done = said[0]
    line = f"the sweep settled {done['accounts']:,.0f} accounts in {done['seconds']:.1f} s beside them"
    say(line)
    rows = _row(f"alone, {place.facts['rows']:,} rows", alone) + _row(f"while {line}", beside)
    return HEAD + rows


@contextmanager
def _sweep(database: str) -> Iterator[list[dict[str, float]]]:
    """The sweep has begun inside, and has ended afterwards; then what it did stands in the list."""
    said: list[dict[str, float]] = []
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.sweeping"],
        cwd=ROOT,
        env=os.environ | settings(database),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield said
            said.append(json.loads(process.stdout.readline()))
        finally:
            process.terminate()


def _row(name: str, found: Figures) -> str:
    return f"| {name} | {found.rate:,.0f} | {found.p50:.1f} | {found.p99:.1f} |\n"


if __name__ == "__main__":
    main()
