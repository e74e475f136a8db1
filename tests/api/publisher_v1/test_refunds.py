"""One refund is one refund, whichever way and however often it is told, and for its Idempotency-Key before all else."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from audit.instants import to_the_second
from loyalty.actions.erasing import erase_member
from loyalty.models import Event, StampCollection
from programs.models import Environment
from tests import factories
from tests.api.publisher_v1.reading import done, refused
from tests.api.publisher_v1.shop import CREATE, REFUND, purchase
from tests.api.world import changed, digest
from tests.conftest import Api

LINES = [{"line": 1, "sku": "TEA", "quantity": 2, "unit_price": 500, "amount": 1000}]
HERE: dict[str, Any] = {"id": "refund-1", "transaction_id": "order-1", "amount": 650}
THERE: dict[str, Any] = {"event_id": "refund-1", "type": "refund", "member_id": "ada"}
AN_HOUR_AGO = to_the_second(timezone.now() - timedelta(hours=1))


def there(**data: Any) -> dict[str, Any]:
    """The same refund as POST /v1/events takes it."""
    return THERE | {"data": {"purchase": "order-1", "amount": "6.50", **data}}


@pytest.fixture(autouse=True)
def bought(api: Api, card: StampCollection) -> None:
    done(api.post(CREATE, purchase(items=LINES)))


# -- by both ways


@pytest.mark.parametrize("amount", ["6.50", "6.5", "+6.500", Decimal("6.5")])
def test_the_form_of_its_amount_does_not_count(api: Api, amount: Any) -> None:
    first = api.post(REFUND, HERE)
    before = digest()
    answer = api.post("/v1/events", there(amount=amount))
    assert (answer.status_code, answer.json()["duplicate"]) == (200, True)
    assert api.post(REFUND, HERE).content == first.content
    assert changed(before, digest()) == {}


@pytest.mark.parametrize("at", [None, AN_HOUR_AGO], ids=["without a time", "an hour ago"])
def test_one_that_came_as_an_event_is_known_here(api: Api, at: str | None) -> None:
    event = there(amount="6.5") | ({"occurred_at": at} if at else {})
    assert api.post("/v1/events", event).status_code == 201
    before = digest()
    answer = done(api.post(REFUND, HERE))
    assert (answer["id"], answer["transaction_id"], answer["member_id"]) == ("refund-1", "order-1", "ada")
    assert changed(before, digest()) == {}


def test_its_lines_are_compared_as_numbers_too(api: Api) -> None:
    done(api.post(REFUND, HERE | {"items": [{"line": 1, "quantity": 1, "amount": 500}]}))
    before = digest()
    line = {"line": 1, "quantity": "1.0", "amount": 5}
    assert api.post("/v1/events", there(items=[line])).json()["duplicate"] is True
    for other in ({"amount": 4}, {"quantity": 2}, {"line": "1"}):
        answer = api.post("/v1/events", there(items=[line | other]))
        assert (answer.status_code, answer.json()["code"]) == (409, "event_id_reused"), other
    assert changed(before, digest()) == {}


@pytest.mark.parametrize(
    "change",
    [
        {"data": {"purchase": "order-1", "amount": "6.51"}},
        {"data": {"purchase": "order-1"}},
        {"data": {"purchase": "order-2", "amount": "6.50"}},
        {"data": {"purchase": "order-1", "amount": "6.50", "currency": "GBP"}},
        {"data": {"purchase": "order-1", "amount": "6.50", "items": []}},
        {"type": "purchase"},
        {"program": "default"},
        {"member_id": "bob"},
    ],
    ids=str,
)
def test_with_anything_else_it_is_another_and_changes_nothing(api: Api, change: dict[str, Any]) -> None:
    done(api.post(CREATE, purchase(id="order-2")))
    done(api.post(REFUND, HERE))
    before = digest()
    answer = api.post("/v1/events", there() | change)
    assert (answer.status_code, answer.json()["code"]) == (409, "event_id_reused")
    assert changed(before, digest()) == {}


@pytest.mark.parametrize("change", [{"amount": 651}, {"transaction_id": "order-2"}, {"items": []}], ids=str)
def test_here_too_it_is_another_then(api: Api, change: dict[str, Any]) -> None:
    done(api.post(CREATE, purchase(id="order-2")))
    api.post("/v1/events", there())
    before = digest()
    refused(api.post(REFUND, HERE | change), 409, "event_id_reused")
    assert changed(before, digest()) == {}


# -- its instant


def test_an_instant_that_only_the_second_report_names_does_not_count(api: Api) -> None:
    done(api.post(REFUND, HERE))
    stored = Event.objects.get(event_id="refund-1").occurred_at
    assert api.post("/v1/events", there() | {"occurred_at": AN_HOUR_AGO}).json()["duplicate"] is True
    assert Event.objects.get(event_id="refund-1").occurred_at == stored


def test_of_two_that_are_named_both_are_the_same_instant(api: Api) -> None:
    named = {"occurred_at": AN_HOUR_AGO}
    api.post("/v1/events", there() | named)
    assert api.post("/v1/events", there(amount="6.5") | named).json()["duplicate"] is True
    before = digest()
    other = to_the_second(timezone.now() - timedelta(hours=2))
    answer = api.post("/v1/events", there() | {"occurred_at": other})
    assert (answer.status_code, answer.json()["code"]) == (409, "event_id_reused")
    assert changed(before, digest()) == {}


def test_two_forms_of_one_refund_in_one_batch_are_one(api: Api, card: StampCollection) -> None:
    whole = [there(amount=amount) for amount in ("12.50", Decimal("12.5"))]
    results = api.post("/v1/events/batch", {"events": whole}).json()["results"]
    assert [one["outcome"] for one in results] == ["applied", "duplicate"]
    assert StampCollection.objects.get(pk=card.pk).counter == 0


def test_one_whose_content_is_no_longer_kept_is_known_by_its_own_form_alone(api: Api) -> None:
    first = api.post(REFUND, HERE)
    Event.objects.filter(event_id="refund-1").update(data=None, explanation=None, facts=None)
    assert api.post(REFUND, HERE).content == first.content
    assert api.post("/v1/events", there(amount="6.5")).json()["code"] == "event_id_reused"


# -- its key


def test_its_key_is_looked_at_before_its_purchase(api: Api, environment: Environment) -> None:
    done(api.post(REFUND, HERE, Idempotency_Key="k"))
    erase_member(
        environment=factories.reload(environment),
        member="ada",
        actor=factories.make_actor(),
        now=timezone.now(),
    )
    before = digest()
    again = api.post(REFUND, HERE, Idempotency_Key="k")
    assert (again.status_code, again.json()) == (200, {"erased": True})
    assert again.headers["Idempotent-Replayed"] == "true"
    refused(api.post(REFUND, HERE | {"amount": 1}, Idempotency_Key="k"), 422, "idempotency_key_reused")
    refused(api.post(REFUND, HERE), 404, "purchase_not_found")
    refused(api.post(REFUND, HERE, Idempotency_Key="other"), 404, "purchase_not_found")
    assert changed(before, digest()) == {}
