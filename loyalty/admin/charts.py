"""Points per day as a chart that the server draws: steps on a grid, no script and no library.

The plot is stretched to its place (`preserveAspectRatio="none"`); its texts are HTML beside it, so that
they stay readable on a phone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH, HEIGHT = 1000, 240
_MOST_LABELS = 6


@dataclass(frozen=True, slots=True)
class Day:
    """Points of one day; `x` and `width` are its place in the plot."""

    day: date
    would: int
    given: int
    x: str
    width: str

    @property
    def difference(self) -> int:
        return self.would - self.given


@dataclass(frozen=True, slots=True)
class Chart:
    """`would` and `given`: SVG paths, the first a line, the second an area. `ticks`: what the grid's
    lines stand for, highest first, with their heights; `labels`: days below the plot."""

    days: list[Day]
    would: str
    given: str
    ticks: list[tuple[int, str]]
    labels: list[date]
    width: int = WIDTH
    height: int = HEIGHT


def daily_chart(rows: Sequence[Mapping[str, object]]) -> Chart | None:
    """Of `{"day", "would", "given"}` in order; days between them count as nothing. None of none."""
    known = {date.fromisoformat(str(row["day"])): row for row in rows}
    if not known:
        return None
    first = min(known)
    count = (max(known) - first).days + 1
    top = _round_top(max(_figure(row, name) for row in known.values() for name in ("would", "given")))
    wide = WIDTH / count
    days = []
    for place in range(count):
        day = first + timedelta(days=place)
        row = known.get(day, {})
        at, width = _short(place * wide), _short(wide)
        days.append(Day(day, _figure(row, "would"), _figure(row, "given"), at, width))
    return Chart(
        days=days,
        would=_steps([day.would for day in days], wide, top),
        given=f"M0 {HEIGHT} {_steps([day.given for day in days], wide, top, 'L')} L{WIDTH} {HEIGHT} Z",
        ticks=[(top * part // 4, _short(HEIGHT - HEIGHT * part / 4)) for part in (4, 3, 2, 1, 0)],
        labels=_labels([day.day for day in days]),
    )


def _figure(row: Mapping[str, object], name: str) -> int:
    value = row.get(name, 0)
    return value if isinstance(value, int) else 0


def _round_top(highest: int) -> int:
    """The next of 4, 8, 12, 20, …, 400, 600, 800, 1,000, …: its quarters are whole numbers."""
    size = 1
    while size * 10 < highest:
        size *= 10
    tops = (int(size * factor) for factor in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 5, 6, 8, 10, 12, 16, 20, 40))
    return next(top for top in tops if top >= highest and top and top % 4 == 0)


def _steps(figures: Sequence[int], wide: float, top: int, begin: str = "M") -> str:
    """From day to day a level line at the day's figure; a day where nothing changes adds no point."""
    path, before = [], None
    for place, figure in enumerate(figures):
        if figure != before:
            y = _short(HEIGHT - HEIGHT * figure / top)
            path.append(f"{begin}0 {y}" if before is None else f"H{_short(place * wide)} V{y}")
        before = figure
    return " ".join([*path, f"H{WIDTH}"])


def _labels(days: Sequence[date]) -> list[date]:
    """The first and the last day and, where they can be spread evenly, up to four between them: the page
    spreads them so, and each must stand under its own column."""
    last = len(days) - 1
    if not last:
        return list(days)
    spaces = next(parts for parts in range(_MOST_LABELS - 1, 0, -1) if last % parts == 0)
    return [days[last * place // spaces] for place in range(spaces + 1)]


def _short(figure: float) -> str:
    return f"{figure:.2f}".rstrip("0").rstrip(".")
