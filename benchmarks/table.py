"""The measurements as a table in Markdown."""

from collections.abc import Sequence

from benchmarks.measuring import Figures, Key

HEAD = (
    "| call | rows | clients | calls/s | p50 ms | p99 ms | of (a) bare psycopg | × (b) idiomatic"
    " | p50 : p50 of the smallest |\n"
    "|---|--:|--:|--:|--:|--:|--:|--:|--:|\n"
)


def table(found: dict[Key, Figures], sizes: Sequence[int]) -> str:
    """A row for each case, size and number of clients of the product."""
    lines = [
        _line(found, rows, case, clients, min(sizes))
        for rows, case, clients, target in sorted(found, key=lambda key: (key[1], key[2], key[0]))
        if target == "product"
    ]
    return HEAD + "".join(lines)


def _line(found: dict[Key, Figures], rows: int, case: str, clients: int, smallest: int) -> str:
    mine = found[rows, case, clients, "product"]
    bare, usual = (found.get((rows, case, clients, other)) for other in ("limit", "yardstick"))
    base = found[smallest, case, clients, "product"]
    return (
        f"| {case} | {rows:,} | {clients} | {mine.rate:,.0f} | {mine.p50:.1f} | {mine.p99:.1f}"
        f" | {_ratio(mine.rate, bare)} | {_ratio(mine.rate, usual, digits=1)} | {_growth(mine, base)} |\n"
    )


def _ratio(rate: float, other: Figures | None, digits: int = 2) -> str:
    return "–" if other is None else f"{rate / other.rate:.{digits}f} ({other.rate:,.0f}/s)"


def _growth(mine: Figures, base: Figures) -> str:
    return "–" if mine is base else f"{mine.p50 / base.p50:.2f}"
