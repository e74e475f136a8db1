"""The trace id and the caller's address."""

import pytest
import structlog
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings

from config.middleware import client_ip, trace_id


def traced(**headers: str) -> tuple[str, HttpResponse]:
    request = RequestFactory().get("/", headers=headers)
    response = trace_id(lambda _: HttpResponse())(request)
    return request.trace_id, response  # type: ignore[attr-defined,return-value]


def test_a_traceparent_gives_the_trace_id() -> None:
    found, response = traced(traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    assert found == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert response["X-Request-Id"] == found


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "é", "<script>"])
def test_an_id_that_is_not_fit_to_log_is_replaced(given: str) -> None:
    found, response = traced(**{"X-Request-Id": given})
    assert found != given
    assert len(found) == 32
    assert response["X-Request-Id"] == found


def test_an_empty_traceparent_does_not_count() -> None:
    found, _ = traced(traceparent=f"00-{'0' * 32}-{'0' * 16}-00", **{"X-Request-Id": "mine"})
    assert found == "mine"


def test_every_log_line_of_a_request_carries_its_id() -> None:
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        Client().get("/healthz", headers={"X-Request-Id": "trace-7"})
    assert {line["request_id"] for line in lines} == {"trace-7"}


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.7", "127.0.0.1"),
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "6.6.6.6, 203.0.113.7", "203.0.113.7"),
        (2, "6.6.6.6, 203.0.113.7, 10.0.0.1", "203.0.113.7"),
        (1, "unknown", None),
        (2, "203.0.113.7", "127.0.0.1"),
    ],
)
def test_a_forwarded_address_counts_only_as_far_as_our_own_proxies_wrote_it(
    proxies: int, forwarded: str, address: str | None
) -> None:
    request: HttpRequest = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded})
    with override_settings(TRUSTED_PROXIES=proxies):
        assert client_ip(request) == address
