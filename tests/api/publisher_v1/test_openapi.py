"""/publisher.v1 stands in the OpenAPI document as /v1 does: scopes, refusals, examples, and answers as they are."""

import re

import pytest
from django.urls import URLPattern
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from loyalty.api.common.problems import PROBLEMS
from loyalty.api.publisher_v1 import urls
from loyalty.api.publisher_v1.views import NothingHere, PublisherView
from programs.actions.keys import SCOPES
from tests.api.operations import Operation, document, operations
from tests.api.publisher_v1 import test_refusals
from tests.api.test_openapi import check_examples
from tests.api.wire import exchanges

OPERATIONS = operations("/publisher.v1/")
EVERY = pytest.mark.parametrize("operation", OPERATIONS, ids=str)
WRITES = {"wallet.stamp-collection/create", "transaction/create", "transaction/refund"}


def test_every_address_is_documented_with_its_scope_and_is_a_post() -> None:
    found = {}
    for pattern in urls.urlpatterns:
        assert isinstance(pattern, URLPattern)
        view = pattern.callback.cls  # type: ignore[attr-defined]
        if view is not NothingHere:
            assert issubclass(view, PublisherView)
            assert view.scopes.keys() == {"POST"}
            found[f"/publisher.v1/{pattern.pattern}"] = view.scopes["POST"]
    assert {one.path: one.scope for one in OPERATIONS} == found
    assert {one.method for one in OPERATIONS} == {"post"}
    assert found == {f"/publisher.v1/{call}": scope for call, scope in test_refusals.SCOPES.items()}
    assert set(found.values()) <= SCOPES.keys()


@EVERY
def test_every_operation_says_its_refusals_in_the_documents_envelope(operation: Operation) -> None:
    spec = operation.spec
    assert 3 <= len(spec["summary"]) <= 80
    assert spec["security"] == [{"secretKey": []}]
    assert spec["tags"] == ["publisher"]
    named = set(re.findall(r"`(\w+)`", spec["description"].split("Refusals: ")[1]))
    assert {"invalid_request", "authentication_failed", "payload_too_large", "rate_limited"} <= named
    documented = {status for status in operation.statuses if status >= 400}
    assert {PROBLEMS[code].status for code in named} | {406, 500} == documented
    for status in documented:
        content = spec["responses"][str(status)]["content"]
        assert content == {"application/json": {"schema": {"$ref": "#/components/schemas/PublisherError"}}}
    keys = [one["name"] for one in spec.get("parameters", [])]
    guarded = operation.path.removeprefix("/publisher.v1/") in WRITES
    assert keys == (["Idempotency-Key"] if guarded else [])
    assert ("idempotency_key_reused" in named) == guarded


@EVERY
def test_every_operation_has_examples_that_its_own_schema_accepts(operation: Operation) -> None:
    (answer,) = operation.spec["responses"]["200"]["content"].values()
    (request,) = operation.spec["requestBody"]["content"].values()
    assert (check_examples(answer), check_examples(request)) == (1, 1)


@pytest.mark.parametrize("name", ["k42_document", "k42_transactions"])
def test_requests_and_answers_are_of_the_documented_shapes(name: str) -> None:
    """Of the wire fixtures, which are what goes over the wire; no name is too many."""
    by_path = {one.path: one.spec for one in OPERATIONS}
    for exchange in exchanges(f"publisher_v1/{name}"):
        spec = by_path[exchange["request"].removeprefix("POST ")]
        (answer,) = spec["responses"][str(exchange["status"])]["content"].values()
        (request,) = spec["requestBody"]["content"].values()
        assert faults(answer["schema"], exchange["answer"]) == [], exchange["title"]
        assert faults(request["schema"], exchange["body"]) == [], exchange["title"]


def faults(schema: dict[str, object], value: object) -> list[object]:
    whole = {**schema, "components": closed(document()["components"])}
    return list(Draft202012Validator(whole).iter_errors(value))


def closed(value: object) -> object:
    """The components with no other names than they have in their objects."""
    if isinstance(value, dict):
        made = {name: closed(inner) for name, inner in value.items()}
        if value.get("type") == "object" and "properties" in value:
            made.setdefault("additionalProperties", False)
        return made
    return [closed(inner) for inner in value] if isinstance(value, list) else value
