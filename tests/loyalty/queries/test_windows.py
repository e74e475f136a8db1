"""From when on history is shown: the tighter of program and plan (domain.md 10)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from loyalty.actions.clock import set_clock
from loyalty.models import LedgerEntry
from loyalty.queries.windows import ENTRY, environments_with_windows, history_from, windows_of, within
from programs.models import Environment, Program
from programs.queries.environments import environment_by_id
from tests.factories import give, make_actor, make_environment
from tests.loyalty.ledger.till import Till, day
from tests.loyalty.windows import allow_days, keep_days, make_club


@pytest.mark.parametrize(
    ("program", "plan", "days"),
    [(None, None, None), (30, None, 30), (None, 90, 90), (30, 90, 30), (90, 30, 30)],
)
def test_the_tighter_of_program_and_plan_counts(
    environment: Environment, program: int | None, plan: int | None, days: int | None
) -> None:
    keep_days(environment, program)
    allow_days(environment, plan)
    found = history_from(environment=environment_by_id(environment.pk), now=day(0))
    assert found == (None if days is None else day(-days))
    assert (environment in environments_with_windows()) == (days is not None)


def test_each_program_has_its_own_and_the_plan_binds_all(environment: Environment) -> None:
    club, coins = make_club(environment)
    default = Program.objects.get(environment=environment, code="default")
    till = Till(environment)
    for today in (0, 20, 38):
        till.today = today
        till.give(10)
        give(environment, 5, metric="coins", now=day(today))

    def shown() -> list[tuple[str, int]]:
        windows = windows_of(environment_by_id(environment.pk), day(40))
        rows = within(LedgerEntry.objects.filter(environment_id=environment.pk), windows, ENTRY)
        return [
            (row.account.metric.code, (row.occurred_at - day(0)).days)
            for row in rows.order_by("id").select_related("account__metric")
        ]

    everything = [(code, today) for today in (0, 20, 38) for code in ("points", "coins")]
    assert shown() == everything
    keep_days(environment, 5, "club")
    assert shown() == [("points", 0), ("points", 20), ("points", 38), ("coins", 38)]
    windows = windows_of(environment_by_id(environment.pk), day(40))
    assert windows is not None
    assert (windows.of(club.pk), windows.of(default.pk), windows.of(None)) == (day(35), None, None)
    assert (windows.tightest, windows.loosest, windows.first_id) == (day(35), None, None)
    allow_days(environment, 25)
    assert shown() == [("points", 20), ("points", 38), ("coins", 38)]
    windows = windows_of(environment_by_id(environment.pk), day(40))
    assert windows is not None
    assert (windows.of(club.pk), windows.of(default.pk), windows.of(None)) == (day(35), day(15), day(15))
    assert coins.program_id == club.pk


def test_it_moves_with_the_test_clock_and_takes_no_statement(environment: Environment) -> None:
    keep_days(environment, 30)
    set_clock(environment=environment, clock=day(100), actor=make_actor())
    now = environment_by_id(environment.pk)
    assert windows_of(now) is not None  # the process knows the configuration from then on
    with CaptureQueriesContext(connection) as queries:
        assert history_from(environment=now) == day(70)
    assert len(queries) == 0


def test_live_lists_end_by_their_own_order(db: None) -> None:
    """Else the last page would read all that is hidden, to find no more."""
    live = make_environment("live")
    keep_days(live, 30)
    give(live, 10)
    now = timezone.now()
    windows = windows_of(environment_by_id(live.pk), now)
    assert windows is not None
    assert windows.first_id is not None
    assert (windows.first_id.int >> 80) == int((now - timedelta(days=31)).timestamp() * 1000)
    assert within(LedgerEntry.objects.filter(environment_id=live.pk), windows, ENTRY).count() == 1
    later = windows_of(environment_by_id(live.pk), now + timedelta(days=31, seconds=1))
    assert within(LedgerEntry.objects.filter(environment_id=live.pk), later, ENTRY).count() == 0


def test_a_window_longer_than_there_are_dates_is_as_long_as_may_be(environment: Environment) -> None:
    allow_days(environment, 10**9)
    found = history_from(environment=environment_by_id(environment.pk), now=day(0))
    assert found == day(0) - timedelta(days=365_000)
