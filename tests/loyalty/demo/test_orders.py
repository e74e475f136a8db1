"""What is in the file, counted, and what is made of it."""

import json
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from loyalty.demo.orders import DATA, DemoEvent, History, Row, group, read_history, read_rows


@pytest.fixture(scope="module")
def history() -> History:
    return read_history()


def row(invoice: str, quantity: int = 1, *, sku: str = "A", minute: int = 0, **changes: object) -> Row:
    fields = {
        "description": "THING",
        "at": datetime(2010, 12, 1, 9, minute, tzinfo=UTC),
        "price": Decimal("2.50"),
        "customer": "1",
        "country": "France",
    } | changes
    return Row(invoice=invoice, sku=sku, quantity=quantity, **fields)  # type: ignore[arg-type]


def ids(events: tuple[DemoEvent, ...]) -> list[str]:
    return [event.event_id for event in events]


def test_the_files_counts(history: History) -> None:
    assert Counter(event.type for event in history.events) == {"purchase": 401, "refund": 9}
    assert len({event.member for event in history.events}) == 303
    assert (history.guest_rows, history.guest_invoices) == (2291, 68)
    assert (history.refunded_lines, len(history.not_found)) == (10, 90)


def test_every_customers_line_is_in_one_purchase(history: History) -> None:
    purchases = [event for event in history.events if event.type == "purchase"]
    assert sum(len(event.data["items"]) for event in purchases) == 7609
    assert sum(Decimal(event.data["amount"]) for event in purchases) == Decimal("148206.83")
    for event in purchases:
        items = event.data["items"]
        assert [item["line"] for item in items] == list(range(1, len(items) + 1))
        assert sum(Decimal(item["amount"]) for item in items) == Decimal(event.data["amount"])
        assert all(Decimal(i["unit_price"]) * i["quantity"] == Decimal(i["amount"]) for i in items)


def test_lines_that_are_not_articles_are_paid_for_too(history: History) -> None:
    codes = Counter(item["sku"] for event in history.events for item in event.data["items"] if "sku" in item)
    assert {code: codes[code] for code in ("POST", "M", "C2", "BANK CHARGES", "D")} == {
        "POST": 18,
        "M": 9,
        "C2": 1,
        "BANK CHARGES": 1,
        "D": 0,
    }


def test_repeated_and_free_lines_are_kept(history: History) -> None:
    purchases = [event for event in history.events if event.type == "purchase"]
    repeated = [len(e.data["items"]) - len({i["sku"] for i in e.data["items"]}) for e in purchases]
    assert sum(repeated) == 333
    assert sum(item["amount"] == "0.00" for event in purchases for item in event.data["items"]) == 1


def test_events_are_in_time_order_with_unique_ids_and_fit(history: History) -> None:
    times = [event.occurred_at for event in history.events]
    assert times == sorted(times)
    assert len(set(ids(history.events))) == 410
    assert max(len(json.dumps(event.data).encode()) for event in history.events) == 15867  # of 32,768


def test_an_order_of_two_minutes_is_dated_by_its_first(history: History) -> None:
    event = next(event for event in history.events if event.event_id == "order-536591")
    assert event.occurred_at == datetime(2010, 12, 1, 16, 57, tzinfo=UTC)


def test_a_purchase_as_it_is_sent() -> None:
    (event,) = group([row("536365", 6, price=Decimal("2.55")), row("536365", 1, sku="B")]).events
    assert event == (
        "order-536365",
        "purchase",
        "1",
        datetime(2010, 12, 1, 9, 0, tzinfo=UTC),
        {
            "order_id": "536365",
            "amount": "17.80",
            "currency": "GBP",
            "country": "France",
            "items": [
                {
                    "line": 1,
                    "sku": "A",
                    "description": "THING",
                    "quantity": 6,
                    "unit_price": "2.55",
                    "amount": "15.30",
                },
                {
                    "line": 2,
                    "sku": "B",
                    "description": "THING",
                    "quantity": 1,
                    "unit_price": "2.50",
                    "amount": "2.50",
                },
            ],
        },
    )


def test_refunds_of_the_file(history: History) -> None:
    purchases = {event.event_id: event for event in history.events if event.type == "purchase"}
    refunds = [event for event in history.events if event.type == "refund"]
    for refund in refunds:
        purchase = purchases[refund.data["purchase"]]
        assert purchase.member == refund.member
        assert purchase.occurred_at < refund.occurred_at
        assert refund.event_id.endswith(f"-{purchase.event_id}")
        for item in refund.data["items"]:
            bought = purchase.data["items"][item["line"] - 1]
            assert item["quantity"] <= bought["quantity"]
            assert Decimal(item["amount"]) == item["quantity"] * Decimal(bought["unit_price"])
    assert sum(Decimal(refund.data["amount"]) for refund in refunds) == Decimal("184.00")


def test_two_cancelled_lines_of_one_bought_line_are_added_up(history: History) -> None:
    refund = next(event for event in history.events if event.event_id == "refund-C536826-order-536397")
    assert refund.data == {
        "purchase": "order-536397",
        "amount": "23.25",
        "items": [{"line": 1, "quantity": 5, "amount": "23.25"}],
    }


def test_a_cancellation_takes_the_latest_line_with_enough_left() -> None:
    sold = [row("1", 5, minute=0), row("2", 3, minute=1), row("2", 3, minute=1), row("3", 1, minute=2)]
    back = [
        row("C4", -2, minute=3),
        row("C4", -3, minute=3),
        row("C5", -5, minute=4),
        row("C5", -2, minute=4),
    ]
    made = group(sold + back)
    refunds = {event.event_id: event.data["items"] for event in made.events if event.type == "refund"}
    assert refunds == {
        "refund-C4-order-2": [
            {"line": 1, "quantity": 3, "amount": "7.50"},
            {"line": 2, "quantity": 2, "amount": "5.00"},
        ],
        "refund-C5-order-1": [{"line": 1, "quantity": 5, "amount": "12.50"}],
    }
    assert made.refunded_lines == 3
    assert made.not_found == (("C5", "1", "A", 2),)


@pytest.mark.parametrize(
    "bought",
    [row("1", 5, minute=9), row("1", 5, customer="2"), row("1", 5, sku="B"), row("1", 1)],
    ids=["later", "another customer", "another article", "too few"],
)
def test_what_a_cancellation_does_not_take(bought: Row) -> None:
    made = group([bought, row("C2", -2, minute=5)])
    assert [event.type for event in made.events] == ["purchase"]
    assert made.not_found == (("C2", "1", "A", 2),)


def test_guests_are_skipped_and_counted() -> None:
    made = group([row("1", customer=""), row("1", -4, customer=""), row("2")])
    assert ids(made.events) == ["order-2"]
    assert (made.guest_rows, made.guest_invoices) == (2, 1)


@pytest.mark.parametrize(
    ("invoice", "quantity", "price"), [("1", "-1", "1"), ("1", "0", "1"), ("C1", "1", "1"), ("1", "1", "-1")]
)
def test_a_line_that_makes_no_sense_is_named(tmp_path, invoice: str, quantity: str, price: str) -> None:
    file = tmp_path / "orders.csv"
    head = DATA.read_text().splitlines()[0]
    file.write_text(f"{head}\n{invoice},A,THING,{quantity},2010-12-01T08:26:00Z,{price},17850,France\n")
    with pytest.raises(ValueError, match="Line 2: only cancellations give back"):
        list(read_rows(file))
