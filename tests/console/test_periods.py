"""The period of a page of figures and the one before it: whole days, by presets or of one's own choice."""

from datetime import date

import pytest
from django.http import QueryDict

from loyalty.admin.periods import Chosen, Period, chosen, month_before, month_of, short_days

TODAY = date(2026, 3, 31)


def _chosen(query: str = "", today: date = TODAY) -> Chosen:
    return chosen(QueryDict(query), today=today)


def _days(period: Period) -> str:
    return f"{period.first} {period.last}"


@pytest.mark.parametrize(
    ("query", "period", "before"),
    [
        ("", "2026-03-02 2026-03-31", "2026-01-31 2026-03-01"),
        ("period=7", "2026-03-25 2026-03-31", "2026-03-18 2026-03-24"),
        ("period=90", "2026-01-01 2026-03-31", "2025-10-03 2025-12-31"),
        ("period=month", "2026-03-01 2026-03-31", "2026-02-01 2026-02-28"),
        ("period=last-month", "2026-02-01 2026-02-28", "2026-01-01 2026-01-31"),
        ("first=2026-03-10&last=2026-03-12", "2026-03-10 2026-03-12", "2026-03-07 2026-03-09"),
        ("first=2026-03-30&last=2026-12-31", "2026-03-30 2026-03-31", "2026-03-28 2026-03-29"),
        ("first=2024-02-29&last=2024-02-29", "2024-02-29 2024-02-29", "2024-02-28 2024-02-28"),
    ],
)
def test_a_period_is_compared_with_the_one_before(query: str, period: str, before: str) -> None:
    found = _chosen(query)
    assert (_days(found.period), _days(found.before)) == (period, before)
    assert not found.form.errors


def test_this_month_is_compared_with_as_many_days_of_the_last() -> None:
    found = _chosen("period=month", date(2026, 3, 5))
    assert (_days(found.period), _days(found.before)) == ("2026-03-01 2026-03-05", "2026-02-01 2026-02-05")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("first=2026-03-12&last=2026-03-10", "first"),
        ("first=2026-03-12", "last"),
        ("first=&last=", "first"),
        ("first=x&last=2026-03-10", "first"),
        ("first=2026-04-01&last=2026-04-02", "first"),
        ("first=2020-01-01&last=2026-03-10", "first"),
        ("first=0001-01-01&last=0001-01-02", "first"),
        ("first=2026-03-10&last=9999-12-31", "first"),
    ],
)
def test_what_makes_no_sense_is_said_at_the_form_and_the_usual_period_shown(query: str, field: str) -> None:
    found = _chosen(query)
    assert field in found.form.errors
    assert _days(found.period) == "2026-03-02 2026-03-31"


def test_an_unknown_preset_is_the_usual_one() -> None:
    assert _chosen("period=fortnight").preset == "30"


def test_the_address_leads_to_the_same_period_again() -> None:
    for query in ("period=7", "first=2026-03-10&last=2026-03-12"):
        found = _chosen(query)
        assert (
            _chosen("&".join(f"{key}={value}" for key, value in found.query.items())).period == found.period
        )


def test_periods_read_as_people_write_them() -> None:
    said = [
        str(Period(date(2026, 2, 1), date(2026, 2, 28))),
        str(Period(date(2025, 12, 31), date(2026, 1, 2))),
        str(Period(date(2026, 3, 3), date(2026, 3, 3))),
    ]
    assert said == ["1 Feb to 28 Feb 2026", "31 Dec 2025 to 2 Jan 2026", "3 Mar 2026"]


def test_months_are_whole() -> None:
    assert _days(month_of(date(2024, 2, 10))) == "2024-02-01 2024-02-29"
    assert _days(month_before(date(2026, 1, 31))) == "2025-12-01 2025-12-31"


def test_below_a_chart_the_year_is_said_where_there_are_more_than_one() -> None:
    assert short_days([date(2026, 1, 2), date(2026, 3, 3)]) == ["2 Jan", "3 Mar"]
    assert short_days([date(2025, 12, 31), date(2026, 1, 1)]) == ["31 Dec 25", "1 Jan 26"]
