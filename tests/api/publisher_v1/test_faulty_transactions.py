"""transaction/create and /refund: what is refused, by the name of its field."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.instants import rfc3339
from loyalty.models import StampCollection
from programs.models import Environment
from tests import factories
from tests.api.publisher_v1.reading import done, refused
from tests.api.publisher_v1.shop import CREATE, REFUND, purchase
from tests.api.world import changed, digest
from tests.conftest import Api


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": -1}, "amount"),
        ({"amount": 12.5}, "amount"),
        ({"amount": "1250"}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": 10**12 + 1}, "amount"),
        ({"currency": "GB"}, "currency"),
        ({"currency": "£££"}, "currency"),
        ({"currency": "GBP\n"}, "currency"),
        ({"occurred_at": "2026-01-31"}, "occurred_at"),
        ({"occurred_at": None}, "occurred_at"),
        ({"occurred_at": "9000-01-31T12:00:00Z"}, "occurred_at"),
        ({"id": ""}, "id"),
        ({"id": "x" * 201}, "id"),
        ({"member_id": " ada"}, "member_id"),
        ({"member_id": 7}, "member_id"),
        ({"merchant": 7}, "merchant"),
        ({"merchant": ""}, "merchant"),
        ({"merchant": {"x": "y" * 9000}}, "merchant"),
        ({"items": {}}, "items"),
        ({"items": [7]}, "items[0]"),
        ({"items": [{}, {"unit_price": "5.00"}]}, "items[1].unit_price"),
        ({"items": [{"amount": -5}]}, "items[0].amount"),
        ({"items": [{"quantity": -1}]}, "items[0].quantity"),
        ({"items": [{"quantity": "many"}]}, "items[0].quantity"),
        ({"items": [{"line": True}]}, "items[0].line"),
        ({"items": [{"sku": 5}]}, "items[0].sku"),
        ({"items": [{"note": "x" * 40_000}]}, "items"),
        ({"items": [{}] * 1001}, "items"),
        ({"type": "purchase"}, "type"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_faulty_purchase_is_refused_by_the_name_of_its_field_and_changes_nothing(
    api: Api, change: dict[str, Any], field: str
) -> None:
    before = digest()
    message = refused(api.post(CREATE, purchase(**change)), 400, "invalid_request")
    assert message.startswith(f"{field}: ")
    assert changed(before, digest()) == {}


@pytest.mark.parametrize("name", ["id", "member_id", "amount", "currency", "occurred_at"])
def test_a_purchase_without_what_it_must_have_is_refused(api: Api, name: str) -> None:
    body = purchase()
    del body[name]
    assert refused(api.post(CREATE, body), 400, "invalid_request").startswith(f"{name}: ")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": None}, "amount"),
        ({"transaction_id": ""}, "transaction_id"),
        ({"items": [{"line": 1}]}, "items[0].quantity"),
        ({"items": [{"quantity": 1}]}, "items[0].line"),
        ({"items": [{"line": 1, "quantity": 0}]}, "items[0].quantity"),
        ({"items": [{"line": 9, "quantity": 1}]}, "items[0].line"),
        ({"items": [{"line": 1, "amount": 1250}], "amount": 1}, "amount"),
        ({"items": [{"line": 1, "quantity": 1, "price": 1}]}, "items[0].price"),
        ({"member_id": "ada"}, "member_id"),
    ],
    ids=str,
)
def test_a_faulty_refund_is_refused_by_the_name_of_its_field_and_changes_nothing(
    api: Api, card: StampCollection, change: dict[str, Any], field: str
) -> None:
    done(api.post(CREATE, purchase(items=[{"line": 1, "quantity": 2, "amount": 1250}])))
    before = digest()
    body = {"id": "refund-1", "transaction_id": "order-1", "amount": 1250, **change}
    message = refused(api.post(REFUND, body), 400, "invalid_request")
    assert message.startswith(f"{field}: ")
    assert changed(before, digest()) == {}


def test_a_purchase_of_long_ago_is_too_late(api: Api) -> None:
    at = rfc3339(timezone.now() - timedelta(days=31))
    refused(api.post(CREATE, purchase(occurred_at=at)), 409, "event_too_late")


def test_a_frozen_member_buys_nothing(api: Api, environment: Environment) -> None:
    factories.make_member(environment, "ada", status="frozen")
    before = digest()
    refused(api.post(CREATE, purchase()), 409, "member_frozen")
    assert changed(before, digest()) == {}
