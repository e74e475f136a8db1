"""Purchases that stamp a card, beside those where there is none: what stamp programs cost the hottest path."""

from collections.abc import Callable

from benchmarks.measuring import Place, Plan, sample

CLIENTS = 8
HEAD = "| purchases, 8 clients | calls/s | p50 ms | p99 ms | of the first |\n|---|--:|--:|--:|--:|\n"
CASES = {
    "event": "no stamp program",
    "no card": "a stamp program, but the member has no card of it",
    "stamped": "a stamp each; every fifth fills its card",
}


def report(plan: Plan, place: Place, say: Callable[[str], None]) -> str:
    """One table: each case once, one after the other."""
    found = {case: sample(plan, place, case, CLIENTS, "product") for case in CASES}
    base = found["event"].rate
    for case, figures in found.items():
        say(f"purchases, {CASES[case]}: {figures.rate:.0f}/s")
    return HEAD + "".join(
        f"| {CASES[case]} | {one.rate:,.0f} | {one.p50:.1f} | {one.p99:.1f} | {one.rate / base:.2f} |\n"
        for case, one in found.items()
    )
