"""Standings as they are read, counted on, merged and written."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.ids import new_id
from loyalty.ledger.standings import Standing, ladders_of, merge_standing, read_standings
from loyalty.models import Member, MemberTier, TierProgress
from loyalty.rules.tiers import State
from programs.models import Environment, Program
from programs.queries.snapshots import snapshot
from tests.factories import make_actor, make_environment, make_ladder, make_member, make_metric, reload
from tests.loyalty.ledger.till import day
from tests.loyalty.tiers.club import Club


def read(environment: Environment, *members: Member, now: datetime | None = None) -> dict[UUID, Any]:
    """The standings of these members on the one ladder, by member."""
    environment = reload(environment)
    (ladder,) = ladders_of(snapshot(environment))
    found = read_standings(
        environment, [ladder], [row.pk for row in members], now=now or day(0), actor=make_actor()
    )
    return {member: standing for (member, _), standing in found.items()}


def make_progress(member: Member, ladder: UUID, days: dict[date, int]) -> None:
    TierProgress.objects.bulk_create(
        TierProgress(
            id=new_id(),
            environment_id=member.environment_id,
            member=member,
            ladder_id=ladder,
            day=on,
            figure=figure,
        )
        for on, figure in days.items()
    )


@pytest.fixture
def ada(environment: Environment) -> Member:
    return make_member(environment)


def test_one_statement_reads_any_number_of_members_on_any_number_of_ladders(environment: Environment) -> None:
    counts = []
    for number in range(3):
        program = Program.objects.get(environment=environment, code="default")
        if number:
            program = Program.objects.create(
                environment=environment, code=f"p{number}", name="P", status="active"
            )
        make_ladder(environment, ("silver", "100"), program=program.code)
        members = [make_member(environment, f"m{number}-{n}") for n in range(10**number)]
        current = reload(environment)
        ladders = ladders_of(snapshot(current))
        with CaptureQueriesContext(connection) as queries:
            found = read_standings(
                current, ladders, [row.pk for row in members], now=day(0), actor=make_actor()
            )
        assert set(found) == {(row.pk, ladder.id) for row in members for ladder in ladders}
        counts.append((len(ladders), len(found), len(queries)))
    assert counts == [(1, 1, 1), (2, 20, 1), (3, 300, 1)]


def test_without_a_ladder_or_a_member_there_is_no_statement(environment: Environment, ada: Member) -> None:
    config = snapshot(reload(environment))
    with CaptureQueriesContext(connection) as queries:
        assert read_standings(environment, ladders_of(config), [ada.pk], now=day(0), actor=make_actor()) == {}
    assert len(queries) == 0
    make_ladder(environment, ("silver", "100"))
    current = reload(environment)
    ladders = ladders_of(snapshot(current))
    with CaptureQueriesContext(connection) as queries:
        assert read_standings(current, ladders, [], now=day(0), actor=make_actor()) == {}
    assert len(queries) == 0


def test_ladders_are_compiled_once_for_each_version_and_only_those_that_have_an_effect(
    environment: Environment,
) -> None:
    make_ladder(environment, ("gold", "300", "2"), ("silver", "100"))
    config = snapshot(reload(environment))
    (ladder,) = ladders_of(config)
    assert ladders_of(config)[0] is ladder
    assert [(level.code, int(level.threshold), int(level.multiplier)) for level in ladder.levels] == [
        ("silver", 100, 1),
        ("gold", 300, 2),
    ]
    make_ladder(environment, ("silver", "100"), is_active=False)
    assert ladders_of(snapshot(reload(environment))) == ()
    make_ladder(environment, is_active=True)
    assert ladders_of(snapshot(reload(environment))) == ()  # without a level


@pytest.mark.parametrize(
    ("changes", "progress"),
    [
        ({"days": 2}, 0b0110),
        ({"period": "calendar_year"}, 0b1110),
        ({"period": "lifetime"}, 0b1111),
    ],
)
def test_progress_is_that_of_the_days_that_count_now(
    environment: Environment, ada: Member, changes: dict[str, Any], progress: int
) -> None:
    """Dated ahead counts too: 4; today and yesterday of the project's zone."""
    ladder = make_ladder(environment, ("silver", "1000"), **changes)
    days = {date(2025, 12, 31): 1, date(2026, 2, 28): 2, date(2026, 3, 1): 4, date(2026, 2, 27): 8}
    make_progress(ada, ladder.pk, days)
    assert read(environment, ada)[ada.pk].progress == progress


def test_the_index_alone_finds_the_days(environment: Environment, ada: Member) -> None:
    ladder = make_ladder(environment, ("silver", "100"), days=30)
    make_progress(ada, ladder.pk, {date(2020, 1, 1) + timedelta(days=n): 1 for n in range(2252)})
    with CaptureQueriesContext(connection) as queries:
        standing = read(environment, ada)[ada.pk]
    assert standing.progress == 30
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN (ANALYZE, COSTS OFF) " + queries.captured_queries[-1]["sql"])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    (condition,) = [line for line in plan.splitlines() if "Index Cond" in line and "day" in line]
    assert "day >=" in condition
    assert re.search(r"rows=30(\.00)? ", plan)  # PostgreSQL 18 tells fractions of rows


def test_what_was_counted_is_written_as_what_to_add(environment: Environment, ada: Member) -> None:
    make_ladder(environment, ("silver", "100"), days=2)
    standing = read(environment, ada)[ada.pk]
    assert not standing.is_changed
    for on, figure in ((0, 40), (0, Decimal("0.5")), (-1, 30), (-1, -30), (-9, 7)):
        standing.count(day(on), figure)
    assert standing.progress == Decimal("40.5")
    assert {row.day: row.figure for row in standing.progress_changes} == {
        date(2026, 3, 1): Decimal("40.5"),
        date(2026, 2, 20): 7,
    }
    assert standing.is_changed
    assert standing.member_tier is None
    standing.review()
    assert (standing.level, standing.changes) == (None, [])


def test_days_are_those_of_the_projects_zone(db: None) -> None:
    environment = make_environment(time_zone="Pacific/Auckland")
    make_ladder(environment, ("silver", "100"))
    ada = make_member(environment)
    standing = read(environment, ada, now=datetime(2026, 3, 1, 12, tzinfo=UTC))[ada.pk]
    standing.count(datetime(2026, 3, 1, 10, 59, tzinfo=UTC), 1)
    standing.count(datetime(2026, 3, 1, 11, 0, tzinfo=UTC), 2)
    assert {row.day: row.figure for row in standing.progress_changes} == {
        date(2026, 3, 1): 1,
        date(2026, 3, 2): 2,
    }


def test_a_level_that_is_reached_is_a_row_and_a_change(environment: Environment, ada: Member) -> None:
    make_ladder(environment, ("silver", "100"), days=30)
    standing = read(environment, ada)[ada.pk]
    standing.count(day(0), 100)
    standing.review()
    row = standing.member_tier
    assert row is not None
    assert standing.level is not None
    assert (row.tier_id, row.since, row.in_grace) == (standing.level.tier_id, day(0), False)
    assert row.next_evaluation_at == datetime(2026, 4, 1, tzinfo=UTC)
    (change,) = standing.changes
    assert (change.kind, change.from_code, change.to_code, change.progress) == (
        "reached",
        None,
        "silver",
        100,
    )
    assert (change.actor_id, change.occurred_at) == ("tests", day(0))
    standing.review()
    assert len(standing.changes) == 1


def test_what_time_brought_about_is_the_engines_doing(club: Club) -> None:
    club.ladder()
    club.give(100)
    club.today = 40
    standing = read(club.environment, Member.objects.get(environment=club.environment), now=day(40))
    (found,) = standing.values()
    (change,) = found.changes
    assert (change.kind, change.actor_kind, change.actor_id) == ("lowered", "system", "tiers")
    assert club.level() == "silver"  # only read: nothing was written


def test_the_lowest_level_that_asks_for_nothing_is_held_without_a_row(
    environment: Environment, ada: Member
) -> None:
    make_ladder(environment, ("bronze", "0"), ("silver", "100"))
    standing = read(environment, ada)[ada.pk]
    assert standing.level is not None
    assert standing.level.code == "bronze"
    standing.count(day(0), 99)
    standing.review()
    assert (standing.changes, standing.member_tier) == ([], None)
    standing.count(day(0), 1)
    standing.review()
    assert [(change.from_code, change.to_code) for change in standing.changes] == [("bronze", "silver")]


def test_a_clock_that_is_behind_the_last_writers_does_not_take_time_back(club: Club) -> None:
    club.ladder()
    club.today = 1
    club.give(100)
    (standing,) = read(
        club.environment, Member.objects.get(environment=club.environment), now=day(0)
    ).values()
    assert standing.now == day(1)


def test_a_level_that_was_for_life_is_decided_by_the_ladder_as_it_is_now(club: Club) -> None:
    club.ladder(period="lifetime")
    club.give(100)
    assert club.row().next_evaluation_at is None
    club.ladder(period="rolling")
    club.today = 100
    (standing,) = read(
        club.environment, Member.objects.get(environment=club.environment), now=day(100)
    ).values()
    assert standing.state.next_at == datetime(2026, 6, 10, tzinfo=UTC)
    assert standing.is_changed
    club.give(1)
    club.today = 101
    assert (club.read(), club.level()) == (None, "silver")


# -- merges


def standings_of_two(environment: Environment, *levels: str | None) -> tuple[Any, Any]:
    """Two members of these levels, with 10 and 20 points a day ago, and something long ago."""
    (ladder,) = ladders_of(snapshot(reload(environment)))
    tiers = {level.code: level for level in ladder.levels}
    members = [make_member(environment, f"member-{n}") for n in range(2)]
    for member, code, figure in zip(members, levels, (10, 20), strict=True):
        make_progress(member, ladder.id, {date(2026, 2, 28): figure, date(2020, 1, figure): 1})
        if code:
            MemberTier.objects.create(
                environment_id=environment.pk,
                member=member,
                ladder_id=ladder.id,
                tier_id=tiers[code].tier_id,
                since=day(-1),
                next_evaluation_at=day(figure),
            )
    found = read(environment, *members)
    return found[members[0].pk], found[members[1].pk]


@pytest.mark.parametrize(
    ("source", "target", "level", "next_at", "told"),
    [
        ("gold", "silver", "gold", 10, [("merged", "silver", "gold", 30)]),
        ("silver", "gold", "gold", 20, []),
        ("silver", "silver", "silver", 20, []),
        ("silver", None, "silver", 10, [("merged", None, "silver", 30)]),
        (None, None, None, None, []),
    ],
)
def test_of_two_members_the_better_level_and_all_the_progress_go_on(
    environment: Environment,
    source: str | None,
    target: str | None,
    level: str | None,
    next_at: int | None,
    told: list[tuple[str, str | None, str, int]],
) -> None:
    make_ladder(environment, ("silver", "100"), ("gold", "300"), days=30)
    merged, survivor = standings_of_two(environment, source, target)
    with CaptureQueriesContext(connection) as queries:
        merge_standing(merged, survivor)
    assert len(queries) == 1
    assert (survivor.level.code if survivor.level else None) == level
    assert survivor.state.next_at == (None if next_at is None else day(next_at))
    assert [(c.kind, c.from_code, c.to_code, c.progress) for c in survivor.changes] == told
    assert survivor.progress == 30
    added = {row.day: row.figure for row in survivor.progress_changes}
    assert added == {date(2026, 2, 28): 10, date(2020, 1, 10): 1}
    assert {row.day: row.figure for row in merged.progress_changes} == {on: -f for on, f in added.items()}
    assert (merged.state.level, merged.state.next_at, merged.changes) == (None, None, [])
    row = merged.member_tier
    assert (row is None) == (source is None)
    assert row is None or (row.tier_id, row.next_evaluation_at) == (None, None)


def test_a_standing_that_was_not_touched_has_nothing_to_write(environment: Environment) -> None:
    make_metric(environment)
    make_ladder(environment, ("silver", "100"))
    (ladder,) = ladders_of(snapshot(reload(environment)))
    standing = Standing(uuid4(), uuid4(), ladder, day(0), day(0), make_actor(), State(None))
    assert (standing.is_changed, standing.member_tier, standing.progress_changes) == (False, None, [])
