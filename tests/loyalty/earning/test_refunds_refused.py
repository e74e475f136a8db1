"""Refunds that can not be: a clear answer, and nothing changed (domain.md 3.5)."""

from typing import Any

import pytest

from audit.errors import DomainError, InvalidRequest
from loyalty.errors import EventIdReused, MemberFrozen, PurchaseNotFound, RefundExceedsPurchase
from loyalty.models import Member
from programs.models import Environment
from tests.conftest import Api
from tests.loyalty.earning.desk import Desk
from tests.loyalty.ledger.checking import check

LINES = [
    {"line": 1, "sku": "A", "quantity": 2, "amount": "40.00"},
    {"line": 2, "sku": "B", "quantity": 1, "amount": "19.90"},
]


@pytest.fixture
def desk(environment: Environment) -> Desk:
    """ada bought two A and one B for 59.90."""
    desk = Desk(environment)
    desk.rule("pounds", caps=[{"per": "day", "points": 1000}], budget=5000)
    desk.buy("order-1", "59.90", items=LINES, currency="GBP")
    assert desk.total() == 59
    return desk


def refused(desk: Desk, kind: type[DomainError], purchase: str = "order-1", **options: Any) -> DomainError:
    before = desk.everything()
    with pytest.raises(kind) as refusal:
        desk.refund(purchase, **options)
    assert desk.everything() == before
    check(environment=str(desk.environment.id))
    return refusal.value


def test_of_an_unknown_purchase(desk: Desk) -> None:
    assert refused(desk, PurchaseNotFound, "order-2").code == "purchase_not_found"


def test_of_an_unknown_purchase_by_somebody_unknown(desk: Desk) -> None:
    refused(desk, PurchaseNotFound, "order-2", member="nobody")
    assert Member.objects.filter(environment=desk.environment).count() == 1


def test_of_another_members_purchase(desk: Desk) -> None:
    desk.give(5, "bob")
    refused(desk, PurchaseNotFound, member="bob", amount="1.00")


def test_of_a_refund(desk: Desk) -> None:
    refund = desk.refund("order-1", "1.00").event.event_id
    refused(desk, PurchaseNotFound, refund)


def test_of_more_than_the_purchase(desk: Desk) -> None:
    refusal = refused(desk, RefundExceedsPurchase, amount="59.91")
    assert refusal.code == "refund_exceeds_purchase"
    assert float(refusal.data["refundable"]) == 59.9


def test_of_more_than_is_left(desk: Desk) -> None:
    desk.refund("order-1", "50.00")
    assert float(refused(desk, RefundExceedsPurchase, amount="9.91").data["refundable"]) == 9.9
    desk.refund("order-1", "9.90")
    assert desk.total() == 0
    assert float(refused(desk, RefundExceedsPurchase, amount="0.01").data["refundable"]) == 0


def test_of_all_that_is_left_where_nothing_is(desk: Desk) -> None:
    desk.refund("order-1")
    assert desk.total() == 0
    refused(desk, RefundExceedsPurchase)


def test_the_same_twice_is_one(desk: Desk) -> None:
    first = desk.refund("order-1", "10.00", event_id="refund")
    before = desk.everything()
    again = desk.refund("order-1", "10.00", event_id="refund")
    assert (first.duplicate, again.duplicate) == (False, True)
    assert [entry.pk for entry in again.entries] == [entry.pk for entry in first.entries]
    assert desk.everything() == before
    assert desk.total() == 49


def test_one_event_id_for_two_amounts(desk: Desk) -> None:
    desk.refund("order-1", "10.00", event_id="refund")
    refused(desk, EventIdReused, amount="11.00", event_id="refund")


@pytest.mark.parametrize("amount", ["0", "0.00", "-1.00", "much", "", "NaN", "Infinity", "1e400"])
def test_of_no_amount_above_zero(desk: Desk, amount: str) -> None:
    refusal = refused(desk, InvalidRequest, amount=amount)
    assert [error.field for error in refusal.errors] == ["data.amount"]


@pytest.mark.parametrize("amount", [True, [], {"value": 5}, 0, -3])
def test_of_an_amount_that_is_none(desk: Desk, amount: Any) -> None:
    refused(desk, InvalidRequest, amount=amount)


@pytest.mark.parametrize("purchase", [None, 7, "", ["order-1"], {}])
def test_of_no_purchase_named(desk: Desk, purchase: Any) -> None:
    refused(desk, DomainError, purchase)


@pytest.mark.parametrize(
    "line",
    [
        {"line": 3, "quantity": 1, "amount": "1.00"},
        {"line": 0, "quantity": 1, "amount": "1.00"},
        {"line": "x", "quantity": 1, "amount": "1.00"},
        {"quantity": 1, "amount": "1.00"},
        {"line": 1, "quantity": 0, "amount": "1.00"},
        {"line": 1, "quantity": -1, "amount": "1.00"},
        {"line": 1, "quantity": 1, "amount": "-1.00"},
        {"line": 1, "quantity": "many", "amount": "1.00"},
        7,
    ],
)
def test_of_a_line_that_was_not_bought(desk: Desk, line: Any) -> None:
    refusal = refused(desk, InvalidRequest, amount="1.00", items=[line])
    assert refusal.errors[0].field.startswith("data.items[0]")


@pytest.mark.parametrize("part", [{"quantity": 3, "amount": "40.00"}, {"quantity": 1, "amount": "40.01"}])
def test_of_more_of_a_line_than_was_bought(desk: Desk, part: dict[str, Any]) -> None:
    refused(desk, DomainError, amount="40.00", items=[{"line": 1, **part}])


def test_of_more_of_a_line_than_is_left(desk: Desk) -> None:
    part = {"line": 1, "quantity": 1, "amount": "20.00"}
    for _ in range(2):
        desk.refund("order-1", "20.00", items=[part])
    refused(desk, DomainError, amount="19.90", items=[{**part, "amount": "19.90"}])


def test_of_items_that_are_no_list(desk: Desk) -> None:
    refused(desk, InvalidRequest, amount="1.00", items="all")


def test_in_another_currency(desk: Desk) -> None:
    refused(desk, InvalidRequest, amount="1.00", currency="EUR")
    desk.refund("order-1", "1.90", currency="GBP")
    assert desk.total() == 58


def test_a_frozen_member_earns_nothing_and_gives_back_all_the_same(desk: Desk) -> None:
    Member.objects.filter(environment=desk.environment).update(status="frozen")
    with pytest.raises(MemberFrozen):
        desk.buy("order-2", "10.00")
    desk.refund("order-1", "10.00")
    assert desk.total() == 49


def test_over_http(environment: Environment, api: Api) -> None:
    desk = Desk(environment)
    desk.rule("pounds")

    def send(event_id: str, kind: str, **data: Any) -> tuple[int, str]:
        event = {"event_id": event_id, "type": kind, "member_id": "ada", "data": data}
        answer = api.post("/v1/events", event)
        return answer.status_code, answer.json().get("code", "")

    assert send("o1", "purchase", amount="59.90") == (201, "")
    assert send("r1", "refund", purchase="o2", amount="1") == (404, "purchase_not_found")
    assert send("r1", "refund", purchase="o1", amount="60") == (409, "refund_exceeds_purchase")
    assert send("r1", "refund", purchase="o1", amount="-1")[0] in (400, 422)
    assert send("r1", "refund", purchase="o1", amount="59.90") == (201, "")
    assert send("r1", "refund", purchase="o1", amount="59.90") == (200, "")
    assert api.get("/v1/customers/ada").json()["points_balance"] == 0
