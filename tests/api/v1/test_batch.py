"""POST /v1/events/batch: each event is answered in its place, whatever stands beside it."""

from typing import Any

import pytest

from loyalty.models import Event, LedgerEntry
from programs.models import Environment
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.world import changed, digest
from tests.conftest import Api


def purchase(event_id: str, amount: str = "10", member: str = "ada", /, **changes: Any) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "type": "purchase",
        "member_id": member,
        "data": {"amount": amount},
        **changes,
    }


def send(api: Api, *events: Any, **headers: str) -> list[dict[str, Any]]:
    answer = api.post("/v1/events/batch", {"events": list(events)}, **headers)
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def test_what_is_applied_repeated_or_refused_is_answered_in_its_place(
    api: Api, environment: Environment
) -> None:
    factories.make_rule(environment)
    assert api.post("/v1/events", purchase("before")).status_code == 201
    results = send(
        api,
        purchase("one", "5"),
        purchase("two", type="no spaces"),
        purchase("before"),
        purchase("one", "5"),
        purchase("one", "6"),
        purchase("three", occurred_at="2001-01-01T00:00:00Z"),
        purchase("four", type="refund", data={"purchase": "nothing"}),
        purchase("five", program="vip"),
        purchase("six", "7", "bob"),
    )
    assert [(row["event_id"], row["outcome"], (row["error"] or {}).get("code")) for row in results] == [
        ("one", "applied", None),
        ("two", "refused", "invalid_request"),
        ("before", "duplicate", None),
        ("one", "duplicate", None),
        ("one", "refused", "event_id_reused"),
        ("three", "refused", "event_too_late"),
        ("four", "refused", "purchase_not_found"),
        ("five", "refused", "program_not_found"),
        ("six", "applied", None),
    ]
    assert [row["effects"][0]["transaction"]["points"] if row["effects"] else None for row in results] == [
        5, None, 10, 5, None, None, None, None, 7,
    ]  # fmt: skip
    assert [error["field"] for error in results[1]["error"]["errors"]] == ["events[1].type"]
    assert results[5]["error"]["earliest"].endswith("Z")
    assert results[4]["error"]["event"] == results[0]["event"]["id"]
    refused = [row for row in results if row["outcome"] == "refused"]
    assert {(row["event"], *row["effects"], *row["reasons"]) for row in refused} == {(None,)}
    assert Event.objects.filter(environment_id=environment.id).count() == 3


def test_a_result_is_what_the_single_call_answers(api: Api, environment: Environment) -> None:
    factories.make_rule(environment)
    factories.make_rule(
        environment, name="Never", condition={"field": "data.x", "op": "exists", "value": True}
    )
    (batched,) = send(api, purchase("one"))
    single = api.post("/v1/events", purchase("one")).json()
    assert single.pop("duplicate") is True
    assert batched == {"event_id": "one", "outcome": "applied", **single, "error": None}
    assert [reason["outcome"] for reason in batched["reasons"]] == ["awarded", "condition_failed"]
    assert api.get("/v1/events/one").json() == {**single, "duplicate": False}


BAD: dict[str, tuple[Any, str]] = {
    "null": (None, "events[1]"),
    "text": ("order-1", "events[1]"),
    "a number": (1, "events[1]"),
    "a list": ([], "events[1]"),
    "nothing in it": ({}, "events[1].event_id"),
    "no member": ({"event_id": "bad", "type": "visit", "data": {}}, "events[1].customer_id"),
    "two members": (purchase("bad", customer_id="bob"), "events[1].customer_id"),
    "a number as id": (purchase("bad", event_id=1), "events[1].event_id"),
    "a long id": (purchase("bad", event_id="x" * 201), "events[1].event_id"),
    "an unknown field": (purchase("bad", colour="red"), "events[1].colour"),
    "text as data": (purchase("bad", data="x"), "events[1].data"),
    "no instant": (purchase("bad", occurred_at="yesterday"), "events[1].occurred_at"),
    "the future": (purchase("bad", occurred_at="2999-01-01T00:00:00Z"), "events[1].occurred_at"),
    "33 KiB of data": (purchase("bad", data={"x": "x" * 33 * 1024}), "events[1].data"),
    "a refund of nothing": (purchase("bad", type="refund"), "events[1].data.purchase"),
    "NUL": (purchase("bad", data={"x": "a\0b"}), "events[1].data.x"),
    "NUL in the id": (purchase("bad", event_id="a\0b"), "events[1].event_id"),
    "half a surrogate pair": (purchase("bad", data={"x": "\ud800"}), "events[1].data.x"),
    "half a pair as id": (purchase("bad", event_id="\udfff"), "events[1].event_id"),
    "half a pair as a name": (purchase("bad", **{"\udfff": 1}), "events[1]"),
    "a number of 101 digits": (purchase("bad", data={"x": 10**101}), "events[1].data.x"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_faulty_item_names_its_field_and_spoils_no_other(
    api: Api, environment: Environment, name: str
) -> None:
    factories.make_rule(environment)
    item, field = BAD[name]
    first, bad, last = send(api, purchase("first"), item, purchase("last"))
    assert (first["outcome"], bad["outcome"], last["outcome"]) == ("applied", "refused", "applied")
    assert bad["error"]["code"] == "invalid_request"
    assert field in [error["field"] for error in bad["error"]["errors"]]
    assert all(
        error["detail"].removesuffix(".") in bad["error"]["detail"] for error in bad["error"]["errors"]
    )
    assert Event.objects.filter(environment_id=environment.id).count() == 2
    assert LedgerEntry.objects.filter(environment_id=environment.id).count() == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "events"),
        ({"events": []}, "events"),
        ({"events": None}, "events"),
        ({"events": {}}, "events"),
        ({"events": "order-1"}, "events"),
        ({"events": [purchase(f"e{number}") for number in range(1001)]}, "events"),
        ({"events": [purchase("one")], "atomic": True}, "atomic"),
        ({"events": [purchase("one")], "more": [purchase("two")]}, "more"),
    ],
    ids=["nothing", "none", "null", "an object", "text", "1,001", "an unknown field", "an unknown list"],
)
def test_a_batch_of_none_or_of_more_than_1000_is_refused_whole(
    api: Api, environment: Environment, body: dict[str, Any], field: str
) -> None:
    before = digest()
    problem = assert_problem(api.post("/v1/events/batch", body), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert changed(before, digest()) == {}


def test_where_all_are_refused_it_is_200_and_nothing_is_written(api: Api) -> None:
    before = digest()
    results = send(api, purchase("one", type="?"), 7, purchase("two", program="vip"))
    assert [row["outcome"] for row in results] == ["refused"] * 3
    assert changed(before, digest()) == {}


@pytest.mark.parametrize("events", [[purchase("one"), 7], [7]], ids=["some applied", "all refused"])
def test_with_a_key_the_whole_answer_is_repeated(
    api: Api, environment: Environment, events: list[Any]
) -> None:
    factories.make_rule(environment)
    first = api.post("/v1/events/batch", {"events": events}, Idempotency_Key="k")
    assert (first.status_code, "Idempotent-Replayed" in first.headers) == (200, False)
    before = digest()
    again = api.post("/v1/events/batch", {"events": events}, Idempotency_Key="k")
    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    other = api.post("/v1/events/batch", {"events": [purchase("two")]}, Idempotency_Key="k")
    assert_problem(other, "idempotency_key_reused")
    assert changed(before, digest()) == {}


def test_a_batch_may_be_of_8_mebibytes(api: Api, environment: Environment) -> None:
    factories.make_rule(environment)
    events = [purchase(f"e{number}", data={"amount": "1", "x": "x" * 31_000}) for number in range(260)]
    body = api.dumps({"events": events})
    assert len(body) < 8 * 1024 * 1024
    fits = api.post("/v1/events/batch", body.ljust(8 * 1024 * 1024))
    assert [row["outcome"] for row in fits.json()["results"]] == ["applied"] * 260
    before = digest()
    assert_problem(api.post("/v1/events/batch", body.ljust(8 * 1024 * 1024 + 1)), "payload_too_large")
    assert changed(before, digest()) == {}


def test_the_names_batch_and_dry_run_are_addresses_and_events_may_still_have_them(api: Api) -> None:
    for name in ("batch", "dry-run"):
        assert api.post("/v1/events", purchase(name)).status_code == 201
        assert_problem(api.get(f"/v1/events/{name}"), "method_not_allowed")
        assert api.get(f"/v1/events/{name}/explain").json()["event"]["event_id"] == name
