"""Reads of the figures by day take two statements by indexes, whatever has been rolled up (docs/analytics.md)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from loyalty.queries.analytics.points import active_by_day, active_members, points_by_day, points_of_period
from programs.models import Environment, Metric, Project
from tests.console.many import EACH, make_many
from tests.factories import give, make_environment, reload
from tests.loyalty.analytics.rolled import roll

TABLES = ("audit_auditevent", "loyalty_ledgerentry", "loyalty_lot", "loyalty_account", "loyalty_activemember")
READS: dict[str, Callable[..., Any]] = {
    "by day": points_by_day,
    "of a period": points_of_period,
    "active": active_members,
    "active by day": active_by_day,
}


@pytest.fixture(scope="module")
def two_tenants(module_data: None) -> tuple[Environment, Environment]:
    """One of 5,000 entries, and a small one beside it."""
    large, small = make_environment(), make_environment()
    make_many(large)
    make_many(small, members=20, entries=10, whale=50)
    _each_row_of_a_transaction_of_its_own()
    return large, small


@pytest.fixture(params=["large", "small"])
def tenant(
    two_tenants: tuple[Environment, Environment], db: None, request: pytest.FixtureRequest
) -> Environment:
    return reload(two_tenants[request.param == "small"])


def said(environment: Environment, read: Callable[..., Any]) -> tuple[Any, list[str]]:
    """What the read answers, and the plans of its statements."""
    now = timezone.now()
    metric = Metric.objects.get(environment=environment)
    period = {"first": now.date() - timedelta(days=30), "last": now.date(), "now": now}
    with CaptureQueriesContext(connection) as queries:
        answer = (
            read(environment=environment, metric=metric, **period)
            if read is not active_by_day
            else (read(environment=environment, **period))
        )
    plans = []
    for query in queries.captured_queries:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {query['sql']}")
            plans.append("\n".join(line for (line,) in cursor.fetchall()))
    return answer, plans


@pytest.mark.parametrize("name", READS)
def test_two_statements_and_no_scan_of_the_ledger(tenant: Environment, name: str) -> None:
    roll()
    _analyse()
    give(tenant, 10)
    rolled, plans = said(tenant, READS[name])
    assert len(plans) == 2
    for table in TABLES:
        assert f"Seq Scan on {table}" not in plans[1], plans[1]
    assert rolled


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("why", ["nothing was rolled up", "its zone was changed"])
def test_nor_for_a_small_tenant_whose_days_are_not_counted_yet(
    db: None, two_tenants: tuple[Environment, Environment], name: str, why: str
) -> None:
    _, small = two_tenants
    if why == "its zone was changed":
        roll()
        Project.objects.filter(pk=small.project_id).update(time_zone="Asia/Tokyo")
    _, plans = said(reload(small), READS[name])
    assert len(plans) == 2
    assert "Seq Scan on loyalty_ledgerentry" not in plans[1], plans[1]


def test_all_of_them_say_the_same_before_and_after(tenant: Environment) -> None:
    before = {name: said(tenant, read)[0] for name, read in READS.items()}
    assert before["of a period"].issued % EACH == 0
    assert before["active"] >= 21
    roll()
    assert {name: said(tenant, read)[0] for name, read in READS.items()} == before


def _each_row_of_a_transaction_of_its_own() -> None:
    """As they would be, had they been written one by one."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE audit_auditevent AS row SET transaction = (10 + earlier)::text::xid8"
            " FROM (SELECT id, row_number() OVER (ORDER BY id) AS earlier FROM audit_auditevent) AS counted"
            " WHERE counted.id = row.id"
        )
        cursor.execute("ALTER TABLE audit_auditevent ENABLE TRIGGER USER")
        cursor.execute("ANALYZE audit_auditevent")


def _analyse() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE loyalty_activemember, loyalty_pointsofday")
