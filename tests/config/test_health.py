"""Readiness is cheap once it was seen; the figures of several workers are one."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.utils import timezone

from audit.models import WebhookRelay
from config import health
from loyalty.models.rollups import RollupPosition


@pytest.fixture(autouse=True)
def new_process() -> Iterator[None]:
    health._migrated.clear()
    yield
    health._migrated.clear()


def test_migrations_are_looked_for_until_all_were_seen(
    db: None, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(MigrationExecutor, "migration_plan", lambda *_: [("one", False)])
        for _ in range(2):
            answer = Client().get("/readyz")
            assert (answer.status_code, answer.json()["detail"]) == (503, "Run manage.py migrate.")
    assert Client().get("/readyz").status_code == 200
    with django_assert_num_queries(1):
        assert Client().get("/readyz").status_code == 200


def test_a_database_that_went_away_later_is_seen(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: Any, **options: Any) -> None:
        raise OperationalError("connection to server at 10.0.0.7 failed")

    assert Client().get("/readyz").status_code == 200
    with monkeypatch.context() as patched:
        patched.setattr(BaseDatabaseWrapper, "cursor", away)
        assert Client().get("/readyz").status_code == 503
    assert Client().get("/readyz").status_code == 200


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(port: int, path: str) -> str:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def probes_counted(port: int) -> float:
    found = re.search(
        r"^django_http_responses_total_by_status_view_method_total\{[^}]*healthz[^}]*\} (\S+)$",
        get(port, "/metrics"),
        re.MULTILINE,
    )
    assert found
    return float(found[1])


def test_two_workers_tell_the_same_figures(tmp_path: Path) -> None:
    port = free_port()
    words = ["--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--workers", "2", "--threads", "1"]
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "config.wsgi", "--no-control-socket", "--timeout", "300", *words],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DEBUG": "on", "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "figures")},
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 240
        workers: set[str] = set()
        while time.monotonic() < deadline and len(workers) < 2:
            try:
                get(port, "/healthz")
            except OSError:
                time.sleep(0.2)
                continue
            workers = {path.stem for path in (tmp_path / "figures").glob("counter_*.db")}
        get(port, "/healthz")
        before = probes_counted(port)
        for more in range(1, 21):
            get(port, "/healthz")
            assert probes_counted(port) == before + more
        assert len(workers) == 2
    finally:
        server.terminate()
        server.wait(60)


def test_metrics_say_whether_the_background_keeps_up(db: None, client: Client) -> None:
    page = client.get("/metrics").content.decode()

    for name in ("loyalty_database_up 1.0", "loyalty_seal_wait_seconds", "loyalty_webhook_late_seconds 0.0"):
        assert name in page


def test_metrics_say_that_the_database_is_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_: Any) -> Any:
        raise OperationalError("no connection")

    monkeypatch.setattr("config.health.operating_figures", away)

    page = client.get("/metrics").content.decode()

    assert "loyalty_database_up 0.0" in page
    assert "loyalty_seal_wait_seconds" not in page


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_are_answered_under_an_address_that_nobody_listed(db: None, client: Client, path: str) -> None:
    assert client.get(path, headers={"host": "10.2.3.4:8000"}).status_code == 200
    assert client.get("/console/", headers={"host": "10.2.3.4:8000"}).status_code == 400


def test_it_is_told_since_when_no_figures_were_added_up(db: None, client: Client) -> None:
    RollupPosition.objects.update(rolled_at=timezone.now() - timedelta(hours=1))

    (line,) = [
        line
        for line in client.get("/metrics").content.decode().splitlines()
        if line.startswith("loyalty_rollup_seen_seconds ")
    ]
    assert 3600 <= float(line.split()[1]) < 3700


def test_where_no_worker_ever_looked_no_figure_says_that_one_did(db: None, client: Client) -> None:
    WebhookRelay.objects.update(checked_at=None)

    assert "loyalty_outbox_seen_seconds" not in client.get("/metrics").content.decode()
