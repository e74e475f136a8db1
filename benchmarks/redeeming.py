"""Rewards redeemed over HTTP, beside a plain spend: what a hot stock and a pool of codes cost."""

from collections.abc import Callable

from benchmarks.measuring import Place, Plan, sample

CLIENTS = 8
HEAD = "| redemptions, 8 clients | calls/s | p50 ms | p99 ms | of a plain spend |\n|---|--:|--:|--:|--:|\n"
CASES = {
    "spend": "plain spend, no reward",
    "reward": "a reward with a code from a pattern",
    "stock": "the same, all from one stock",
    "pool": "a reward with codes from one pool",
}


def report(plan: Plan, place: Place, say: Callable[[str], None]) -> str:
    """One table: each case once, one after the other."""
    found = {case: sample(plan, place, case, CLIENTS, "product") for case in CASES}
    base = found["spend"].rate
    for case, figures in found.items():
        say(f"redemptions, {case}: {figures.rate:.0f}/s")
    return HEAD + "".join(
        f"| {CASES[case]} | {one.rate:,.0f} | {one.p50:.1f} | {one.p99:.1f} | {one.rate / base:.2f} |\n"
        for case, one in found.items()
    )
