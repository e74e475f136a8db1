"""The figures of the demo shop equal an independent calculation on its ledger (issue 9)."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from loyalty.management.commands.demo import Command
from loyalty.management.commands.replay_orders import sandbox
from loyalty.models import LedgerEntry
from loyalty.queries.analytics.points import active_by_day, active_members, points_by_day, points_of_period
from loyalty.queries.analytics.recounting import differences
from programs.models import Metric
from programs.queries.environments import now_in
from tests.loyalty.analytics.by_ledger import active_by_the_ledger, days_by_the_ledger
from tests.loyalty.analytics.rolled import roll


@pytest.mark.django_db
def test_they_are_those_of_the_ledger_before_they_are_rolled_up_and_after(tmp_path: Path) -> None:
    Command().set_up(tmp_path, "http://127.0.0.1:8000")
    environment = sandbox()
    now, metrics = now_in(environment), list(Metric.objects.filter(environment=environment))
    last = now.date() + timedelta(days=1)
    period: dict[str, Any] = {"first": last - timedelta(days=400), "last": last}
    for _ in range(2):
        for metric in metrics:
            expected = days_by_the_ledger(environment, metric, **period)
            days = points_by_day(environment=environment, metric=metric, now=now, **period)
            assert days == expected
            whole = points_of_period(environment=environment, metric=metric, now=now, **period)
            assert whole.closing == expected[-1].outstanding
            assert whole.issued == sum(day.issued for day in expected)
        total, each = active_by_the_ledger(environment, metrics, **period)
        assert active_members(environment=environment, now=now, **period) == total > 300
        assert active_by_day(environment=environment, now=now, **period) == each
        roll()
    assert differences(environment=environment) == []
    entries = LedgerEntry.objects.filter(environment_id=environment.pk, type__in=["earned", "bonus"])
    points = Metric.objects.get(environment=environment, code="points")
    assert sum(entries.filter(account__metric=points).values_list("points", flat=True)) == sum(
        day.issued for day in points_by_day(environment=environment, metric=points, now=now, **period)
    )
