"""Members, tiers, rewards and stamps by day are what their rows say, counted in plain Python (docs/analytics.md)."""

import random
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.errors import DomainError
from loyalty.models import Member, Redemption, Stamp, StampReward, TierChange
from loyalty.queries.analytics.members import members_by_day
from loyalty.queries.analytics.periods import days
from loyalty.queries.analytics.reports import rewards_report, stamps_report
from loyalty.queries.analytics.tiers import tier_figures
from loyalty.queries.tiers import members_per_level
from programs.models import Environment, StampProgram
from tests.console.many import make_many
from tests.factories import (
    buy,
    make_card,
    make_environment,
    make_ladder,
    make_reward,
    make_stamp_program,
    reload,
)
from tests.loyalty.ledger.till import day
from tests.loyalty.tiers.club import Club

pytestmark = pytest.mark.django_db

ZONE = ZoneInfo("Pacific/Auckland")
MEMBERS = ("ada", "bea", "cyd", "dot", "eve")


def local(at: datetime) -> date:
    return at.astimezone(ZONE).date()


@pytest.fixture
def lively() -> Club:
    """Forty times one of five members earns, and may buy; levels rise and fall. Two are merged, one is erased."""
    environment = make_environment(time_zone="Pacific/Auckland")
    club, chance = Club(environment), random.Random(7)
    club.ladder(downgrade="to_qualified")
    make_reward(environment, "rwd_mug", points=20)
    make_stamp_program(environment, public_id="lp_tea", threshold=2)
    for _ in range(40):
        club.today += chance.choice([0, 0.4, 1.3, 6])
        member = chance.choice(MEMBERS)
        club.evaluate()
        club.give(chance.choice([20, 60, 150, 320]), member)
        if chance.random() < 0.4:
            try:
                buy(environment, "rwd_mug", member, now=day(club.today))
            except DomainError:
                continue
    club.merge("eve", "ada")
    club.erase("dot")
    return club


def test_levels_at_the_end_of_any_day_are_those_that_the_changes_lead_to(lively: Club) -> None:
    """The last change by then of each living member who had come by then, in plain Python."""
    environment = reload(lively.environment)
    living = set(Member.objects.filter(environment=environment, redirect_to=None).exclude(status="erased"))
    changes = list(TierChange.objects.filter(member__in=living).order_by("occurred_at", "id"))
    assert len(changes) > 5
    assert {change.kind for change in changes} >= {"reached", "lowered"}
    for number in range(0, int(lively.today) + 2, 7):
        last = local(day(number))
        (found,) = tier_figures(environment=environment, period=days(environment, last, last))
        held: dict[Any, str | None] = dict.fromkeys(
            [member.pk for member in living if local(member.created_at) <= last]
        )
        for change in changes:
            if local(change.occurred_at) <= last and change.member_id in held:
                held[change.member_id] = change.to_code
        expected = Counter(held.values())
        assert {one.level.code if one.level else None: one.members_then for one in found.levels} == {
            code: expected[code] for code in (None, "silver", "gold")
        }, last
        moved = [one for one in changes if local(one.occurred_at) == last and one.from_code != one.to_code]
        (only,) = found.days
        assert only.up + only.down == len(moved)
        assert only.down == sum(one.kind == "lowered" for one in moved)


def test_levels_of_now_are_those_that_the_ladders_page_counts(lively: Club) -> None:
    environment = reload(lively.environment)
    today = local(day(lively.today))
    (found,) = tier_figures(environment=environment, period=days(environment, today, today))
    counted = members_per_level(environment)[found.ladder.id]
    for one in found.levels:
        assert one.members_now == one.members_then == counted[one.level.tier_id if one.level else None]


def test_members_and_rewards_by_day_are_what_their_rows_say(lively: Club) -> None:
    environment = reload(lively.environment)
    first, last = local(day(0)), local(day(lively.today))
    living = Member.objects.filter(environment=environment, redirect_to=None).exclude(status="erased")
    came = Counter(local(member.created_at) for member in living)
    found = members_by_day(environment=environment, first=first, last=last, now=day(lively.today))
    assert {one.day: one.new for one in found if one.new} == came
    assert found[-1].total == sum(came.values())
    sold = list(Redemption.objects.filter(environment_id=environment.pk))
    assert sold
    (mug,) = rewards_report(
        environment=environment, period=days(environment, first, last), now=day(lively.today)
    )
    by_day = Counter(local(one.occurred_at) for one in sold)
    assert {one.day: one.redemptions for one in mug.days} == by_day
    assert sum(one.points for one in mug.days) == mug.figures.points
    assert sum(one.redemptions for one in mug.days) == mug.figures.redemptions


def test_stamps_by_day_are_what_their_rows_say(lively: Club) -> None:
    environment = lively.environment
    tea = StampProgram.objects.get(environment=environment)
    for member in ("ada", "bea"):
        make_card(environment, tea, member)
    for number in range(9):
        lively.today += 0.7
        lively.buy(f"tea-{number}", "5.00", member=("ada", "bea")[number % 2], currency="GBP")
    span = days(reload(environment), local(day(0)), local(day(lively.today + 400)))
    (found,) = stamps_report(environment=reload(environment), stamp_programs=[tea], period=span)
    stamps = Counter(local(one.collected_at) for one in Stamp.objects.filter(environment_id=environment.pk))
    issued = Counter(
        local(one.issued_at) for one in StampReward.objects.filter(environment_id=environment.pk)
    )
    assert {one.day: one.stamps for one in found.figures.days if one.stamps} == stamps
    assert {one.day: one.issued for one in found.figures.days if one.issued} == issued
    assert sum(one.joined for one in found.figures.days) == found.funnel.enrolled == 2
    assert found.figures.completion_rate == 1


def test_a_small_tenant_beside_a_large_one_is_read_by_indexes(environment: Environment) -> None:
    make_many(make_environment(), members=500, entries=20)
    ladder = make_ladder(environment, ("silver", "100"))
    tea = make_stamp_program(environment)
    environment = reload(environment)
    span = days(environment, date(2026, 1, 1), date(2026, 1, 31))
    with CaptureQueriesContext(connection) as queries:
        tier_figures(environment=environment, period=span, only=[ladder.pk])
        rewards_report(environment=environment, period=span, now=span.ends_at)
        stamps_report(environment=environment, stamp_programs=[tea], period=span)
        members_by_day(
            environment=environment, first=span.first, last=span.last, now=span.ends_at + timedelta(days=1)
        )
    read = [query["sql"] for query in queries.captured_queries if "loyalty_" in query["sql"]]
    assert len(read) <= 14
    large = ("loyalty_ledgerentry", "loyalty_member", "loyalty_account", "loyalty_lot", "loyalty_event")
    for text in read:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {text}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
        for table in large:
            assert f"Seq Scan on {table} " not in plan, f"{text}\n{plan}"
