"""Events: one by one, a thousand at once, judged by very long conditions, and tried again by a back-test."""

import json
from collections.abc import Callable
from dataclasses import replace

from benchmarks import judging
from benchmarks.database import run
from benchmarks.limit import BATCH
from benchmarks.measuring import Figures, Place, Plan, sample

SECONDS = 6.0  # a batch takes a part of a second
HEAD = (
    "| events | clients | events/s | p50 ms a call | p99 ms | of (a) bare psycopg | × one by one |\n"
    "|---|--:|--:|--:|--:|--:|--:|\n"
)
SINGLE_CLIENTS, BATCH_CLIENTS = 8, 2
TRIED, TRIED_QUICKLY = 100_000, 10_000


def report(plan: Plan, place: Place, say: Callable[[str], None], *, quick: bool) -> str:
    """Three tables: recording, judging, trying."""
    return f"{_recording(plan, place, say)}\n{judging.report(say)}\n{_trying(place, say, quick=quick)}"


def _recording(plan: Plan, place: Place, say: Callable[[str], None]) -> str:
    size = min(BATCH, place.facts["members"])
    longer = replace(plan, seconds=3 * plan.seconds if plan.seconds < 1 else min(SECONDS, 3 * plan.seconds))
    single = [sample(longer, place, "event", SINGLE_CLIENTS, target) for target in ("product", "limit")]
    batch = [sample(longer, place, "batch", BATCH_CLIENTS, target) for target in ("product", "limit")]
    rate, base = size * batch[0].rate, single[0].rate
    say(f"events: {base:.0f}/s one by one, {rate:.0f}/s by {size:,} at once")
    rows = _row("one a call", SINGLE_CLIENTS, single, 1, base)
    return HEAD + rows + _row(f"{size:,} of {size:,} members a call", BATCH_CLIENTS, batch, size, base)


def _row(name: str, clients: int, found: list[Figures], size: int, base: float) -> str:
    mine, bare = found
    rate = size * mine.rate
    limit = f"{mine.rate / bare.rate:.2f} ({size * bare.rate:,.0f}/s)"
    return f"| {name} | {clients} | {rate:,.0f} | {mine.p50:,.1f} | {mine.p99:,.1f} | {limit} | {rate / base:.1f} |\n"


def _trying(place: Place, say: Callable[[str], None], *, quick: bool) -> str:
    events = str(TRIED_QUICKLY if quick else TRIED)
    words = ("-m", "benchmarks.trying", place.facts["environment_id"], events)
    done: dict[str, float] = json.loads(run(*words, url=place.facts["database"]))
    rate = done["events"] / done["seconds"]
    say(f"a back-test of {done['events']:,.0f} events: {rate:,.0f} events/s")
    head = "| back-test, 3 rules | seconds | events/s |\n|---|--:|--:|\n"
    return f"{head}| {done['events']:,.0f} events | {done['seconds']:.1f} | {rate:,.0f} |\n"
