"""The trail is gone along once, whoever writes meanwhile and whatever happens to the worker (docs/analytics.md)."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from audit import positions
from audit.positions import Restored
from loyalty.actions.pace import Pace
from loyalty.actions.rolling_up import EVERYTHING, rebuild_rollups, roll_next, roll_up
from loyalty.actions.sandbox_reset import reset_sandbox
from loyalty.models import RollupPosition, RollupZone
from loyalty.queries.analytics.points import active_members, points_by_day, points_of_period
from loyalty.queries.analytics.recounting import differences
from programs.models import Environment, Metric, Project
from tests.factories import give, make_actor, make_environment, reload
from tests.loyalty.analytics.rolled import roll, stored_rows
from tests.waiting import wait_for

NOW = datetime(2026, 3, 10, 22, 30, tzinfo=UTC)
FULL = Pace(rest=0)


def points_of(environment: Environment) -> Metric:
    return Metric.objects.get(environment=environment, code="points")


def issued(environment: Environment) -> int:
    day = NOW.date()
    found = points_of_period(
        environment=reload(environment),
        metric=points_of(environment),
        first=day - timedelta(days=5),
        last=day + timedelta(days=5),
        now=NOW,
    )
    return found.issued


def stored(environment: Environment) -> int:
    """What the roll-ups hold as issued."""
    return sum(int(row[3]) for row in stored_rows(environment)[0])


def catch_up() -> None:
    """Whatever other tests have written is final by now; so is what this one committed."""
    while roll_up(pace=FULL).left:
        pass


def caught_up(environment: Environment, points: int) -> None:
    """The roll-ups hold so many points as issued, as soon as no transaction of anybody else's (an autovacuum's, a
    killed worker's) holds them back."""

    def look() -> bool:
        catch_up()
        return stored(environment) == points

    wait_for(look)
    assert issued(environment) == points


def test_a_position_and_what_it_stands_for_are_committed_together(environment: Environment) -> None:
    roll()
    for number in range(7):
        give(environment, 10, f"member-{number}", now=NOW)
    assert (stored(environment), issued(environment)) == (0, 70)
    before = RollupPosition.objects.values_list("transaction", "event_id").get()
    with transaction.atomic():
        roll()
        assert (stored(environment), issued(environment)) == (70, 70)
        transaction.set_rollback(True)
    assert (stored(environment), issued(environment)) == (0, 70)
    assert RollupPosition.objects.values_list("transaction", "event_id").get() == before


def test_chunks_of_any_size_give_the_same(environment: Environment) -> None:
    roll()
    for number in range(5):
        give(environment, 10, f"member-{number}", now=NOW)
    assert roll(limit=1) == 5
    one_by_one = stored_rows(environment)
    rebuild_rollups(environment=environment)
    assert stored_rows(environment) == one_by_one
    assert stored(environment) == 50


def test_a_writer_that_commits_late_is_not_passed_over(committed_environment: Environment) -> None:
    environment = committed_environment
    give(environment, 1, "first", now=NOW)
    caught_up(environment, 1)

    def earlier() -> None:
        give(environment, 10, "early", now=NOW)

    def later() -> int:
        give(environment, 100, "late", now=NOW)
        roll_up(pace=FULL)
        return stored(environment)

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            earlier()
            # The other's rows are committed, but this one's may come to stand before them.
            assert pool.submit(_closing(later)).result(timeout=60) == 1
            assert pool.submit(_closing(lambda: issued(environment))).result(timeout=60) == 101
        assert issued(environment) == 111
    caught_up(environment, 111)


def _closing(function: Callable[[], Any]) -> Callable[[], Any]:
    def closing() -> Any:
        try:
            return function()
        finally:
            connections.close_all()

    return closing


def test_nothing_is_lost_or_doubled_while_sixteen_write(
    committed_environment: Environment, together: Callable[..., list[Any]]
) -> None:
    environment, stop = committed_environment, threading.Event()
    wrong: list[Any] = []

    def work() -> None:
        while not stop.is_set():
            roll_up(pace=FULL, chunk=20)

    def look() -> None:
        last = 0
        while not stop.is_set():
            seen = issued(environment)
            if seen < last:
                wrong.append((last, seen))
            last = seen

    def write(number: int) -> None:
        for turn in range(10):
            give(environment, 1, f"member-{number}-{turn % 3}", now=NOW)

    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(_closing(each)) for each in (work, work, look)]
        met = together(write)
        stop.set()
        for each in running:
            each.result(timeout=60)
    assert [one for one in met if one is not None] == []
    assert wrong == []
    assert issued(environment) == 160
    caught_up(environment, 160)
    assert active_members(environment=environment, first=NOW.date(), last=NOW.date(), now=NOW) == 48
    assert differences(environment=environment) == []


def test_two_workers_at_once_take_turns(committed_environment: Environment) -> None:
    environment = committed_environment
    catch_up()
    give(environment, 10, now=NOW)
    with transaction.atomic():
        RollupPosition.objects.select_for_update().get()
        with ThreadPoolExecutor(1) as pool:
            found = pool.submit(_closing(lambda: roll_next(now=timezone.now()))).result(timeout=60)
    assert found == (0, 0, False)
    caught_up(environment, 10)


_WORKER = """
import django; django.setup()
from django.db import connections
connections["default"].settings_dict["NAME"] = "{name}"
from loyalty.actions.pace import Pace
from loyalty.actions.rolling_up import roll_up
print("ready", flush=True)
while True:
    roll_up(pace=Pace(rest=0), chunk=1)
"""


def test_a_worker_that_is_killed_in_the_middle_loses_nothing(committed_environment: Environment) -> None:
    environment = committed_environment
    catch_up()
    text = _WORKER.format(name=connection.settings_dict["NAME"])
    for turn in range(4):
        worker = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE)
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"ready\n"
        for number in range(6):
            give(environment, 1, f"member-{turn}-{number}", now=NOW)
        time.sleep(0.05 * turn)
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait(timeout=60)
        assert issued(environment) == 6 * (turn + 1)
    caught_up(environment, 24)
    assert differences(environment=environment) == []


def test_a_project_whose_zone_changes_is_counted_anew(environment: Environment) -> None:
    give(environment, 10, now=NOW)
    roll()
    points = points_of(environment)
    assert RollupZone.objects.get(environment_id=environment.pk).time_zone == "UTC"

    def days() -> dict[int, int]:
        found = points_by_day(
            environment=reload(environment),
            metric=points,
            first=NOW.date(),
            last=NOW.date() + timedelta(days=1),
            now=NOW,
        )
        return {each.day.day: each.issued for each in found}

    assert days() == {10: 10, 11: 0}
    Project.objects.filter(pk=environment.project_id).update(time_zone="Asia/Tokyo")
    assert days() == {10: 0, 11: 10}  # before any job has run
    assert differences(environment=reload(environment)) == []
    give(environment, 5, "bob", now=NOW)
    roll()
    assert days() == {10: 0, 11: 15}
    assert roll_up(pace=FULL, horizon=EVERYTHING).rebuilt == 1
    assert RollupZone.objects.get(environment_id=environment.pk).time_zone == "Asia/Tokyo"
    assert days() == {10: 0, 11: 15}
    assert stored(environment) == 15
    assert roll_up(pace=FULL, horizon=EVERYTHING).rebuilt == 0


def test_a_clock_far_away_keeps_nobody_from_their_figures(environment: Environment) -> None:
    far = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    Project.objects.filter(pk=environment.project_id).update(time_zone="Pacific/Kiritimati")
    give(environment, 10, now=far)  # there it is the year 10000 by now
    give(environment, 1, "bob", now=NOW)
    for _ in range(2):
        assert issued(environment) == 1
        found = points_of_period(
            environment=reload(environment),
            metric=points_of(environment),
            first=far.date(),
            last=far.date(),
            now=far,
        )
        assert (found.opening, found.closing) == (1, 1)
        roll()
    assert differences(environment=reload(environment)) == []


def test_an_archived_sandbox_keeps_its_figures_and_the_new_one_begins_without(
    environment: Environment,
) -> None:
    give(environment, 10, now=NOW)
    fresh = reset_sandbox(environment=environment, actor=make_actor(), now=NOW)
    roll()
    assert (stored(environment), stored(fresh)) == (10, 0)
    assert differences(environment=reload(environment)) == []


def test_two_tenants_do_not_see_each_other(environment: Environment) -> None:
    other = make_environment()
    give(environment, 10, now=NOW)
    give(other, 500, now=NOW)
    for _ in range(2):
        assert (issued(environment), issued(other)) == (10, 500)
        assert active_members(environment=other, first=NOW.date(), last=NOW.date(), now=NOW) == 1
        roll()


class TestRestored:
    """A dump is loaded into another server, whose transactions are counted anew (docs/audit.md)."""

    def test_it_waits_until_a_new_epoch_has_begun(self, environment: Environment) -> None:
        give(environment, 10, now=NOW)
        _later_transactions(environment)
        with pytest.raises(Restored):
            roll_next(now=NOW, horizon=EVERYTHING)
        assert stored(environment) == 0

    def test_it_finishes_the_epoch_that_is_over_and_goes_on_in_the_new_one(
        self, environment: Environment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        roll()
        give(environment, 10, now=NOW)
        _later_transactions(environment)
        _begin_epoch()
        give(environment, 5, "bob", now=NOW)
        assert (stored(environment), issued(environment)) == (0, 15)
        assert roll(limit=2) == 2
        assert (stored(environment), issued(environment)) == (15, 15)
        assert RollupPosition.objects.get().epoch == positions.present_epoch()
        assert differences(environment=environment) == []


def _later_transactions(environment: Environment) -> None:
    """The rows are of transactions that this database has not begun."""
    _superuser(
        "UPDATE audit_auditevent SET transaction = (transaction::text::bigint + 1000000)::text::xid8"
        " WHERE environment_id = %s",
        environment.pk,
    )


def _begin_epoch() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"ALTER TABLE audit_auditevent ALTER COLUMN epoch SET DEFAULT {positions.present_epoch() + 1}"
        )


def _superuser(statement: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER USER")
        cursor.execute(statement, parameters)
        cursor.execute("ALTER TABLE audit_auditevent ENABLE TRIGGER USER")
