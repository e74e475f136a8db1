"""The reference of test_cdnow.py, by hand."""

from datetime import date

import pytest

from tests.loyalty.earning.cdnow import Purchase, expected, expiry, midnight, noon


def bought(*purchases: tuple[str, str]) -> list[Purchase]:
    return [Purchase(f"p{n}", "ada", date.fromisoformat(on), paid) for n, (on, paid) in enumerate(purchases)]


def test_the_reference_doubles_at_weekends_up_to_a_hundred_a_day() -> None:
    saturday = bought(("1997-01-04", "39.99"), ("1997-01-04", "80.00"), ("1997-01-04", "5.00"))
    ada = expected(saturday, date(1997, 1, 5))["ada"]
    # 39 + 39 and the welcome; 80 + the 61 that are left of the hundred; 5. Together 249: not Silver yet.
    assert [points for _, points in ada.lots] == [78, 25, 141, 5]
    assert ada.level.code is None


def test_the_references_levels_multiply_from_the_next_purchase_on() -> None:
    ada = expected(
        bought(("1997-01-06", "230.00"), ("1997-01-07", "39.31"), ("1997-01-11", "9")), date(1997, 1, 12)
    )["ada"]
    # 230 + 25 cross 250 on a Monday; 39 × 1.25 = 48.75; on Saturday 9 × 1.25 = 11.25 and × 2 = 22.5.
    assert [points for _, points in ada.lots] == [230, 25, 48, 22]
    assert ada.level == ("silver", noon(date(1997, 1, 6)), date(1998, 1, 7))


def test_the_references_levels_are_decided_at_midnight_by_the_days_before() -> None:
    story = bought(("1997-01-06", "800.00"), ("1997-01-07", "200.00"), ("1998-01-06", "7"))
    ada = expected(story, date(1998, 1, 6))["ada"]
    # Gold from the 6th of January 1997 to the midnight of the 7th, 1998: still Gold, 7 × 1.5 = 10.5.
    assert (ada.level.code, ada.lots[-1][1]) == ("gold", 10)
    # Then the days from the 7th of January 1997 count: 300 and 10 points, which is Silver.
    later = expected(story, date(1998, 1, 7))["ada"]
    assert later.level == ("silver", midnight(date(1998, 1, 7)), date(1999, 1, 7))
    assert later.changes[1:] == [("lowered", "gold", "silver", midnight(date(1998, 1, 7)))]
    assert expected(story, date(1999, 1, 7))["ada"].level == (None, midnight(date(1999, 1, 7)), None)


@pytest.mark.parametrize(
    ("on", "gone"),
    [("1997-01-21", "1998-02-01"), ("1997-11-30", "1998-12-01"), ("1997-12-01", "1999-01-01")],
)
def test_the_references_points_last_to_the_end_of_the_month_a_year_later(on: str, gone: str) -> None:
    assert expiry(date.fromisoformat(on)) == midnight(date.fromisoformat(gone))
