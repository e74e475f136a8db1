"""A ladder that is made, switched on or counts something else has the progress of all that happened before."""

from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from loyalty.actions.clock import set_clock
from loyalty.actions.pace import Pace
from loyalty.actions.tiers import NotAllCounted, recount_levels
from loyalty.ledger.checks import violations
from loyalty.ledger.recounting import Recounted, recount
from loyalty.models import TierProgress
from programs.models import Environment
from programs.queries.snapshots import snapshot
from tests.factories import make_actor, make_environment, make_member, reload
from tests.loyalty.ledger.till import day
from tests.loyalty.tiers.club import LEVELS, Club

pytestmark = pytest.mark.django_db
START = UUID(int=0)


def waiting(environment: Environment) -> int:
    rows = ProcrastinateJob.objects.filter(task_name="recount", args={"environment": str(environment.pk)})
    return rows.count()


def count_anew(club: Club, **options: Any) -> Recounted:
    return recount(
        environment=reload(club.environment),
        actor=make_actor(),
        now=day(club.today),
        after=START,
        **options,
    )


@pytest.mark.parametrize("basis", ["points", "spend", "events"])
def test_a_new_ladder_counts_what_happened_before_it_was_made(club: Club, basis: str) -> None:
    club.rule("pounds")
    club.buy("order-1", "200.00")
    club.buy("order-2", "150.00", on=-3)
    club.buy("order-3", "50.00", "bea")
    club.refund("order-1", "80.00")
    club.refund("order-2")
    club.merge("bea", "ada")
    club.ladder(("silver", "1"), ("gold", "150"), basis=basis)
    assert waiting(club.environment) == 1
    done = count_anew(club)
    assert (done.members, done.days) == (1, 1)
    figure = 2 if basis == "events" else 170
    assert club.progress() == {"2026-03-01": figure}
    level = "silver" if basis == "events" else "gold"
    assert club.changes() == [("reached", None, level, figure, day(0))]
    assert list(violations(environment=club.environment)) == []
    assert count_anew(club).days == 0
    assert len(club.changes()) == 1


def test_a_purchase_without_amount_counts_until_its_last_line_is_refunded(club: Club) -> None:
    club.ladder(("silver", "1"), basis="events")
    lines: list[dict[str, Any]] = [{"quantity": 10}, {"quantity": 1}]
    club.buy("order-1", items=lines)
    for line, stays in ((2, 1), (1, 0)):
        club.refund("order-1", items=[{"line": line, "quantity": lines[line - 1]["quantity"]}])
        assert sum(club.progress().values()) == stays
        assert list(violations(environment=club.environment)) == []
        assert count_anew(club).days == 0


def test_a_ladder_that_rested_has_what_it_missed(club: Club) -> None:
    club.ladder()
    club.give(60)
    club.ladder(is_active=False)
    entry = club.give(50)
    club.reverse(entry, 5)
    assert waiting(club.environment) == 0
    club.ladder(is_active=True)
    assert waiting(club.environment) == 1
    count_anew(club)
    assert (club.progress(), club.level()) == ({"2026-03-01": 105}, "silver")
    assert list(violations(environment=club.environment)) == []


def test_what_a_reversal_could_not_take_back_is_taken_from_progress_all_the_same(club: Club) -> None:
    """The points had expired: the entry moves none, its nominal amount is 60."""
    entry = club.give(60, expires=1)
    club.today = 2
    club.reverse(entry)
    club.give(7)
    club.ladder()
    count_anew(club)
    assert club.progress() == {"2026-03-03": 7}
    assert list(violations(environment=club.environment)) == []


def test_a_ladder_that_counts_something_else_forgets_what_it_counted(club: Club) -> None:
    club.ladder()
    club.give(120)
    club.rule("pounds")
    club.buy("order-1", "70.00")
    club.ladder(basis="spend")
    assert waiting(club.environment) == 1
    count_anew(club)
    assert (club.progress(), club.level()) == ({"2026-03-01": 70}, "silver")
    assert list(violations(environment=club.environment)) == []


@pytest.mark.parametrize(
    ("changes", "jobs"),
    [
        ({"days": 10}, 0),
        ({"grace_days": 3}, 0),
        ({"downgrade": "to_qualified"}, 0),
        ({"period": "lifetime"}, 1),
        ({"currency": "GBP"}, 1),
        ({"event_type": "visit"}, 1),
        ({"is_active": False}, 0),
    ],
)
def test_only_what_changes_progress_has_it_counted_anew(club: Club, changes: Any, jobs: int) -> None:
    club.ladder()
    make_member(club.environment)
    club.ladder(**changes)
    assert waiting(club.environment) == jobs


def test_before_there_are_members_there_is_nothing_to_count(club: Club) -> None:
    club.ladder()
    assert waiting(club.environment) == 0


def test_a_level_that_was_for_life_is_decided_by_time_from_then_on(club: Club) -> None:
    club.ladder(period="lifetime")
    club.give(100)
    club.ladder(period="rolling")
    count_anew(club)
    assert club.row().next_evaluation_at is not None


def test_the_job_goes_through_all_members_in_chunks_of_few_statements(club: Club) -> None:
    for number in range(5):
        club.give(100, f"member-{number}")
    club.erase("member-4")
    club.ladder()
    counts, after = [], START
    environment = reload(club.environment)
    snapshot(environment)
    while True:
        with CaptureQueriesContext(connection) as queries:
            done = recount(environment=environment, actor=make_actor(), now=day(0), after=after, members=2)
        if done.last is None:
            break
        after = done.last
        kinds = [query["sql"].split()[0] for query in queries.captured_queries]
        counts.append(len([kind for kind in kinds if kind not in ("SAVEPOINT", "RELEASE")]))
    assert counts == [5, 5]
    assert TierProgress.objects.filter(environment_id=environment.pk).count() == 4
    assert {club.level(f"member-{number}") for number in range(4)} == {"silver"}


def test_a_run_goes_on_until_all_are_counted_by_the_environments_own_clock(club: Club) -> None:
    set_clock(environment=club.environment, clock=day(7), actor=make_actor())
    club.today = 7
    club.give(100)
    club.ladder(*LEVELS)
    days = recount_levels(environment_id=club.environment.pk, actor=make_actor(), pace=Pace(rest=0))
    assert (days, club.row().since) == (1, day(7))
    with pytest.raises(NotAllCounted):
        recount_levels(environment_id=club.environment.pk, actor=make_actor(), pace=Pace(seconds=0))


def test_another_environments_members_are_left_alone(club: Club) -> None:
    other = Club(make_environment())
    other.ladder()
    other.give(100)
    before = other.everything()
    club.give(100)
    club.ladder()
    assert count_anew(club).members == 1
    assert other.everything() == before
