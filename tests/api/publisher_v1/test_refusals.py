"""Every refusal of /publisher.v1 stands in the document's envelope, whoever makes it."""

from typing import Any

import pytest
from django.conf import LazySettings
from django.db import OperationalError
from django.test import Client

from loyalty.api.common import throttling
from loyalty.api.publisher_v1 import rendering
from programs.models import Environment
from tests import factories
from tests.api.publisher_v1.conftest import TEA, make_program
from tests.api.publisher_v1.reading import refused
from tests.api.world import changed, digest
from tests.conftest import Api

SCOPES = {
    "loyalty-program/list": "config:read",
    "loyalty-program/get": "config:read",
    "wallet.stamp-collection/create": "members:write",
    "wallet.stamp-collection/get": "members:read",
    "wallet.stamp-collection/list": "members:read",
    "transaction/create": "events:write",
    "transaction/refund": "events:write",
}
EVERY = pytest.mark.parametrize("call", SCOPES)


def at(call: str) -> str:
    return f"/publisher.v1/{call}"


@EVERY
def test_a_call_without_a_key_is_told_to_send_one(db: None, call: str) -> None:
    answer = Client().post(at(call), b"{}", content_type="application/json")
    refused(answer, 401, "authentication_failed")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="loyalty"'


@EVERY
def test_a_key_without_the_scope_is_told_its_name(environment: Environment, call: str) -> None:
    others = set(SCOPES.values()) - {SCOPES[call]}
    key = factories.make_key(environment, *sorted(others))
    message = refused(Api(key).post(at(call)), 403, "permission_denied")
    assert message == f"This key lacks the scope {SCOPES[call]!r}."


@EVERY
def test_a_member_token_may_nothing_here(environment: Environment, call: str) -> None:
    token = factories.make_token(factories.make_token_key(environment))
    before = digest()
    refused(Api(token).post(at(call), {"member_id": "ada"}), 403, "permission_denied")
    assert changed(before, digest()) == {}


@EVERY
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_only_post_is_allowed(api: Api, call: str, method: str) -> None:
    answer = api.call(method, at(call), {})
    assert answer.headers["Allow"] == "POST"
    if method == "HEAD":
        assert (answer.status_code, answer.content) == (405, b"")
    else:
        refused(answer, 405, "method_not_allowed")


@EVERY
def test_a_body_that_is_not_declared_as_json_is_refused(api: Api, call: str) -> None:
    answer = api.client.post(
        at(call), b"id=1", content_type="text/plain", headers={"Authorization": f"Bearer {api.key}"}
    )
    refused(answer, 415, "unsupported_media_type")


@EVERY
def test_a_body_above_two_mebibytes_is_refused(api: Api, call: str) -> None:
    refused(api.call("POST", at(call), b" " * (2 * 1024 * 1024 + 1)), 413, "payload_too_large")


@EVERY
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'{"id": 1',
        b'{"id": "\xff"}',
        b'{"id": NaN}',
        b'{"id": "a\\u0000b"}',
        b'{"member_id": "\\ud800"}',
        b'{"id": "1", "id": "2"}',
        b'{"pagination": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"pagination": {"limit": 1e999999999}}',
        b'{"nosuch": 1}',
    ],
    ids=lambda body: repr(body[:20]),
)
def test_a_hostile_body_is_refused_and_changes_nothing(api: Api, call: str, body: bytes) -> None:
    if body == b"" and call == "loyalty-program/list":
        return  # as good as {}, which is enough
    before = digest()
    refused(api.call("POST", at(call), body), 400, "invalid_request")
    assert changed(before, digest()) == {}


@pytest.mark.parametrize("path", ["", "nothing", "loyalty-program", "loyalty-program/list/", "a%00b", "%ff"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_address_answers_in_the_same_envelope(db: None, path: str, method: str) -> None:
    answer = Client(raise_request_exception=False).generic(method, at(path))
    refused(answer, 404, "not_found")


@pytest.mark.usefixtures("clock")
@EVERY
def test_the_limit_of_requests_counts_here_too(api: Api, settings: LazySettings, call: str) -> None:
    settings.API_REQUESTS_PER_MINUTE = 1
    throttling.forget_counts()
    api.post(at(call))
    answer = api.post(at(call))
    refused(answer, 429, "rate_limited")
    assert int(answer.headers["Retry-After"]) <= 60
    assert answer.headers["RateLimit-Remaining"] == "0"


def test_an_unforeseen_error_tells_nothing(
    api: Api, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_program(environment, **TEA)

    def broken(*_: Any) -> None:
        raise RuntimeError("the secret internals")

    monkeypatch.setattr(rendering, "loyalty_program", broken)
    message = refused(api.post(at("loyalty-program/list")), 500, "internal_error")
    assert "secret" not in message


def test_with_the_database_away_it_answers_503(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise OperationalError("connection to 10.0.0.7 failed")

    monkeypatch.setattr("loyalty.api.publisher_v1.programs.offered", away)
    answer = api.post(at("loyalty-program/list"))
    assert "10.0.0.7" not in refused(answer, 503, "service_unavailable")
    assert answer.headers["Retry-After"] == "1"


def test_the_answer_is_only_given_as_json(api: Api) -> None:
    answer = api.post(at("loyalty-program/list"), {}, Accept="text/html")
    refused(answer, 406, "not_acceptable")
