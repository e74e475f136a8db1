"""The figures at the head of the overview: of a period, against the one before it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from loyalty.admin.charts.bars import share_words
from loyalty.admin.charts.scales import words_of


@dataclass(frozen=True, slots=True)
class Figure:
    """`figure` in words. `arrow`: ▲, ▼ or =, beside the `change`, which says the same; both empty where there is
    nothing to compare. `is_long`: it needs smaller letters."""

    name: str
    figure: str
    arrow: str = ""
    change: str = ""
    note: str = ""

    @property
    def is_long(self) -> bool:
        return len(self.figure) > 11


def counted(name: str, now: int, before: int, note: str = "") -> Figure:
    """A number beside that of the period before."""
    return Figure(name, words_of(now), _arrow(now - before), _change(now, before), note)


def rated(name: str, now: Decimal | None, before: Decimal | None, note: str = "") -> Figure:
    """A rate, 0 to 1 and above; None where there was nothing to measure it by."""
    if now is None:
        return Figure(name, "–", note=note)
    if before is None:
        return Figure(name, rate_words(now), change="nothing to compare with", note=note)
    tenths = round(1000 * now) - round(1000 * before)  # as they are shown
    change = "as before" if not tenths else f"{abs(tenths) / 10:g} percentage points {_way(tenths)}"
    return Figure(
        name,
        rate_words(now),
        _arrow(tenths),
        f"{change} ({rate_words(before)} before)" if tenths else change,
        note,
    )


def _arrow(difference: int) -> str:
    return "▲" if difference > 0 else "▼" if difference < 0 else "="


def _change(now: int, before: int) -> str:
    if now == before:
        return "as before"
    was = f"({words_of(before)} before)"
    if before > 0 and now >= 0 and now <= 10 * before:
        return f"{share_words(abs(now - before), before)} {_way(now - before)} {was}"
    return f"{words_of(abs(now - before))} {_way(now - before)} {was}"


def _way(difference: int) -> str:
    return "more" if difference > 0 else "less"


def rate_words(rate: Decimal) -> str:
    """0.125 → 12.5%."""
    return f"{100 * rate:,.1f}%".replace(".0%", "%").replace("-", "−")


def figures_of(now: Any, before: Any, *, active: tuple[int, int]) -> list[Figure]:
    """Those of the overview, of one metric. `now`, `before`: PointsPeriod of the period and of the one before it;
    `active`: members of both."""
    return [
        counted("Issued", now.issued, before.issued, "earned and given as bonus"),
        counted("Redeemed", now.redeemed, before.redeemed, "spent by members"),
        counted("Expired", now.expired, before.expired, "breakage: nobody used them"),
        counted("Outstanding", now.closing, before.closing, "what members hold at the end"),
        rated("Redemption rate", now.redemption_rate, before.redemption_rate, "redeemed of issued"),
        rated("Breakage rate", now.breakage_rate, before.breakage_rate, "expired of issued"),
        counted("Active members", *active, "whose points moved"),
    ]
