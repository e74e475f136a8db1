"""No event is passed over and none is told twice, whoever relays and however long a transaction stays open."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from audit.models import AuditEvent, WebhookDelivery, WebhookRelay
from audit.positions import NOWHERE, Restored
from audit.webhooks.relay import relay, state
from loyalty.queries.webhooks import TENANTS
from programs.models import Environment
from tests.audit.webhooks.receiver import (
    deliveries,
    happen,
    happen_nowhere,
    make_endpoint,
    present_transaction,
)
from tests.factories import make_environment, make_member
from tests.waiting import wait_for

NOWHERE_URL = "http://127.0.0.1:9/"
together_url = pytest.mark.usefixtures("no_endpoints_left")


def begin_here() -> None:
    WebhookRelay.objects.update(transaction=str(present_transaction()), event_id=NOWHERE)


def relay_until(horizon: int | None, limit: int = 1_000) -> int:
    return relay(tenants=TENANTS, now=timezone.now(), limit=limit, horizon=horizon)


@together_url
def test_an_event_that_commits_late_is_told_although_later_ones_were_written(
    committed_environment: Environment,
) -> None:
    here = committed_environment
    make_endpoint(here, NOWHERE_URL, "points.earned")
    begin_here()
    early = happen(here)
    open_now, written, commit = threading.Event(), threading.Event(), threading.Event()
    kept: list[Any] = []

    def write_slowly() -> None:
        try:
            with transaction.atomic():
                kept.append(happen(here))
                kept.append(present_transaction())
                written.set()
                assert commit.wait(60)
        finally:
            connection.close()
            open_now.set()

    thread = threading.Thread(target=write_slowly)
    thread.start()
    assert written.wait(60)
    late, number = kept
    later = happen(here)
    # Other databases of this server may hold the horizon back: the least it can be is asked for.
    relay_until(number)
    assert [row.event_id for row in deliveries(here)] == [early.pk]
    relay_until(None)
    assert [row.event_id for row in deliveries(here)] == [early.pk]  # one that is open keeps what is later
    commit.set()
    assert open_now.wait(60)
    thread.join()
    assert relay_until(present_transaction()) >= 2
    assert [row.event_id for row in deliveries(here)] == [early.pk, late.pk, later.pk]
    assert relay_until(present_transaction()) == 0


@together_url
def test_two_relays_at_once_make_each_delivery_once(
    committed_environment: Environment, together: Callable[..., list[Any]]
) -> None:
    here = committed_environment
    make_endpoint(here, NOWHERE_URL, "points.earned")
    ada = make_member(here, "ada")
    begin_here()
    events = [happen(here, member_id=ada.pk) for _ in range(40)]
    horizon = present_transaction()

    def relays(_: int) -> int:
        return sum(relay_until(horizon, limit=7) for _ in range(12))

    counts = together(relays, threads=4)
    while found := relay_until(horizon, limit=7):  # each may have found it locked each time
        counts.append(found)
    assert sum(counts) >= 40
    made = deliveries(here)
    assert Counter(row.event_id for row in made) == Counter(event.pk for event in events)
    assert sorted(row.sequence or 0 for row in made) == list(range(1, 41))


@together_url
def test_an_endpoint_that_is_locked_holds_nobody_up_and_loses_nothing(
    committed_environment: Environment,
) -> None:
    here, there = committed_environment, make_environment("live", project=committed_environment.project)
    endpoint, _ = make_endpoint(here, NOWHERE_URL, "points.earned")
    make_endpoint(there, NOWHERE_URL, "points.earned")
    begin_here()
    first = happen(here), happen(there)
    connection.ensure_connection()
    info = connection.connection.info
    with psycopg.connect(info.dsn, password=info.password) as other:
        lock = "SELECT FROM audit_webhookendpoint WHERE id = %s FOR"
        other.execute(f"{lock} NO KEY UPDATE", [endpoint.pk])  # as whoever changes or disables it
        assert relay_until(present_transaction()) == 2
        before, late = happen(there), happen(here)
        horizon = present_transaction()
        other.execute(f"{lock} UPDATE", [endpoint.pk])  # as whoever moves it to another environment
        assert relay_until(horizon) == 1
        assert relay_until(horizon) == 0
        assert [row.event_id for row in deliveries(there)] == [first[1].pk, before.pk]
    assert relay_until(horizon) == 1
    assert [row.event_id for row in deliveries(here)] == [first[0].pk, late.pk]


@pytest.mark.usefixtures("relayed")
def test_a_large_transaction_is_gone_along_in_windows(environment: Environment) -> None:
    make_endpoint(environment, NOWHERE_URL, "points.earned")
    ada = make_member(environment, "ada")
    WebhookRelay.objects.update(event_id=AuditEvent.objects.latest("id").pk)
    events = [happen(environment, member_id=ada.pk) for _ in range(7)]
    happen_nowhere()
    assert [relay_until(present_transaction() + 1, limit=3) for _ in range(4)] == [3, 3, 2, 0]
    assert [(row.event_id, row.sequence) for row in deliveries(environment)] == [
        (event.pk, number) for number, event in enumerate(events, start=1)
    ]


@pytest.mark.usefixtures("relayed")
def test_a_database_that_was_restored_is_gone_along_in_its_new_epoch_alone(environment: Environment) -> None:
    now, present = timezone.now(), present_transaction()
    make_endpoint(environment, NOWHERE_URL, "points.earned")
    WebhookRelay.objects.update(transaction=str(present + 1_000_000), event_id=NOWHERE)
    missed = happen(environment, member_id=make_member(environment, "ada").pk)  # in the dump, not yet relayed
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER append_only_row")
        AuditEvent.objects.filter(pk=missed.pk).update(transaction=str(present + 2_000_000))
        cursor.execute("ALTER TABLE audit_auditevent ENABLE ALWAYS TRIGGER append_only_row")
    with pytest.raises(Restored, match="verify_audit --new-epoch"):
        state(now)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditevent ALTER COLUMN epoch SET DEFAULT 2")
    after = happen(environment)
    assert state(now).behind
    for _ in range(3):
        relay_until(present + 1)
    assert [row.event_id for row in deliveries(environment)] == [missed.pk, after.pk]
    assert WebhookRelay.objects.get().epoch == 2


@pytest.mark.django_db
def test_idle_looks_are_one_statement(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        state(timezone.now())


@pytest.mark.django_db
def test_the_database_itself_keeps_deliveries_within_their_environment(environment: Environment) -> None:
    endpoint, _ = make_endpoint(environment, NOWHERE_URL)
    event, now = happen(environment), timezone.now()
    with pytest.raises(IntegrityError, match="webhook_delivery_endpoint_fk"), transaction.atomic():
        WebhookDelivery.objects.create(
            environment_id=make_environment("live").pk,
            endpoint=endpoint,
            event_id=event.pk,
            type=event.verb,
            next_attempt_at=now,
            created_at=now,
        )


@together_url
def test_a_transaction_of_another_database_holds_nothing_back(committed_environment: Environment) -> None:
    here = committed_environment
    make_endpoint(here, NOWHERE_URL, "points.earned")
    begin_here()
    connection.ensure_connection()
    with psycopg.connect(
        connection.connection.info.dsn, dbname="postgres", password=connection.connection.info.password
    ) as other:
        other.execute("SELECT pg_current_xact_id()")
        event = happen(here)
        wait_for(lambda: relay_until(None) and deliveries(here))
        assert [row.event_id for row in deliveries(here)] == [event.pk]
