"""The replayed history against the file itself, and replays that change nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection, transaction

from audit.models import AuditEvent
from loyalty.demo import shop
from loyalty.demo.orders import History, read_history
from loyalty.demo.replay import Schedule, Summary, is_complete, replay, schedule_of, stored_events
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


def run(environment: Environment, history: History, now: datetime, stop_after: int | None = None) -> Summary:
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
            batch=50 if stop_after is None else 2,
        )


def set_up(history: History, now: datetime = NOW) -> Environment:
    environment = factories.make_environment(time_zone="Europe/London")
    since = schedule_of(environment, history, now).begins(history)
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
        assert replayed.summary == Summary(
            events=410, members=303, points=151_439, refunds=9, too_late=0, duplicates=0
        )
        assert sum(kept_by_the_file().values()) == 151_439

    def test_weekdays_and_hours_are_the_shops_and_the_last_day_the_latest_sunday(
        self, replayed: Replayed
    ) -> None:
        stored = stored_events(replayed.environment, replayed.history)
        assert is_complete(replayed.environment, replayed.history)
        assert max(stored.values()).astimezone(LONDON).date() == date(2026, 7, 12)
        for event in replayed.history.events:
            there, here = event.occurred_at, stored[event.event_id].astimezone(LONDON)
            assert (here.hour, here.minute) == (there.hour, there.minute)
            assert here.date() - there.date() == timedelta(weeks=814)

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

    assert (summary.events, summary.duplicates, summary.too_late) == (10, 4, 0)
    schedule = Schedule(LONDON, schedule_of(environment, short, NOW).days)
    assert stored_events(environment, short) == {
        event.event_id: schedule.at(event.occurred_at) for event in short.events
    }


@pytest.mark.django_db
def test_what_is_too_late_after_an_interruption_is_counted(short: History) -> None:
    environment = set_up(short)
    with pytest.raises(KeyboardInterrupt):
        run(environment, short, NOW, stop_after=4)
    summary = run(environment, short, NOW + timedelta(days=40))
    assert (summary.events, summary.duplicates, summary.too_late) == (4, 4, 6)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("now", "last"),
    [
        (datetime(2026, 7, 18, 10, 0, tzinfo=UTC), date(2026, 7, 12)),
        (datetime(2026, 7, 19, 10, 0, tzinfo=UTC), date(2026, 7, 12)),  # a Sunday, which is not over
        (datetime(2026, 7, 19, 22, 59, tzinfo=UTC), date(2026, 7, 12)),
        (datetime(2026, 7, 19, 23, 1, tzinfo=UTC), date(2026, 7, 19)),  # Monday in London
        (datetime(2026, 1, 18, 23, 1, tzinfo=UTC), date(2026, 1, 11)),
        (datetime(2026, 10, 25, 23, 30, tzinfo=UTC), date(2026, 10, 18)),  # a Sunday of 25 hours
    ],
)
def test_the_last_day_is_the_latest_sunday_that_is_over_in_the_project(now: datetime, last: date) -> None:
    environment, history = factories.make_environment(time_zone="Europe/London"), read_history()
    schedule = schedule_of(environment, history, now)
    instants = [schedule.at(event.occurred_at) for event in history.events]
    assert max(instants).astimezone(LONDON).date() == last
    assert last.isoweekday() == 7
    assert now - min(instants) < timedelta(days=12), "well within the late window"
    assert schedule.begins(history).astimezone(LONDON).timetuple()[3:5] == (0, 0)
    assert schedule.begins(history) <= min(instants)


@pytest.mark.django_db
def test_a_replay_that_began_on_another_shift_keeps_it(short: History) -> None:
    environment = set_up(short)
    event = short.events[3]
    factories.report(
        environment,
        event.event_id,
        type=event.type,
        member=event.member,
        data=event.data,
        occurred_at=event.occurred_at + timedelta(days=5700),
        now=NOW,
    )
    assert schedule_of(environment, short, NOW + timedelta(days=9)).days == 5700
