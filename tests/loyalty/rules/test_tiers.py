"""Levels rise at once and fall at midnights: by example, and against a plain oracle."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.rules import tiers
from loyalty.rules.days import day_of, days_later, is_midnight, midnight
from loyalty.rules.tiers import Ladder, Level, State, Window
from tests.loyalty.rules.tier_oracle import Oracle, midnights

EXAMPLES = int(os.environ.get("LOYALTY_RULE_EXAMPLES", "0"))
SAO_PAULO, LONDON = "America/Sao_Paulo", "Europe/London"  # midnight itself is skipped; two in the morning


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def make_ladder(thresholds: tuple[int, ...] = (100, 300), **changes: Any) -> Ladder:
    fields: dict[str, Any] = {
        "basis": "points",
        "event_type": "purchase",
        "currency": "",
        "period": "rolling",
        "days": 365,
        "grace_days": 0,
        "downgrade": "one_down",
        "time_zone": ZoneInfo("UTC"),
        **changes,
    }
    levels = tuple(Level(uuid4(), f"t{n}", f"T{n}", Decimal(n), Decimal(1)) for n in sorted(thresholds))
    return Ladder(id=uuid4(), program_id=uuid4(), metric_id=uuid4(), levels=levels, **fields)


@dataclass
class Person:
    """One member on one ladder, as the engine keeps them; `told` in the oracle's words."""

    ladder: Ladder
    figures: dict[date, Decimal] = field(default_factory=dict)
    told: list[tuple[Any, ...]] = field(default_factory=list)
    state: State = field(init=False)

    def __post_init__(self) -> None:
        self.state = State(self.ladder.base)

    def look(self, now: datetime) -> None:
        self.state, changes = tiers.settle(self.ladder, self.state, self.figures, now)
        for change in changes:
            self.tell(change)

    def count(self, now: datetime, on: datetime, figure: Decimal | int) -> None:
        self.look(now)
        day = day_of(on, self.ladder.time_zone)
        self.figures[day] = self.figures.get(day, Decimal(0)) + figure
        progress = self.ladder.window_at(now).sum(self.figures)
        self.state, change = tiers.review(self.ladder, self.state, progress, now, taken_back=figure < 0)
        if change:
            self.tell(change)

    def tell(self, change: tiers.Change) -> None:
        before, after = (level.threshold if level else None for level in (change.before, change.after))
        self.told.append((change.kind, before, after, change.progress, change.at))

    @property
    def level(self) -> Any:
        return self.state.level.threshold if self.state.level else None


# -- against the oracle


@st.composite
def ladders(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "zone": draw(st.sampled_from(["UTC", SAO_PAULO, LONDON])),
        "period": draw(st.sampled_from(["rolling", "rolling", "calendar_year", "lifetime"])),
        "days": draw(st.integers(1, 30)),
        "grace_days": draw(st.sampled_from([0, 0, 1, 5, 40])),
        "downgrade": draw(st.sampled_from(["one_down", "to_qualified"])),
        "thresholds": draw(
            st.sets(st.sampled_from([0, 10, 20, 35, 60]), min_size=1).map(
                lambda found: sorted(map(Decimal, found))
            )
        ),
    }


@st.composite
def lives(draw: st.DrawFn) -> list[tuple[datetime, str, Any]]:
    """What happens, in time order: counts (some late), takes-back, mere looks; sometimes at a midnight."""
    zone = draw(st.sampled_from(["UTC", SAO_PAULO, LONDON]))
    now = draw(st.sampled_from(midnights(zone)[300:1100:100]))
    steps = []
    for _ in range(draw(st.integers(1, 14))):
        now += draw(st.timedeltas(timedelta(0), timedelta(days=draw(st.sampled_from([1, 9, 90])))))
        if draw(st.booleans()):
            now = next(each for each in midnights(zone) if each >= now)
        kind = draw(st.sampled_from(["count", "count", "count", "take", "look"]))
        late = timedelta(days=draw(st.sampled_from([0, 0, 0, 1, 8, 30])))
        steps.append((now, kind, (late, draw(st.integers(1, 40)))))
    return [*steps, (now + timedelta(days=draw(st.integers(0, 500))), "look", None)]


@settings(max_examples=EXAMPLES or 100, deadline=None)
@given(ladders(), lives(), st.booleans())
def test_levels_and_changes_are_the_oracles_however_often_somebody_looks(
    made: dict[str, Any], life: list[tuple[datetime, str, Any]], every_midnight: bool
) -> None:
    oracle = Oracle(**made)
    wanted = {name: value for name, value in made.items() if name not in ("zone", "thresholds")}
    ladder = make_ladder(tuple(map(int, made["thresholds"])), **wanted, time_zone=ZoneInfo(made["zone"]))
    person = Person(ladder)
    before = life[0][0]
    for now, kind, what in life:
        if every_midnight:
            for each in (m for m in midnights(made["zone"]) if before < m <= now):
                person.look(each)
        before = now
        if kind == "count":
            late, figure = what
            person.count(now, now - late, figure)
            oracle.count(now, now - late, Decimal(figure))
        elif kind == "take":  # from the newest day that still has something
            late, figure = what
            there = [day for day, sum_of_day in person.figures.items() if sum_of_day > 0]
            if there:
                on = midnight(max(there), ladder.time_zone)
                part = -min(person.figures[max(there)], figure)
                person.count(now, on, part)
                oracle.count(now, on, part)
        person.look(now)
        oracle.advance(now)
        assert person.level == oracle.level
        state = person.state
        assert (state.since, state.next_at, state.in_grace) == (oracle.since, oracle.due, oracle.grace)
    assert person.told == oracle.told


# -- by example


def test_a_level_lasts_until_the_midnight_after_its_days() -> None:
    ladder = make_ladder()
    silver = ladder.levels[0]
    assert ladder.evaluation_after(silver, at("2026-03-10 14:00")) == at("2027-03-11 00:00")
    assert ladder.evaluation_after(silver, at("2026-03-10 00:00")) == at("2027-03-10 00:00")


def test_a_level_that_begins_with_a_day_whose_midnight_is_skipped_lasts_as_long_as_any() -> None:
    ladder = make_ladder(days=3, time_zone=ZoneInfo(SAO_PAULO))
    begins = midnight(date(2017, 10, 15), ladder.time_zone)
    assert ladder.evaluation_after(ladder.levels[0], begins) == midnight(date(2017, 10, 18), ladder.time_zone)


def test_a_calendar_years_level_lasts_until_the_year_ends() -> None:
    ladder = make_ladder(period="calendar_year", time_zone=ZoneInfo(LONDON))
    silver = ladder.levels[0]
    assert ladder.evaluation_after(silver, at("2026-12-31 23:59")) == at("2027-01-01 00:00")
    assert ladder.evaluation_after(silver, at("2027-01-01 00:00")) == at("2028-01-01 00:00")


def test_the_day_that_a_rolling_level_was_reached_on_does_not_decide_the_next_time() -> None:
    person = Person(make_ladder(days=3))
    now = at("2026-03-10 09:00")
    person.count(now, now, 100)
    person.look(at("2026-03-13 23:59"))
    assert person.level == 100
    person.look(at("2026-03-14 00:00"))  # the preceding three days, 11 to 13, have nothing
    assert person.level is None
    assert [told[0] for told in person.told] == ["reached", "lowered"]


def test_what_was_earned_in_the_meantime_confirms_the_level_from_that_midnight_on() -> None:
    person = Person(make_ladder(days=30))
    person.count(at("2026-03-01 00:00"), at("2026-03-01 00:00"), 100)
    person.count(at("2026-03-20 12:00"), at("2026-03-20 12:00"), 100)
    person.look(at("2026-04-01 12:00"))
    assert person.told[-1] == ("confirmed", 100, 100, 200, at("2026-03-31 00:00"))
    assert person.state.next_at == at("2026-04-30 00:00")


def test_one_down_goes_no_further_than_one_level_at_a_time() -> None:
    person = Person(make_ladder((0, 100, 300), days=10))
    person.count(at("2026-03-01 00:00"), at("2026-03-01 00:00"), 500)
    person.look(at("2026-03-11 00:00"))
    assert person.level == 300  # the days 1 to 10 of March
    person.look(at("2026-03-21 00:00"))
    assert person.level == 100
    person.look(at("2026-03-31 00:00"))
    assert (person.level, person.state.next_at) == (0, None)
    assert [told[:3] for told in person.told[1:]] == [
        ("confirmed", 300, 300),
        ("lowered", 300, 100),
        ("lowered", 100, 0),
    ]


def test_to_qualified_falls_as_far_as_the_progress() -> None:
    person = Person(make_ladder((100, 300, 500), days=10, downgrade="to_qualified"))
    person.count(at("2026-03-01 12:00"), at("2026-03-01 12:00"), 500)
    person.count(at("2026-03-05 12:00"), at("2026-03-05 12:00"), 120)
    person.look(at("2026-03-12 00:00"))
    assert person.told[-1] == ("lowered", 500, 100, 120, at("2026-03-12 00:00"))
    person.look(at("2026-03-22 00:00"))
    assert (person.level, person.state.next_at) == (None, None)


def test_days_of_grace_are_given_once_and_end_at_a_midnight() -> None:
    person = Person(make_ladder(days=10, grace_days=7))
    person.count(at("2026-03-01 12:00"), at("2026-03-01 12:00"), 100)
    person.look(at("2026-03-12 00:00"))
    assert (person.level, person.state.in_grace) == (100, True)
    assert person.state.next_at == at("2026-03-19 00:00")
    person.look(at("2026-03-19 00:00"))
    assert [told[0] for told in person.told] == ["reached", "grace", "lowered"]
    assert (person.level, person.state.in_grace) == (None, False)


def test_in_grace_what_lifts_the_progress_confirms_at_once() -> None:
    person = Person(make_ladder(days=10, grace_days=7))
    person.count(at("2026-03-01 12:00"), at("2026-03-01 12:00"), 100)
    person.count(at("2026-03-13 12:00"), at("2026-03-13 12:00"), 99)
    assert person.state.in_grace
    person.count(at("2026-03-14 12:00"), at("2026-03-14 12:00"), 1)
    assert person.told[-1] == ("confirmed", 100, 100, 100, at("2026-03-14 12:00"))
    assert (person.state.in_grace, person.state.next_at) == (False, at("2026-03-25 00:00"))


def test_a_refund_lowers_progress_at_once_and_the_level_at_its_next_evaluation() -> None:
    person = Person(make_ladder(days=10))
    person.count(at("2026-03-01 12:00"), at("2026-03-01 12:00"), 100)
    person.count(at("2026-03-02 12:00"), at("2026-03-01 12:00"), -100)
    level, due = person.level, person.state.next_at
    assert (level, due) == (100, at("2026-03-12 00:00"))


def test_a_level_for_life_is_decided_at_the_midnight_after_a_refund() -> None:
    person = Person(make_ladder(period="lifetime", days=0))
    person.count(at("2026-03-01 12:00"), at("2026-03-01 12:00"), 100)
    assert not person.state.next_at
    person.count(at("2029-03-02 12:00"), at("2026-03-01 12:00"), -1)
    assert (person.level, person.state.next_at) == (100, at("2029-03-03 00:00"))
    person.look(at("2029-03-03 00:00"))
    assert (person.level, person.state.next_at) == (None, None)


def test_a_level_for_life_that_was_lowered_falls_no_further_while_nothing_is_taken_back() -> None:
    person = Person(make_ladder(period="lifetime", days=0))
    person.count(at("2026-03-01 12:00"), at("2026-03-01 12:00"), 300)
    person.count(at("2026-03-02 12:00"), at("2026-03-01 12:00"), -250)
    person.count(at("2026-03-03 12:00"), at("2026-03-03 12:00"), 10)
    assert (person.level, person.state.next_at) == (100, None)
    person.count(at("2026-03-03 12:00"), at("2026-03-03 12:00"), -10)
    assert (person.level, person.state.next_at) == (100, at("2026-03-04 00:00"))


def test_what_is_dated_ahead_counts_at_once_but_does_not_decide_before_its_day() -> None:
    """A till whose clock is ahead reports two minutes before midnight from after it."""
    person = Person(make_ladder(days=10))
    person.count(at("2026-03-01 23:58"), at("2026-03-02 00:02"), 100)
    assert (person.level, person.state.next_at) == (100, at("2026-03-12 00:00"))
    person.count(at("2026-03-11 23:58"), at("2026-03-12 00:02"), 99)
    person.look(at("2026-03-12 00:00"))
    assert person.told[-1] == ("confirmed", 100, 100, 100, at("2026-03-12 00:00"))


def test_the_highest_of_several_levels_is_reached_at_once() -> None:
    person = Person(make_ladder((100, 300, 500)))
    person.count(at("2026-03-01"), at("2026-03-01"), 300)
    assert person.told == [("reached", None, 300, 300, at("2026-03-01"))]


def test_at_the_end_of_the_calendar_nothing_is_decided_any_more() -> None:
    ladder = make_ladder(days=365, grace_days=5)
    assert ladder.evaluation_after(ladder.levels[0], at("9999-06-01")) is None
    assert ladder.window_before(at("0001-01-01 00:00")).first == date.min


def test_a_level_that_was_for_life_is_decided_by_what_the_ladder_is_now() -> None:
    ladder = make_ladder(days=30)
    state = State(ladder.levels[0], at("2026-01-01 10:00"))
    soon = tiers.resume(ladder, state, at("2026-06-01 12:00"))
    later = tiers.resume(ladder, state, at("2026-01-15 12:00"))
    assert (soon.next_at, later.next_at) == (at("2026-06-02 00:00"), at("2026-02-01 00:00"))
    assert tiers.resume(ladder, State(None), at("2026-06-01")) == State(None)


# -- what an event counts


@pytest.mark.parametrize(
    ("changes", "amount", "currency", "figure"),
    [
        ({"basis": "spend"}, "12.50", "GBP", "12.50"),
        ({"basis": "spend"}, None, None, "0"),
        ({"basis": "spend"}, "-5", None, "0"),
        ({"basis": "spend", "currency": "GBP"}, "5", "GBP", "5"),
        ({"basis": "spend", "currency": "GBP"}, "5", "EUR", "0"),
        ({"basis": "spend", "currency": "GBP"}, "5", None, "0"),
        ({"basis": "events", "currency": "GBP"}, None, None, "1"),
        ({"basis": "points"}, "5", "GBP", "0"),
    ],
)
def test_an_event_counts_its_amount_or_itself(
    changes: dict[str, Any], amount: str | None, currency: str | None, figure: str
) -> None:
    ladder = make_ladder(**changes)
    asked: dict[str, Any] = {"amount": Decimal(amount) if amount else None, "currency": currency}
    assert ladder.figure_of(event_type="purchase", program_id=None, **asked) == Decimal(figure)
    assert ladder.figure_of(event_type="purchase", program_id=ladder.program_id, **asked) == Decimal(figure)
    assert ladder.figure_of(event_type="purchase", program_id=uuid4(), **asked) == 0
    assert ladder.figure_of(event_type="visit", program_id=None, **asked) == 0


# -- two members who are one


def states() -> Iterator[tuple[str, int | None, str | None, int | None, str | None, int]]:
    """source: level, next; target: level, next; whose dates go on: 0 the source's, 1 the target's."""
    yield "the higher one", 300, "2026-05-01", 100, "2026-09-01", 0
    yield "the higher one", 100, "2026-09-01", 300, "2026-05-01", 1
    yield "the later one", 100, "2026-09-01", 100, "2026-05-01", 0
    yield "the later one", 100, "2026-05-01", 100, "2026-09-01", 1
    yield "never is later", 100, None, 100, "2026-05-01", 0
    yield "never is later", 100, "2026-05-01", 100, None, 1
    yield "nothing to take over", None, None, 100, "2026-05-01", 1
    yield "nothing on either side", None, None, None, None, 1


@pytest.mark.parametrize(("why", "mine", "my_next", "theirs", "their_next", "whose"), list(states()))
def test_a_merge_keeps_the_better_of_two(
    why: str, mine: int | None, my_next: str | None, theirs: int | None, their_next: str | None, whose: int
) -> None:
    ladder = make_ladder()
    levels: dict[int | None, Level | None] = {int(level.threshold): level for level in ladder.levels}
    levels[None] = None
    pair = [
        State(levels[level], at("2026-01-01") if level else None, at(text) if text else None)
        for level, text in ((mine, my_next), (theirs, their_next))
    ]
    assert tiers.merge(ladder, *pair) is pair[whose], why


# -- days


def test_a_day_begins_when_the_clocks_first_show_it() -> None:
    sao_paulo, toronto = ZoneInfo(SAO_PAULO), ZoneInfo("America/Toronto")
    assert midnight(date(2017, 10, 15), sao_paulo) == datetime(
        2017, 10, 15, 3, tzinfo=UTC
    )  # from 00:00 to 01:00
    assert midnight(date(2018, 2, 18), sao_paulo) == datetime(2018, 2, 18, 3, tzinfo=UTC)
    assert midnight(date(1919, 3, 31), toronto) == datetime(1919, 3, 31, 4, 30, tzinfo=UTC)  # 23:30 to 00:30
    havana = ZoneInfo("America/Havana")
    assert midnight(date(2026, 11, 1), havana) == datetime(2026, 11, 1, 4, tzinfo=UTC)  # 00:00 comes twice
    assert is_midnight(datetime(2026, 11, 1, 5, tzinfo=UTC), havana)
    apia = ZoneInfo("Pacific/Apia")  # had no 30 December 2011
    assert midnight(date(2011, 12, 30), apia) == midnight(date(2011, 12, 31), apia)


@given(
    st.sampled_from(["UTC", SAO_PAULO, LONDON, "Asia/Kathmandu"]),
    st.dates(date(1990, 1, 1), date(2030, 1, 1)),
)
def test_a_midnight_is_the_first_instant_of_its_day(zone: str, day: date) -> None:
    begins = midnight(day, ZoneInfo(zone))
    assert day_of(begins, ZoneInfo(zone)) == day
    assert day_of(begins - timedelta(microseconds=1), ZoneInfo(zone)) == day - timedelta(days=1)


def test_days_stop_at_the_ends_of_the_calendar() -> None:
    assert days_later(date(9999, 12, 30), 5) == date.max
    assert days_later(date(1, 1, 3), -5) == date.min


def test_a_window_has_its_first_and_its_last_day() -> None:
    window = Window(date(2026, 3, 1), date(2026, 3, 2))
    figures = {date(2026, 2, 28) + timedelta(days=n): Decimal(10**n) for n in range(4)}
    assert window.sum(figures) == 110
    assert Window().sum(figures) == 1111
