"""Actions that count for missions, beside one that no mission is of: what challenges cost an event."""

from collections.abc import Callable

from benchmarks.measuring import Place, Plan, sample

CLIENTS = 8
HEAD = "| actions, 8 clients | calls/s | p50 ms | p99 ms | of the first |\n|---|--:|--:|--:|--:|\n"
CASES = {
    "no mission": "of a type that no mission is of",
    "one mission": "counts for one",
    "five missions": "counts for five, of five challenges",
    "completes": "completes a mission and its challenge, which gives points",
}


def report(plan: Plan, place: Place, say: Callable[[str], None]) -> str:
    """One table: each case once, one after the other."""
    found = {case: sample(plan, place, case, CLIENTS, "product") for case in CASES}
    base = found["no mission"].rate
    for case, figures in found.items():
        say(f"an action, {CASES[case]}: {figures.rate:.0f}/s")
    return HEAD + "".join(
        f"| {CASES[case]} | {one.rate:,.0f} | {one.p50:.1f} | {one.p99:.1f} | {one.rate / base:.2f} |\n"
        for case, one in found.items()
    )
