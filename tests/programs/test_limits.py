"""Caps and schedules: what is accepted, which period an instant is in, and how they read."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programs.limits import (
    PERIODS,
    Cap,
    LimitError,
    Schedule,
    canonical_caps,
    canonical_schedule,
    cap_in_words,
    parse_caps,
    parse_schedule,
    period_of,
    schedule_in_words,
)
from tests.programs.condition_examples import JSON

POINTS_A_DAY = {"per": "day", "points": 100}
ONCE_A_WEEK = {"per": "week", "times": 1}
OFFICE = {"weekdays": [1, 5], "hours": {"from": 9, "until": 17}}


def faults_of(parse, raw):
    with pytest.raises(LimitError) as refusal:
        parse(raw)
    return refusal.value.faults


def paths(faults):
    return [(fault.path, fault.code) for fault in faults]


# -- caps


def test_caps_are_kept_in_their_order():
    raw = [ONCE_A_WEEK, POINTS_A_DAY, {"per": "day", "times": 3}]
    assert parse_caps(raw) == (Cap("week", "times", 1), Cap("day", "points", 100), Cap("day", "times", 3))
    assert canonical_caps(raw) == raw
    assert parse_caps(None) == parse_caps([]) == ()


@pytest.mark.parametrize("per", PERIODS)
def test_points_may_be_capped_in_each_period(per):
    assert parse_caps([{"per": per, "points": 1}]) == (Cap(per, "points", 1),)


@pytest.mark.parametrize(
    ("raw", "path", "code"),
    [
        ({}, "", "invalid_type"),
        ("day", "", "invalid_type"),
        ([POINTS_A_DAY] * 10, "", "too_long"),
        ([POINTS_A_DAY, "day"], "[1]", "invalid_type"),
        ([{"points": 1}], "[0].per", "invalid_value"),
        ([POINTS_A_DAY, {"per": "year", "points": 1}], "[1].per", "invalid_value"),
        ([{"per": ["day"], "points": 1}], "[0].per", "invalid_value"),
        ([{"per": "day"}], "[0]", "missing_key"),
        ([{"per": "day", "points": 1, "times": 1}], "[0]", "ambiguous"),
        ([{"per": "day", "points": 1, "of": "all"}], "[0]", "unknown_key"),
        ([{"per": "event", "times": 1}], "[0].times", "invalid_value"),
        ([POINTS_A_DAY, POINTS_A_DAY | {"points": 5}], "[1].per", "duplicate"),
        ([{"per": "day", "points": 0}], "[0].points", "invalid_value"),
        ([{"per": "day", "points": 1.0}], "[0].points", "invalid_value"),
        ([{"per": "day", "points": "1"}], "[0].points", "invalid_value"),
        ([{"per": "day", "points": True}], "[0].points", "invalid_value"),
        ([{"per": "day", "points": 10**15 + 1}], "[0].points", "invalid_value"),
        ([{"per": "day", "times": 10**9 + 1}], "[0].times", "invalid_value"),
    ],
)
def test_bad_caps_are_refused_with_the_path_of_the_fault(raw, path, code):
    assert paths(faults_of(parse_caps, raw)) == [(path, code)]


def test_every_bad_cap_is_named():
    raw = [POINTS_A_DAY, {"per": "day"}, {"per": "noon", "points": 1}]
    assert paths(faults_of(parse_caps, raw)) == [("[1]", "missing_key"), ("[2].per", "invalid_value")]


# -- schedules


def test_a_schedule_has_weekdays_hours_or_both():
    assert parse_schedule(OFFICE) == Schedule((1, 5), (9, 17))
    assert parse_schedule({"weekdays": [7, 6, 7]}) == Schedule((6, 7))
    assert canonical_schedule({"weekdays": [7, 6, 7]}) == {"weekdays": [6, 7]}
    assert canonical_schedule(OFFICE) == OFFICE
    assert canonical_schedule({"weekdays": None, "hours": None}) == {}
    assert not parse_schedule(None)
    assert not parse_schedule({})


@pytest.mark.parametrize(
    ("raw", "path", "code"),
    [
        ([], "", "invalid_type"),
        ({"days": [1]}, "", "unknown_key"),
        ({"weekdays": 1}, "weekdays", "invalid_type"),
        ({"weekdays": []}, "weekdays", "empty"),
        ({"weekdays": [1] * 8}, "weekdays", "too_long"),
        ({"weekdays": [1, 0]}, "weekdays[1]", "invalid_value"),
        ({"weekdays": [8]}, "weekdays[0]", "invalid_value"),
        ({"weekdays": ["monday"]}, "weekdays[0]", "invalid_value"),
        ({"weekdays": [True]}, "weekdays[0]", "invalid_value"),
        ({"hours": [9, 17]}, "hours", "invalid_type"),
        ({"hours": {}}, "hours.from", "invalid_value"),
        ({"hours": {"from": 9}}, "hours.until", "invalid_value"),
        ({"hours": {"from": 24, "until": 1}}, "hours.from", "invalid_value"),
        ({"hours": {"from": 9, "until": 25}}, "hours.until", "invalid_value"),
        ({"hours": {"from": 9, "until": 9}}, "hours.until", "invalid_value"),
        ({"hours": {"from": 9, "until": 17, "zone": "UTC"}}, "hours", "unknown_key"),
    ],
)
def test_a_bad_schedule_is_refused_with_the_path_of_the_fault(raw, path, code):
    assert paths(faults_of(canonical_schedule, raw)) == [(path, code)]


@given(JSON)
def test_any_json_at_all_is_read_or_refused(raw):
    caps = (raw, [raw], [{"per": raw, "points": raw}], [{"per": "day", "times": raw}])
    schedules = (raw, {"weekdays": raw}, {"hours": raw}, {"hours": {"from": raw, "until": raw}})
    both: list[tuple[Callable[[object], object], object]] = [(canonical_caps, value) for value in caps]
    both += [(canonical_schedule, value) for value in schedules]
    for canonical, value in both:
        try:
            kept = canonical(value)
        except LimitError:
            continue
        assert canonical(kept) == kept


def test_huge_limits_are_refused_with_a_short_fault():
    for faults in (
        faults_of(parse_caps, [POINTS_A_DAY] * 1_000_000),
        faults_of(parse_caps, [{"per": "x" * 1_000_000, "points": 10**5000}]),
        faults_of(parse_schedule, {"weekdays": [1] * 1_000_000}),
    ):
        assert len(json.dumps([fault.to_json() for fault in faults])) < 400


@given(
    st.lists(st.integers(1, 7), max_size=3, unique=True),
    st.none() | st.tuples(st.integers(0, 23), st.integers(0, 24)).filter(lambda hours: hours[0] != hours[1]),
)
def test_a_schedule_refuses_the_hours_of_a_week_that_it_does_not_name(weekdays, hours):
    schedule = Schedule(tuple(sorted(weekdays)), hours)
    for hour in range(7 * 24):
        local = datetime(2024, 6, 3, 0, 59, tzinfo=UTC) + timedelta(hours=hour)
        begin, until = hours or (0, 24)
        named = range(begin, until) if begin < until else [*range(begin, 24), *range(until)]
        applies = (not weekdays or hour // 24 + 1 in weekdays) and local.hour in named
        assert (schedule.refusal(local) is None) is applies


# -- periods


@pytest.mark.parametrize(
    ("per", "at", "zone", "period"),
    [
        ("day", "1997-01-05T23:59:59Z", "UTC", "day:1997-01-05"),
        ("day", "1997-01-05T23:59:59Z", "Europe/Paris", "day:1997-01-06"),
        ("week", "1997-01-12T12:00:00Z", "UTC", "week:1997-01-06"),
        ("week", "1997-01-01T12:00:00Z", "UTC", "week:1996-12-30"),
        ("month", "1997-01-31T23:30:00Z", "Europe/Paris", "month:1997-02"),
        ("ever", "1997-01-05T00:00:00Z", "UTC", "ever"),
        ("event", "1997-01-05T00:00:00Z", "UTC", "event"),
    ],
)
def test_an_instant_belongs_to_the_period_of_its_local_day(per, at, zone, period):
    assert period_of(per, datetime.fromisoformat(at), ZoneInfo(zone)) == period
    assert len(period) <= 16


# -- in words


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (POINTS_A_DAY, "at most 100 points a day"),
        ({"per": "event", "points": 50}, "at most 50 points an event"),
        ({"per": "ever", "points": 50}, "at most 50 points ever"),
        (ONCE_A_WEEK, "once a week"),
        ({"per": "month", "times": 3}, "at most 3 times a month"),
    ],
)
def test_a_cap_reads_as_english(raw, words):
    (cap,) = parse_caps([raw])
    assert cap_in_words(cap) == words


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({}, ""),
        ({"weekdays": [6, 7]}, "on weekends"),
        ({"weekdays": [1, 2, 3, 4, 5]}, "from Monday to Friday"),
        (OFFICE, "on Mondays and Fridays between 09:00 and 17:00"),
        ({"hours": {"from": 22, "until": 2}}, "between 22:00 and 02:00"),
    ],
)
def test_a_schedule_reads_as_english(raw, words):
    assert schedule_in_words(parse_schedule(raw)) == words
