"""How high a figure stands in a plot, and what is written at its edges."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count

_MOST_SPACES = 5
_MOST_LABELS = 6
_EDGE = 6.0  # percent: a label nearer to the right edge would stand out of the plot
_SHORT_FROM = 100_000
_UNITS = ((10**12, "tn"), (10**9, "bn"), (10**6, "m"), (10**3, "k"))


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the grid, and what it stands for; `y` in percent from the top."""

    words: str
    y: str


@dataclass(frozen=True, slots=True)
class Label:
    """What stands below a place; a `minor` one is left out on a phone."""

    words: str
    x: str
    anchor: str
    minor: bool


@dataclass(frozen=True, slots=True)
class Scale:
    """From `low` (0 or less) to `high` (above `low`), both round; `ticks` the highest first, evenly spaced."""

    low: int
    high: int
    ticks: list[Tick]

    def y(self, figure: int) -> float:
        """Percent from the top."""
        return 100 * (self.high - figure) / (self.high - self.low)


def scale_of(figures: Iterable[int]) -> Scale:
    """One in which all figures and zero have their place; 0 to 4 where all are zero."""
    known = [0, *figures]
    lowest, highest = min(known), max(known)
    if lowest == highest:
        highest = 4
    step = next(step for step in _steps() if _spaces(lowest, highest, step) <= _MOST_SPACES)
    low, high = lowest // step * step, -(-highest // step) * step
    marks = range(high, low - 1, -step)
    return Scale(
        low, high, [Tick(compact(mark), percent(100 * (high - mark) / (high - low))) for mark in marks]
    )


def _steps() -> Iterable[int]:
    """1, 2, 5, 10, 20, 25, 50, 100, …"""
    for power in count():
        for factor in (10, 20, 25, 50) if power else (10, 20, 50):
            yield factor * 10**power // 10


def _spaces(lowest: int, highest: int, step: int) -> int:
    return -(-highest // step) - lowest // step


def labels_below(names: Sequence[str]) -> list[Label]:
    """At most seven of the names, evenly spread from the first on, each below the middle of its place."""
    if not names:
        return []
    every = -(-len(names) // _MOST_LABELS)
    shown = range(0, len(names), every)
    return [
        _label(names[place], 100 * (place + 0.5) / len(names), minor=bool(number % 2) and len(shown) > 3)
        for number, place in enumerate(shown)
    ]


def _label(words: str, x: float, *, minor: bool) -> Label:
    anchor = "end" if x > 100 - _EDGE else "middle"  # on the left there is the axis to stand below
    return Label(words, percent(x), anchor, minor)


def compact(figure: int) -> str:
    """In the little room of a plot: 99,999 whole, 250000 as 250k, 1500000 as 1.5m."""
    if abs(figure) < _SHORT_FROM:
        return words_of(figure)
    size, unit = next((size, unit) for size, unit in _UNITS if abs(figure) >= size)
    whole, hundredths = divmod(abs(figure) * 100 // size, 100)
    text = (
        f"{whole:,}.{hundredths:02}".rstrip("0").rstrip(".") if hundredths and whole < 100 else f"{whole:,}"
    )
    return f"{'−' if figure < 0 else ''}{text}{unit}"


def words_of(figure: int) -> str:
    """1,234 or −1,234, with a real minus sign."""
    return f"{figure:,}".replace("-", "−")


def so_many(count: int, noun: str) -> str:
    """1 member, 1,234 members."""
    return f"{words_of(count)} {noun}{'' if count == 1 else 's'}"


def percent(figure: float) -> str:
    """At most two places, for an attribute."""
    return f"{figure:.2f}".rstrip("0").rstrip(".")
