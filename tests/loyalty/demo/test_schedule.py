"""When the demo's orders happen, whatever the day of its first start."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from loyalty.admin.periods import month_before
from loyalty.demo.orders import read_history
from loyalty.demo.replay import DAYS, Schedule, schedule_of
from loyalty.demo.visits import visits_of
from tests import factories

LONDON = ZoneInfo("Europe/London")
HISTORY = read_history()
STARTS = [
    datetime(2026, 7, 18, 10, 0, tzinfo=UTC),
    datetime(2026, 1, 1, 0, 0, tzinfo=UTC),  # the first instant of a year
    datetime(2026, 1, 31, 23, 59, tzinfo=UTC),
    datetime(2026, 3, 1, 9, 0, tzinfo=UTC),  # after a month of 28 days
    datetime(2024, 2, 29, 12, 0, tzinfo=UTC),
    datetime(2026, 3, 29, 0, 30, tzinfo=UTC),  # half an hour before summer time
    datetime(2026, 5, 30, 22, 59, tzinfo=UTC),
    datetime(2026, 5, 30, 23, 1, tzinfo=UTC),  # the 31st in London
    datetime(2026, 8, 31, 22, 59, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # in the hour that comes twice
    datetime(2026, 12, 31, 12, 0, tzinfo=UTC),
]


def _schedule(now: datetime) -> Schedule:
    return schedule_of(factories.make_environment(time_zone="Europe/London"), HISTORY, now)


@pytest.mark.django_db
@pytest.mark.parametrize("now", STARTS, ids=str)
def test_the_last_day_is_the_one_before_the_first_start_and_the_order_stays(now: datetime) -> None:
    schedule = _schedule(now)
    instants = [schedule.at(event.occurred_at) for event in HISTORY.events]
    local = [at.astimezone(LONDON) for at in instants]
    assert instants == sorted(instants)
    assert local[-1].date() == now.astimezone(LONDON).date() - timedelta(days=1)
    assert local[0].date() == local[-1].date() - timedelta(days=DAYS - 1)
    assert {time(8) <= at.time() < time(19) for at in local} == {True}
    assert schedule.begins.astimezone(LONDON) == datetime.combine(local[0].date(), time(), LONDON)
    for before, after in pairwise(HISTORY.events):
        if before.occurred_at.date() == after.occurred_at.date():
            same = before.occurred_at == after.occurred_at
            assert (schedule.at(before.occurred_at) == schedule.at(after.occurred_at)) == same


@pytest.mark.django_db
@pytest.mark.parametrize("now", STARTS, ids=str)
def test_last_month_and_the_one_before_have_orders_in_each_week_and_something_before_them(
    now: datetime,
) -> None:
    schedule, today = _schedule(now), now.astimezone(LONDON).date()
    days = {schedule.at(event.occurred_at).astimezone(LONDON).date() for event in HISTORY.events}
    last = month_before(today)
    first = month_before(last.first).first
    assert min(days) < first
    weeks = [first + timedelta(days=7 * number) for number in range((last.last - first).days // 7)]
    for week in weeks:
        assert days & {week + timedelta(days=number) for number in range(7)}, week
    assert not [day for day in days if day >= today]


@pytest.mark.django_db
@pytest.mark.parametrize("now", STARTS, ids=str)
def test_the_schedule_follows_from_any_event_that_is_there(now: datetime) -> None:
    schedule = _schedule(now)
    for event in HISTORY.events[::37]:
        environment = factories.make_environment(time_zone="Europe/London")
        at = schedule.at(event.occurred_at)
        factories.report(
            environment, event.event_id, type="purchase", member=event.member, data={}, occurred_at=at, now=at
        )
        again = schedule_of(environment, HISTORY, now + timedelta(days=100))
        assert (again.first, again.at(event.occurred_at)) == (schedule.first, at)


@pytest.mark.django_db
@pytest.mark.parametrize("now", STARTS, ids=str)
def test_rewards_are_bought_and_presents_given_in_every_month_before_the_last_event(now: datetime) -> None:
    schedule = _schedule(now)
    visits = visits_of(HISTORY, schedule)
    instants = [visit.at.astimezone(LONDON) for visit in visits]
    assert schedule.begins <= min(instants)
    assert max(instants) < schedule.at(HISTORY.events[-1].occurred_at)
    last = month_before(now.astimezone(LONDON).date())
    assert sum(last.first <= at.date() <= last.last for at in instants) >= 15


@pytest.mark.django_db
def test_trade_is_drawn_out_evenly_and_closed_hours_are_left_out() -> None:
    schedule = _schedule(STARTS[0])
    first, second = (
        schedule.at(datetime(2010, 12, 1, hour, 26, tzinfo=UTC)).astimezone(LONDON) for hour in (8, 12)
    )
    later = schedule.at(datetime(2010, 12, 1, 16, 26, tzinfo=UTC)).astimezone(LONDON)
    assert (first.date(), first.time()) == (date(2026, 1, 17), time(8))
    assert (second.date() - first.date(), later.date() - second.date()) == (timedelta(20), timedelta(20))
    closes, opens = datetime(2010, 12, 1, 17, 35, tzinfo=UTC), datetime(2010, 12, 2, 7, 48, tzinfo=UTC)
    assert schedule.at(closes) == schedule.at(opens)
