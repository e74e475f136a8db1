"""Caps, budgets, maxima, windows and schedules of a rule."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from loyalty.rules.earning import Room, Situation, evaluate, periods_of, room_of
from programs.awards import FixedAward
from programs.conditions import Facts
from programs.limits import Cap, Schedule
from tests.loyalty.rules.earning_examples import (
    METRIC,
    NOON,
    earn,
    judge,
    named,
    outcomes,
    rule,
    told,
    usage,
)

ONE = UUID(int=1)


def capped(points, *caps, **changes):
    return rule(FixedAward(points), caps=caps, **changes)


def left(*caps, budget=None):
    return Situation(rooms={ONE: Room(caps, budget)})


# -- caps


@pytest.mark.parametrize(
    ("caps", "room", "points", "steps"),
    [
        ([Cap("day", "points", 100)], (100,), 70, []),
        ([Cap("day", "points", 100)], (70,), 70, []),
        ([Cap("day", "points", 100)], (69,), 69, ["cut to 69: at most 100 points a day, 69 left"]),
        ([Cap("event", "points", 50)], (None,), 50, ["cut to 50: at most 50 points an event"]),
        ([Cap("month", "times", 3)], (1,), 70, []),
        ([Cap("month", "times", 3)], (0,), 0, ["cut to 0: at most 3 times a month, none left"]),
        ([Cap("ever", "times", 1)], (0,), 0, ["cut to 0: once ever, none left"]),
        (
            [Cap("week", "points", 60), Cap("event", "points", 50), Cap("day", "points", 55)],
            (60, None, 40),
            40,
            [
                "cut to 60: at most 60 points a week",
                "cut to 50: at most 50 points an event",
                "cut to 40: at most 55 points a day, 40 left",
            ],
        ),
    ],
)
def test_caps_cut_the_award_in_their_order_to_what_is_left(caps, room, points, steps):
    verdict = earn(capped(70, *caps), situation=left(*room))
    assert verdict.points == points
    assert [words for stage, words, _ in told(verdict) if stage == "cap"] == steps


def test_a_rule_that_has_given_nothing_yet_has_all_of_its_caps_and_budget():
    evaluation = judge([capped(70, Cap("day", "points", 50), budget=40)])
    assert outcomes(evaluation) == {"Spend": ("awarded", 40)}
    assert usage(evaluation) == [(1, 40, 1, "member")]


def test_a_reached_cap_says_so_and_uses_nothing():
    evaluation = judge([capped(70, Cap("day", "points", 50))], situation=left(0))
    (verdict,) = evaluation.verdicts
    assert verdict.outcome == "cap_reached"
    assert verdict.reason == "The condition is met, but the member has reached the rule's cap."
    assert told(verdict)[-1] == ("cap", "cut to 0: at most 50 points a day, none left", "0")
    assert (evaluation.awards, evaluation.usage) == ((), ())


def test_a_cap_that_was_lowered_below_what_was_given_leaves_nothing():
    assert earn(capped(70, Cap("day", "points", 50)), situation=left(-20)).points == 0


# -- budget and maximum


@pytest.mark.parametrize(
    ("budget", "points", "outcome"), [(70, 70, "awarded"), (30, 30, "awarded"), (0, 0, "budget_spent")]
)
def test_a_budget_is_cut_to_what_is_left_of_it(budget, points, outcome):
    verdict = earn(capped(70, budget=500), situation=left(budget=budget))
    assert (verdict.points, verdict.outcome) == (points, outcome)
    if points < 70:
        assert told(verdict)[-1] == (
            "budget",
            f"cut to {points}: {points} of the budget of 500 left",
            str(points),
        )


def test_caps_come_before_the_budget_and_the_budget_before_the_maximum():
    situation = Situation(rooms={ONE: Room((60,), 50)}, maximum={METRIC: 40})
    evaluation = judge([capped(70, Cap("day", "points", 100), budget=500)], situation=situation)
    assert [step[0] for step in told(evaluation.verdicts[0])] == ["base", "cap", "budget", "maximum"]
    assert usage(evaluation) == [(1, 40, 1, "member")]  # what was really given


def test_a_full_account_takes_nothing():
    verdict = earn(capped(70), situation=Situation(maximum={METRIC: 0}))
    assert verdict.outcome == "maximum_reached"
    assert told(verdict)[-1] == ("maximum", "cut to 0: the account has room for no points more", "0")


def test_awards_share_the_room_of_their_account_in_their_order():
    rules = [named("First", 70, 1, priority=2), named("Second", 70, 2, priority=1), named("Last", 70, 3)]
    evaluation = judge(rules, situation=Situation(maximum={METRIC: 100}))
    assert outcomes(evaluation) == {
        "First": ("awarded", 70),
        "Second": ("awarded", 30),
        "Last": ("maximum_reached", 0),
    }
    assert [award.asked for award in evaluation.awards] == [None, 70]


def test_a_maximum_of_another_metric_says_nothing():
    assert earn(capped(70), situation=Situation(maximum={UUID(int=90): 0})).points == 70


# -- what is left, and of which period


@pytest.mark.parametrize(
    ("zone", "periods"),
    [
        ("UTC", ("day:2024-03-31", "week:2024-03-25", "month:2024-03", "ever")),
        ("Asia/Tokyo", ("day:2024-04-01", "week:2024-04-01", "month:2024-04", "ever")),
        ("America/New_York", ("day:2024-03-31", "week:2024-03-25", "month:2024-03", "ever")),
    ],
)
def test_periods_are_those_of_the_project_s_zone_and_weeks_begin_on_monday(zone, periods):
    caps = [Cap(per, "points", 9) for per in ("day", "week", "month", "ever", "event")]
    at = datetime(2024, 3, 31, 22, 30, tzinfo=UTC)
    assert periods_of(capped(1, *caps, Cap("day", "times", 1)), at, ZoneInfo(zone)) == periods


def test_what_is_left_is_the_limit_less_what_was_used_in_that_period():
    compiled = capped(
        1,
        Cap("day", "points", 100),
        Cap("event", "points", 50),
        Cap("day", "times", 3),
        Cap("ever", "points", 1000),
        budget=500,
    )
    assert room_of(compiled, {}, 0) == Room((100, None, 3, 1000), 500)
    used = {"day:2024-06-01": (60, 2), "ever": (1200, 9)}
    assert room_of(compiled, used, 450) == Room((40, None, 1, 0), 50)
    assert room_of(compiled, used, 501).budget == 0
    assert room_of(capped(1), {}, 7) == Room((), None)


# -- when


WINDOW = {"starts_at": NOON, "ends_at": NOON + timedelta(hours=1)}


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (NOON - timedelta(microseconds=1), "The rule gives for events from 2024-06-01 12:00 on."),
        (NOON, ""),
        (NOON + timedelta(minutes=59), ""),
        (NOON + timedelta(hours=1), "The rule gives for events before 2024-06-01 13:00."),
    ],
)
def test_a_rule_gives_within_its_window(at, reason):
    verdict = earn(capped(70, **WINDOW), at=at)
    assert (verdict.points, verdict.outcome) == ((0, "outside_window") if reason else (70, "awarded"))
    assert verdict.matched is not bool(reason)
    assert not reason or verdict.reason == reason


SATURDAY, SUNDAY, MONDAY = (datetime(2024, 6, day, 12, tzinfo=UTC) for day in (1, 2, 3))


@pytest.mark.parametrize(
    ("schedule", "at", "reason"),
    [
        (Schedule((6, 7)), SATURDAY, None),
        (Schedule((6, 7)), MONDAY, "The rule applies on weekends; the event happened on a Monday."),
        (Schedule((1,)), SUNDAY, "The rule applies on Mondays; the event happened on a Sunday."),
        (Schedule((), (12, 13)), SUNDAY, None),
        (
            Schedule((), (9, 12)),
            SUNDAY,
            "The rule applies between 09:00 and 12:00; the event happened at 12:00.",
        ),
        (
            Schedule((), (13, 24)),
            SUNDAY,
            "The rule applies between 13:00 and 24:00; the event happened at 12:00.",
        ),
        (Schedule((), (22, 13)), SUNDAY, None),
        (
            Schedule((), (22, 12)),
            SUNDAY,
            "The rule applies between 22:00 and 12:00; the event happened at 12:00.",
        ),
        (Schedule((7,), (9, 17)), SATURDAY, "The rule applies on Sundays; the event happened on a Saturday."),
    ],
)
def test_a_rule_gives_on_its_days_and_in_its_hours(schedule, at, reason):
    verdict = earn(capped(70, schedule=schedule), at=at)
    assert verdict.outcome == ("outside_schedule" if reason else "awarded")
    assert not reason or verdict.reason == reason


def test_days_and_hours_are_those_of_the_project_s_zone():
    late = Facts("purchase", datetime(2024, 5, 31, 23, 30, tzinfo=UTC), ZoneInfo("Europe/London"))
    schedule = Schedule((6,), (0, 1))  # half past midnight on Saturday, in summer time
    assert evaluate(late, [capped(70, schedule=schedule)]).awards
