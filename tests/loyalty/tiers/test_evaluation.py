"""The job over stored levels: in chunks of few statements, ended anywhere, beside anybody."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from loyalty.actions import tiers as tiers_module
from loyalty.actions.clock import set_clock
from loyalty.actions.pace import Pace
from loyalty.actions.tiers import evaluate_levels
from loyalty.actions.turns import Run
from loyalty.ledger import evaluation, posting
from loyalty.ledger.checks import violations
from loyalty.ledger.evaluation import Evaluated
from loyalty.models import Member, MemberTier, TierChange
from loyalty.queries.tiers import environments_with_levels_due
from programs.models import Environment, Program
from programs.queries.snapshots import snapshot
from tests.factories import give, make_actor, make_environment, make_ladder, make_member, reload
from tests.loyalty.ledger.till import day
from tests.loyalty.tiers.club import Club

Together = Callable[..., list[Any]]


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Decide in these environments alone: other tests have left theirs in the database."""

    def restrict(*environments: Environment) -> None:
        monkeypatch.setattr(
            tiers_module, "environments_with_levels_due", lambda *, now: [reload(e) for e in environments]
        )

    return restrict


def run_job(now: datetime) -> Run:
    return evaluate_levels(actor=make_actor(), now=now, pace=Pace(rest=0))


def make_due(club: Club, members: int) -> None:
    """So many silver members whose level is decided on day 40."""
    club.ladder()
    for number in range(members):
        club.give(100, f"member-{number}")
    club.today = 40


def lowered(environment: Environment) -> int:
    return TierChange.objects.filter(environment_id=environment.pk, kind="lowered").count()


@pytest.mark.django_db
def test_a_level_whose_time_has_come_is_lowered_dated_at_its_midnight(club: Club) -> None:
    make_due(club, 1)
    assert club.evaluate() == Evaluated(members=1, changes=1)
    midnight = datetime(2026, 4, 1, tzinfo=UTC)
    assert club.changes("member-0") == [
        ("reached", None, "silver", 100, day(0)),
        ("lowered", "silver", None, 0, midnight),
    ]
    row = club.row("member-0")
    assert (row.tier_id, row.since, row.next_evaluation_at) == (None, midnight, None)
    told = AuditEvent.objects.get(environment_id=club.environment.pk, verb="tier.lowered")
    assert (told.member_id, told.occurred_at) == (club.key("member-0"), midnight)
    assert (told.before, told.after) == ({"tier": "silver"}, {"tier": None, "progress": "0"})
    assert club.evaluate() == Evaluated(0, 0)
    assert list(violations(environment=club.environment)) == []


@pytest.mark.django_db
def test_several_evaluations_that_were_missed_are_each_done_at_their_time(club: Club) -> None:
    club.ladder(grace_days=5)
    club.give(300)
    club.today = 400
    assert club.evaluate() == Evaluated(members=1, changes=4)
    assert club.changes()[1:] == [
        ("grace", "gold", "gold", 0, datetime(2026, 4, 1, tzinfo=UTC)),
        ("lowered", "gold", "silver", 0, datetime(2026, 4, 6, tzinfo=UTC)),
        ("grace", "silver", "silver", 0, datetime(2026, 5, 6, tzinfo=UTC)),
        ("lowered", "silver", None, 0, datetime(2026, 5, 11, tzinfo=UTC)),
    ]


@pytest.mark.django_db
def test_a_chunk_has_the_same_few_statements_for_any_number_of_members() -> None:
    counts = []
    for members in (1, 12):
        club = Club(make_environment())
        make_due(club, members)
        snapshot(reload(club.environment))  # compiled once by each process
        with CaptureQueriesContext(connection) as queries:
            assert club.evaluate().members == members
        kinds = [query["sql"].split()[0] for query in queries.captured_queries[1:]]  # but the environment
        counts.append([kind for kind in kinds if kind not in ("SAVEPOINT", "RELEASE")])
    # Members locked; accounts locked; those that are busy; standings; all that is written.
    assert counts[0] == counts[1] == ["SELECT"] * 4 + ["WITH"]


@pytest.mark.django_db
def test_chunk_after_chunk_until_nothing_is_due(
    club: Club, only: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_due(club, 5)
    only(club.environment)
    chunk = evaluation.evaluate_due
    monkeypatch.setattr(tiers_module, "evaluate_due", lambda **options: chunk(**options, members=2))
    done = run_job(day(40))
    assert (done.chunks, done.counts) == (3, {"members": 5, "changes": 5})
    assert (done.left, done.failed) == (False, [])
    again = run_job(day(40))
    assert (again.chunks, again.counts["members"], again.counts["changes"]) == (0, 0, 0)
    assert lowered(club.environment) == 5


@pytest.mark.django_db
def test_a_run_that_is_out_of_time_says_that_something_is_left(
    club: Club, only: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_due(club, 3)
    only(club.environment)
    chunk = evaluation.evaluate_due
    monkeypatch.setattr(tiers_module, "evaluate_due", lambda **options: chunk(**options, members=1))
    done = evaluate_levels(actor=make_actor(), now=day(40), pace=OneChunk())
    assert (done.chunks, done.counts["members"], done.left) == (1, 1, True)


class OneChunk(Pace):
    def chunks(self) -> Any:
        yield 0


@pytest.mark.django_db
def test_a_resting_ladder_and_members_who_are_gone_are_left_alone(club: Club) -> None:
    make_due(club, 3)
    Member.objects.filter(pk=club.key("member-0")).update(status="erased", external_id=None)
    Member.objects.filter(pk=club.key("member-1")).update(redirect_to=club.key("member-2"))
    club.ladder(is_active=False)
    assert club.evaluate() == Evaluated(0, 0)
    club.ladder(is_active=True)
    assert club.evaluate() == Evaluated(1, 1)
    assert len(club.changes("member-2")) == 2


@pytest.mark.django_db
def test_only_environments_with_something_due_by_their_own_clock_are_visited(club: Club) -> None:
    """The level is decided at the midnight of 1 April."""
    make_due(club, 1)
    due = datetime(2026, 4, 1, tzinfo=UTC)

    def is_visited(now: datetime) -> bool:
        return club.environment in environments_with_levels_due(now=now)

    with CaptureQueriesContext(connection) as queries:
        assert is_visited(due)
    assert len(queries) == 1
    assert not is_visited(due - timedelta(seconds=1))
    Environment.objects.filter(pk=club.environment.pk).update(clock=due - timedelta(seconds=1))
    assert not is_visited(due + timedelta(days=9))
    Environment.objects.filter(pk=club.environment.pk).update(clock=due)
    assert is_visited(due - timedelta(days=9))
    Environment.objects.filter(pk=club.environment.pk).update(archived_at=due)
    assert not is_visited(due)


@pytest.mark.django_db
def test_a_sandbox_is_decided_by_its_own_clock(club: Club, only: Callable[..., None]) -> None:
    set_clock(environment=club.environment, clock=day(-1), actor=make_actor())
    make_due(club, 1)
    only(club.environment)
    assert run_job(day(40)).counts["changes"] == 0
    set_clock(environment=reload(club.environment), clock=day(40), actor=make_actor())
    assert run_job(day(0)).counts["changes"] == 1


@pytest.mark.django_db
def test_a_level_of_money_spent_needs_no_account(club: Club) -> None:
    club.ladder(basis="spend")
    club.buy("order-1", "150.00")
    club.today = 40
    assert club.evaluate() == Evaluated(1, 1)


# -- beside others


def test_an_error_in_one_environment_rolls_back_its_chunk_alone(
    committed: None, only: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = Club(make_environment()), Club(make_environment())
    for club in (broken, sound):
        make_due(club, 2)
    only(broken.environment, sound.environment)
    write = posting.Journal.write

    def refuse_one(self: posting.Journal, *arguments: Any, **named: Any) -> None:
        write(self, *arguments, **named)
        if self.environment == broken.environment:
            raise OperationalError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(posting.Journal, "write", refuse_one)
        done = run_job(day(40))
    assert (done.failed, done.counts["members"]) == ([broken.environment.pk], 2)
    assert (lowered(broken.environment), lowered(sound.environment)) == (0, 2)
    assert run_job(day(40)).counts["members"] == 2
    assert lowered(broken.environment) == 2


def test_two_workers_beside_awards_decide_each_member_once(
    committed_environment: Environment,
    only: Callable[..., None],
    together: Together,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """40 members are due; two workers in small chunks, and two tills that award to all of them at once."""
    club, members = Club(committed_environment), 40
    make_due(club, members)
    only(club.environment)
    chunk = evaluation.evaluate_due
    monkeypatch.setattr(tiers_module, "evaluate_due", lambda **options: chunk(**options, members=4))

    def work(number: int) -> Any:
        if number < 2:
            return [run_job(day(40)) for _ in range(5)]
        for place in range(members):
            give(club.environment, 60, member=f"member-{place}", now=day(40))
        return []

    done = [found for found in together(work, 4) if not isinstance(found, list)]
    assert done == []  # nobody met an error
    assert run_job(day(40)).left is False
    for number in range(members):
        assert club.changes(f"member-{number}") == [
            ("reached", None, "silver", 100, day(0)),
            ("lowered", "silver", None, 0, datetime(2026, 4, 1, tzinfo=UTC)),
            ("reached", None, "silver", 120, day(40)),
        ]
        row = club.row(f"member-{number}")
        assert (row.since, row.next_evaluation_at) == (day(40), datetime(2026, 5, 11, tzinfo=UTC))
    assert list(violations(environment=club.environment)) == []


def test_an_account_that_somebody_writes_to_is_left_to_them(
    committed_environment: Environment, together: Together, monkeypatch: pytest.MonkeyPatch
) -> None:
    club = Club(committed_environment)
    make_due(club, 3)
    locked, decided = threading.Event(), threading.Event()
    write = posting.Journal.write

    def write_late(self: posting.Journal, *arguments: Any, **named: Any) -> None:
        if threading.current_thread() is not threading.main_thread() and self.books:
            locked.set()
            assert decided.wait(60)
        write(self, *arguments, **named)

    monkeypatch.setattr(posting.Journal, "write", write_late)

    def work(number: int) -> Any:
        if number == 0:
            return give(club.environment, 5, member="member-1", now=day(40))
        assert locked.wait(60)
        try:
            return club.evaluate()
        finally:
            decided.set()

    entry, evaluated = together(work, 2)
    assert evaluated == Evaluated(members=2, changes=2)
    assert entry.points == 5
    assert lowered(club.environment) == 3  # the award has settled its own
    assert club.evaluate() == Evaluated(0, 0)


def test_a_member_whose_event_is_being_written_is_left_to_it(
    committed_environment: Environment, together: Together, monkeypatch: pytest.MonkeyPatch
) -> None:
    club = Club(committed_environment)
    club.ladder(basis="spend")
    for member in ("ada", "bea"):
        club.buy(f"order-{member}", "100.00", member)
    club.today = 40
    locked, decided = threading.Event(), threading.Event()
    write = posting.Journal.write

    def write_late(self: posting.Journal, *arguments: Any, **named: Any) -> None:
        if self.events:
            locked.set()
            assert decided.wait(60)
        write(self, *arguments, **named)

    monkeypatch.setattr(posting.Journal, "write", write_late)

    def work(number: int) -> Any:
        if number == 0:
            return club.buy("order-3", "5.00")
        assert locked.wait(60)
        try:
            return club.evaluate()
        finally:
            decided.set()

    bought, evaluated = together(work, 2)
    assert evaluated == Evaluated(members=1, changes=1)
    assert [change.kind for change in TierChange.objects.filter(member=club.key("ada")).order_by("id")] == [
        "reached",
        "lowered",
    ]
    assert bought.duplicate is False


@pytest.mark.django_db
def test_a_resting_ladder_keeps_none_from_their_turn(environment: Environment, club: Club) -> None:
    """Its members have been due for longer than anybody else."""
    other = Program.objects.create(environment=environment, code="club", name="Club", status="active")
    make_due(club, 1)
    ladder = make_ladder(environment, ("member", "50"), program=other.code, days=10, is_active=False)
    make_member(environment, "bea")
    MemberTier.objects.create(
        environment_id=environment.pk,
        member_id=club.key("bea"),
        ladder=ladder,
        tier=ladder.tiers.get(),
        since=day(0),
        next_evaluation_at=day(5),
    )
    assert club.evaluate(members=1) == Evaluated(members=1, changes=1)


@pytest.mark.django_db
def test_of_two_ladders_both_are_decided(environment: Environment, club: Club) -> None:
    other = Program.objects.create(environment=environment, code="club", name="Club", status="active")
    make_due(club, 1)
    ladder = make_ladder(environment, ("member", "50"), program=other.code, days=10)
    tier = ladder.tiers.get()
    make_member(environment, "bea")
    MemberTier.objects.create(
        environment_id=environment.pk,
        member_id=club.key("bea"),
        ladder=ladder,
        tier=tier,
        since=day(0),
        next_evaluation_at=day(5),
    )
    assert club.evaluate() == Evaluated(members=2, changes=2)
