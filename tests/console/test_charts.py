"""The chart of points per day: every day stands in it, at its own height."""

from datetime import date
from itertools import pairwise

from loyalty.admin.charts import HEIGHT, WIDTH, daily_chart


def _row(day: str, would: int, given: int) -> dict[str, object]:
    return {"day": day, "would": would, "given": given}


def test_no_day_is_no_chart() -> None:
    assert daily_chart([]) is None


def test_days_without_events_count_as_nothing() -> None:
    chart = daily_chart([_row("2026-03-01", 4, 2), _row("2026-03-04", 8, 8)])
    assert chart is not None
    assert [(day.day.day, day.would, day.given) for day in chart.days] == [
        (1, 4, 2),
        (2, 0, 0),
        (3, 0, 0),
        (4, 8, 8),
    ]
    assert [day.difference for day in chart.days] == [2, 0, 0, 0]


def test_the_line_goes_from_day_to_day_at_its_height() -> None:
    chart = daily_chart([_row("2026-03-01", 4, 0), _row("2026-03-02", 8, 8)])
    assert chart is not None
    assert chart.would == f"M0 {HEIGHT // 2} H{WIDTH // 2} V0 H{WIDTH}"
    assert chart.given == f"M0 {HEIGHT} L0 {HEIGHT} H{WIDTH // 2} V0 H{WIDTH} L{WIDTH} {HEIGHT} Z"


def test_the_grid_ends_at_a_round_figure_above_the_highest() -> None:
    for highest, top in (
        (0, 4),
        (1, 4),
        (5, 8),
        (8, 8),
        (9, 12),
        (101, 120),
        (5_234, 6_000),
        (10**15, 10**15),
    ):
        chart = daily_chart([_row("2026-03-01", highest, 0)])
        assert chart is not None
        figures = [figure for figure, _ in chart.ticks]
        assert figures == [top, top * 3 // 4, top // 2, top // 4, 0], highest


def test_few_days_are_named_below_the_chart_the_first_and_last_among_them() -> None:
    for count, named in ((1, 1), (5, 5), (6, 6), (14, 2), (31, 6), (400, 4)):
        last = date.fromordinal(date(2026, 1, 1).toordinal() + count - 1)
        chart = daily_chart([_row("2026-01-01", 1, 1), _row(last.isoformat(), 1, 1)])
        assert chart is not None
        assert len(set(chart.labels)) == len(chart.labels) == named
        assert (chart.labels[0], chart.labels[-1]) == (date(2026, 1, 1), last)
        gaps = {later - earlier for earlier, later in pairwise(chart.labels)}
        assert len(gaps) <= 1  # the page spreads them evenly, so that is what they are
