"""Charts over time or over categories: stacked columns, and lines that go from day to day."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from loyalty.admin.charts.scales import Label, Scale, Tick, labels_below, percent, scale_of, words_of

_WIDE = 1000  # of the plane that paths are drawn on, which is then stretched
_GAP = 0.16  # of a column's place
_WIDEST = 10.0  # percent: a few columns are no wall
_THINNEST = 0.6  # percent: less would not be seen


@dataclass(frozen=True, slots=True)
class Series:
    """What is drawn in one look; `look` is the end of its class: `issued`, `redeemed` …"""

    name: str
    look: str
    figures: Sequence[int]


@dataclass(frozen=True, slots=True)
class Box:
    """A piece of a column; all in percent of the plot."""

    look: str
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True, slots=True)
class Place:
    """The whole height of a column, which says its figures when it is pointed at."""

    x: str
    width: str
    words: str


@dataclass(frozen=True, slots=True)
class Path:
    """A line, or the area below one, down to zero."""

    look: str
    d: str
    is_filled: bool = False


@dataclass(frozen=True, slots=True)
class Plot:
    """`zero`: where nothing stands. `boxes` of columns, or `paths` of lines on a plane of 1,000 by 1,000."""

    legend: list[Series]
    ticks: list[Tick]
    labels: list[Label]
    places: list[Place]
    zero: str
    boxes: list[Box] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    template: str = "console/charts/plot.html"


def columns(
    *, names: Sequence[str], series: Sequence[Series], below: Sequence[str] | None = None
) -> Plot | None:
    """A column for each name: positive figures stacked upwards from zero, negative ones downwards. `below`: shorter
    names for what stands below it. None of no name."""
    if not names:
        return None
    heights = [_stacked([one.figures[place] for one in series]) for place in range(len(names))]
    scale = scale_of(edge for stack in heights for piece in stack for edge in piece)
    boxes = [
        box
        for place, stack in enumerate(heights)
        for one, (begin, end) in zip(series, stack, strict=True)
        if (box := _box(one.look, place, len(names), scale, begin, end))
    ]
    return Plot(
        legend=list(series),
        ticks=scale.ticks,
        labels=labels_below(below or names),
        places=_places(names, series),
        zero=percent(scale.y(0)),
        boxes=boxes,
    )


def lines(
    *, names: Sequence[str], series: Sequence[Series], below: Sequence[str] | None = None, filled: str = ""
) -> Plot | None:
    """Lines that are level within a day. `filled`: the look of the one that is drawn as an area. None of no name."""
    if not names:
        return None
    scale = scale_of(figure for one in series for figure in one.figures)
    return Plot(
        legend=list(series),
        ticks=scale.ticks,
        labels=labels_below(below or names),
        places=_places(names, series),
        zero=percent(scale.y(0)),
        paths=[
            Path(one.look, _path(one.figures, scale, closed=one.look == filled), one.look == filled)
            for one in series
        ],
    )


def _stacked(figures: Sequence[int]) -> list[tuple[int, int]]:
    """Where each begins and ends: those above zero on each other, those below it beneath each other."""
    above = below = 0
    found = []
    for figure in figures:
        if figure >= 0:
            found.append((above, above + figure))
            above += figure
        else:
            found.append((below, below + figure))
            below += figure
    return found


def _box(look: str, place: int, many: int, scale: Scale, begin: int, end: int) -> Box | None:
    if begin == end:
        return None
    wide = 100 / many
    top, bottom = scale.y(max(begin, end)), scale.y(min(begin, end))
    height = max(bottom - top, _THINNEST)
    y = top if end < begin else bottom - height  # a thin piece grows away from zero
    width = min(wide * (1 - _GAP), _WIDEST)
    x = wide * (place + 0.5) - width / 2
    return Box(look, percent(x), percent(y), percent(width), percent(height))


def _path(figures: Sequence[int], scale: Scale, *, closed: bool) -> str:
    """From day to day a level line at the day's figure; a day where nothing changes adds no point."""
    wide = _WIDE / len(figures)
    zero = percent(10 * scale.y(0))
    path, before = [], None
    for place, figure in enumerate(figures):
        if figure != before:
            y = percent(10 * scale.y(figure))
            begin = f"M0 {zero} V{y}" if closed else f"M0 {y}"
            path.append(begin if before is None else f"H{percent(place * wide)} V{y}")
        before = figure
    return " ".join([*path, f"H{_WIDE}", *([f"V{zero} Z"] if closed else [])])


def _places(names: Sequence[str], series: Sequence[Series]) -> list[Place]:
    wide = 100 / len(names)
    return [
        Place(percent(place * wide), percent(wide), f"{name}: {_figures_at(place, series)}")
        for place, name in enumerate(names)
    ]


def _figures_at(place: int, series: Sequence[Series]) -> str:
    return ", ".join(f"{one.name.lower()} {words_of(one.figures[place])}" for one in series)
