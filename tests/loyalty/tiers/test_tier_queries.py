"""Who stands where: one member, all of them by level, and by what they have earned."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loyalty.queries.tiers import (
    living_members,
    members_per_level,
    qualified_per_level,
    tiers_of,
    tiers_of_many,
)
from programs.models import Program, TierLadder
from programs.queries.snapshots import snapshot
from tests.factories import make_ladder, make_member, reload
from tests.loyalty.ledger.till import day
from tests.loyalty.tiers.club import Club

pytestmark = pytest.mark.django_db


def test_a_member_sees_the_level_until_when_and_what_is_missing(club: Club) -> None:
    club.ladder()
    club.give(120)
    status = club.status()
    assert status.level is not None
    assert status.next_level is not None
    assert (status.level.code, status.since, status.in_grace) == ("silver", day(0), False)
    assert status.valid_until == datetime(2026, 4, 1, tzinfo=UTC)
    assert (status.progress, status.next_level.code, status.missing) == (120, "gold", 180)
    club.give(200)
    top = club.status()
    assert (top.level and top.level.code, top.next_level, top.missing) == ("gold", None, None)


def test_what_has_come_due_is_counted_though_no_job_has_run(club: Club) -> None:
    club.ladder()
    club.give(120)
    club.today = 31
    status = club.status()
    assert (status.level, status.since, status.valid_until, status.progress) == (None, None, None, 0)
    assert status.missing == Decimal(100)
    assert club.level() == "silver"
    assert len(club.changes()) == 1


def test_days_of_grace_are_said(club: Club) -> None:
    club.ladder(grace_days=7)
    club.give(120)
    club.today = 31
    status = club.status()
    assert status.level is not None
    assert (status.level.code, status.in_grace) == ("silver", True)
    assert status.valid_until == datetime(2026, 4, 8, tzinfo=UTC)


def test_who_has_earned_nothing_has_the_level_that_asks_for_nothing(club: Club) -> None:
    club.ladder(("bronze", "0"), ("silver", "100"))
    make_member(club.environment)
    status = club.status()
    assert status.level is not None
    assert (status.level.code, status.since, status.valid_until) == ("bronze", None, None)
    assert (status.next_level and status.next_level.code, status.missing) == ("silver", 100)


def test_a_page_of_members_takes_one_statement_and_none_without_a_ladder(club: Club) -> None:
    members = [make_member(club.environment, f"m{number}").pk for number in range(5)]
    environment = reload(club.environment)
    snapshot(environment)
    with CaptureQueriesContext(connection) as queries:
        assert tiers_of(environment=environment, member_id=members[0], now=day(0)) == []
        assert members_per_level(environment) == qualified_per_level(environment, now=day(0)) == {}
    assert len(queries) == 0
    club.ladder()
    environment = reload(club.environment)
    snapshot(environment)
    with CaptureQueriesContext(connection) as queries:
        found = tiers_of_many(environment=environment, member_ids=members, now=day(0))
    assert [len(statuses) for statuses in found.values()] == [1] * 5
    assert len(queries) == 1


def by_code(ladder: TierLadder, counts: Any) -> dict[str | None, int]:
    codes = {tier.pk: tier.code for tier in ladder.tiers.all()}
    return {codes.get(tier) if tier else None: members for tier, members in counts.items()}


def test_members_are_counted_by_level_and_by_what_they_would_have(club: Club) -> None:
    """Ada and Bea were gold; Bea's points are of long ago; Cyd has some, Dot none, and Eve is gone."""
    ladder = club.ladder()
    for member, points in (("bea", 300), ("eve", 300)):
        club.give(points, member)
    club.erase("eve")
    club.today = 31
    for member, points in (("ada", 300), ("cyd", 99)):
        club.give(points, member)
    make_member(club.environment, "dot")
    environment = reload(club.environment)
    with CaptureQueriesContext(connection) as queries:
        held = members_per_level(environment)[ladder.pk]
    assert by_code(ladder, held) == {"silver": 0, "gold": 2, None: 2}
    assert len(queries) - _compiling(queries) == 2
    qualified = qualified_per_level(environment, now=day(31))[ladder.pk]
    assert by_code(ladder, qualified) == {"silver": 0, "gold": 1, None: 3}


def test_of_several_ladders_those_are_counted_that_are_asked_for(club: Club) -> None:
    """With the members counted before, one statement each; days of progress are read from their index."""
    ladder = club.ladder()
    Program.objects.create(environment=club.environment, code="club", name="Club")
    other = make_ladder(club.environment, ("silver", "1"), program="club")
    club.give(100)
    environment = reload(club.environment)
    assert len(members_per_level(environment)) == len(qualified_per_level(environment, now=day(0))) == 2
    living = living_members(environment)
    with CaptureQueriesContext(connection) as queries:
        held = members_per_level(environment, [ladder.pk], living=living)
        qualified = qualified_per_level(environment, [ladder.pk], now=day(0), living=living)
    assert held == qualified
    assert {key: by_code(ladder, counts) for key, counts in held.items()} == {
        ladder.pk: {"silver": 1, "gold": 0, None: 0}
    }
    assert len(queries) == 2
    _count_long(other)
    with connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan", "nestloop"):  # as for many members, whatever the tables hold now
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(f"EXPLAIN {queries.captured_queries[1]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Only Scan using tier_progress_ladder" in plan


def _count_long(ladder: TierLadder) -> None:
    """Ten years of progress on this ladder, and the statistics of that: a plan is not left to those of the moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO loyalty_tierprogress (id, environment_id, member_id, ladder_id, day, figure)"
            " SELECT gen_random_uuid(), environment_id, member_id, ladder_id, day - number, 1"
            " FROM loyalty_tierprogress, generate_series(1, 3650) AS number WHERE ladder_id = %s",
            [ladder.pk],
        )
        cursor.execute("ANALYZE loyalty_tierprogress")


def _compiling(queries: CaptureQueriesContext) -> int:
    return sum('FROM "programs_' in query["sql"] for query in queries.captured_queries)


def test_without_a_first_step_everybody_else_has_the_level_that_asks_for_nothing(club: Club) -> None:
    ladder = club.ladder(("bronze", "0"), ("silver", "100"))
    club.give(100, "ada")
    club.give(5, "bea")
    make_member(club.environment, "cyd")
    environment = reload(club.environment)
    assert by_code(ladder, members_per_level(environment)[ladder.pk]) == {"bronze": 2, "silver": 1}
    qualified = qualified_per_level(environment, now=day(0))[ladder.pk]
    assert by_code(ladder, qualified) == {"bronze": 2, "silver": 1}
    club.merge("ada", "bea")
    assert by_code(ladder, members_per_level(environment)[ladder.pk]) == {"bronze": 1, "silver": 1}


def test_who_has_some_progress_and_not_enough_has_no_level(club: Club) -> None:
    ladder = club.ladder()
    club.give(5)
    qualified = qualified_per_level(reload(club.environment), now=day(0))[ladder.pk]
    assert by_code(ladder, qualified) == {"silver": 0, "gold": 0, None: 1}


def test_who_was_merged_away_is_counted_nowhere(club: Club) -> None:
    ladder = club.ladder(("bronze", "0"), ("silver", "100"))
    for member in ("ada", "bea"):
        club.give(60, member)
    club.merge("ada", "bea")
    environment = reload(club.environment)
    qualified = qualified_per_level(environment, now=day(0))[ladder.pk]
    assert by_code(ladder, qualified) == {"bronze": 0, "silver": 1}
    assert by_code(ladder, members_per_level(environment)[ladder.pk]) == {"bronze": 0, "silver": 1}
