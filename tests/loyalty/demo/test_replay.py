"""The replayed history against the file itself, and replays that change nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection, transaction

from audit.models import AuditEvent
from audit.record import Actor
from loyalty.demo import shop
from loyalty.demo.orders import History, read_history
from loyalty.demo.replay import Schedule, Summary, Visit, is_complete, replay, schedule_of, stored_events
from loyalty.models import Account, Event, EventCount, LedgerEntry, Lot, Member, member_key
from loyalty.queries.balances import balances_of
from programs.models import Environment
from tests import factories
from tests.loyalty.earning.test_refunds_of_the_shop import kept_by_the_file

NOW = datetime(2026, 7, 15, 10, 0, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")


class Replayed(NamedTuple):
    environment: Environment
    history: History
    summary: Summary


def run(
    environment: Environment,
    history: History,
    now: datetime,
    stop_after: int | None = None,
    visits: Sequence[Visit] = (),
) -> Summary:
    """A replay at `now`, as real time too; interrupted after some events if told."""

    def progress(done: int, total: int) -> None:
        assert total == len(history.events)
        if done == stop_after:
            raise KeyboardInterrupt

    with time_machine.travel(now):
        return replay(
            environment=environment,
            history=history,
            actor=factories.make_actor(),
            now=now,
            progress=progress,
            visits=visits,
            batch=50 if stop_after is None else 2,
        )


def set_up(history: History, now: datetime = NOW) -> Environment:
    environment = factories.make_environment(time_zone="Europe/London")
    since = schedule_of(environment, history, now).begins
    shop.ensure_rules(environment=environment, actor=factories.make_actor(), since=since)
    return factories.reload(environment)


def counts(environment: Environment) -> dict[str, int]:
    tables = (Account, Event, EventCount, LedgerEntry, Lot, AuditEvent)
    found = {table.__name__: table.objects.filter(environment_id=environment.id).count() for table in tables}
    return found | {"Member": Member.objects.filter(environment=environment).count()}


@pytest.fixture(scope="module")
def replayed(django_db_setup: None, django_db_blocker: Any) -> Iterator[Replayed]:
    """The whole history, replayed once for this module, inside a transaction that is rolled back."""
    with django_db_blocker.unblock():
        with transaction.atomic():
            history = read_history()
            environment = set_up(history)
            yield Replayed(environment, history, run(environment, history, NOW))
            transaction.set_rollback(True)
        connection.close()


class TestReplayed:
    def test_every_customers_points_equal_the_files(self, replayed: Replayed) -> None:
        environment = replayed.environment
        expected = kept_by_the_file()
        assert len(expected) == 303  # 20 more only cancelled what is not in the file
        balances = {}
        for customer in expected:
            key = member_key(environment.namespace, customer)
            balance, xp = balances_of(environment=environment, member_id=key, now=NOW)
            assert (balance.metric.code, xp.metric.code) == ("points", "xp")
            balances[customer] = balance.balance
            assert (balance.earned, balance.redeemed, balance.expired) == (balance.balance, 0, 0)
        assert balances == expected
        members = Member.objects.filter(environment=environment).values_list("external_id", flat=True)
        assert set(members) == {customer for customer, points in expected.items() if points}

    def test_the_summary(self, replayed: Replayed) -> None:
        assert replayed.summary == Summary(events=410, members=303, points=151_439, refunds=9, duplicates=0)
        assert sum(kept_by_the_file().values()) == 151_439

    def test_every_event_happens_when_the_schedule_says(self, replayed: Replayed) -> None:
        stored = stored_events(replayed.environment, replayed.history)
        assert is_complete(replayed.environment, replayed.history)
        schedule = Schedule(LONDON, date(2026, 1, 14), replayed.history.hours)
        assert stored == {event.event_id: schedule.at(event.occurred_at) for event in replayed.history.events}
        assert min(stored.values()) == datetime(2026, 1, 14, 8, tzinfo=UTC)
        assert max(stored.values()) == datetime(2026, 7, 14, 17, 59, 59, tzinfo=UTC)

    def test_what_events_caused_is_dated_by_the_time_of_then(self, replayed: Replayed) -> None:
        entries = LedgerEntry.objects.filter(environment_id=replayed.environment.id)
        for entry in entries.select_related("event"):
            assert entry.event is not None
            late = entry.occurred_at - entry.event.occurred_at
            assert timedelta() <= late < timedelta(hours=11), "a refund by the last event of its batch"
        refunded = entries.filter(type="reversed")
        assert len({entry.occurred_at.astimezone(LONDON).date() for entry in refunded}) == 9

    def test_refunds_are_stored_as_they_were_sent(self, replayed: Replayed) -> None:
        stored = Event.objects.get(
            environment_id=replayed.environment.id, event_id="refund-C537143-order-537140"
        )
        assert stored.data == {
            "purchase": "order-537140",
            "amount": "7.95",
            "items": [{"line": 7, "quantity": 1, "amount": "7.95"}],
        }
        assert [entry.points for entry in stored.entries.all()] == [-8]

    @pytest.mark.parametrize("days", [0, 1, 40], ids=["same day", "next day", "past the late window"])
    def test_a_replay_changes_nothing(self, replayed: Replayed, days: int) -> None:
        before = counts(replayed.environment)
        again = run(replayed.environment, replayed.history, NOW + timedelta(days=days))
        assert again == replace(replayed.summary, duplicates=410)
        assert counts(replayed.environment) == before


@pytest.fixture
def short() -> History:
    """The first ten events."""
    history = read_history()
    return replace(history, events=history.events[:10])


@pytest.mark.django_db
def test_an_interrupted_replay_is_completed_on_another_day(short: History) -> None:
    environment = set_up(short)
    with pytest.raises(KeyboardInterrupt):
        run(environment, short, NOW, stop_after=4)
    first = stored_events(environment, short)
    assert len(first) == 4
    assert not is_complete(environment, short)

    summary = run(environment, short, NOW + timedelta(days=2))

    assert (summary.events, summary.duplicates) == (10, 4)
    schedule = Schedule(LONDON, schedule_of(environment, short, NOW).first, short.hours)
    assert stored_events(environment, short) == {
        event.event_id: schedule.at(event.occurred_at) for event in short.events
    }


@pytest.mark.django_db
def test_one_that_was_interrupted_long_ago_is_completed_by_the_time_of_then(short: History) -> None:
    environment = set_up(short)
    with pytest.raises(KeyboardInterrupt):
        run(environment, short, NOW, stop_after=4)
    summary = run(environment, short, NOW + timedelta(days=400))
    assert (summary.events, summary.duplicates) == (10, 4)
    assert max(stored_events(environment, short).values()) < NOW


@pytest.mark.django_db
def test_visits_are_made_between_the_events_once(short: History) -> None:
    environment = set_up(short)
    schedule = schedule_of(environment, short, NOW)
    instants = [schedule.at(event.occurred_at) for event in short.events]
    seen: list[tuple[datetime, datetime]] = []

    def act(environment: Environment, _actor: Actor, at: datetime) -> None:
        seen.append((at, max(stored_events(environment, short).values())))

    assert instants[3] < instants[4] - timedelta(minutes=1)
    visits = [Visit(instants[4] - timedelta(minutes=1), act), Visit(instants[0] + timedelta(minutes=1), act)]
    run(environment, short, NOW, visits=visits)
    run(environment, short, NOW + timedelta(days=1), visits=visits)
    assert [at for at, _ in seen] == [visits[1].at, visits[0].at]
    assert [latest for _, latest in seen] == [instants[0], instants[3]]


@pytest.mark.django_db
def test_a_replay_that_began_on_another_day_keeps_it(short: History) -> None:
    environment = set_up(short)
    event, first = short.events[3], date(2025, 11, 5)
    factories.report(
        environment,
        event.event_id,
        type=event.type,
        member=event.member,
        data=event.data,
        occurred_at=Schedule(LONDON, first, short.hours).at(event.occurred_at),
        now=datetime(2025, 11, 20, tzinfo=UTC),
    )
    assert schedule_of(environment, short, NOW + timedelta(days=9)).first == first
