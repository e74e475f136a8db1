"""The settlement sweep over the real ledger: in chunks of few statements, ended anywhere, beside anybody."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from loyalty.actions import sweep as sweep_module
from loyalty.actions.holds import hold_points
from loyalty.actions.pace import Pace
from loyalty.actions.points import spend
from loyalty.actions.sweep import sweep
from loyalty.actions.turns import Run
from loyalty.ledger import posting
from loyalty.ledger.checks import violations
from loyalty.ledger.settlement import Settled, settle_due
from loyalty.models import Account, Hold, LedgerEntry, Lot
from programs.models import Environment
from programs.queries.snapshots import snapshot
from tests.factories import give, make_actor, make_environment, make_metric, reload
from tests.loyalty.ledger.due_lots import EARNED_DAYS_AGO, POINTS, make_due_lots

Together = Callable[..., list[Any]]
CHUNK = 250  # accounts


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sweep in these environments alone: other tests have left theirs in the database."""

    def restrict(*environments: Environment) -> None:
        monkeypatch.setattr(sweep_module, "environments_due", lambda *, now: list(environments))

    return restrict


def run_sweep(now: datetime) -> Run:
    return sweep(actor=make_actor(), now=now, pace=Pace(rest=0))


def expired(environment: Environment) -> int:
    return LedgerEntry.objects.filter(environment_id=environment.pk, type="expired").count()


def assert_all_is_settled(environment: Environment, *, accounts: int, lots: int) -> None:
    """Each lot expired once, by an entry at its expiry; nothing is left, nothing is due, all adds up."""
    entries = LedgerEntry.objects.filter(environment_id=environment.pk, type="expired")
    assert entries.count() == accounts * lots
    assert entries.values("lot_uses__lot").distinct().count() == accounts * lots
    for entry in entries.prefetch_related("lot_uses__lot")[:50]:
        (use,) = entry.lot_uses.all()
        assert (entry.points, entry.occurred_at) == (-POINTS, use.lot.expires_at)
    rest = Account.objects.filter(environment_id=environment.pk)
    assert {(row.total, row.expired, row.next_due_at) for row in rest} == {(0, lots * POINTS, None)}
    assert list(violations(environment=environment)) == []


@pytest.mark.django_db
def test_two_thousand_due_lots_take_two_chunks(environment: Environment, only: Callable[..., None]) -> None:
    now = timezone.now()
    make_due_lots(environment, accounts=500, lots=4, now=now)
    only(environment)
    done = run_sweep(now)
    assert (done.chunks, done.counts) == (2, {"accounts": 500, "lots": 2000})
    assert (done.left, done.failed) == (False, [])
    assert_all_is_settled(environment, accounts=500, lots=4)
    again = run_sweep(now)
    assert (again.chunks, again.counts["accounts"], again.counts["lots"]) == (0, 0, 0)
    assert expired(environment) == 2000


@pytest.mark.django_db
def test_a_chunk_has_the_same_few_statements_for_100_and_for_1000_lots() -> None:
    now, counts = timezone.now(), {}
    for accounts, lots in ((100, 1), (250, 4)):
        environment = make_environment()
        make_due_lots(environment, accounts=accounts, lots=lots, now=now)
        snapshot(environment)  # compiled once by each process
        with CaptureQueriesContext(connection) as queries:
            settled = settle_due(environment=environment, actor=make_actor(), now=now)
        assert settled == Settled(accounts=accounts, lots=accounts * lots)
        kinds = [query["sql"].split()[0] for query in queries.captured_queries]
        counts[settled.lots] = [kind for kind in kinds if kind not in ("SAVEPOINT", "RELEASE")]
    # The accounts, locked; their lots, holds and open debts; when they fall due next; all that is written.
    assert counts[100] == counts[1000] == ["SELECT"] * 5 + ["WITH"]


@pytest.mark.django_db
def test_what_is_not_due_stays_and_says_when_it_is(
    environment: Environment, only: Callable[..., None]
) -> None:
    now = timezone.now()
    make_due_lots(environment, accounts=1, lots=EARNED_DAYS_AGO + 2, now=now)
    only(environment)
    done = run_sweep(now)
    # The one that ends at this instant included.
    assert done.counts == {"accounts": 1, "lots": EARNED_DAYS_AGO}
    account = Account.objects.get(environment_id=environment.pk)
    assert account.total == 2 * POINTS
    assert account.next_due_at == now + timedelta(days=1)


@pytest.mark.django_db
def test_vesting_and_lapsing_holds_are_settled_too(
    environment: Environment, only: Callable[..., None]
) -> None:
    now = timezone.now()
    make_metric(environment, vesting_days=3)
    give(environment, 30, member="vests", now=now)
    make_metric(environment, vesting_days=0)
    give(environment, 20, member="holds", now=now)
    hold_points(
        environment=reload(environment),
        member="holds",
        points=15,
        actor=make_actor(),
        now=now,
        expires_at=now + timedelta(days=2),
    )
    only(reload(environment))
    done = run_sweep(now + timedelta(days=3))
    assert (done.chunks, done.counts["accounts"]) == (1, 2)
    figures = {
        (str(account.member), account.total, account.pending, account.held, account.next_due_at)
        for account in Account.objects.filter(environment_id=environment.pk)
    }
    assert figures == {("vests", 30, 0, 0, None), ("holds", 20, 0, 0, None)}
    hold = Hold.objects.get(environment_id=environment.pk)
    assert (hold.status, hold.closed_at) == ("expired", now + timedelta(days=2))
    assert list(violations(environment=environment)) == []


@pytest.mark.django_db
def test_an_account_whose_due_date_was_too_early_is_not_swept_for_ever(
    environment: Environment, only: Callable[..., None]
) -> None:
    """The lot that was due has been spent before: there is nothing to do but to note it."""
    now = timezone.now()
    give(environment, 10, now=now, expires_at=now + timedelta(days=1))
    spend(environment=reload(environment), member="ada", points=10, reason=None, actor=make_actor(), now=now)
    account = Account.objects.get(environment_id=environment.pk)
    Account.objects.filter(pk=account.pk).update(next_due_at=now + timedelta(days=1))
    only(environment)
    done = run_sweep(now + timedelta(days=2))
    assert (done.chunks, done.counts["accounts"], done.counts["lots"]) == (1, 1, 0)
    account.refresh_from_db()
    assert account.next_due_at is None
    assert account.entries.count() == 2


def test_killed_between_or_in_chunks_the_next_sweep_goes_on(
    committed_environment: Environment, only: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    environment, now = committed_environment, timezone.now()
    make_due_lots(environment, accounts=1000, lots=2, now=now)
    only(environment)
    writes = Counter[str]()
    write = posting.Journal.write

    def write_twice_then_die(self: posting.Journal, *arguments: Any, **named: Any) -> None:
        write(self, *arguments, **named)
        writes["chunks"] += 1
        if writes["chunks"] == 3:
            raise SystemExit("killed before COMMIT")

    with monkeypatch.context() as patch:
        patch.setattr(posting.Journal, "write", write_twice_then_die)
        with pytest.raises(SystemExit):
            run_sweep(now)
    assert expired(environment) == 2 * CHUNK * 2  # two whole chunks, and nothing of the third
    done = run_sweep(now)
    assert (done.chunks, done.counts["accounts"]) == (2, 1000 - 2 * CHUNK)
    assert_all_is_settled(environment, accounts=1000, lots=2)


def test_an_error_in_one_environment_rolls_back_its_chunk_alone(
    committed: None, only: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    broken, sound = make_environment(), make_environment()
    for environment in (broken, sound):
        make_due_lots(environment, accounts=300, lots=1, now=now)
    only(broken, sound)
    write = posting.Journal.write

    def refuse_one(self: posting.Journal, *arguments: Any, **named: Any) -> None:
        write(self, *arguments, **named)
        if self.environment == broken:
            raise OperationalError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(posting.Journal, "write", refuse_one)
        done = run_sweep(now)
    assert (done.failed, done.counts["accounts"]) == ([broken.pk], 300)
    assert (expired(broken), expired(sound)) == (0, 300)
    assert run_sweep(now).counts["accounts"] == 300
    assert_all_is_settled(broken, accounts=300, lots=1)


def test_two_sweeps_at_once_settle_each_account_once(
    committed_environment: Environment, only: Callable[..., None], together: Together
) -> None:
    environment, now = committed_environment, timezone.now()
    make_due_lots(environment, accounts=1000, lots=2, now=now)
    only(environment)
    first, second = together(lambda number: run_sweep(now), 2)
    assert first.counts["accounts"] + second.counts["accounts"] == 1000
    assert first.counts["lots"] + second.counts["lots"] == 2000
    assert first.failed == second.failed == []
    assert_all_is_settled(environment, accounts=1000, lots=2)


def test_an_award_to_an_account_that_is_being_swept_waits_for_the_chunk_and_is_right(
    committed_environment: Environment, together: Together, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment, now = committed_environment, timezone.now()
    (name,) = make_due_lots(environment, accounts=1, lots=2, now=now)
    written, waiting = threading.Event(), threading.Event()
    write = posting.Journal.write

    def write_and_wait(self: posting.Journal, *arguments: Any, **named: Any) -> None:
        write(self, *arguments, **named)
        if self.actor.id == "sweep-under-test":
            written.set()
            assert waiting.wait(60)
            threading.Event().wait(0.3)  # the award is at the lock by now

    monkeypatch.setattr(posting.Journal, "write", write_and_wait)
    actor = make_actor()
    sweeper = type(actor).system("sweep-under-test")

    def work(number: int) -> Any:
        if number == 0:
            return settle_due(environment=environment, actor=sweeper, now=now)
        assert written.wait(60)
        waiting.set()
        return give(environment, 50, member=name, now=now)

    settled, entry = together(work, 2)
    assert settled == Settled(accounts=1, lots=2)
    assert (entry.points, entry.balance_after) == (50, 50)
    types = LedgerEntry.objects.filter(environment_id=environment.pk).order_by("sequence")
    assert [row.type for row in types] == ["earned", "earned", "expired", "expired", "earned"]
    assert list(violations(environment=environment)) == []


def test_an_account_that_somebody_writes_to_is_left_to_them(
    committed_environment: Environment, together: Together, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment, now = committed_environment, timezone.now()
    names = make_due_lots(environment, accounts=3, lots=1, now=now)
    locked, swept = threading.Event(), threading.Event()
    write = posting.Journal.write

    def write_late(self: posting.Journal, *arguments: Any, **named: Any) -> None:
        if self.actor.id == "tests":
            locked.set()
            assert swept.wait(60)
        write(self, *arguments, **named)

    monkeypatch.setattr(posting.Journal, "write", write_late)

    def work(number: int) -> Any:
        if number == 0:
            return give(environment, 50, member=names[0], now=now)
        assert locked.wait(60)
        try:
            return settle_due(environment=environment, actor=type(make_actor()).system("sweep"), now=now)
        finally:
            swept.set()

    entry, settled = together(work, 2)
    assert settled == Settled(accounts=2, lots=2)
    assert entry.balance_after == 50
    assert expired(environment) == 3  # the award has settled its own account
    assert Lot.objects.filter(environment_id=environment.pk, remaining__gt=0).count() == 1
    assert list(violations(environment=environment)) == []
