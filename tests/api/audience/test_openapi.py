"""/api/loyalty stands in the OpenAPI document: who may call, refusals, examples, and answers as they are."""

import re

import pytest

from loyalty.api.common.problems import PROBLEMS
from tests.api.audience.letter import faults as faults_by_the_document
from tests.api.operations import Operation, operations
from tests.api.publisher_v1.test_openapi import faults
from tests.api.test_openapi import check_examples
from tests.api.wire import exchanges

OPERATIONS = operations("/api/loyalty/")
EVERY = pytest.mark.parametrize("operation", OPERATIONS, ids=str)
DOCUMENT = {one["request"].replace(" ", "").lower(): one for one in exchanges("audience/document")}


def test_it_has_the_documents_calls_and_titles() -> None:
    assert {f"{one.method}{one.path}".lower(): one.spec["summary"] for one in OPERATIONS} == {
        name: one["title"] for name, one in DOCUMENT.items()
    }


@EVERY
def test_every_operation_says_its_refusals_in_the_documents_envelope(operation: Operation) -> None:
    spec = operation.spec
    schemes = [["memberToken"], ["publishableKey"], []]
    needed = schemes if operation.path.endswith("/config") else schemes[:1]
    assert [list(each) for each in spec["security"]] == needed
    assert spec["tags"] == ["audience"]
    assert "Scope:" not in spec["description"]
    named = set(re.findall(r"`(\w+)`", spec["description"].split("Refusals: ")[1]))
    assert {"invalid_request", "authentication_failed", "permission_denied", "rate_limited"} <= named
    documented = {status for status in operation.statuses if status >= 400}
    assert {PROBLEMS[code].status for code in named} | {406, 500} == documented
    for status in documented:
        content = spec["responses"][str(status)]["content"]
        assert content == {"application/json": {"schema": {"$ref": "#/components/schemas/AudienceError"}}}
    keys = [one["name"] for one in spec.get("parameters", []) if one["in"] == "header"]
    assert (keys == ["Idempotency-Key"]) == (operation.method == "post")


@EVERY
def test_every_operation_has_examples_of_its_own_schema_and_of_the_documents_shape(
    operation: Operation,
) -> None:
    if operation.method == "post":
        assert "content" not in operation.spec["responses"]["200"], "an empty body"
        (request,) = operation.spec["requestBody"]["content"].values()
        assert check_examples(request) == 1
        return
    (answer,) = operation.spec["responses"]["200"]["content"].values()
    assert check_examples(answer) == 1
    (example,) = (each["value"] for each in answer["examples"].values())
    exchange = DOCUMENT[f"{operation.method}{operation.path}".lower()]
    assert list(faults_by_the_document(exchange["answer"], example)) == []
    assert faults(answer["schema"], example) == []


def test_answers_are_of_the_schemas_shapes() -> None:
    """Of the wire fixture, which is what goes over the wire; no name is too many."""
    by_path = {re.sub("{.*}", "spring", one.path): one.spec for one in OPERATIONS}
    marks = {"<ms:watch>": 1, "<ms:finish>": 1, "<ms:all>": 1}

    def plain(value: object) -> object:
        if isinstance(value, dict):
            return {name: plain(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [plain(inner) for inner in value]
        return marks.get(value, value) if isinstance(value, str) else value

    compared = 0
    for exchange in exchanges("audience/member"):
        spec = by_path[exchange["request"].split(" ")[1]]
        if "answer" in exchange:
            (answer,) = spec["responses"][str(exchange["status"])]["content"].values()
            assert faults(answer["schema"], plain(exchange["answer"])) == [], exchange["title"]
            compared += 1
    assert compared == 14
