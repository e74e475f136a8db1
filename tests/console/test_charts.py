"""Charts as pure functions: everything has its place and its height, and nothing is drawn of nothing."""

from datetime import date
from itertools import pairwise

import pytest

from loyalty.admin.back_test_report import back_test_report
from loyalty.admin.charts.bars import bars, funnel, share_words
from loyalty.admin.charts.plots import Plot, Series, columns, lines
from loyalty.admin.charts.scales import compact, labels_below, scale_of
from loyalty.admin.charts.spans import spans_of


def _columns(*series: tuple[str, list[int]]) -> Plot:
    names = [f"day {number}" for number in range(len(series[0][1]))]
    found = columns(names=names, series=[Series(look.title(), look, figures) for look, figures in series])
    assert found is not None
    return found


def _box(plot: Plot, number: int) -> tuple[str, float, float, float, float]:
    box = plot.boxes[number]
    return box.look, float(box.x), float(box.y), float(box.width), float(box.height)


class TestScales:
    @pytest.mark.parametrize(
        ("figures", "low", "high"),
        [
            ([], 0, 4),
            ([0, 0], 0, 4),
            ([1], 0, 1),
            ([5], 0, 5),
            ([9], 0, 10),
            ([101], 0, 125),
            ([5_234], 0, 6_000),
            ([10**15], 0, 10**15),
            ([10**18 + 1], 0, 125 * 10**16),
            ([-7], -8, 0),
            ([900, -150], -250, 1_000),
            ([-(10**15), 3], -(10**15), 25 * 10**13),
        ],
    )
    def test_end_at_round_figures_and_hold_zero(self, figures: list[int], low: int, high: int) -> None:
        scale = scale_of(figures)
        assert (scale.low, scale.high) == (low, high)

    def test_have_at_most_six_lines_evenly_spaced_the_highest_first(self) -> None:
        for highest in (1, 3, 7, 18, 99, 1_234, 987_654):
            for lowest in (0, -1, -highest // 3, -highest * 5):
                heights = [float(tick.y) for tick in scale_of([lowest, highest]).ticks]
                assert 2 <= len(heights) <= 7
                assert (heights[0], heights[-1]) == (0, 100)
                gaps = [later - earlier for earlier, later in pairwise(heights)]
                assert max(gaps) - min(gaps) < 0.02

    def test_figures_stand_between_the_edges(self) -> None:
        scale = scale_of([1_000, -200])
        assert [scale.y(figure) for figure in (scale.high, 375, scale.low)] == [0, 50, 100]


class TestColumns:
    def test_stand_on_each_other_above_zero_and_hang_below_it(self) -> None:
        plot = _columns(
            ("issued", [600, 0]), ("other", [400, 0]), ("redeemed", [-500, 0]), ("expired", [-500, 0])
        )
        assert float(plot.zero) == 50
        heights = {box[0]: (box[2], box[4]) for box in (_box(plot, number) for number in range(4))}
        assert heights == {"issued": (20, 30), "other": (0, 20), "redeemed": (50, 25), "expired": (75, 25)}

    def test_have_the_same_place_each_whatever_they_hold(self) -> None:
        plot = _columns(("issued", [3, 0, 9, 4]))
        assert [float(box.x) + float(box.width) / 2 for box in plot.boxes] == [12.5, 62.5, 87.5]
        assert [(float(place.x), float(place.width)) for place in plot.places] == [
            (0, 25),
            (25, 25),
            (50, 25),
            (75, 25),
        ]

    def test_a_small_figure_beside_a_huge_one_is_still_seen_on_its_own_side_of_zero(self) -> None:
        plot = _columns(("issued", [10**15, 1]), ("redeemed", [0, -1]))
        (_, _, up_y, _, up), (_, _, down_y, _, down) = (_box(plot, number) for number in (1, 2))
        zero = float(plot.zero)
        assert up >= 0.6 <= down
        assert up_y + up == pytest.approx(zero, abs=0.02)
        assert down_y == pytest.approx(zero, abs=0.02)

    def test_say_all_their_figures_when_pointed_at(self) -> None:
        plot = _columns(("issued", [1_200]), ("redeemed", [-300]))
        assert plot.places[0].words == "day 0: issued 1,200, redeemed −300"

    def test_a_single_one_is_no_wall(self) -> None:
        assert _box(_columns(("issued", [5])), 0)[1:4:2] == (45, 10)

    def test_of_zeros_have_a_grid_and_no_column(self) -> None:
        plot = _columns(("issued", [0, 0]))
        assert (plot.boxes, plot.zero, plot.ticks[0].words) == ([], "100", "4")


class TestLines:
    def test_go_from_day_to_day_at_their_height(self) -> None:
        plot = lines(names=["a", "b", "c"], series=[Series("Held", "would", [4, 8, 8])])
        assert plot is not None
        assert plot.paths[0].d == "M0 500 H333.33 V0 H1000"

    def test_an_area_is_closed_at_zero_also_where_figures_are_below_it(self) -> None:
        plot = lines(names=["a", "b"], series=[Series("Held", "issued", [10, -10])], filled="issued")
        assert plot is not None
        assert plot.paths[0].d == "M0 500 V0 H500 V1000 H1000 V500 Z"

    def test_a_single_day_is_a_level_line(self) -> None:
        plot = lines(names=["a"], series=[Series("Held", "would", [4])])
        assert plot is not None
        assert plot.paths[0].d == "M0 0 H1000"


class TestLabels:
    def test_are_few_evenly_spread_and_begin_with_the_first(self) -> None:
        for count in (1, 2, 5, 7, 8, 14, 31, 92, 400, 1098):
            shown = labels_below([f"{number}" for number in range(count)])
            assert shown[0].words == "0"
            assert 1 <= len(shown) <= 6
            gaps = {int(later.words) - int(earlier.words) for earlier, later in pairwise(shown)}
            assert len(gaps) <= 1

    def test_stand_below_the_middle_of_their_place_and_not_beyond_the_right_edge(self) -> None:
        shown = labels_below([f"{number}" for number in range(30)])
        assert [(label.x, label.anchor) for label in shown[:2]] == [("1.67", "middle"), ("18.33", "middle")]
        assert [label.anchor for label in labels_below(["a", "b"])] == ["middle", "middle"]

    def test_every_second_is_left_out_on_a_phone(self) -> None:
        assert [label.minor for label in labels_below(list("abcde"))] == [False, True, False, True, False]
        assert [label.minor for label in labels_below(list("ab"))] == [False, False]


class TestBars:
    def test_the_longest_is_as_wide_as_the_chart(self) -> None:
        found = bars([("Mug", 30), ("Voucher", 15), ("Card", 0)], whole=60)
        assert found is not None
        assert [(bar.width, bar.x, bar.note) for bar in found.rows] == [
            ("100", "0", "50%"),
            ("50", "0", "25%"),
            ("0", "0", "0%"),
        ]
        assert found.rows[0].words == "Mug: 30 (50%)"

    def test_rows_stand_below_each_other_and_within_the_height(self) -> None:
        found = bars([(f"reward {number}", number) for number in range(30)])
        assert found is not None
        assert all(later.y > earlier.bar_y + 12 for earlier, later in pairwise(found.rows))
        assert found.rows[-1].bar_y + 12 <= found.height

    def test_a_long_name_is_shortened_and_said_in_full(self) -> None:
        found = bars([("N" * 200, 10**15)])
        assert found is not None
        assert (len(found.rows[0].name), found.rows[0].figure) == (38, "1,000tn")
        assert found.rows[0].words == f"{'N' * 200}: 1,000,000,000,000,000"

    def test_a_funnel_stands_in_the_middle_and_says_shares_of_its_first_step(self) -> None:
        found = funnel([("Began", 8), ("Bought", 4), ("Done", 0)])
        assert found is not None
        assert [(bar.x, bar.width, bar.note) for bar in found.rows] == [
            ("0", "100", "100%"),
            ("25", "50", "50%"),
            ("50", "0", "0%"),
        ]

    def test_a_funnel_in_which_nobody_began_divides_by_nothing(self) -> None:
        found = funnel([("Began", 0), ("Done", 2)])
        assert found is not None
        assert [bar.note for bar in found.rows] == ["", ""]


def test_of_nothing_there_is_no_chart() -> None:
    none = [Series("Issued", "issued", [])]
    found = [columns(names=[], series=none), lines(names=[], series=none), bars([]), funnel([])]
    assert found == [None] * 4


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        (0, "0"),
        (99_999, "99,999"),
        (-12, "−12"),
        (250_000, "250k"),
        (1_500_000, "1.5m"),
        (1_250_000, "1.25m"),
        (1_050_000, "1.05m"),
        (-2_000_000, "−2m"),
        (3_000_000_000, "3bn"),
        (10**15, "1,000tn"),
        (10**18, "1,000,000tn"),
    ],
)
def test_figures_at_the_edge_are_short(figure: int, words: str) -> None:
    assert compact(figure) == words


def test_shares_have_one_place_at_most() -> None:
    assert [share_words(*pair) for pair in ((1, 3), (1, 2), (0, 5), (2, 1), (1, 0))] == [
        "33.3%",
        "50%",
        "0%",
        "200%",
        "–",
    ]


class TestSpans:
    def test_days_are_shown_each_up_to_a_quarter(self) -> None:
        found = spans_of(date(2026, 1, 1), date(2026, 4, 2))
        assert (found.unit, len(found.spans)) == ("day", 92)
        assert found.spans[0].name == "Thu 1 Jan 2026"

    def test_then_weeks_from_monday_to_sunday_cut_at_the_edges(self) -> None:
        found = spans_of(date(2026, 1, 1), date(2026, 12, 31))
        assert found.unit == "week"
        assert found.spans[0].name == "1 Jan to 4 Jan 2026"
        assert (found.spans[1].first, found.spans[1].last) == (date(2026, 1, 5), date(2026, 1, 11))
        assert found.spans[-1].last == date(2026, 12, 31)

    def test_then_months(self) -> None:
        found = spans_of(date(2023, 12, 15), date(2026, 12, 14))
        assert (found.unit, len(found.spans)) == ("month", 37)
        assert (found.spans[0].short, found.spans[-1].last) == ("Dec 2023", date(2026, 12, 14))

    @pytest.mark.parametrize("days", [1, 92, 93, 500, 560, 561, 1098])
    def test_every_day_is_in_one_of_them(self, days: int) -> None:
        first = date(2024, 2, 27)
        last = date.fromordinal(first.toordinal() + days - 1)
        spans = spans_of(first, last).spans
        assert (spans[0].first, spans[-1].last) == (first, last)
        assert all(
            earlier.last.toordinal() + 1 == later.first.toordinal() for earlier, later in pairwise(spans)
        )


class TestBackTests:
    def test_days_without_events_count_as_nothing(self) -> None:
        rows: list[dict[str, object]] = [
            {"day": "2026-03-01", "would": 4, "given": 2},
            {"day": "2026-03-04", "would": 8, "given": 8},
        ]
        report = back_test_report(rows)
        assert [(row[0].day, *row[1:]) for row in report.sheet.rows] == [
            (1, 4, 2, 2),
            (2, 0, 0, 0),
            (3, 0, 0, 0),
            (4, 8, 8, 0),
        ]
        assert report.summary == "12 would be given, 10 were."

    def test_no_day_is_no_chart(self) -> None:
        assert back_test_report([]).drawing is None
