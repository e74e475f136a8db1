"""What becomes of a persistent connection that broke."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test import RequestFactory

from loyalty.api.common.authentication import forget_keys
from loyalty.models import LedgerEntry
from programs.models import Environment
from tests import factories


class Server:
    """Calls /v1 through the WSGI application: the test client would keep Django from looking after connections."""

    def __init__(self, environment: Environment) -> None:
        self.application = WSGIHandler()
        self.key = factories.make_key(environment)

    def call(self, method: str, path: str, body: str = "") -> tuple[int, str]:
        """The status, and Retry-After."""
        request = RequestFactory().generic(
            method,
            path,
            body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.key}"},
        )
        answered: dict[str, Any] = {}

        def start(status: str, headers: list[tuple[str, str]], *_: Any) -> Callable[[bytes], object]:
            answered.update(status=status, headers=dict(headers))
            return lambda _: None

        response = self.application(request.environ, start)
        b"".join(response)
        response.close()
        return int(answered["status"].split()[0]), answered["headers"].get("Retry-After", "")


def break_connection() -> None:
    """As a restart of the database does: the server's end goes, ours stays."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        assert cursor.fetchone()[0] is True
    other.close()


@pytest.mark.parametrize("warm", [True, False], ids=["key is warm", "key is cold"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_first_request_after_it_is_told_to_retry_and_the_next_is_served(
    committed_environment: Environment, method: str, warm: bool
) -> None:
    factories.give(committed_environment, 5)
    server = Server(committed_environment)
    path, body = "/v1/customers/ada", ""
    if method == "POST":
        path, body = "/v1/points/award", '{"customer_id": "ada", "points": 7, "reason": "Test"}'
    entries = LedgerEntry.objects.filter(environment_id=committed_environment.pk)
    assert server.call("GET", "/v1/customers/ada") == (200, "")
    assert connection.connection is not None, "the connection is meant to outlive its request"

    break_connection()
    if not warm:
        forget_keys()
    assert server.call(method, path, body) == (503, "1")
    assert entries.count() == 1

    status, _ = server.call(method, path, body)
    assert status in (200, 201)
    assert entries.count() == (2 if method == "POST" else 1)


def test_connections_persist_and_a_request_does_not_begin_with_a_ping() -> None:
    assert settings.DATABASES["default"]["CONN_HEALTH_CHECKS"] is False
    assert settings.DATABASES["default"]["CONN_MAX_AGE"] > 0
