"""Double submission of any write changes nothing and answers the same (domain.md 3.7)."""

from typing import Any

import pytest

from loyalty.models import IdempotencyRecord, LedgerEntry
from programs.models import Environment
from tests import factories
from tests.api.operations import DONE, Operation, writes
from tests.api.test_problems import assert_problem
from tests.api.world import Owner, changed, digest
from tests.conftest import Api

EVERY_WRITE = pytest.mark.parametrize("operation", writes(), ids=str)
AWARD = {"customer_id": "ada", "points": 100, "reason": "Purchase"}


def send(owner: Owner, operation: Operation, body: Any, key: str = "k-1", **headers: str) -> Any:
    api = Api(factories.make_key(owner.environment))
    return api.call(operation.method.upper(), operation.url(owner.ids), body, Idempotency_Key=key, **headers)


def other(body: dict[str, Any] | None) -> dict[str, Any]:
    """A body that is as valid as the schema's example and says something else."""
    if body is None:
        return {"anything": "else"}
    name = next(
        name
        for name in ("points", "name", "title", "event_id", "priority", "expiry_count", "days", *body)
        if name in body
    )
    value = body[name]
    if name == "events":
        return {name: [other(value[0]), *value[1:]]}
    if isinstance(value, list):
        return {name: value[:-1]}
    if name == "code":
        return {name: value[::-1]}
    if isinstance(value, int):
        return body | {name: value + 1}
    if isinstance(value, dict):
        return body | {name: {"other": "words"}}
    if name == "status":
        return body | {name: "draft"}
    return body | {name: "2041-01-31T12:00:00Z" if name in ("now", "from") else f"{value}-2"}


@EVERY_WRITE
def test_a_repeated_write_changes_nothing_and_answers_with_the_same_bytes(
    operation: Operation, owner: Owner
) -> None:
    body = operation.body(owner.ids)
    key = factories.make_key(owner.environment)  # before: a sandbox that is reset takes its keys along
    first = send(owner, operation, body, traceparent="00-" + "1" * 32 + "-00f067aa0ba902b7-01")
    assert first.status_code in DONE, first.content
    assert "Idempotent-Replayed" not in first.headers
    before = digest()
    for _ in range(2):
        again = Api(key).call(operation.method.upper(), operation.url(owner.ids), body, Idempotency_Key="k-1")
        assert again.status_code == first.status_code
        assert again.content == first.content
        assert again.headers["Content-Type"] == first.headers["Content-Type"]
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    assert changed(before, digest()) == {}


@EVERY_WRITE
def test_the_same_key_for_another_request_is_refused_and_changes_nothing(
    operation: Operation, owner: Owner
) -> None:
    body = operation.body(owner.ids)
    key = factories.make_key(owner.environment)
    assert send(owner, operation, body).status_code in DONE
    before = digest()
    answer = Api(key).call(
        operation.method.upper(), operation.url(owner.ids), other(body), Idempotency_Key="k-1"
    )
    assert_problem(answer, "idempotency_key_reused")
    assert "Idempotent-Replayed" not in answer.headers
    assert changed(before, digest()) == {}


@EVERY_WRITE
def test_a_key_that_is_empty_too_long_or_not_printable_is_refused_and_changes_nothing(
    operation: Operation, owner: Owner
) -> None:
    api = Api(factories.make_key(owner.environment))
    method, url, body = operation.method.upper(), operation.url(owner.ids), operation.body(owner.ids)
    before = digest()
    for key in ("", " ", "a b", "x" * 256, "é", "ключ", "\x7f", "\t", "\x00"):
        answer = api.call(method, url, body, Idempotency_Key=key.encode().decode("latin-1"))
        problem = assert_problem(answer, "invalid_request")
        assert [error["field"] for error in problem["errors"]] == ["Idempotency-Key"], repr(key)
    assert changed(before, digest()) == {}


@pytest.mark.parametrize("key", ["k", "x" * 255, "!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~"])
def test_any_printable_key_of_up_to_255_characters_works(api: Api, environment: Any, key: str) -> None:
    first = api.post("/v1/points/award", AWARD, Idempotency_Key=key)
    assert first.status_code == 201
    assert api.post("/v1/points/award", AWARD, Idempotency_Key=key).content == first.content
    assert LedgerEntry.objects.filter(environment_id=environment.id).count() == 1


def test_without_a_key_every_submission_counts(api: Api) -> None:
    for total in (100, 200):
        assert api.post("/v1/points/award", AWARD).json()["balance_after"] == total


def test_a_repetition_answers_as_it_did_then_whatever_happened_since(api: Api, environment: Any) -> None:
    first = api.post("/v1/points/award", AWARD, Idempotency_Key="award")
    spend = {"customer_id": "ada", "points": 100}
    spent = api.post("/v1/points/redeem", spend, Idempotency_Key="spend")
    assert spent.json()["balance_after"] == 0
    assert api.patch("/v1/customers/ada", {"status": "frozen"}).status_code == 200
    before = digest()
    for path, body, key, answer in (
        ("/v1/points/award", AWARD, "award", first),
        ("/v1/points/redeem", spend, "spend", spent),
    ):
        again = api.post(path, body, Idempotency_Key=key)
        assert (again.status_code, again.content) == (201, answer.content)
    assert changed(before, digest()) == {}


def test_a_refused_request_stores_nothing_and_may_be_retried_with_its_key(api: Api, environment: Any) -> None:
    spend = {"customer_id": "ada", "points": 100}
    before = digest()
    for _ in range(2):
        refused = api.post("/v1/points/redeem", spend, Idempotency_Key="k")
        assert (refused.status_code, refused.json()["code"]) == (409, "insufficient_balance")
        assert "Idempotent-Replayed" not in refused.headers
    assert changed(before, digest()) == {}
    factories.give(environment, 100)
    done = api.post("/v1/points/redeem", spend, Idempotency_Key="k")
    assert (done.status_code, done.json()["balance_after"]) == (201, 0)
    assert api.post("/v1/points/redeem", spend, Idempotency_Key="k").content == done.content


@EVERY_WRITE
def test_a_key_belongs_to_its_environment(operation: Operation, owner: Owner, neighbour: Owner) -> None:
    assert send(owner, operation, operation.body(owner.ids), key="shared").status_code in DONE
    answer = send(neighbour, operation, operation.body(neighbour.ids), key="shared")
    assert answer.status_code in DONE, answer.content
    assert "Idempotent-Replayed" not in answer.headers
    records = IdempotencyRecord.objects.filter(key="shared")
    projects = {owner.environment.project_id, neighbour.environment.project_id}
    places = Environment.objects.filter(pk__in=records.values("environment_id"), project__in=projects)
    assert places.count() == 2


def test_a_key_is_shared_by_all_secret_keys_of_the_environment(environment: Any) -> None:
    answers = [
        Api(factories.make_key(environment)).post("/v1/points/award", AWARD, Idempotency_Key="shared")
        for _ in range(2)
    ]
    assert answers[0].content == answers[1].content
    assert answers[1].headers["Idempotent-Replayed"] == "true"


def test_the_same_key_at_another_address_is_another_request(api: Api) -> None:
    api.post("/v1/points/award", AWARD, Idempotency_Key="k")
    before = digest()
    answer = api.post("/v1/points/redeem", {"customer_id": "ada", "points": 100}, Idempotency_Key="k")
    assert_problem(answer, "idempotency_key_reused")
    assert changed(before, digest()) == {}


def test_a_key_does_not_open_the_answer_to_a_caller_without_the_scope(environment: Any) -> None:
    Api(factories.make_key(environment)).post("/v1/points/award", AWARD, Idempotency_Key="k")
    answer = Api(factories.make_key(environment, "points:read")).post(
        "/v1/points/award", AWARD, Idempotency_Key="k"
    )
    assert_problem(answer, "permission_denied")


def test_an_event_sent_twice_is_a_duplicate_with_or_without_a_key(api: Api, environment: Any) -> None:
    factories.make_rule(environment)
    event = {"event_id": "order-1", "type": "purchase", "member_id": "ada", "data": {"amount": "59.90"}}
    first = api.post("/v1/events", event, Idempotency_Key="k")
    assert (first.status_code, first.json()["duplicate"]) == (201, False)
    before = digest()
    again = api.post("/v1/events", event)
    assert (again.status_code, again.json()) == (200, first.json() | {"duplicate": True})
    assert changed(before, digest()) == {}
    replayed = api.post("/v1/events", event, Idempotency_Key="k")
    assert (replayed.status_code, replayed.content) == (201, first.content)


@pytest.mark.parametrize("other_", [{"member_id": "bob"}, {"data": {"amount": "60"}}, {"type": "visit"}])
def test_an_event_id_for_another_event_is_refused_and_changes_nothing(
    api: Api, other_: dict[str, Any]
) -> None:
    event = {"event_id": "order-1", "type": "purchase", "member_id": "ada", "data": {"amount": "59.90"}}
    api.post("/v1/events", event)
    before = digest()
    assert_problem(api.post("/v1/events", event | other_), "event_id_reused")
    assert changed(before, digest()) == {}
