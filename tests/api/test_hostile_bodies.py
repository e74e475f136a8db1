"""Bodies that no honest client sends: each gets a clear 4xx, never a 500, and nothing is written."""

from collections.abc import Callable
from typing import Any

import pytest
import simplejson

from tests import factories
from tests.api.operations import Operation, operations
from tests.api.test_problems import assert_problem
from tests.api.world import Owner, changed, digest
from tests.conftest import Api

MEBIBYTE = 1024 * 1024
WITH_BODY = pytest.mark.parametrize(
    "operation", [one for one in operations() if "requestBody" in one.spec], ids=str
)

NOT_JSON: dict[str, bytes] = {
    "nothing": b"",
    "a space": b" ",
    "half an object": b'{"customer_id": "ada", "points": ',
    "an object and more": b"{} {}",
    "a list": b"[]",
    "a string": b'"ada"',
    "a number": b"1",
    "null": b"null",
    "single quotes": b"{'points': 1}",
    "a trailing comma": b'{"points": 1,}',
    "a form": b"customer_id=ada&points=1",
    "UTF-16": '{"points": 1}'.encode("utf-16"),
    "broken UTF-8": b'{"reason": "\xff"}',
    "a surrogate in UTF-8": b'{"reason": "\xed\xa0\x80"}',
    "a raw control character": b'{"reason": "\x01"}',
    "a raw NUL": b'{"reason": "\x00"}',
    "a megabyte of junk": b"x" * MEBIBYTE,
    "a megabyte of brackets": b"[" * MEBIBYTE,
    "a megabyte of objects": b'{"a":' * (MEBIBYTE // 5),
    "NaN": b'{"points": NaN}',
    "infinity": b'{"points": Infinity}',
    "minus infinity": b'{"points": -Infinity}',
    "an integer of 5,000 digits": b'{"points": ' + b"9" * 5000 + b"}",
    "an exponent beyond any Decimal": b'{"points": 1e99999999999999999999}',
    "a name twice": b'{"points": 1, "points": 1000}',
    "a name twice, inside": b'{"metadata": {"a": 1, "b": {"c": 1, "c": 2}}}',
}
HOLLOW = (b"",)  # no body is as good as {}: what it lacks is named
# Inside a JSON object of an otherwise valid request: what a database can't keep.
NOT_STORABLE: dict[str, str] = {
    "NUL": r'"a\u0000b"',
    "NUL in a name": r'{"a\u0000": 1}',
    "half a surrogate pair": r'"\ud800"',
    "the other half": r'"\udfff"',
    "half a pair in a name": r'{"\udbff": 1}',
    "the halves swapped": r'"\ude00\ud83d"',
    "an integer of 101 digits": "9" * 101,
    "a decimal of 101 digits": "0." + "1" * 101,
    "a huge exponent": "1e1000",
    "a tiny exponent": "1e-1000",
    "an absurd exponent": "1e999999999999999999",
    "zero with an absurd exponent": "0e999999999",
    "zero with a tiny one": "0e-999999999",
    "66 levels": "[" * 66 + "]" * 66,
    "66 levels of objects": '{"a":' * 66 + "1" + "}" * 66,
    "9 KiB": '"' + "x" * 9 * 1024 + '"',
}


@WITH_BODY
def test_what_is_no_json_object_is_refused_and_changes_nothing(operation: Operation, owner: Owner) -> None:
    api = Api(factories.make_key(owner.environment))
    before = digest()
    for name, body in NOT_JSON.items():
        if not body and not operation.needs_a_body:
            continue  # as good as {}, which is enough
        answer = api.call(operation.method.upper(), operation.url(owner.ids), body)
        assert answer.status_code == 400, name
        problem = assert_problem(answer, "invalid_request")
        if body not in HOLLOW:
            assert (problem["detail"][:9], problem["errors"]) == ("The body ", []), (
                f"{name}: refused as a whole"
            )
    assert changed(before, digest()) == {}


@pytest.mark.parametrize(("name", "value"), NOT_STORABLE.items(), ids=NOT_STORABLE)
@pytest.mark.parametrize(
    ("path", "frame"),
    [
        ("/v1/points/award", '{"customer_id": "ada", "points": 1, "metadata": {"x": %s}}'),
        ("/v1/points/redeem", '{"customer_id": "ada", "points": 1, "metadata": {"x": %s}}'),
        ("/v1/events", '{"event_id": "e", "type": "visit", "member_id": "ada", "data": {"x": %s}}'),
        ("/v1/events/dry-run", '{"type": "visit", "member_id": "ada", "data": {"x": %s}}'),
        ("/v1/members/ada", '{"attributes": {"x": %s}}'),
        ("/v1/holds", '{"customer_id": "ada", "points": 1, "metadata": {"x": %s}}'),
        (
            "/v1/points/transfer",
            '{"from_customer_id": "ada", "to_customer_id": "bob", "points": 1, "metadata": {"x": %s}}',
        ),
    ],
)
def test_what_can_not_be_kept_is_refused_by_its_place_and_changes_nothing(
    api: Api, environment: Any, path: str, frame: str, name: str, value: str
) -> None:
    factories.give(environment, 100)
    before = digest()
    if name == "9 KiB" and "metadata" not in frame:
        value = f'"{"x" * 33 * 1024}"'
    answer = api.call("PATCH" if "members" in path else "POST", path, frame % value)
    body = assert_problem(answer, "invalid_request")
    assert len(body["errors"]) == 1, body
    assert changed(before, digest()) == {}


@pytest.mark.parametrize(
    "value",
    [
        "9" * 100,
        "-0",
        "0.0",
        "1e-99",
        "1." + "0" * 98,
        '"\\ud83d\\ude00"',
        "[" * 60 + "]" * 60,
        "1.10",
        "12345678901234567890.5",
    ],
)
@pytest.mark.parametrize(
    ("request_", "frame", "place", "shown_at"),
    [
        (
            "POST /v1/points/award",
            '{"customer_id": "ada", "points": 1, "metadata": {"x": %s}}',
            ["metadata"],
            None,
        ),
        (
            "POST /v1/points/redeem",
            '{"customer_id": "ada", "points": 1, "metadata": {"x": %s}}',
            ["metadata"],
            None,
        ),
        (
            "POST /v1/events",
            '{"event_id": "e", "type": "visit", "member_id": "ada", "data": {"x": %s}}',
            ["event", "data"],
            "/v1/events/e",
        ),
        ("PATCH /v1/members/ada", '{"attributes": {"x": %s}}', ["attributes"], "/v1/customers/ada"),
        (
            "POST /v1/holds",
            '{"customer_id": "ada", "points": 1, "metadata": {"x": %s}}',
            ["metadata"],
            "/v1/holds/{id}",
        ),
    ],
)
def test_what_is_unusual_but_right_is_kept_exactly(
    api: Api, environment: Any, request_: str, frame: str, place: list[str], shown_at: str | None, value: str
) -> None:
    factories.give(environment, 100)
    method, path = request_.split()
    answer = api.call(method, path, frame % value, Idempotency_Key="k")
    assert answer.status_code in (200, 201), answer.content
    assert api.call(method, path, frame % value, Idempotency_Key="k").content == answer.content
    shown = api.get((shown_at or "/v1/transactions/{id}").format(id=answer.json().get("id"))).content
    expected = {"x": simplejson.loads(value, use_decimal=True)}
    for body in (answer.content, shown):
        found = simplejson.loads(body, use_decimal=True)
        for name in place:
            found = found[name]
        assert found == expected


POINTS = [
    "0",
    "-1",
    "1.5",
    "1e3",
    '"1"',
    "true",
    "null",
    "[]",
    "{}",
    "1000000000001",
    "9223372036854775808",
    "1" + "0" * 99,
]


@pytest.mark.parametrize("points", POINTS)
@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/v1/points/award", ""),
        ("/v1/points/redeem", ""),
        ("/v1/points/adjust", '"reason": "goodwill", "note": "n",'),
        ("/v1/holds", ""),
    ],
)
def test_points_are_a_json_integer_within_the_limit(
    api: Api, environment: Any, path: str, more: str, points: str
) -> None:
    factories.give(environment, 10**12)
    before = digest()
    answer = api.post(path, f'{{"customer_id": "ada", {more} "points": {points}}}')
    if path.endswith("adjust") and points == "-1":
        assert answer.status_code == 201
        return
    body = assert_problem(answer, "invalid_request")
    assert [error["field"] for error in body["errors"]] == ["points"]
    assert changed(before, digest()) == {}


def fill(size: int) -> bytes:
    frame = b'{"customer_id": "ada", "points": 1, "reason": "%s"}'
    return frame % (b"x" * (size - len(frame) + 2))


@WITH_BODY
def test_a_body_of_more_than_two_mebibytes_is_too_large_and_a_long_list_of_more_than_eight(
    operation: Operation, owner: Owner
) -> None:
    api = Api(factories.make_key(owner.environment))
    is_long = operation.path in ("/v1/events/batch", "/v1/rewards/{reward_id}/codes")
    limit = 8 * MEBIBYTE if is_long else 2 * MEBIBYTE
    before = digest()
    answer = api.call(operation.method.upper(), operation.url(owner.ids), fill(limit + 1))
    assert str(limit) in assert_problem(answer, "payload_too_large")["detail"]
    answer = api.call(operation.method.upper(), operation.url(owner.ids), fill(limit))
    assert_problem(answer, "invalid_request")
    assert changed(before, digest()) == {}


@WITH_BODY
def test_a_body_that_is_not_declared_as_json_is_refused(operation: Operation, owner: Owner) -> None:
    api = Api(factories.make_key(owner.environment))
    before = digest()
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "",
        "application/xml",
    ):
        answer = api.client.generic(
            operation.method.upper(),
            operation.url(owner.ids),
            api.dumps(operation.body(owner.ids)),
            content_type=kind,
            headers={"Authorization": f"Bearer {api.key}"},
        )
        assert_problem(answer, "unsupported_media_type")
    assert changed(before, digest()) == {}


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_json_may_be_declared_with_its_charset(api: Api, kind: str) -> None:
    answer = api.client.post(
        "/v1/points/award",
        '{"customer_id": "ada", "points": 1}',
        content_type=kind,
        headers={"Authorization": f"Bearer {api.key}"},
    )
    assert answer.status_code == 201


TEXTS: dict[str, Callable[[], str]] = {
    "empty": lambda: "",
    "a space": lambda: " ",
    "spaces at the ends": lambda: " ada ",
    "too long": lambda: "x" * 201,
    "a line break": lambda: "a\nb",
    "an invisible character": lambda: "a\u200eb",
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("field", ["customer_id", "event_id"])
def test_an_id_has_1_to_200_visible_characters(api: Api, name: str, field: str) -> None:
    body = {"event_id": "e", "type": "visit", "customer_id": "ada", "data": {}}
    before = digest()
    problem = assert_problem(api.post("/v1/events", body | {field: TEXTS[name]()}), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert changed(before, digest()) == {}
