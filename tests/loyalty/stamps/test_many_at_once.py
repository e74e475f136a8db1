"""What one request may stamp, and take back, is bounded: its stamps are in memory together, and members wait."""

from typing import Any

import pytest

from audit.errors import InvalidRequest
from loyalty.actions.events import Result
from loyalty.models import Event
from loyalty.queries.events import RecordedEvent, ReportedEvent
from tests.loyalty.stamps.cafe import FIXED, Cafe, Standing


@pytest.fixture(autouse=True)
def five(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stamps of a request."""
    monkeypatch.setattr("loyalty.rules.stamps.MAX_AT_ONCE", 5)


BY_QUANTITY: dict[str, Any] = {"stamps_per": "quantity", "threshold": 100, **FIXED}


def bought(name: str, pieces: int, member: str = "ada") -> ReportedEvent:
    """At £2 a piece."""
    return ReportedEvent(name, "purchase", member, {"amount": f"{2 * pieces}.00", "quantity": pieces})


def given_back(purchase: str, member: str = "ada") -> ReportedEvent:
    return ReportedEvent(f"back-{purchase}", "refund", member, {"purchase": purchase})


def outcomes(results: list[Result]) -> list[str | bool]:
    """Whether each is a duplicate, or the field that refuses it."""
    return [one.duplicate if isinstance(one, RecordedEvent) else one.errors[0].field for one in results]


def test_a_purchase_of_as_many_is_taken(cafe: Cafe) -> None:
    card = cafe.card(**BY_QUANTITY)
    cafe.buy("p", "10.00", quantity=5)
    assert cafe.standing(card) == Standing(5, [], 0, 5, 5, 10)


def test_one_of_more_is_refused_and_leaves_nothing(cafe: Cafe) -> None:
    card = cafe.card(**BY_QUANTITY)
    before = cafe.everything()
    with pytest.raises(InvalidRequest) as refusal:
        cafe.buy("p", "12.00", quantity=6)
    (error,) = refusal.value.errors
    assert (error.field, error.code) == ("data", "max_value")
    assert error.detail == "At most 5 stamps move in one request; send fewer events at once."
    assert cafe.everything() == before
    assert cafe.standing(card) == Standing(0, [], 0, 0, 0, 0)


def test_the_stamps_of_all_cards_count_together(cafe: Cafe) -> None:
    for _ in range(2):
        cafe.card(**BY_QUANTITY)
    before = cafe.everything()
    with pytest.raises(InvalidRequest):
        cafe.buy("p", "6.00", quantity=3)
    assert cafe.everything() == before
    cafe.buy("p", "4.00", quantity=2)
    assert cafe.total() == 4


def test_in_a_batch_what_fits_is_applied_and_the_rest_by_the_next_one(cafe: Cafe) -> None:
    card = cafe.card("ada", "bob", **BY_QUANTITY)
    events = [bought("p1", 3), bought("p2", 3), bought("p3", 1, "bob"), bought("p4", 2), bought("p5", 1)]
    assert outcomes(cafe.send(events)) == [False, "data", False, "data", False]
    assert cafe.standing(card) == Standing(4, [], 0, 4, 4, 8)
    assert cafe.standing(card, "bob") == Standing(1, [], 0, 1, 1, 2)
    assert set(Event.objects.filter(type="purchase").values_list("event_id", flat=True)) == {"p1", "p3", "p5"}
    assert cafe.audited()["stamp.collected"] == 3
    assert outcomes(cafe.send(events)) == [True, False, True, False, True]
    assert cafe.standing(card) == Standing(9, [], 0, 9, 9, 18)


def test_purchases_that_stamp_nothing_are_taken_however_large(cafe: Cafe) -> None:
    card = cafe.card(**BY_QUANTITY)
    results = cafe.send([bought("p1", 5), bought("p2", 1000, "bob")])
    assert outcomes(results) == [False, False]
    assert (cafe.standing(card).live, cafe.total("bob")) == (5, 2000)


# -- refunds


def test_of_refunds_too_what_fits_is_applied_and_the_rest_by_the_next_request(cafe: Cafe) -> None:
    card = cafe.card(**BY_QUANTITY)
    for name in ("p1", "p2"):
        cafe.buy(name, "6.00", quantity=3)
    events = [given_back("p1"), given_back("p2")]
    assert outcomes(cafe.send(events)) == [False, "data"]
    assert cafe.standing(card) == Standing(3, [], 0, 3, 3, 6)
    refunds = Event.objects.filter(environment_id=cafe.environment.id, type="refund")
    assert refunds.count() == cafe.audited()["stamp.returned"] == 1
    assert outcomes(cafe.send(events)) == [True, False]
    assert cafe.standing(card) == Standing(0, [], 0, 0, 0, 0)


def test_refunds_that_move_as_many_are_applied_together(cafe: Cafe) -> None:
    card = cafe.card(**BY_QUANTITY)
    cafe.buy("p1", "6.00", quantity=3)
    cafe.buy("p2", "4.00", quantity=2)
    cafe.buy("of-bob", "2000.00", "bob", quantity=1000)  # who has no card
    events = [given_back("p1"), given_back("p2"), given_back("of-bob", "bob")]
    assert outcomes(cafe.send(events)) == [False, False, False]
    assert cafe.standing(card) == Standing(0, [], 0, 0, 0, 0)
    assert cafe.total("bob") == 0


def test_one_purchase_can_always_be_refunded(cafe: Cafe, monkeypatch: pytest.MonkeyPatch) -> None:
    card = cafe.card(**BY_QUANTITY)
    cafe.buy("p", "10.00", quantity=5)
    monkeypatch.setattr("loyalty.rules.stamps.MAX_AT_ONCE", 4)
    cafe.refund("p")
    assert cafe.standing(card) == Standing(0, [], 0, 0, 0, 0)
