"""POST /v1/customers/{id}/merge and DELETE /v1/customers/{id}: two become one, and one becomes nobody (domain.md 1)."""

from typing import Any
from urllib.parse import quote

import pytest
from django.utils import timezone

from audit.instants import rfc3339
from loyalty.models import LedgerEntry, Member
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.v1.days import (
    award,
    balance,
    day,
    done,
    go_to,
    history,
    lots,
    post_reverse,
    reverse,
    spend,
)
from tests.api.world import changed, digest
from tests.conftest import Api

BOTH_NAMES = pytest.mark.parametrize("resource", ["customers", "members"])


def merge(api: Api, member: str = "ada", into: str = "bob", resource: str = "customers", **more: Any) -> Any:
    return api.post(f"/v1/{resource}/{member}/merge", {"into": into, **more})


def erase(api: Api, member: str = "ada", resource: str = "customers", **headers: str) -> Any:
    return api.call("DELETE", f"/v1/{resource}/{member}", **headers)


def balances(api: Api, customer: str) -> dict[str, Any]:
    (found,) = api.get(f"/v1/members/{customer}/balances").json()["data"]
    return {name: found[name] for name in ("balance", "total", "pending", "held", "debt")}


@BOTH_NAMES
def test_a_merge_moves_lots_with_their_dates_and_answers_the_survivor(api: Api, resource: str) -> None:
    go_to(api, 0)
    award(api, 100, expires_at=day(30))
    award(api, 50, expires_at=day(10))
    award(api, 7, "bob")
    api.patch("/v1/customers/ada", {"attributes": {"country": "NG"}})
    api.patch("/v1/customers/bob", {"attributes": {"country": "KE"}})
    survivor = api.get("/v1/customers/bob").json()
    go_to(api, 1)
    answer = merge(api, resource=resource, reason="One person")
    assert (answer.status_code, answer.json()) == (
        200,
        {name: survivor[name] for name in ("id", "member_id", "status", "attributes", "created_at")}
        | {"merged_id": "ada"},
    )
    assert lots(api, "bob") == [(50, day(10)), (100, day(30)), (7, None)]
    sent, received = (row for row in api.get("/v1/transactions?type=transferred&order=asc").json()["data"])
    assert (sent["customer_id"], sent["points"], sent["balance_after"]) == ("ada", -150, 0)
    assert (received["customer_id"], received["points"], received["balance_after"]) == ("bob", 150, 157)
    assert sent["counterpart"] == {"transaction_id": received["id"], "customer_id": "bob"}
    assert received["counterpart"] == {"transaction_id": sent["id"], "customer_id": "ada"}
    assert sent["reason"] == received["reason"] == "One person"


def test_the_merged_id_means_the_survivor_in_every_call(api: Api, environment: Any) -> None:
    award(api, 100)
    award(api, 7, "bob")
    assert merge(api).status_code == 200
    now = rfc3339(timezone.now())
    for path in (
        "/v1/customers/{}",
        "/v1/members/{}",
        f"/v1/members/{{}}/balances?lots=true&as_of={now}",
        f"/v1/customers/{{}}/balances?recorded_as_of={now}",
        "/v1/points?customer_id={}",
        "/v1/holds?customer_id={}",
    ):
        old, new = (api.get(path.format(name)) for name in ("ada", "bob"))
        assert (old.status_code, old.json()) == (200, new.json()), path
    assert api.get("/v1/customers/ada").json()["id"] == "bob"

    assert award(api, 10)["customer_id"] == "bob"
    assert spend(api, 5)["customer_id"] == "bob"
    hold = done(api.post("/v1/holds", {"customer_id": "ada", "points": 20}))
    assert hold["customer_id"] == "bob"
    capture = done(api.post(f"/v1/holds/{hold['id']}/capture"))
    assert capture["hold"]["customer_id"] == capture["transaction"]["customer_id"] == "bob"
    adjust = {"customer_id": "ada", "points": 1, "reason": "goodwill", "note": "n"}
    assert done(api.post("/v1/points/adjust", adjust))["customer_id"] == "bob"
    transfer = {"from_customer_id": "ada", "to_customer_id": "eve", "points": 3}
    assert done(api.post("/v1/points/transfer", transfer))["sent"]["customer_id"] == "bob"
    changed_ = api.patch("/v1/customers/ada", {"attributes": {"vip": True}})
    assert (changed_.json()["id"], changed_.json()["attributes"]) == ("bob", {"vip": True})
    event = {"event_id": "e", "type": "visit", "member_id": "ada", "data": {}}
    assert done(api.post("/v1/events", event))["event"]["member_id"] == "bob"
    assert balance(api) == balance(api, "bob") == 100 + 7 + 10 - 5 - 20 + 1 - 3
    assert [row["id"] for row in api.get("/v1/customers").json()["data"]] == ["eve", "bob"]
    assert Member.objects.filter(environment=environment).count() == 3


def test_pending_points_holds_and_debt_go_along(api: Api, environment: Any) -> None:
    go_to(api, 0)
    award(api, 100)
    hold = done(api.post("/v1/holds", {"customer_id": "ada", "points": 30, "metadata": {"cart": 1}}))
    factories.make_metric(environment, vesting_days=5)
    award(api, 40)
    factories.make_metric(environment, vesting_days=0)
    owed = award(api, 25, "bob")
    spend(api, 25, "bob")
    reverse(api, owed)
    assert balances(api, "bob") == {"balance": -25, "total": -25, "pending": 0, "held": 0, "debt": 25}
    assert merge(api).status_code == 200
    assert balances(api, "bob") == {"balance": 45, "total": 115, "pending": 40, "held": 30, "debt": 0}

    moved = api.get(f"/v1/holds/{hold['id']}").json()
    assert moved["id"] != hold["id"]
    same = ("status", "points", "captured", "metadata", "expires_at", "metric")
    assert {name: moved[name] for name in same} == {name: hold[name] for name in same}
    assert moved["customer_id"] == "bob"
    assert api.get("/v1/holds").json()["data"] == [moved], "listed once, under its new id"
    assert api.get(f"/v1/holds/{moved['id']}").json() == moved
    capture = done(api.post(f"/v1/holds/{hold['id']}/capture", {"points": 10}))
    assert capture["transaction"]["hold_id"] == capture["hold"]["id"] == moved["id"]
    go_to(api, 5)
    assert balances(api, "bob") == {"balance": 105, "total": 105, "pending": 0, "held": 0, "debt": 0}


def test_a_transaction_of_a_merged_customer_is_reversed_at_the_survivor(api: Api) -> None:
    go_to(api, 0)
    earned = award(api, 100, expires_at=day(30))
    spent = spend(api, 40)
    award(api, 5, "bob")
    assert merge(api).status_code == 200
    undone = reverse(api, spent)
    assert (undone["customer_id"], undone["points"]) == ("ada", 40)
    assert undone["points_balance"] == balance(api, "bob") == 105
    assert [(row["customer_id"], row["type"], row["points"]) for row in undone["caused"]] == [
        ("ada", "transferred", -40),
        ("bob", "transferred", 40),
    ]
    taken = reverse(api, earned)
    assert (taken["customer_id"], taken["points"], taken["debt"]) == ("ada", -100, 0)
    assert taken["points_balance"] == balance(api, "bob") == 5
    assert {(row["customer_id"], row["points"]) for row in taken["caused"]} == {("bob", -100), ("ada", 100)}
    assert lots(api, "bob") == [(5, None)]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "into"),
        ({"into": ""}, "into"),
        ({"into": "ada"}, "into"),
        ({"into": "bob", "reason": ""}, "reason"),
        ({"into": "bob", "from": "ada"}, "from"),
    ],
)
def test_a_faulty_merge_is_refused_by_field_and_changes_nothing(
    api: Api, body: dict[str, Any], field: str
) -> None:
    award(api, 100)
    award(api, 7, "bob")
    before = digest()
    problem = assert_problem(api.post("/v1/customers/ada/merge", body), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert changed(before, digest()) == {}


def test_who_is_not_there_or_frozen_is_not_merged(api: Api) -> None:
    elsewhere = factories.make_environment()
    factories.give(elsewhere, 5, "eve")
    award(api, 100)
    award(api, 7, "bob")
    before = digest()
    assert_problem(merge(api, into="eve"), "not_found")
    assert_problem(merge(api, "eve", "ada"), "not_found")
    assert changed(before, digest()) == {}
    for frozen in ("ada", "bob"):
        api.patch(f"/v1/customers/{frozen}", {"status": "frozen"})
        before = digest()
        assert_problem(merge(api), "member_frozen")
        assert changed(before, digest()) == {}
        api.patch(f"/v1/customers/{frozen}", {"status": "active"})


def test_a_second_merge_of_the_same_two_is_refused_and_changes_nothing(api: Api) -> None:
    award(api, 100)
    award(api, 7, "bob")
    merge(api)
    before = digest()
    for pair in (("ada", "bob"), ("bob", "ada")):
        problem = assert_problem(merge(api, *pair), "invalid_request")
        assert [error["field"] for error in problem["errors"]] == ["into"]
    assert changed(before, digest()) == {}


def test_a_repeated_merge_answers_byte_for_byte_and_is_done_once(api: Api) -> None:
    award(api, 100)
    award(api, 7, "bob")
    path, body = "/v1/customers/ada/merge", {"into": "bob"}
    first = api.post(path, body, Idempotency_Key="k")
    assert first.status_code == 200
    award(api, 5, "bob")
    before = digest()
    again = api.post(path, body, Idempotency_Key="k")
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert changed(before, digest()) == {}


@pytest.mark.parametrize("name", ["auth0|5f7c8", "a/b", "ünï çødé", "50%", "🙂"])
def test_any_id_can_be_merged_and_erased(api: Api, name: str) -> None:
    award(api, 5, name)
    award(api, 7, f"{name}-2")
    path = quote(name, safe="")
    assert merge(api, path, f"{name}-2").json()["id"] == f"{name}-2"
    award(api, 5, f"{name}-3")
    assert erase(api, f"{path}-3").status_code == 200
    assert api.get(f"/v1/customers/{path}-3").status_code == 404


@BOTH_NAMES
def test_an_erased_customer_is_gone_and_their_figures_stay(api: Api, environment: Any, resource: str) -> None:
    award(api, 100, reason="For Ada Lovelace", metadata={"email": "ada@example.com"})
    done(api.post("/v1/holds", {"customer_id": "ada", "points": 30, "reason": "Ada's cart"}))
    answer = erase(api, resource=resource)
    assert (answer.status_code, answer.json()) == (200, {"status": "erased"})
    for path in ("/v1/customers/ada", "/v1/members/ada/balances", "/v1/points?customer_id=ada"):
        assert_problem(api.get(path), "not_found")
    assert api.get("/v1/customers").json()["data"] == []
    rows = api.get("/v1/transactions?order=asc").json()["data"]
    assert [(row["customer_id"], row["type"], row["points"], row["balance_after"]) for row in rows] == [
        (None, "earned", 100, 100),
        (None, "adjusted", -100, 0),
    ]
    (hold,) = api.get("/v1/holds").json()["data"]
    assert (hold["customer_id"], hold["status"], hold["reason"]) == (None, "released", None)
    told = "".join(api.get(path).content.decode() for path in ("/v1/transactions", "/v1/holds"))
    for secret in ("Lovelace", "ada@example.com", '"ada"', "Ada's cart"):
        assert secret not in told
    assert_problem(post_reverse(api, rows[0]), "not_reversible")


def test_erasing_again_finds_nobody_and_changes_nothing(api: Api) -> None:
    award(api, 100)
    assert erase(api).status_code == 200
    before = digest()
    assert_problem(erase(api), "not_found")
    assert changed(before, digest()) == {}


def test_a_repeated_erasure_answers_byte_for_byte_also_after_the_id_came_back(api: Api) -> None:
    award(api, 100)
    first = erase(api, Idempotency_Key="k")
    assert award(api, 5)["balance_after"] == 5
    before = digest()
    again = erase(api, Idempotency_Key="k")
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert changed(before, digest()) == {}
    assert balance(api) == 5, "who came back is somebody else"


def test_an_id_that_comes_back_is_somebody_new_who_sees_nothing_older(api: Api) -> None:
    award(api, 100)
    erase(api)
    assert award(api, 5)["customer_id"] == "ada"
    assert (balance(api), history(api)) == (5, [("earned", 5, 5)])
    assert [row["id"] for row in api.get("/v1/customers").json()["data"]] == ["ada"]
    assert erase(api).status_code == 200
    assert_problem(api.get("/v1/customers/ada"), "not_found")


def test_who_was_merged_into_the_erased_is_erased_too(api: Api, environment: Any) -> None:
    award(api, 100, reason="Ada's", metadata={"a": 1})
    award(api, 7, "bob")
    merge(api)
    assert erase(api, "bob").status_code == 200
    for name in ("ada", "bob"):
        assert_problem(api.get(f"/v1/customers/{name}"), "not_found")
    assert not Member.objects.filter(environment=environment, external_id__isnull=False).exists()
    entries = LedgerEntry.objects.filter(environment_id=environment.id)
    assert not entries.filter(metadata__isnull=False).exists()
    assert award(api, 1)["balance_after"] == 1, "and may come back as somebody new"


def test_an_unknown_customer_is_not_erased(api: Api) -> None:
    elsewhere = factories.make_environment()
    factories.give(elsewhere, 5, "ada")
    before = digest()
    assert_problem(erase(api), "not_found")
    assert changed(before, digest()) == {}
