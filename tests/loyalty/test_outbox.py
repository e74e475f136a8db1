"""Webhooks beside the worker's jobs: nothing is lost with a process, and no write is slower for them."""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import WebhookDelivery, WebhookEndpoint, WebhookRelay
from audit.positions import NOWHERE
from audit.webhooks.claiming import AT_ONCE_TO_ONE
from loyalty import outbox
from programs.models import Environment
from tests.audit.webhooks.receiver import happen, make_endpoint, present_transaction, receiving, relay_all
from tests.conftest import Api
from tests.loyalty.own_server import database_url
from tests.waiting import wait_for

EVENTS = 500
RUN = """
import threading, django
django.setup()
from loyalty import outbox
print("begun", flush=True)
outbox.run(threading.Event())
"""


def begin_worker() -> "subprocess.Popen[str]":
    """Another process that relays and sends; what it claims is free again after ten seconds."""
    environ = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database_url(),
        "WEBHOOKS_ALLOW_LOOPBACK": "on",
        "WEBHOOKS_TIMEOUT_SECONDS": "5",
        "LOG_LEVEL": "WARNING",
    }
    return subprocess.Popen(
        [sys.executable, "-c", RUN], cwd=settings.BASE_DIR, env=environ, stdout=subprocess.PIPE, text=True
    )


@pytest.mark.usefixtures("committed")
def test_what_a_killed_worker_was_sending_is_sent_by_another(
    committed_environment: Environment, settings: Any
) -> None:
    settings.WEBHOOKS_ALLOW_LOOPBACK = True
    here, now = committed_environment, timezone.now() - timedelta(seconds=1)
    WebhookRelay.objects.update(transaction=str(present_transaction()), event_id=NOWHERE)
    with receiving() as receiver:
        endpoint, _ = make_endpoint(here, receiver.url, "points.earned")
        events = [happen(here) for _ in range(EVENTS)]
        relay_all(now)
        rows = WebhookDelivery.objects.filter(environment_id=here.pk)
        assert rows.count() == EVENTS
        workers = [begin_worker(), begin_worker()]
        try:
            wait_for(lambda: len(receiver.requests) > EVENTS // 5)
            workers[0].send_signal(signal.SIGKILL)
            wait_for(lambda: not rows.filter(status="pending").exists(), 300)
        finally:
            for worker in workers:
                worker.kill()
                worker.communicate()
            WebhookEndpoint.objects.filter(pk=endpoint.pk).update(archived_at=now)
    assert Counter(rows.values_list("status", flat=True)) == {"delivered": EVENTS}
    assert set(receiver.ids()) == {f"aud_{event.pk.hex}" for event in events}
    assert EVENTS <= len(receiver.requests) <= EVENTS + AT_ONCE_TO_ONE  # at least once: again what one held


def test_an_award_is_as_many_statements_with_an_endpoint_as_without(
    environment: Environment, api: Api, settings: Any
) -> None:
    settings.WEBHOOKS_ALLOW_LOOPBACK = True

    def award() -> list[str]:
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert api.post("/v1/points/award", {"customer_id": "ada", "points": 5}).status_code == 201
        return [query["sql"].split(" ")[0] for query in found.captured_queries]

    award()
    without = award()
    make_endpoint(environment, "http://127.0.0.1:9/", "*")
    assert award() == without


@pytest.mark.django_db
def test_the_loop_outlives_errors_and_ends_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    stopping, looks = threading.Event(), []

    def look(now: Any) -> Any:
        looks.append(now)
        if len(looks) == 3:
            stopping.set()
        raise RuntimeError("nobody thought of this")

    monkeypatch.setattr(outbox, "state", look)
    monkeypatch.setattr(outbox, "PATIENCE", (0.001, 0.001, 30))
    monkeypatch.setattr(connection, "close", lambda: None)
    outbox.run(stopping)
    assert len(looks) == 3


@pytest.mark.django_db
def test_a_worker_that_runs_once_relays_and_sends_too(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    async def jobs(*_: Any, **__: Any) -> None:
        done.append("jobs")

    monkeypatch.setattr("loyalty.jobs.run", jobs)
    monkeypatch.setattr("loyalty.outbox.run_once", lambda _: done.append("webhooks"))
    call_command("worker", "--once")
    assert done == ["jobs", "webhooks"]
