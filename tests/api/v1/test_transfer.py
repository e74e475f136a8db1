"""POST /v1/points/transfer: from one customer to another, with their dates (domain.md 3.10)."""

from typing import Any

import pytest

from loyalty.models import Member
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.test_statement_budgets import statements
from tests.api.v1.days import award, balance, day, done, go_to, history, lots, reverse, spend
from tests.api.world import changed, digest
from tests.conftest import Api

TRANSFER = {"from_customer_id": "ada", "to_customer_id": "bob", "points": 70}


def send(api: Api, **changes: Any) -> dict[str, Any]:
    return done(api.post("/v1/points/transfer", TRANSFER | changes))


def test_a_transfer_is_two_transactions_that_name_each_other(api: Api) -> None:
    go_to(api, 0)
    award(api, 100)
    award(api, 10, "bob")
    answer = api.post("/v1/points/transfer", TRANSFER | {"reason": "Gift", "metadata": {"to": "Bob"}})
    assert answer.status_code == 201
    sent, received = answer.json()["sent"], answer.json()["received"]
    common = {
        "type": "transferred",
        "reason": "Gift",
        "metadata": {"to": "Bob"},
        "created_at": sent["created_at"],
        "occurred_at": day(0),
        "metric": "points",
        "sequence": 2,
        "event_id": None,
        "reverses": None,
        "nominal": None,
        "requested": None,
        "shortfall": None,
        "hold_id": None,
        "actor": {"kind": "api_key", "id": api.key[:17]},
        "trace_id": answer.headers["X-Request-Id"],
    }
    assert sent == common | {
        "id": sent["id"],
        "points": -70,
        "balance_after": 30,
        "customer_id": "ada",
        "counterpart": {"transaction_id": received["id"], "customer_id": "bob"},
    }
    assert received == common | {
        "id": received["id"],
        "created_at": received["created_at"],
        "points": 70,
        "balance_after": 80,
        "customer_id": "bob",
        "counterpart": {"transaction_id": sent["id"], "customer_id": "ada"},
    }
    for transaction in (sent, received):
        assert api.get(f"/v1/transactions/{transaction['id']}").json() == transaction
        path = f"/v1/points?customer_id={transaction['customer_id']}&type=transferred"
        assert api.get(path).json()["data"] == [transaction]
    assert (balance(api), balance(api, "bob")) == (30, 80)


def test_points_keep_their_dates_and_go_by_earliest_expiry(api: Api) -> None:
    go_to(api, 0)
    award(api, 50)
    award(api, 50, expires_at=day(30))
    award(api, 50, expires_at=day(10))
    go_to(api, 1)
    send(api)
    assert lots(api) == [(30, day(30)), (50, None)]
    assert lots(api, "bob") == [(50, day(10)), (20, day(30))]
    (found,) = api.get("/v1/members/bob/balances?lots=true").json()["data"]
    assert {lot["earned_at"] for lot in found["lots"]} == {day(1)}, "they begin when they arrived"
    go_to(api, 10)
    assert balance(api, "bob") == 20


def test_a_transfer_pays_the_receivers_debt_first(api: Api) -> None:
    earned = award(api, 40, "bob")
    spend(api, 40, "bob")
    reverse(api, earned)
    award(api, 100)
    assert balance(api, "bob") == -40
    send(api)
    assert (balance(api, "bob"), lots(api, "bob")) == (30, [(30, None)])


def test_a_later_reversal_of_the_earn_treats_transferred_points_as_spent(api: Api) -> None:
    earned = award(api, 100)
    send(api)
    reversal = reverse(api, earned)
    assert (reversal["debt"], reversal["points_balance"]) == (70, -70)
    assert balance(api, "bob") == 70


def test_the_receiver_is_made_if_they_are_new(api: Api) -> None:
    award(api, 100)
    send(api, to_customer_id="new")
    assert history(api, "new") == [("transferred", 70, 70)]


def test_each_side_goes_by_two_names_and_needs_one(api: Api) -> None:
    award(api, 100)
    body = {"from_member_id": "ada", "to_member_id": "bob", "points": 10}
    assert api.post("/v1/points/transfer", body).status_code == 201
    both = {"from_customer_id": "ada", "from_member_id": "ada", "to_customer_id": "bob", "points": 10}
    assert api.post("/v1/points/transfer", both).status_code == 201
    before = digest()
    for faulty, field, code in (
        ({"to_customer_id": "bob", "points": 1}, "from_customer_id", "required"),
        ({"from_customer_id": "ada", "points": 1}, "to_customer_id", "required"),
        (TRANSFER | {"from_member_id": "eve"}, "from_customer_id", "invalid"),
        (TRANSFER | {"to_member_id": "eve"}, "to_customer_id", "invalid"),
        (TRANSFER | {"points": 0}, "points", "min_value"),
        (TRANSFER | {"to_customer_id": "ada"}, "to_customer_id", "invalid"),
        (TRANSFER | {"customer_id": "ada"}, "customer_id", "unknown_field"),
    ):
        problem = assert_problem(api.post("/v1/points/transfer", faulty), "invalid_request")
        assert [(error["field"], error["code"]) for error in problem["errors"]] == [(field, code)]
    assert changed(before, digest()) == {}


def test_pending_and_held_points_are_not_transferred(api: Api, environment: Any) -> None:
    go_to(api, 0)
    award(api, 60)
    done(api.post("/v1/holds", {"customer_id": "ada", "points": 20}))
    factories.make_metric(environment, vesting_days=5)
    award(api, 500)
    before = digest()
    body = assert_problem(api.post("/v1/points/transfer", TRANSFER), "insufficient_balance")
    assert (body["balance"], body["required"]) == (40, 70)
    assert changed(before, digest()) == {}
    assert not Member.objects.filter(environment=environment, external_id="bob").exists()


def test_a_transfer_beyond_the_receivers_maximum_is_refused_and_changes_nothing(
    api: Api, environment: Any
) -> None:
    factories.make_metric(environment, maximum=100)
    award(api, 100)
    award(api, 31, "bob")
    before = digest()
    body = assert_problem(api.post("/v1/points/transfer", TRANSFER), "maximum_reached")
    assert (body["maximum"], body["total"]) == (100, 31)
    assert changed(before, digest()) == {}
    send(api, points=69)
    assert balance(api, "bob") == 100


@pytest.mark.parametrize("frozen", ["ada", "bob"])
def test_a_frozen_customer_neither_gives_nor_receives(api: Api, frozen: str) -> None:
    award(api, 100)
    award(api, 1, "bob")
    assert api.patch(f"/v1/customers/{frozen}", {"status": "frozen"}).status_code == 200
    before = digest()
    assert_problem(api.post("/v1/points/transfer", TRANSFER), "member_frozen")
    assert changed(before, digest()) == {}


def test_a_name_of_another_tenants_customer_is_somebody_new_here(api: Api) -> None:
    elsewhere = factories.make_environment()
    factories.give(elsewhere, 500, "bob")
    award(api, 100)
    send(api)
    assert balance(api, "bob") == 70
    assert Api(factories.make_key(elsewhere)).get("/v1/customers/bob").json()["points_balance"] == 500


def test_a_repeated_transfer_answers_byte_for_byte_and_is_done_once(api: Api) -> None:
    award(api, 200)
    first = api.post("/v1/points/transfer", TRANSFER, Idempotency_Key="k")
    assert first.status_code == 201
    before = digest()
    again = api.post("/v1/points/transfer", TRANSFER, Idempotency_Key="k")
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert changed(before, digest()) == {}
    assert (balance(api), balance(api, "bob")) == (130, 70)


@pytest.mark.usefixtures("warm_key")
def test_a_transfer_takes_as_many_statements_at_300_lots_as_at_10(api: Api, environment: Any) -> None:
    for _ in range(10):
        factories.give(environment, 10)
    award(api, 1, "bob")
    few = len(statements(lambda: send(api, points=25)))
    for _ in range(290):
        factories.give(environment, 10)
    assert len(statements(lambda: send(api, points=25))) == few <= 12
