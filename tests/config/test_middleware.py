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


def test_a_request_is_one_line_with_what_was_asked_and_by_whom() -> None:
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        Client().get("/healthz", headers={"User-Agent": "curl/8"}, REMOTE_ADDR="203.0.113.7")
    assert [(line["event"], line["code"], line["request"]) for line in lines] == [
        ("request_finished", 200, "GET /healthz")
    ]
    assert (lines[0]["ip"], lines[0]["user_agent"]) == ("203.0.113.7", "curl/8")


@pytest.mark.parametrize("host", ["stranger.example.com", "a b", "evil.example.com:x" + "y" * 500])
def test_a_host_that_is_not_listed_is_told_so_on_every_surface_and_logged_in_a_line(
    host: str, caplog: pytest.LogCaptureFixture
) -> None:
    told = "This server does not answer to the host it was called by; its operator lists it in ALLOWED_HOSTS."
    said = {
        "/v1/programs": lambda body: body["detail"],
        "/publisher.v1/loyalty-program/list": lambda body: body["error"]["message"],
        "/api/loyalty/config": lambda body: body["message"],
    }
    for path, detail in said.items():
        answer = Client().get(path, headers={"Host": host})
        assert (answer.status_code, detail(answer.json())) == (400, told)
        assert answer.headers["X-Request-Id"]
    for path in ("/console/", "/schema/", "/docs/errors/"):
        answer = Client().get(path, headers={"Host": host})
        assert (answer.status_code, answer.content.decode()) == (400, told)
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert [record for record in caplog.records if record.exc_info or "DisallowedHost" in record.name] == []
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        Client().get("/v1/programs", headers={"Host": host})
    assert [(line["code"], line["host"]) for line in lines] == [(400, host[:253])]


@pytest.mark.parametrize("path", ["/v1/programs", "/v1/nothing"])
def test_a_call_of_the_api_has_neither_session_nor_messages(path: str, db: None) -> None:
    request = Client().get(path).wsgi_request
    assert [name for name in ("session", "_messages") if hasattr(request, name)] == []


@pytest.mark.parametrize("path", ["/console/login/", "/v10/", "/docs/errors/"])
def test_every_page_has_both_and_says_what_it_may_load(path: str, db: None) -> None:
    answer = Client().get(path)
    assert [name for name in ("session", "user") if not hasattr(answer.wsgi_request, name)] == []
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_the_api_keeps_the_headers_that_are_not_about_pages(db: None) -> None:
    answer = Client().get("/v1/programs")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"


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
