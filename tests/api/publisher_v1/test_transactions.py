"""transaction/create and /refund: purchases and refunds, in minor units; one purchase is one, whichever way it came."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from audit.ids import public
from audit.instants import rfc3339, to_the_second
from loyalty.actions.merging import merge_members
from loyalty.actions.stamps import pay_stamp_reward
from loyalty.models import Event, LedgerEntry, StampCollection, StampReward
from programs.models import Environment
from tests import factories
from tests.api.publisher_v1.conftest import TEA, make_program
from tests.api.publisher_v1.reading import done, refused
from tests.api.publisher_v1.shop import CREATE, REFUND, purchase
from tests.api.world import changed, digest
from tests.conftest import Api


def as_event(body: dict[str, Any], **data: Any) -> dict[str, Any]:
    """The same purchase as POST /v1/events takes it."""
    return {
        "event_id": body["id"],
        "type": "purchase",
        "member_id": body["member_id"],
        "occurred_at": body["occurred_at"],
        "data": {"amount": "12.50", "currency": body["currency"], **data},
    }


def join_eve(environment: Environment) -> None:
    """Ada is merged into Eve."""
    factories.make_member(environment, "eve")
    merge_members(
        environment=factories.reload(environment),
        member="ada",
        into="eve",
        reason=None,
        actor=factories.make_actor(),
        now=timezone.now(),
    )


# -- a purchase is an event


def test_a_purchase_is_stored_as_the_event_that_it_is(api: Api) -> None:
    items = [
        {"line": 1, "sku": "TEA", "quantity": 2, "unit_price": 500, "amount": 1000, "colour": {"is": "red"}},
        {"line": "b", "description": "Cake", "quantity": Decimal("0.5"), "amount": 250},
    ]
    body = purchase(currency="gbp", merchant={"name": "High Street", "id": 7}, items=items)
    done(api.post(CREATE, body))
    event = Event.objects.get(event_id="order-1")
    assert (event.type, event.amount, event.currency) == ("purchase", Decimal("12.5"), "GBP")
    assert rfc3339(event.occurred_at) == body["occurred_at"]
    assert event.data == {
        "amount": "12.50",
        "currency": "GBP",
        "merchant": {"name": "High Street", "id": 7},
        "items": [
            {
                "line": 1,
                "sku": "TEA",
                "quantity": 2,
                "unit_price": "5.00",
                "amount": "10.00",
                "colour": {"is": "red"},
            },
            {"line": "b", "description": "Cake", "quantity": Decimal("0.5"), "amount": "2.50"},
        ],
    }


@pytest.mark.parametrize(
    ("amount", "currency", "stored"),
    [
        (1250, "GBP", "12.50"),
        (1250, "JPY", "1250"),
        (1250, "KWD", "1.250"),
        (5, "USD", "0.05"),
        (0, "GBP", "0.00"),
        (10**12, "JPY", "1000000000000"),
    ],
)
def test_amounts_are_in_the_currencys_smallest_unit(
    api: Api, amount: int, currency: str, stored: str
) -> None:
    done(api.post(CREATE, purchase(amount=amount, currency=currency)))
    event = Event.objects.get(event_id="order-1")
    assert event.data == {"amount": stored, "currency": currency}
    assert event.amount == Decimal(stored)


def test_a_purchase_earns_points_and_stamps_at_once(
    api: Api, environment: Environment, card: StampCollection
) -> None:
    answer = done(api.post(CREATE, purchase()))
    assert answer["stamps"] == [
        {
            "stamp_collection_id": public("sc", card.id),
            "loyalty_program_id": "lp_tea",
            "stamps": 1,
            "unredeemed_purchases": 1,
        }
    ]
    assert [entry.points for entry in LedgerEntry.objects.filter(environment_id=environment.id)] == [12]


def test_a_purchase_of_a_member_without_a_card_stamps_nothing(api: Api, environment: Environment) -> None:
    make_program(environment, **TEA)
    answer = done(api.post(CREATE, purchase()))
    assert (answer["stamps"], answer["rewards"]) == ([], [])


def test_the_answers_instant_has_no_fraction(api: Api) -> None:
    at = timezone.now() - timedelta(hours=1)
    answer = done(api.post(CREATE, purchase(occurred_at=rfc3339(at.replace(microsecond=999_999)))))
    assert answer["occurred_at"] == to_the_second(at)


# -- one purchase is one


def test_the_same_purchase_again_answers_the_same_bytes(api: Api, card: StampCollection) -> None:
    first = api.post(CREATE, purchase())
    second = api.post(CREATE, purchase(id="order-2"))
    before = digest()
    assert api.post(CREATE, purchase()).content == first.content
    assert api.post(CREATE, purchase(id="order-2")).content == second.content
    assert len(done(second)["rewards"]) == 1
    assert changed(before, digest()) == {}


ITEMS = [{"line": 1, "sku": "TEA", "quantity": 2, "unit_price": 500, "amount": 1000}]
AS_TOLD_TO_V1 = [
    {"amount": "12.50"},
    {"amount": "12.5"},
    {"amount": Decimal("12.5")},
    {"amount": Decimal("12.500")},
    {"amount": "12.50", "currency": "gbp"},
]


@pytest.mark.parametrize("data", AS_TOLD_TO_V1)
def test_a_purchase_that_came_as_an_event_is_the_same_purchase_here(
    api: Api, card: StampCollection, data: dict[str, Any]
) -> None:
    items = [{"line": 1, "sku": "TEA", "quantity": "2", "unit_price": 5, "amount": Decimal("10.0")}]
    body = purchase(items=ITEMS)
    assert api.post("/v1/events", as_event(body, **data, items=items)).status_code == 201
    before = digest()
    answer = done(api.post(CREATE, body))
    assert (answer["stamps"][0]["stamps"], answer["stamps"][0]["unredeemed_purchases"]) == (1, 1)
    assert changed(before, digest()) == {}


@pytest.mark.parametrize("data", AS_TOLD_TO_V1)
def test_a_purchase_that_came_here_is_the_same_purchase_as_an_event(
    api: Api, card: StampCollection, data: dict[str, Any]
) -> None:
    items = [{"line": 1, "sku": "TEA", "quantity": "2", "unit_price": 5, "amount": Decimal("10.0")}]
    body = purchase(items=ITEMS)
    done(api.post(CREATE, body))
    before = digest()
    answer = api.post("/v1/events", as_event(body, **data, items=items))
    assert (answer.status_code, answer.json()["duplicate"]) == (200, True)
    batch = api.post("/v1/events/batch", {"events": [as_event(body, **data, items=items)]})
    assert batch.json()["results"][0]["outcome"] == "duplicate"
    assert changed(before, digest()) == {}


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 1251},
        {"member_id": "bob"},
        {"currency": "EUR"},
        {"merchant": "High Street"},
        {"items": []},
        {"items": [{"line": 1}]},
        {"occurred_at": "2026-01-31T12:00:00Z"},
    ],
    ids=str,
)
def test_the_same_id_with_other_content_is_refused_and_changes_nothing(
    api: Api, card: StampCollection, change: dict[str, Any]
) -> None:
    body = purchase()
    event = as_event(body)
    api.post("/v1/events", event)
    before = digest()
    refused(api.post(CREATE, body | change), 409, "event_id_reused")
    assert changed(before, digest()) == {}


@pytest.mark.parametrize(
    "change",
    [
        {"data": {"amount": "12.51", "currency": "GBP"}},
        {"data": {"amount": "12.50", "currency": "GBP", "channel": "web"}},
        {"data": {"amount": "12.50"}},
        {"type": "visit"},
        {"program": "default"},
        {"program": "nosuch"},
        {"member_id": "bob"},
    ],
    ids=str,
)
def test_an_event_of_the_same_id_with_other_content_is_refused_and_changes_nothing(
    api: Api, card: StampCollection, change: dict[str, Any]
) -> None:
    body = purchase()
    done(api.post(CREATE, body))
    before = digest()
    answer = api.post("/v1/events", as_event(body) | change)
    assert (answer.status_code, answer.json()["code"]) == (409, "event_id_reused")
    assert changed(before, digest()) == {}


def test_an_event_without_its_instant_is_not_taken_for_an_earlier_purchase(api: Api) -> None:
    body = purchase()
    done(api.post(CREATE, body))
    event = as_event(body)
    del event["occurred_at"]
    assert api.post("/v1/events", event).json()["code"] == "event_id_reused"


def test_an_event_of_another_type_is_compared_byte_for_byte(api: Api) -> None:
    visit = as_event(purchase()) | {"type": "visit"}
    assert api.post("/v1/events", visit).status_code == 201
    visit["data"] = visit["data"] | {"amount": "12.5"}
    assert api.post("/v1/events", visit).json()["code"] == "event_id_reused"


def test_a_purchase_whose_content_is_no_longer_kept_is_known_by_its_own_form_alone(
    api: Api, environment: Environment, card: StampCollection
) -> None:
    first = api.post(CREATE, purchase())
    Event.objects.filter(event_id="order-1").update(data=None, explanation=None, facts=None)
    assert api.post(CREATE, purchase()).content == first.content
    answer = api.post("/v1/events", as_event(purchase(), amount="12.5"))
    assert (answer.status_code, answer.json()["code"]) == (409, "event_id_reused")


def test_two_forms_of_one_purchase_in_one_batch_are_one(api: Api, card: StampCollection) -> None:
    body = purchase()
    events = [as_event(body), as_event(body, amount=Decimal("12.5"))]
    results = api.post("/v1/events/batch", {"events": events}).json()["results"]
    assert [one["outcome"] for one in results] == ["applied", "duplicate"]
    assert StampCollection.objects.get(pk=card.pk).counter == 1


# -- refunds


def test_a_refund_takes_stamps_and_points_back(
    api: Api, environment: Environment, card: StampCollection
) -> None:
    done(api.post(CREATE, purchase()))
    assert api.get("/v1/customers/ada").json()["points_balance"] == 12
    answer = done(api.post(REFUND, {"id": "refund-1", "transaction_id": "order-1", "amount": 1250}))
    assert answer["member_id"] == "ada"
    assert [(each["stamps"], each["unredeemed_purchases"]) for each in answer["stamps"]] == [(1, 0)]
    assert api.get("/v1/customers/ada").json()["points_balance"] == 0
    event = Event.objects.get(event_id="refund-1")
    assert (event.type, event.data) == ("refund", {"purchase": "order-1", "amount": "12.50"})


def test_a_refund_of_a_part_leaves_the_stamp(api: Api, card: StampCollection) -> None:
    done(api.post(CREATE, purchase()))
    answer = done(api.post(REFUND, {"id": "refund-1", "transaction_id": "order-1", "amount": 1249}))
    assert answer["stamps"] == []
    assert api.get("/v1/customers/ada").json()["points_balance"] == 0
    refused(
        api.post(REFUND, {"id": "refund-2", "transaction_id": "order-1", "amount": 2}),
        409,
        "refund_exceeds_purchase",
    )


def test_a_refund_counts_in_the_unit_of_the_purchases_currency(api: Api) -> None:
    done(api.post(CREATE, purchase(amount=1250, currency="JPY", items=[{"line": 1, "amount": 1250}])))
    lines = [{"line": 1, "amount": 250}]
    done(api.post(REFUND, {"id": "refund-1", "transaction_id": "order-1", "amount": 250, "items": lines}))
    event = Event.objects.get(event_id="refund-1")
    assert event.data == {"purchase": "order-1", "amount": "250", "items": [{"line": 1, "amount": "250"}]}
    assert event.amount == 250


def test_a_purchase_that_came_as_an_event_is_refunded_here(api: Api, card: StampCollection) -> None:
    api.post("/v1/events", as_event(purchase()))
    answer = done(api.post(REFUND, {"id": "refund-1", "transaction_id": "order-1", "amount": 1250}))
    assert [each["stamps"] for each in answer["stamps"]] == [1]


def test_a_refund_of_a_paid_reward_says_that_it_stands(
    api: Api, environment: Environment, card: StampCollection
) -> None:
    done(api.post(CREATE, purchase()))
    issued = done(api.post(CREATE, purchase(id="order-2")))["rewards"]
    pay_stamp_reward(
        environment=factories.reload(environment),
        reward=StampReward.objects.get(collection=card).id,
        actor=factories.make_actor(),
        now=timezone.now(),
    )
    answer = done(api.post(REFUND, {"id": "refund-1", "transaction_id": "order-1", "amount": 1250}))
    assert (answer["rewards_standing"], answer["rewards_revoked"], answer["rewards"]) == (issued, [], [])
    assert answer["stamps"][0]["unredeemed_purchases"] == 0, "below zero, which is not shown"
    assert StampCollection.objects.get(pk=card.pk).counter == -1


def test_a_refund_may_issue_a_reward_again(api: Api, environment: Environment) -> None:
    factories.make_card(environment, make_program(environment, **TEA))
    for number in (1, 2, 3):
        done(api.post(CREATE, purchase(id=f"order-{number}")))
    answer = done(api.post(REFUND, {"id": "refund-1", "transaction_id": "order-1", "amount": 1250}))
    assert (len(answer["rewards_revoked"]), len(answer["rewards"])) == (1, 1)
    assert answer["rewards"][0]["id"] != answer["rewards_revoked"][0]["id"]
    assert answer["stamps"][0]["unredeemed_purchases"] == 0


def test_a_refund_is_the_same_after_its_member_was_merged(
    api: Api, environment: Environment, card: StampCollection
) -> None:
    done(api.post(CREATE, purchase()))
    body = {"id": "refund-1", "transaction_id": "order-1", "amount": 1250}
    first = api.post(REFUND, body)
    join_eve(environment)
    before = digest()
    assert api.post(REFUND, body).content == first.content
    assert done(first)["member_id"] == "ada"
    assert changed(before, digest()) == {}


def test_a_refund_after_a_merge_takes_the_survivors_stamp(
    api: Api, environment: Environment, card: StampCollection
) -> None:
    done(api.post(CREATE, purchase()))
    join_eve(environment)
    answer = done(api.post(REFUND, {"id": "refund-1", "transaction_id": "order-1", "amount": 1250}))
    assert [(each["stamps"], each["unredeemed_purchases"]) for each in answer["stamps"]] == [(1, 0)]


def test_what_is_no_purchase_here_can_not_be_refunded(api: Api, environment: Environment) -> None:
    stranger = factories.make_environment()
    factories.report(stranger, "theirs")
    factories.report(environment, "visit-1", type="visit", data={})
    before = digest()
    for name in ("nosuch", "visit-1", "theirs"):
        answer = api.post(REFUND, {"id": "refund-1", "transaction_id": name, "amount": 1})
        message = refused(answer, 404, "purchase_not_found")
        assert message == f"There is no purchase {name!r}; report the purchase first.", "and not whose it is"
    assert changed(before, digest()) == {}


def test_a_purchase_is_recorded_once_for_its_idempotency_key(api: Api, card: StampCollection) -> None:
    body = purchase()
    first = api.post(CREATE, body, Idempotency_Key="k")
    again = api.post(CREATE, body, Idempotency_Key="k")
    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    refused(api.post(CREATE, body | {"id": "order-2"}, Idempotency_Key="k"), 422, "idempotency_key_reused")
    assert Event.objects.count() == 1


def test_a_refund_is_recorded_once_for_its_idempotency_key(api: Api, card: StampCollection) -> None:
    done(api.post(CREATE, purchase()))
    body = {"id": "refund-1", "transaction_id": "order-1", "amount": 1000}
    first = api.post(REFUND, body, Idempotency_Key="k")
    again = api.post(REFUND, body, Idempotency_Key="k")
    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    refused(api.post(REFUND, body | {"amount": 250}, Idempotency_Key="k"), 422, "idempotency_key_reused")
    assert Event.objects.filter(type="refund").count() == 1
