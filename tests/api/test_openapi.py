"""The OpenAPI document: committed as it is served, whole, valid, and shown without the internet."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.test import Client
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from loyalty.api.common.problems import PROBLEMS
from programs.actions.keys import SCOPES
from tests.api.operations import Operation, document, operations

EVERY = pytest.mark.parametrize("operation", operations(), ids=str)


def test_the_committed_document_is_the_generated_one() -> None:
    kept = (Path(settings.BASE_DIR) / "docs" / "openapi.yaml").read_bytes()
    generated: bytes = OpenApiYamlRenderer().render(document(), renderer_context={})
    assert kept.strip() == generated.strip(), (
        "The API and docs/openapi.yaml differ. Refresh it: "
        "python manage.py spectacular --validate --file docs/openapi.yaml"
    )


def test_the_served_document_is_the_generated_one(db: None) -> None:
    answer = Client().get("/schema/")
    assert answer.status_code == 200
    assert yaml.safe_load(answer.content) == json.loads(json.dumps(document()))


def test_the_document_is_valid_openapi_3_1() -> None:
    assert document()["openapi"].startswith("3.1")
    validate_schema(document())


@EVERY
def test_every_operation_says_what_it_does_its_scope_and_its_refusals(operation: Operation) -> None:
    spec = operation.spec
    assert 3 <= len(spec["summary"]) <= 80
    assert operation.scope in SCOPES
    assert spec["security"] in ([{"secretKey": []}], [{"secretKey": []}, {"memberToken": []}])
    assert len(spec["tags"]) == 1
    named = set(re.findall(r"`(\w+)`", spec["description"].split("Refusals: ")[1]))
    assert named <= PROBLEMS.keys()
    assert {"authentication_failed", "permission_denied", "rate_limited", "service_unavailable"} <= named
    documented = {status for status in operation.statuses if status >= 400}
    assert {PROBLEMS[code].status for code in named} | {406, 500} == documented
    for status in documented:
        content = spec["responses"][str(status)]["content"]
        assert list(content) == ["application/problem+json"]
    if operation.writes:
        assert {"idempotency_key_in_use", "idempotency_key_reused", "payload_too_large"} <= named
        assert "Idempotency-Key" in [parameter["name"] for parameter in spec["parameters"]]


@EVERY
def test_every_operation_has_examples_that_its_own_schema_accepts(operation: Operation) -> None:
    shown = 0
    for status, response in operation.spec["responses"].items():
        if status.startswith("2"):
            (media,) = response["content"].values()
            shown += check_examples(media)
    assert shown >= 1
    if "requestBody" in operation.spec:
        (media,) = operation.spec["requestBody"]["content"].values()
        assert check_examples(media) >= 1


def check_examples(media: dict[str, Any]) -> int:
    """How many examples there are; each must satisfy the schema beside it."""
    schema = {**media["schema"], "components": document()["components"]}
    for example in media["examples"].values():
        faults = list(Draft202012Validator(schema).iter_errors(example["value"]))
        assert faults == [], faults
    return len(media["examples"])


def test_operation_ids_are_unique() -> None:
    names = [operation.spec["operationId"] for operation in operations()]
    assert len(names) == len(set(names))


def test_bodies_take_no_unknown_fields_and_say_so() -> None:
    bodies = [name for name in document()["components"]["schemas"] if name.endswith("BodyRequest")]
    assert len(bodies) >= 8
    for name in bodies:
        assert document()["components"]["schemas"][name]["additionalProperties"] is False, name


class Assets(HTMLParser):
    """What a page loads, and whether it runs a script of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline_scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.addresses += [found[name] or "" for name in ("src", "href") if name in found]
        self.inline_scripts += tag == "script" and "src" not in found


def test_swagger_ui_is_served_whole_from_here(db: None) -> None:
    answer = Client().get("/docs/")
    assert answer.status_code == 200
    page = Assets()
    page.feed(answer.content.decode())
    assert len(page.addresses) >= 3
    for address in page.addresses:
        assert address.startswith("/"), address
        assert not address.startswith("//"), address
        assert Client().get(address).status_code == 200, address
    script = Client().get(next(address for address in page.addresses if "script" in address)).content.decode()
    assert "/schema/" in script
    assert '"validatorUrl": null' in script, "else its badge asks a host of Swagger's"
    assert "://" not in script


def test_swagger_ui_runs_no_script_of_the_page_and_loads_nothing_from_elsewhere(db: None) -> None:
    answer = Client().get("/docs/")
    page = Assets()
    page.feed(answer.content.decode())
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert page.inline_scripts == 0
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["img-src"] == "'self' data:", "its icons"
    assert not re.search(r"https?:|\*|unsafe", answer.headers["Content-Security-Policy"])
