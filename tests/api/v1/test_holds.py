"""/v1/holds: reserved, then captured, released or lapsed; and a capture undone (domain.md 3.6)."""

from typing import Any

import pytest

from audit.ids import public
from loyalty.actions.holds import hold_points
from loyalty.models import Hold
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.test_statement_budgets import statements
from tests.api.v1.days import award, day, done, go_to, history, lots, spend
from tests.api.world import changed, digest
from tests.conftest import Api


def reserve(api: Api, points: int, customer: str = "ada", **more: Any) -> dict[str, Any]:
    return done(api.post("/v1/holds", {"customer_id": customer, "points": points, **more}))


def post(api: Api, hold: dict[str, Any], what: str, **body: Any) -> Any:
    return api.post(f"/v1/holds/{hold['id']}/{what}", body)


def held(api: Api, customer: str = "ada") -> tuple[int, int, int]:
    """Balance, held and total."""
    (found,) = api.get(f"/v1/members/{customer}/balances").json()["data"]
    return found["balance"], found["held"], found["total"]


def test_held_points_can_not_be_spent_and_make_no_transaction(api: Api) -> None:
    go_to(api, 0)
    award(api, 100)
    hold = reserve(api, 60, expires_in=900, reason="Checkout", metadata={"cart": "c-77"})
    assert hold == {
        "id": hold["id"],
        "status": "open",
        "customer_id": "ada",
        "metric": "points",
        "points": 60,
        "captured": 0,
        "reason": "Checkout",
        "metadata": {"cart": "c-77"},
        "created_at": hold["created_at"],
        "occurred_at": day(0),
        "expires_at": day(900 / 86400),
        "closed_at": None,
        "actor": {"kind": "api_key", "id": api.key[:17]},
        "trace_id": hold["trace_id"],
    }
    assert hold["id"].startswith("hold_")
    assert api.get(f"/v1/holds/{hold['id']}").json() == hold
    assert held(api) == (40, 60, 100)
    assert history(api) == [("earned", 100, 100)]
    refused = api.post("/v1/points/redeem", {"customer_id": "ada", "points": 41})
    assert assert_problem(refused, "insufficient_balance")["balance"] == 40


def test_a_capture_spends_a_part_and_gives_the_rest_back(api: Api) -> None:
    go_to(api, 0)
    award(api, 100)
    hold = reserve(api, 60, reason="Checkout", metadata={"cart": 1})
    go_to(api, 1)
    capture = done(post(api, hold, "capture", points=45))
    assert capture["hold"] == hold | {"status": "captured", "captured": 45, "closed_at": day(1)}
    spent = capture["transaction"]
    assert (spent["type"], spent["points"], spent["balance_after"]) == ("redeemed", -45, 55)
    assert (spent["hold_id"], spent["reason"], spent["metadata"]) == (hold["id"], "Checkout", {"cart": 1})
    assert (spent["occurred_at"], spent["customer_id"]) == (day(1), "ada")
    assert api.get(f"/v1/transactions/{spent['id']}").json() == spent
    assert api.get(f"/v1/holds/{hold['id']}").json() == capture["hold"]
    assert held(api) == (55, 0, 55)


def test_a_capture_without_points_spends_all_of_it(api: Api) -> None:
    award(api, 100)
    capture = done(post(api, reserve(api, 60), "capture", reason="Order 7"))
    assert (capture["hold"]["captured"], capture["transaction"]["reason"]) == (60, "Order 7")
    assert held(api) == (40, 0, 40)


def test_a_release_gives_everything_back(api: Api) -> None:
    go_to(api, 0)
    award(api, 100)
    hold = reserve(api, 60)
    assert hold["expires_at"] == day(7), "seven days, unless told"
    released = post(api, hold, "release")
    assert (released.status_code, released.json()) == (
        200,
        hold | {"status": "released", "closed_at": day(0)},
    )
    assert held(api) == (100, 0, 100)
    assert history(api) == [("earned", 100, 100)]


def test_a_hold_lapses_by_itself_and_every_read_says_so(api: Api) -> None:
    go_to(api, 0)
    award(api, 100)
    hold = reserve(api, 60, expires_at=day(2))
    go_to(api, 2)
    assert held(api) == (100, 0, 100)
    lapsed = hold | {"status": "expired", "closed_at": day(2)}
    assert api.get(f"/v1/holds/{hold['id']}").json() == lapsed
    assert api.get("/v1/holds?status=expired").json()["data"] == [lapsed]
    assert api.get("/v1/holds?status=open").json()["data"] == []
    go_to(api, 3)
    before = digest()
    for what in ("capture", "release"):
        assert assert_problem(post(api, hold, what), "hold_not_open")["hold_status"] == "expired"
    assert changed(before, digest()) == {}
    spend(api, 100)
    assert api.get(f"/v1/holds/{hold['id']}").json() == lapsed, "also once it is settled"


def test_a_hold_protects_points_from_expiry_and_what_is_due_expires_when_it_lets_go(api: Api) -> None:
    go_to(api, 0)
    award(api, 100, expires_at=day(5))
    kept, let_go = reserve(api, 40, expires_at=day(9)), reserve(api, 30, expires_at=day(9))
    go_to(api, 6)
    assert held(api) == (0, 70, 70)
    done(post(api, kept, "capture", points=25))
    assert held(api) == (0, 30, 30)
    done(post(api, let_go, "release"))
    assert held(api) == (0, 0, 0)
    assert history(api) == [
        ("earned", 100, 100),
        ("expired", -30, 70),
        ("redeemed", -25, 45),
        ("expired", -15, 30),
        ("expired", -30, 0),
    ]


def test_a_capture_is_cancelled_whole_or_in_parts(api: Api) -> None:
    go_to(api, 0)
    earned = award(api, 100, expires_at=day(30))
    hold = reserve(api, 60)
    capture = done(post(api, hold, "capture"))
    part = done(post(api, hold, "cancel", points=20, reason="One item back"))
    assert (part["type"], part["points"], part["reason"]) == ("reversed", 20, "One item back")
    assert (part["reverses"], part["nominal"]) == (capture["transaction"]["id"], 20)
    assert (part["reversible"], part["points_balance"], part["debt"]) == (40, 60, 0)
    assert [(lot["transaction_id"], lot["points"]) for lot in part["given_back"]] == [(earned["id"], 20)]
    before = digest()
    body = assert_problem(post(api, hold, "cancel", points=41), "already_reversed")
    assert body["reversible"] == 40
    assert changed(before, digest()) == {}
    assert done(post(api, hold, "cancel"))["reversible"] == 0
    assert lots(api) == [(100, day(30))]
    before = digest()
    assert assert_problem(post(api, hold, "cancel"), "already_reversed")["reversible"] == 0
    assert changed(before, digest()) == {}


def test_a_hold_is_closed_once(api: Api) -> None:
    award(api, 100)
    captured, released = reserve(api, 10), reserve(api, 10)
    done(post(api, captured, "capture"))
    done(post(api, released, "release"))
    before = digest()
    for hold, status in ((captured, "captured"), (released, "released")):
        for what in ("capture", "release"):
            assert assert_problem(post(api, hold, what), "hold_not_open")["hold_status"] == status
    assert assert_problem(post(api, released, "cancel"), "hold_not_open")["hold_status"] == "released"
    assert changed(before, digest()) == {}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"points": 0}, "points"),
        ({"points": 1.5}, "points"),
        ({}, "points"),
        ({"points": 5, "expires_in": 0}, "expires_in"),
        ({"points": 5, "expires_in": 366 * 86400 + 1}, "expires_in"),
        ({"points": 5, "expires_in": 60, "expires_at": "2030-02-01T00:00:00Z"}, "expires_in"),
        ({"points": 5, "expires_at": "2030-01-01T12:00:00Z"}, "expires_at"),
        ({"points": 5, "expires_at": "2031-01-03T12:00:00Z"}, "expires_at"),
        ({"points": 5, "expires_at": "soon"}, "expires_at"),
        ({"points": 5, "metadata": []}, "metadata"),
        ({"points": 5, "ttl": 5}, "ttl"),
        ({"points": 5, "member_id": "bob"}, "customer_id"),
    ],
)
def test_a_faulty_hold_is_refused_by_field_and_changes_nothing(
    api: Api, body: dict[str, Any], field: str
) -> None:
    go_to(api, 0)
    award(api, 100)
    before = digest()
    problem = assert_problem(api.post("/v1/holds", {"customer_id": "ada", **body}), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert changed(before, digest()) == {}


def test_a_hold_of_more_than_can_be_spent_and_a_capture_of_more_than_is_held_are_refused(api: Api) -> None:
    award(api, 100)
    hold = reserve(api, 60)
    before = digest()
    body = assert_problem(api.post("/v1/holds", {"customer_id": "ada", "points": 41}), "insufficient_balance")
    assert (body["balance"], body["required"]) == (40, 41)
    problem = assert_problem(post(api, hold, "capture", points=61), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == ["points"]
    missing = api.post("/v1/holds", {"customer_id": "ada", "points": 1, "metric": "coins"})
    assert_problem(missing, "not_found")
    assert changed(before, digest()) == {}


@pytest.mark.parametrize("name", ["hold_", "x", "hold_" + "0" * 32, "txn_" + "0" * 32, "hold_" + "F" * 32])
def test_a_hold_that_is_not_there_is_not_found(api: Api, environment: Any, name: str) -> None:
    assert_problem(api.get(f"/v1/holds/{name}"), "not_found")
    for what in ("capture", "release", "cancel"):
        assert_problem(api.post(f"/v1/holds/{name}/{what}"), "not_found")


def test_another_tenants_hold_is_not_found_and_stays_as_it_is(api: Api) -> None:
    elsewhere = factories.make_environment()
    entry = factories.give(elsewhere, 100)
    theirs = hold_points(
        environment=factories.reload(elsewhere),
        member="ada",
        points=60,
        actor=factories.make_actor(),
        now=entry.occurred_at,
    )
    name = public("hold", theirs.id)
    before = digest()
    assert_problem(api.get(f"/v1/holds/{name}"), "not_found")
    for what in ("capture", "release", "cancel"):
        assert_problem(api.post(f"/v1/holds/{name}/{what}"), "not_found")
    assert api.get("/v1/holds").json()["data"] == []
    assert changed(before, digest()) == {}


@pytest.mark.parametrize("what", ["capture", "release", "cancel"])
def test_a_repeated_call_answers_byte_for_byte_and_is_done_once(api: Api, what: str) -> None:
    award(api, 100)
    body = {"customer_id": "ada", "points": 60}
    made = [api.post("/v1/holds", body, Idempotency_Key="hold") for _ in range(2)]
    assert made[0].content == made[1].content
    hold = made[0].json()
    if what == "cancel":
        done(post(api, hold, "capture"))
    first, again = (api.post(f"/v1/holds/{hold['id']}/{what}", {}, Idempotency_Key="then") for _ in range(2))
    assert first.status_code in (200, 201), first.content
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    before = digest()
    again = api.post("/v1/holds", body, Idempotency_Key="hold")
    assert again.content == made[0].content, "as it was answered then, though it is closed now"
    assert changed(before, digest()) == {}
    assert Hold.objects.count() == 1


def test_holds_are_listed_newest_first_and_narrowed(api: Api, environment: Any) -> None:
    factories.make_metric(environment, "coins")
    go_to(api, 0)
    award(api, 100)
    award(api, 100, "bob")
    award(api, 100, metric="coins")
    first = reserve(api, 1)
    second = reserve(api, 2, "bob")
    third = reserve(api, 3, metric="coins")
    done(post(api, second, "release"))

    def ids(query: str = "") -> list[str]:
        return [row["id"] for row in done(api.get(f"/v1/holds?{query}"))["data"]]

    assert ids() == [third["id"], second["id"], first["id"]]
    assert ids("order=asc&limit=2") == [first["id"], second["id"]]
    assert ids("customer_id=ada") == ids("member_id=ada") == [third["id"], first["id"]]
    assert ids("customer_id=bob&status=open") == []
    assert ids("status=open") == [third["id"], first["id"]]
    assert ids("status=released") == [second["id"]]
    assert ids("status=captured") == ids("status=expired") == []
    assert ids("metric=coins") == [third["id"]]
    assert_problem(api.get("/v1/holds?customer_id=nobody"), "not_found")
    for query, field in (("status=moved", "status"), ("metric=", "metric"), ("customer=ada", "customer")):
        problem = assert_problem(api.get(f"/v1/holds?{query}"), "invalid_request")
        assert [error["field"] for error in problem["errors"]] == [field]


def test_pages_of_holds_follow_the_cursor(api: Api) -> None:
    award(api, 100)
    made = [reserve(api, 1)["id"] for _ in range(5)]
    seen, cursor = [], ""
    while True:
        page = done(api.get(f"/v1/holds?customer_id=ada&status=open&limit=2&order=asc{cursor}"))
        seen += [row["id"] for row in page["data"]]
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == made


@pytest.mark.usefixtures("warm_key")
def test_reading_holds_takes_as_many_statements_whatever_there_is(api: Api) -> None:
    award(api, 100)
    hold = reserve(api, 1)
    one = len(statements(lambda: api.get(f"/v1/holds/{hold['id']}")))
    few = len(statements(lambda: api.get("/v1/holds")))
    for _ in range(15):
        reserve(api, 1)
    assert len(statements(lambda: api.get("/v1/holds"))) == few == 2
    assert one == 2


@pytest.mark.usefixtures("warm_key")
@pytest.mark.parametrize("what", ["hold", "capture", "release", "cancel"])
def test_a_hold_takes_as_many_statements_at_300_lots_as_at_10(api: Api, environment: Any, what: str) -> None:
    def count() -> int:
        body = {"customer_id": "ada", "points": 25}
        if what == "hold":
            return len(statements(lambda: done(api.post("/v1/holds", body))))
        hold = reserve(api, 25)
        if what == "cancel":
            done(post(api, hold, "capture"))
        return len(statements(lambda: done(post(api, hold, what))))

    for _ in range(10):
        factories.give(environment, 10)
    reserve(api, 1)  # the configuration is compiled, the key known
    few = count()
    for _ in range(290):
        factories.give(environment, 10)
    assert count() == few <= 12
