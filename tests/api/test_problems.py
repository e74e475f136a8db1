"""Refusals are RFC 9457 problem details, whoever makes them, and tell nothing of what is inside."""

import json
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import InterfaceError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client

from audit.errors import DomainError
from loyalty.api.common.problems import PROBLEMS
from loyalty.api.v1 import rendering
from tests import factories
from tests.api.operations import Operation, document, operations
from tests.api.world import Owner, changed, digest
from tests.conftest import Api

MEMBERS = ["type", "title", "status", "code", "detail", "request_id", "errors", "error"]


def assert_problem(answer: Any, code: str) -> dict[str, Any]:
    """The answer is a problem of that code, in every detail that all problems share."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer.content[:200]
    body: dict[str, Any] = json.loads(answer.content)
    assert [name for name in MEMBERS if name not in body] == []
    status, title, *_ = PROBLEMS[code]
    assert (answer.status_code, body["status"], body["code"], body["title"]) == (status, status, code, title)
    assert body["type"] == f"/docs/errors/{code}"
    assert body["request_id"] == answer.headers["X-Request-Id"]
    assert body["error"] == {"code": code, "message": body["detail"]}
    assert body["detail"].strip()
    return body


def test_errors_name_each_faulty_field_with_a_code_and_what_it_takes(api: Api) -> None:
    before = digest()
    answer = api.post(
        "/v1/points/award", {"customer_id": " ada", "points": 0, "metadata": [], "colour": "red"}
    )
    body = assert_problem(answer, "invalid_request")
    assert [(error["field"], error["code"]) for error in body["errors"]] == [("colour", "unknown_field")]
    answer = api.post("/v1/points/award", {"customer_id": " ada", "points": 0, "metadata": []})
    body = assert_problem(answer, "invalid_request")
    assert sorted((error["field"], error["code"]) for error in body["errors"]) == [
        ("customer_id", "invalid"),
        ("metadata", "invalid"),
        ("points", "min_value"),
    ]
    each = [f"{error['field']}: {error['detail']}" for error in body["errors"]]
    assert body["detail"] == f"{each[0][:-1]}; {each[1][:-1]}; {each[2]}"
    assert changed(before, digest()) == {}


def test_a_fault_deep_in_a_condition_is_named_by_its_path(api: Api) -> None:
    rule = {"name": "r", "event_type": "purchase", "award": {"kind": "fixed", "points": 1}}
    good = {"field": "data.amount", "op": "gte", "value": "10"}
    condition = {"all": [good, {"field": "nonsense", "op": "eq", "value": 1}]}
    body = assert_problem(api.post("/v1/earning-rules", rule | {"condition": condition}), "invalid_request")
    assert [error["field"] for error in body["errors"]] == ["condition.all[1].field"]


@pytest.mark.parametrize(
    "path", ["/v1/", "/v1/nothing", "/v1/points/", "/v1/points/award/now", "/v1/a%00b", "/v1/%ff"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_an_unknown_address_is_a_problem_too(db: None, path: str, method: str) -> None:
    assert_problem(Client(raise_request_exception=False).generic(method, path), "not_found")


def test_an_unknown_address_with_a_body_that_is_no_form_is_not_read(db: None) -> None:
    answer = Client().post("/v1/nothing", b"\xff" * 100, content_type="multipart/form-data")
    assert_problem(answer, "not_found")


@pytest.mark.parametrize("operation", operations(), ids=str)
def test_a_method_that_the_address_lacks_is_a_problem_that_lists_the_others(
    operation: Operation, owner: Owner
) -> None:
    api = Api(factories.make_key(owner.environment))
    before = digest()
    for method in ("DELETE", "PUT", "OPTIONS"):
        if method.lower() in document()["paths"][operation.path]:
            continue
        answer = api.call(method, operation.url(owner.ids), {})
        assert_problem(answer, "method_not_allowed")
        assert operation.method.upper() in answer.headers["Allow"]
    assert changed(before, digest()) == {}


def test_an_answer_is_only_given_as_json(api: Api) -> None:
    assert_problem(api.get("/v1/programs", Accept="text/html"), "not_acceptable")
    for accept in ("*/*", "application/*", "application/json, text/plain;q=0.1"):
        assert api.get("/v1/programs", Accept=accept).status_code == 200


@pytest.mark.parametrize("path", ["/v1/customers/a%00b", "/v1/events/a%00b", "/v1/earning-rules/a%00b"])
def test_a_path_with_a_nul_is_refused(api: Api, path: str) -> None:
    assert_problem(api.get(path), "invalid_request")


@pytest.mark.parametrize(
    "path",
    ["/v1/metrics/a%00b", "/v1/metrics/%ff", "/v1/transactions/txn_%00", "/v1/customers/" + "x" * 5000],
)
def test_a_path_that_can_name_nothing_names_nothing(api: Api, path: str) -> None:
    assert_problem(api.get(path), "not_found")


@pytest.mark.parametrize("operation", operations(), ids=str)
def test_with_the_database_away_every_call_answers_503_and_writes_nothing(
    operation: Operation, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = Api(factories.make_key(owner.environment))
    before = digest()
    for error in (OperationalError, InterfaceError):
        told = error("connection to server at 10.0.0.7 failed: password of loyalty refused")
        with monkeypatch.context() as patched:
            patched.setattr(BaseDatabaseWrapper, "cursor", Mock(side_effect=told))
            answer = api.call(operation.method.upper(), operation.url(owner.ids), operation.body(owner.ids))
        body = assert_problem(answer, "service_unavailable")
        assert "10.0.0.7" not in json.dumps(body)
        assert answer.headers["Retry-After"] == "1"
    assert changed(before, digest()) == {}


@pytest.mark.parametrize("where", ["before the write", "after the write"])
def test_an_unforeseen_error_tells_nothing_writes_nothing_and_is_logged_with_its_id(
    api: Api, monkeypatch: pytest.MonkeyPatch, where: str, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: Any, **options: Any) -> None:
        raise RuntimeError("the secret internals")

    body = {"customer_id": "ada", "points": 100}
    before = digest()
    if where == "before the write":
        monkeypatch.setattr("loyalty.api.v1.points.AwardView.body", broken)
        answer = api.post("/v1/points/award", body)
    else:  # with a key, the answer is rendered before the transaction ends
        monkeypatch.setattr(rendering, "transaction", broken)
        answer = api.post("/v1/points/award", body, Idempotency_Key="k")
    told = assert_problem(answer, "internal_error")
    assert "secret" not in json.dumps(told)
    assert "Traceback" not in json.dumps(told)
    assert any("unhandled" in record.getMessage() for record in caplog.records)
    assert changed(before, digest()) == {}


def test_the_table_of_problems_has_every_refusal_under_its_own_title() -> None:
    def below(base: type[DomainError]) -> list[type[DomainError]]:
        return [found for one in base.__subclasses__() for found in [one, *below(one)]]

    refusals = [
        error for error in below(DomainError) if "code" in vars(error) and error.__module__ != __name__
    ]
    assert {error.code: error.title for error in refusals} == {
        error.code: PROBLEMS[error.code].title for error in refusals
    }
