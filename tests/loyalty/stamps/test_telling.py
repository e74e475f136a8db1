"""A dry run says what a purchase would do to cards and writes nothing; a repetition says what it did."""

from typing import Any

from loyalty.actions.events import dry_run
from loyalty.queries.events import RecordedEvent, ReportedEvent
from tests.loyalty.stamps.cafe import FIXED, Cafe, Standing, told, verdicts


def rehearse(cafe: Cafe, kind: str = "purchase", **data: Any) -> RecordedEvent:
    return cafe.do(dry_run, event=ReportedEvent("any", kind, "ada", data))


def without_ids(effects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**each, "issued": [{**reward, "id": None} for reward in each["issued"]]} for each in effects]


def test_a_dry_run_says_what_would_fill_the_card_and_writes_nothing(cafe: Cafe) -> None:
    card = cafe.card(threshold=2, **FIXED)
    cafe.buy("p1", "3.00")
    before = cafe.everything()
    rehearsed = rehearse(cafe, amount="4.00")
    assert cafe.everything() == before
    real = cafe.buy("p2", "4.00")
    assert verdicts(rehearsed) == verdicts(real) == [("stamped", "One stamp for the purchase.", 1)]
    assert without_ids(told(rehearsed)) == without_ids(told(real))
    assert [each["amount"] for each in told(real)[0]["issued"]] == [500]
    assert cafe.standing(card) == Standing(2, [("issued", 500)], 0, 0, 0, 7)


def test_a_dry_run_of_a_refund_too(cafe: Cafe) -> None:
    card = cafe.card(threshold=1, **FIXED)
    cafe.buy("p1", "3.00")
    before = cafe.everything()
    rehearsed = rehearse(cafe, "refund", purchase="p1")
    assert cafe.everything() == before
    assert told(rehearsed) == told(cafe.refund("p1"))
    assert cafe.standing(card).rewards == [("revoked", 500)]


def test_an_explanation_names_the_card_and_its_program(cafe: Cafe) -> None:
    large = {"all": [{"field": "data.amount", "op": "gte", "value": "50"}]}
    card = cafe.card(condition=large, name="Dinner")
    bought = cafe.buy("p", "3.00")
    (verdict,) = (bought.event.explanation or {})["stamps"]
    assert {name: verdict[name] for name in ("stamp_collection", "stamp_program", "name", "outcome", "stamps")} == {
        "stamp_collection": f"sc_{cafe.collection(card).pk.hex}",
        "stamp_program": card.public_id,
        "name": "Dinner",
        "outcome": "condition_failed",
        "stamps": 0,
    }  # fmt: skip
    assert verdict["failed"]["path"] == "all[0]"
    assert told(bought) == []


def test_who_has_no_card_is_told_nothing_of_any(cafe: Cafe) -> None:
    cafe.card("bob")
    bought = cafe.buy("p", "3.00")
    assert "stamps" not in (bought.event.explanation or {})
    assert told(bought) == []


def test_a_repetition_in_a_batch_answers_what_the_first_did(cafe: Cafe) -> None:
    card = cafe.card(threshold=1, **FIXED)
    event = ReportedEvent("p", "purchase", "ada", {"amount": "3"})
    first, again = cafe.send([event, event])
    assert isinstance(first, RecordedEvent)
    assert isinstance(again, RecordedEvent)
    assert (first.duplicate, again.duplicate) == (False, True)
    assert told(first) == told(again) != []
    assert cafe.standing(card) == Standing(1, [("issued", 500)], 0, 0, 0, 3)


def test_a_refused_event_of_a_batch_stamps_nothing_and_keeps_nobody(cafe: Cafe) -> None:
    card = cafe.card(threshold=2)
    cafe.send(
        [
            ReportedEvent("p1", "purchase", "ada", {"amount": "3"}),
            ReportedEvent("p1", "purchase", "ada", {"amount": "4"}),
            ReportedEvent("r1", "refund", "ada", {"purchase": "p1", "amount": "9"}),
            ReportedEvent("r2", "refund", "ada", {"purchase": "nothing"}),
            ReportedEvent("p2", "purchase", "ada", {"amount": "2"}),
        ]
    )
    assert cafe.standing(card) == Standing(2, [("issued", 200)], 0, 0, 0, 5)
