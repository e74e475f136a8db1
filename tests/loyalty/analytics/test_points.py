"""The figures of points by day and by period (docs/analytics.md)."""

from datetime import UTC, date, datetime, timedelta

from loyalty.queries.analytics.points import active_by_day, active_members, points_by_day, points_of_period
from programs.models import Environment
from tests.factories import give, make_metric

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def test_a_day_without_an_entry_is_there_and_carries_on_what_is_outstanding(environment: Environment) -> None:
    points = make_metric(environment)
    give(environment, 100, now=NOW - timedelta(days=2))
    give(environment, 30, "bob", now=NOW)
    first, last = date(2026, 3, 7), date(2026, 3, 10)

    days = points_by_day(environment=environment, metric=points, first=first, last=last, now=NOW)
    assert [(day.day.day, day.issued, day.outstanding) for day in days] == [
        (7, 0, 0),
        (8, 100, 100),
        (9, 0, 100),
        (10, 30, 130),
    ]
    period = points_of_period(environment=environment, metric=points, first=last, last=last, now=NOW)
    assert (period.opening, period.issued, period.closing) == (100, 30, 130)
    assert active_members(environment=environment, first=first, last=last, now=NOW) == 2
    each = active_by_day(environment=environment, first=first, last=last, now=NOW)
    assert [number for _, number in each] == [0, 1, 0, 1]
