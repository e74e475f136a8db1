"""For load balancers and monitoring."""

from typing import Any

import pytest
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client


def away(*args: Any, **options: Any) -> None:
    raise OperationalError("connection to server at 10.0.0.7 failed")


def test_the_process_is_alive_even_when_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(BaseDatabaseWrapper, "cursor", away)
        answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_it_is_ready_with_its_database_and_all_migrations(db: None) -> None:
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_it_is_not_ready_without_its_database(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(BaseDatabaseWrapper, "cursor", away)
        answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()) == (
        503,
        {"status": "unavailable", "detail": "The database is away."},
    )


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_figures_are_for_this_machine(db: None, address: str) -> None:
    answer = Client().get("/metrics", REMOTE_ADDR=address)
    assert answer.status_code == 200
    assert b"django_http_requests_total_by_method_total" in answer.content


@pytest.mark.parametrize(
    ("address", "forwarded"),
    [
        ("203.0.113.9", None),
        ("10.0.0.2", None),
        ("203.0.113.9", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.9"),
        ("", None),
    ],
)
def test_figures_are_refused_from_elsewhere_and_through_a_proxy(
    db: None, address: str, forwarded: str | None
) -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    answer = Client().get("/metrics", REMOTE_ADDR=address, headers=headers)
    assert answer.status_code == 403
    assert b"django_http" not in answer.content


def test_behind_our_own_proxy_the_caller_counts_not_the_proxy(db: None, settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1
    assert Client().get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 403
    assert Client().get("/metrics").status_code == 200


@pytest.mark.parametrize(
    ("sent", "status"),
    [("Bearer s3cret", 200), ("Bearer s3cre", 403), ("s3cret", 403), (None, 403), ("Bearer é", 403)],
)
def test_with_a_token_only_its_bearer_sees_figures(
    db: None, settings: Any, sent: str | None, status: int
) -> None:
    settings.METRICS_TOKEN = "s3cret"
    headers = {} if sent is None else {"Authorization": sent}
    for address in ("127.0.0.1", "203.0.113.9"):
        assert Client().get("/metrics", REMOTE_ADDR=address, headers=headers).status_code == status


def test_the_first_page_leads_to_the_console() -> None:
    answer = Client().get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/console/")
