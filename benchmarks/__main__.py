"""`make bench`: measure everything on a database server of its own, print the table."""

import argparse
import signal
import sys
import time
from contextlib import ExitStack

from benchmarks import acting, document, earning, redeeming, stamping, sweeping
from benchmarks.database import own_server, seeded
from benchmarks.measuring import CASES, TARGETS, Place, Plan, measure
from benchmarks.servers import web_server
from benchmarks.table import table

SMALL, LARGE, DEEP = 10_000, 1_000_000, 5_000


def main() -> None:
    """Measure awards, spends, balances and history over HTTP, against a bare database and usual Django."""
    chosen = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    sizes = chosen.rows or ([SMALL] if chosen.quick else [SMALL, LARGE])
    plan = Plan(
        cases=tuple(chosen.case or CASES),
        targets=tuple(chosen.target or TARGETS),
        clients=tuple(chosen.clients or ([8] if chosen.quick else [8, 32])),
        rounds=chosen.rounds or (1 if chosen.quick else 5),
        seconds=chosen.seconds or (1.0 if chosen.quick else 2.0),
        connections=16,
    )
    with ExitStack() as stack:
        url = stack.enter_context(own_server())
        places = {}
        for rows in sizes:
            began = time.monotonic()
            facts = seeded(url, rows, min(chosen.deep, rows // 2))
            say(f"{rows:,} ledger rows seeded in {time.monotonic() - began:.0f} s")
            servers = [target for target in plan.targets if target != "limit"]
            ports = {target: stack.enter_context(web_server(target, facts["database"])) for target in servers}
            places[rows] = Place(facts, ports)
        found = measure(plan, places, say)
        text = table(found, sizes)
        if not chosen.case:
            text += "\n" + earning.report(plan, places[max(sizes)], say, quick=chosen.quick)
            text += "\n" + redeeming.report(plan, places[max(sizes)], say)
            text += "\n" + stamping.report(plan, places[max(sizes)], say)
            text += "\n" + acting.report(plan, places[max(sizes)], say)
            text += "\n" + sweeping.report(plan, places[max(sizes)], say)
    sys.stdout.write("\n" + text)
    if chosen.write:
        document.write(text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks", description=main.__doc__)
    parser.add_argument("--quick", action="store_true", help="10,000 rows, 8 clients, one short round")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    parser.add_argument("--rows", type=int, action="append", help="a size; may be given several times")
    parser.add_argument("--deep", type=int, default=DEEP, help=f"entries of one member ({DEEP})")
    parser.add_argument("--case", action="append", choices=CASES, help="only this call; several times")
    parser.add_argument("--target", action="append", choices=TARGETS, help="only this; several times")
    parser.add_argument("--clients", type=int, action="append", help="8 and 32; several times")
    parser.add_argument("--rounds", type=int, help="the medians are taken over so many (5)")
    parser.add_argument("--seconds", type=float, help="of each measurement (2)")
    return parser.parse_args()


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
