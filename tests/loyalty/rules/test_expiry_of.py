"""When a new lot expires, by its metric's policy (domain.md 2)."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.rules.lots import NEVER, ExpiryPolicy, expiry_of

LONDON, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")
SAO_PAULO = ZoneInfo("America/Sao_Paulo")


def local(text, zone=LONDON):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def test_points_that_never_expire_have_no_expiry():
    assert expiry_of(NEVER, local("2024-01-01"), LONDON) is None


@pytest.mark.parametrize(
    ("count", "earned", "expires"),
    [
        (1, "2024-01-31 10:00", "2024-02-01 10:00"),
        (365, "2024-01-01 10:00", "2024-12-31 10:00"),
        (1, "2024-03-30 12:00", "2024-03-31 12:00"),  # 23 hours: the clocks go forward
        (1, "2024-10-26 12:00", "2024-10-27 12:00"),  # 25 hours
    ],
)
def test_days_are_counted_on_the_project_s_clocks(count, earned, expires):
    assert expiry_of(ExpiryPolicy("days", count), local(earned), LONDON) == local(expires)


@pytest.mark.parametrize(
    ("count", "earned", "expires"),
    [
        (1, "2024-01-15 10:00", "2024-02-15 10:00"),
        (1, "2024-01-31 10:00", "2024-02-29 10:00"),
        (1, "2023-01-31 10:00", "2023-02-28 10:00"),
        (12, "2024-02-29 10:00", "2025-02-28 10:00"),
        (48, "2024-02-29 10:00", "2028-02-29 10:00"),
        (1, "2024-12-31 10:00", "2025-01-31 10:00"),
        (12, "2024-12-05 10:00", "2025-12-05 10:00"),
        (3, "2024-01-15 10:00", "2024-04-15 10:00"),  # across the change to summer time
    ],
)
def test_months_keep_the_day_or_take_the_month_s_last(count, earned, expires):
    assert expiry_of(ExpiryPolicy("months", count), local(earned), LONDON) == local(expires)


@pytest.mark.parametrize(
    ("kind", "count", "earned", "expires"),
    [
        ("months", 12, "2024-01-15 10:00", "2025-02-01 00:00"),
        ("months", 12, "2024-11-15 10:00", "2025-12-01 00:00"),
        ("months", 12, "2024-12-15 10:00", "2026-01-01 00:00"),
        ("months", 1, "2024-01-31 10:00", "2024-03-01 00:00"),
        ("months", 1, "2024-01-01 00:00", "2024-02-01 00:00"),  # the month's end already
        ("months", 1, "2024-01-01 00:01", "2024-03-01 00:00"),
        ("days", 30, "2024-06-15 10:00", "2024-08-01 00:00"),
    ],
)
def test_an_expiry_can_be_rounded_up_to_the_month_s_end(kind, count, earned, expires):
    policy = ExpiryPolicy(kind, count, month_end=True)
    assert expiry_of(policy, local(earned), LONDON) == local(expires)


def test_the_month_s_end_is_that_of_the_project_s_zone():
    policy = ExpiryPolicy("months", 1, month_end=True)
    new_year = datetime(2024, 1, 1, 3, tzinfo=UTC)  # still December in New York
    assert expiry_of(policy, new_year, UTC) == datetime(2024, 3, 1, tzinfo=UTC)
    assert expiry_of(policy, new_year, NEW_YORK) == datetime(2024, 2, 1, 5, tzinfo=UTC)


def test_a_fixed_date_means_its_first_instant_in_the_project_s_zone():
    policy = ExpiryPolicy("date", date=date(2024, 7, 1))
    assert expiry_of(policy, local("2024-01-01"), LONDON) == datetime(2024, 6, 30, 23, tzinfo=UTC)
    assert expiry_of(policy, local("2030-01-01"), LONDON) == datetime(2024, 6, 30, 23, tzinfo=UTC)
    policy = ExpiryPolicy("date", date=date(2024, 7, 2), month_end=True)  # which says nothing of a date
    assert expiry_of(policy, local("2024-01-01"), UTC) == datetime(2024, 7, 2, tzinfo=UTC)


def test_a_time_that_the_clocks_skip_is_the_moment_they_jump():
    skipped = expiry_of(ExpiryPolicy("days", 1), local("2024-03-30 01:30"), LONDON)
    assert skipped == datetime(2024, 3, 31, 1, 30, tzinfo=UTC)
    # midnight itself is skipped here, so the day begins at 01:00
    midnight = expiry_of(ExpiryPolicy("date", date=date(2018, 11, 4)), local("2018-01-01"), SAO_PAULO)
    assert midnight == datetime(2018, 11, 4, 3, tzinfo=UTC)


def test_of_a_time_that_the_clocks_show_twice_the_first_counts():
    twice = expiry_of(ExpiryPolicy("days", 1), local("2024-10-26 01:30"), LONDON)
    assert twice == datetime(2024, 10, 27, 0, 30, tzinfo=UTC)
    second = datetime(2024, 10, 27, 1, 30, tzinfo=UTC)  # the second 01:30
    assert expiry_of(ExpiryPolicy("months", 12), second, LONDON) == datetime(2025, 10, 27, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("policy", [ExpiryPolicy("days", 2**31 - 1), ExpiryPolicy("months", 2**31 - 1)])
def test_what_lies_beyond_the_calendar_never_expires(policy):
    assert expiry_of(policy, local("2024-01-01"), LONDON) is None
    assert expiry_of(ExpiryPolicy("months", 1), local("9999-12-30"), NEW_YORK) is None


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        expiry_of(NEVER, datetime(2024, 1, 1), LONDON)  # noqa: DTZ001


@pytest.mark.parametrize(
    "policy",
    [{"kind": "days"}, {"kind": "days", "count": 0}, {"kind": "months", "count": -1}, {"kind": "date"}],
)
def test_an_incomplete_policy_is_refused(policy):
    with pytest.raises(ValueError, match="needs"):
        ExpiryPolicy(**policy)


INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(INSTANTS, st.sampled_from(["days", "months"]), st.integers(1, 500), st.booleans())
def test_points_always_expire_after_they_were_earned_and_month_ends_are_midnights(at, kind, count, month_end):
    expires = expiry_of(ExpiryPolicy(kind, count, month_end=month_end), at, NEW_YORK)
    assert expires is not None
    assert expires > at
    assert expires.tzinfo is UTC
    if month_end:
        there = expires.astimezone(NEW_YORK)
        assert (there.day, there.hour, there.minute, there.second, there.microsecond) == (1, 0, 0, 0, 0)
        plain = expiry_of(ExpiryPolicy(kind, count), at, NEW_YORK)
        assert plain is not None
        assert plain <= expires
