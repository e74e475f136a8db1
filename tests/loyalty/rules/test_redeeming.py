"""Whether a member may have a reward, what it costs them and what it is worth; no database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from loyalty.rules.redeeming import (
    Availability,
    Per,
    Refusal,
    Situation,
    Terms,
    cost_of,
    given_points,
    period_at,
    points_refused,
    refusals,
    value_of,
)
from programs.conditions import Facts, parse
from programs.currencies import digits_of, minor_units

NOW = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)  # a Wednesday
LONDON = ZoneInfo("Europe/London")
STEP = timedelta(microseconds=1)
VIP = {"field": "member.attributes.vip", "op": "eq", "value": True}

TERMS = Terms(
    status="active",
    condition=parse({}),
    points=200,
    tier_points={"gold": 150},
    bounds=None,
    starts_at=None,
    ends_at=None,
    limit_times=None,
    limit_per="ever",
)
OPEN = Availability("active")


def situation(**changes: Any) -> Situation:
    """Nothing stands against it."""
    about = {name: changes.pop(name) for name in ("occurred_at", "time_zone", "tier") if name in changes}
    moment: dict[str, Any] = {"event_type": "redemption", "occurred_at": NOW, "time_zone": UTC}
    facts = Facts(**moment | about)
    usual: dict[str, Any] = {
        "program": OPEN,
        "is_frozen": False,
        "used": 0,
        "left": None,
        "has_code": True,
        "balance": 200,
    }
    return Situation(facts, **{**usual, **changes})


def found(terms: Terms, points: int | None = None, **changes: Any) -> list[Refusal]:
    return list(refusals(terms, situation(**changes), points))


def codes(terms: Terms, points: int | None = None, **changes: Any) -> list[str]:
    return [refusal.code for refusal in found(terms, points, **changes)]


def test_nothing_stands_against_a_reward_that_can_be_paid() -> None:
    assert found(TERMS) == []


# -- the order in which a redemption is refused

WORST = replace(
    TERMS, status="paused", starts_at=NOW + STEP, limit_times=1, condition=parse(VIP), gives_points=50
)
EVERYTHING: dict[str, Any] = {
    "program": Availability("paused", starts_at=NOW + STEP),
    "is_frozen": True,
    "is_raised": False,
    "used": 1,
    "balance": 199,
    "room": 49,
    "left": 0,
}


def test_all_that_stands_against_it_is_told_in_one_order() -> None:
    told = found(WORST, **EVERYTHING)
    assert [(each.code, each.data.get("reason")) for each in told] == [
        ("reward_not_available", "program_paused"),
        ("reward_not_available", "program_not_started"),
        ("reward_not_available", "paused"),
        ("reward_not_available", "not_started"),
        ("member_frozen", None),
        ("not_eligible", None),
        ("not_eligible", None),
        ("member_limit_reached", None),
        ("insufficient_balance", None),
        ("maximum_reached", None),
        ("out_of_stock", None),
    ]


def test_of_a_reward_without_stock_the_empty_pool_is_not_told_as_well() -> None:
    assert [each.detail for each in found(TERMS, left=0, has_code=False)] == ["All of them are taken."]
    assert [each.detail for each in found(TERMS, left=1, has_code=False)] == ["No code is left."]
    assert found(TERMS, left=1, has_code=True) == []


@pytest.mark.parametrize("status", ["draft", "paused", "ended"])
def test_only_an_active_program_offers_anything(status: str) -> None:
    (told,) = found(TERMS, program=Availability(status))
    assert (told.code, told.data) == ("reward_not_available", {"reason": f"program_{status}"})


@pytest.mark.parametrize("status", ["draft", "paused", "archived"])
def test_only_an_active_reward_can_be_had(status: str) -> None:
    (told,) = found(replace(TERMS, status=status))
    assert (told.code, told.data) == ("reward_not_available", {"reason": status})


# -- windows, at their edges


def test_a_window_begins_at_its_first_instant() -> None:
    assert codes(replace(TERMS, starts_at=NOW)) == []
    (told,) = found(replace(TERMS, starts_at=NOW + STEP))
    assert told.data == {"reason": "not_started", "available_from": "2026-03-18T12:00:00.000001Z"}
    assert told.detail == "The reward begins at 2026-03-18T12:00:00Z."


def test_a_window_is_over_at_its_last_instant() -> None:
    assert codes(replace(TERMS, ends_at=NOW + STEP)) == []
    (told,) = found(replace(TERMS, ends_at=NOW))
    assert told.data == {"reason": "over", "available_until": "2026-03-18T12:00:00Z"}
    assert told.detail == "The reward ended at 2026-03-18T12:00:00Z."


def test_the_programs_window_has_the_same_edges() -> None:
    assert codes(TERMS, program=Availability("active", NOW, NOW + STEP)) == []
    (early,) = found(TERMS, program=Availability("active", NOW + STEP))
    (late,) = found(TERMS, program=Availability("active", None, NOW))
    assert early.data["reason"] == "program_not_started"
    assert late.data == {"reason": "program_over", "available_until": "2026-03-18T12:00:00Z"}
    assert late.detail == "Its program ended at 2026-03-18T12:00:00Z."


def test_an_instant_of_a_window_is_told_in_utc() -> None:
    (told,) = found(replace(TERMS, starts_at=datetime(2026, 7, 1, 0, 0, tzinfo=LONDON)))
    assert told.data["available_from"] == "2026-06-30T23:00:00Z"


# -- who may have it


def test_a_condition_that_fails_is_told_with_the_part_that_decided() -> None:
    terms = replace(TERMS, condition=parse({"all": [VIP]}))
    (told,) = found(terms)
    assert told.code == "not_eligible"
    assert told.data["failed"]["field"] == "member.attributes.vip"
    assert "member.attributes.vip" in told.detail


def test_a_tier_that_raises_nobody_is_not_for_them() -> None:
    (told,) = found(TERMS, is_raised=False)
    assert (told.code, told.detail) == (
        "not_eligible",
        "It gives no tier above the one that the member has.",
    )


# -- what it costs


def test_members_of_a_tier_pay_what_it_says() -> None:
    assert [cost_of(TERMS, tier) for tier in ("gold", "silver", None)] == [150, 200, 200]


def test_a_tier_may_pay_nothing() -> None:
    terms = replace(TERMS, tier_points={"gold": 0})
    assert cost_of(terms, "gold") == 0
    assert codes(terms, tier="gold", balance=0) == []


def test_the_balance_is_held_against_the_members_own_cost() -> None:
    assert codes(TERMS, tier="gold", balance=150) == []
    (told,) = found(TERMS, tier="gold", balance=149)
    assert (told.code, told.data) == ("insufficient_balance", {"balance": 149, "required": 150})
    assert told.detail == "149 points can be spent, 150 are needed."


def test_whoever_owes_has_nothing_to_spend() -> None:
    (told,) = found(TERMS, balance=-30)
    assert told.detail == "0 points can be spent, 200 are needed."
    assert told.data == {"balance": -30, "required": 200}


def test_what_costs_nothing_can_be_had_by_whoever_owes() -> None:
    assert codes(replace(TERMS, points=0), balance=-30) == []


def test_a_fixed_cost_is_named_right_or_not_at_all() -> None:
    assert points_refused(TERMS, None, "gold") is None
    assert points_refused(TERMS, 150, "gold") is None
    assert points_refused(TERMS, 200, "gold") == "This reward costs the member 150 points."
    assert points_refused(TERMS, 150, None) == "This reward costs the member 200 points."


CHOICE = replace(TERMS, points=None, tier_points={}, bounds=(10, 35, 5))


@pytest.mark.parametrize("points", [10, 15, 35])
def test_a_variable_cost_is_named_in_its_steps(points: int) -> None:
    assert points_refused(CHOICE, points, None) is None


@pytest.mark.parametrize("points", [0, -10, 5, 9, 11, 36, 40])
def test_a_variable_cost_beside_its_steps_is_refused(points: int) -> None:
    assert points_refused(CHOICE, points, None) == "Spend 10 to 35 points, in steps of 5 from 10."


def test_a_variable_cost_must_be_named() -> None:
    assert points_refused(CHOICE, None, None) == "Say how many points to spend: 10 to 35, in steps of 5."


def test_steps_count_from_the_minimum() -> None:
    terms = replace(CHOICE, bounds=(7, 20, 5))
    assert [n for n in range(25) if points_refused(terms, n, None) is None] == [7, 12, 17]


def test_of_a_variable_cost_the_least_is_judged_unless_the_call_names_one() -> None:
    assert cost_of(CHOICE, "gold") == 10
    assert codes(CHOICE, balance=10) == []
    assert codes(CHOICE, 15, balance=10) == ["insufficient_balance"]


# -- what it is worth


@pytest.mark.parametrize(
    ("currency", "rate", "points", "value"),
    [
        ("GBP", "0.01", 15, "0.15"),
        ("GBP", "0.005", 3, "0.01"),  # 0.015, down
        ("GBP", "0.0099", 199, "1.97"),  # 1.9701
        ("JPY", "0.99", 101, "99"),  # 99.99
        ("KWD", "0.0015", 7, "0.010"),  # 0.0105
        ("GBP", "0.000001", 1, "0.00"),
    ],
)
def test_money_is_rounded_down_to_the_digits_of_its_currency(
    currency: str, rate: str, points: int, value: str
) -> None:
    found = value_of(points, Decimal(rate), digits_of(currency))
    assert str(found) == value


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("12.34", "GBP", 1234), ("1000", "NGN", 100_000), ("500", "JPY", 500), ("1.234", "KWD", 1234)],
)
def test_minor_units_follow_the_currency(amount: str, currency: str, minor: int) -> None:
    assert minor_units(Decimal(amount), currency) == minor


def test_points_of_another_metric_are_fixed_or_follow_the_rate_rounded_down() -> None:
    assert given_points(TERMS, 200) is None
    assert given_points(replace(TERMS, gives_points=30), 200) == 30
    assert given_points(replace(CHOICE, gives_rate=Decimal("0.7")), 15) == 10  # 10.5


def test_the_other_metrics_maximum_must_leave_room_for_all_of_it() -> None:
    terms = replace(TERMS, gives_points=30)
    assert codes(terms, room=30) == codes(terms, room=None) == []
    (told,) = found(terms, room=29)
    assert (told.code, told.data) == ("maximum_reached", {"room": 29})
    (over,) = found(terms, room=-5)
    assert over.data == {"room": 0}
    assert over.detail == "It gives 30 points, and their maximum leaves room for 0."


def test_room_is_needed_for_what_the_named_points_buy() -> None:
    terms = replace(CHOICE, gives_rate=Decimal(2))
    assert codes(terms, room=20) == []  # in the catalogue: for the least
    assert codes(terms, 15, room=29) == ["maximum_reached"]
    assert codes(terms, 15, room=30) == []


# -- how often


def test_a_limit_is_reached_by_so_many() -> None:
    terms = replace(TERMS, limit_times=2, limit_per="day")
    assert codes(terms, used=1) == []
    (told,) = found(terms, used=2)
    assert told.code == "member_limit_reached"
    assert told.detail == "A member may have it twice a day, and this one has had it twice."
    assert told.data == {"limit": 2, "per": "day", "used": 2, "resets_at": "2026-03-19T00:00:00Z"}


def test_more_than_the_limit_is_told_as_it_is() -> None:
    """After a merge, or where the limit was lowered."""
    (told,) = found(replace(TERMS, limit_times=1), used=3)
    assert told.detail == "A member may have it once, and this one has had it 3 times."
    assert told.data == {"limit": 1, "per": "ever", "used": 3, "resets_at": None}


def at(text: str, zone: ZoneInfo = LONDON) -> datetime:
    """An instant by the clocks of the zone."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("per", "instant", "first", "last"),
    [
        ("day", "2026-03-18T00:00", "2026-03-18T00:00", "2026-03-19T00:00"),
        ("day", "2026-03-18T23:59:59.999999", "2026-03-18T00:00", "2026-03-19T00:00"),
        ("day", "2026-07-01T00:30", "2026-07-01T00:00", "2026-07-02T00:00"),  # in UTC it is still June
        ("week", "2026-03-16T00:00", "2026-03-16T00:00", "2026-03-23T00:00"),  # a Monday
        ("week", "2026-03-22T23:59:59.999999", "2026-03-16T00:00", "2026-03-23T00:00"),  # a Sunday
        ("week", "2027-01-01T12:00", "2026-12-28T00:00", "2027-01-04T00:00"),  # over the year's end
        ("month", "2026-03-01T00:00", "2026-03-01T00:00", "2026-04-01T00:00"),
        ("month", "2026-12-31T23:59", "2026-12-01T00:00", "2027-01-01T00:00"),
        ("month", "2028-02-29T12:00", "2028-02-01T00:00", "2028-03-01T00:00"),
    ],
)
def test_periods_are_those_of_the_projects_calendar(per: Per, instant: str, first: str, last: str) -> None:
    assert period_at(per, at(instant), LONDON) == (at(first), at(last))


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-03-30", 24)])
def test_a_day_on_which_the_clocks_change_is_shorter_or_longer(day: str, hours: int) -> None:
    first, last = period_at("day", at(f"{day}T12:00"), LONDON)
    assert first
    assert last
    assert last - first == timedelta(hours=hours)


def test_a_week_and_a_month_with_a_change_of_clocks_end_at_local_midnight() -> None:
    first, last = period_at("week", at("2026-03-25T12:00"), LONDON)
    assert (first, last) == (
        datetime(2026, 3, 23, 0, 0, tzinfo=UTC),
        datetime(2026, 3, 29, 23, 0, tzinfo=UTC),
    )
    first, last = period_at("month", at("2026-03-25T12:00"), LONDON)
    assert (first, last) == (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 31, 23, 0, tzinfo=UTC))


def test_where_the_clocks_skip_midnight_the_day_begins_when_they_jump() -> None:
    cairo = ZoneInfo("Africa/Cairo")  # 00:00 is 01:00 on 24 April 2026
    first, _ = period_at("day", at("2026-04-24T12:00", cairo), cairo)
    assert first == datetime(2026, 4, 23, 22, 0, tzinfo=UTC)


def test_ever_has_no_end() -> None:
    assert period_at("ever", NOW, LONDON) == (None, None)
