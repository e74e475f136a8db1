"""Bars that lie: what is compared by its size, and a funnel, of which each step loses some."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from loyalty.admin.charts.scales import compact, percent, words_of

_ROW = 44  # pixels: a line of text and the bar below it
_LONGEST = 38  # letters, beside the figure on a phone
_THINNEST = 0.6


@dataclass(frozen=True, slots=True)
class Bar:
    """`x`, `width`: percent. `y`, `bar_y`: pixels of its text's base line and of its bar. `words`: all it says."""

    name: str
    figure: str
    note: str
    x: str
    width: str
    y: int
    bar_y: int
    words: str


@dataclass(frozen=True, slots=True)
class Bars:
    rows: list[Bar]
    height: int
    template: str = "console/charts/bars.html"


def bars(rows: Sequence[tuple[str, int]], *, whole: int | None = None) -> Bars | None:
    """Each name with its figure, the longest bar as wide as the chart. `whole`: what each is said to be a share of.
    None of no row; a figure below zero has no bar."""
    if not rows:
        return None
    most = max(1, *(figure for _, figure in rows))
    notes = [share_words(figure, whole) if whole else "" for _, figure in rows]
    return _drawn(rows, notes, most, is_centred=False)


def funnel(rows: Sequence[tuple[str, int]]) -> Bars | None:
    """Steps in their order, each said as a share of the first, and drawn in the middle. None of no row."""
    if not rows:
        return None
    first = rows[0][1]
    notes = [share_words(figure, first) if first else "" for _, figure in rows]
    return _drawn(rows, notes, max(1, *(figure for _, figure in rows)), is_centred=True)


def share_words(part: int, whole: int) -> str:
    """50%, 12.5%; a dash of nothing."""
    if not whole:
        return "–"
    return f"{Decimal(100 * part) / whole:.1f}%".replace(".0%", "%")


def _drawn(rows: Sequence[tuple[str, int]], notes: Sequence[str], most: int, *, is_centred: bool) -> Bars:
    drawn = []
    for number, ((name, figure), note) in enumerate(zip(rows, notes, strict=True)):
        width = max(100 * figure / most, _THINNEST if figure > 0 else 0)
        drawn.append(
            Bar(
                name=_shortened(name),
                figure=compact(figure),
                note=note,
                x=percent((100 - width) / 2 if is_centred else 0),
                width=percent(width),
                y=number * _ROW + 14,
                bar_y=number * _ROW + 21,
                words=f"{name}: {words_of(figure)}{f' ({note})' if note else ''}",
            )
        )
    return Bars(drawn, height=len(rows) * _ROW - 8)


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1].rstrip()}…"
