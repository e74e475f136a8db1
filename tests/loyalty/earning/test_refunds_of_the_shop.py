"""The cancellations among real orders: every customer keeps the points of what they kept."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction

import loyalty
from loyalty.actions.clock import set_clock
from loyalty.demo.orders import DemoEvent, History, read_history
from loyalty.errors import PurchaseNotFound
from loyalty.models import Account, Event, LedgerEntry, Member
from programs.models import Environment
from tests.factories import make_actor, make_environment, make_rule, reload, report
from tests.loyalty.ledger.checking import check

ZONE = ZoneInfo("Europe/London")
BEGIN = datetime(2010, 12, 1, tzinfo=ZONE)
NOW = datetime(2010, 12, 6, tzinfo=ZONE)
FILE = Path(loyalty.__path__[0]) / "demo" / "online-retail-2010-12.csv"
LARGE = {"all": [{"field": "data.amount", "op": "gte", "value": "500"}]}


@dataclass
class Shop:
    environment: Environment
    history: History

    def send(self, event: DemoEvent) -> Any:
        return report(
            self.environment,
            event.event_id,
            type=event.type,
            member=event.member,
            data=event.data,
            occurred_at=event.occurred_at.replace(tzinfo=ZONE),
            now=NOW,
        )

    def counts(self) -> tuple[int, ...]:
        here = {"environment_id": self.environment.id}
        return (
            Event.objects.filter(**here).count(),
            LedgerEntry.objects.filter(**here).count(),
            Account.objects.filter(**here).count(),
            Member.objects.filter(environment=self.environment).count(),
        )


@pytest.fixture(scope="module")
def shop(test_database: None, django_db_blocker: Any) -> Iterator[Shop]:
    """The whole history, sent once for this module, inside a transaction that is rolled back."""
    with django_db_blocker.unblock():
        with transaction.atomic():
            environment = make_environment(time_zone=str(ZONE))
            set_clock(environment=environment, clock=BEGIN, actor=make_actor())
            make_rule(environment, published_at=BEGIN)
            award = {"kind": "fixed", "points": 50}
            make_rule(environment, name="Large", award=award, condition=LARGE, published_at=BEGIN)
            set_clock(environment=reload(environment), clock=NOW, actor=make_actor())
            found = Shop(reload(environment), read_history())
            for event in found.history.events:
                found.send(event)
            yield found
            transaction.set_rollback(True)
        connection.close()


def points(pounds: Decimal) -> int:
    return int(pounds) + (50 if pounds >= 500 else 0)


def kept_by_the_file() -> dict[str, int]:
    """Read line by line: a cancelled line gives back the customer's latest line of that article that still
    has as many pieces."""
    lines: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    orders: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    with FILE.open(newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["invoiced_at"])
    for row in rows:
        customer, invoice, pieces = row["customer"], row["invoice"], int(row["quantity"])
        if not customer:
            continue
        bought = lines[customer, row["stock_code"]]
        if not invoice.startswith("C"):
            orders[customer, invoice] += pieces * Decimal(row["unit_price"])
            bought.append({"invoice": invoice, "pieces": pieces})
            continue
        given_back = [line for line in bought if line["pieces"] >= -pieces]
        if given_back:
            given_back[-1]["pieces"] += pieces
            orders[customer, given_back[-1]["invoice"]] += pieces * Decimal(row["unit_price"])
    kept: dict[str, int] = defaultdict(int)
    for (customer, _), net in orders.items():
        kept[customer] += points(net)
    return dict(kept)


def cancelled_pieces() -> int:
    with FILE.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["invoice"].startswith("C") and row["customer"]]
    assert len(rows) == 100
    return -sum(int(row["quantity"]) for row in rows)


def test_every_customer_keeps_the_points_of_what_they_kept(shop: Shop) -> None:
    kept = kept_by_the_file()
    accounts = Account.objects.filter(environment_id=shop.environment.id).select_related("member")
    found = {str(account.member): account.total for account in accounts}
    assert found == {customer: points for customer, points in kept.items() if customer in found}
    assert {customer for customer in kept if customer not in found} == {c for c in kept if not kept[c]}
    assert sum(found.values()) < 151_624  # what the orders alone would have given
    check(environment=str(shop.environment.id))


def test_the_ten_lines_that_were_bought_here_are_taken_back(shop: Shop) -> None:
    assert shop.history.refunded_lines == 10
    refunds = Event.objects.filter(environment_id=shop.environment.id, type="refund").select_related(
        "purchase"
    )
    assert refunds.count() == 9
    for refund in refunds:
        assert refund.purchase is not None
        gross, back = Decimal(refund.purchase.data["amount"]), Decimal(refund.data["amount"])
        taken = -sum(refund.entries.values_list("points", flat=True))
        assert taken == points(gross) - points(gross - back)
        assert refund.explanation["refund"]["purchase"] == refund.purchase.event_id
    pieces = sum(item["quantity"] for refund in refunds for item in refund.data["items"])
    assert pieces == cancelled_pieces() - sum(line.quantity for line in shop.history.not_found)


def test_ninety_lines_were_bought_before_and_are_not_found(shop: Shop) -> None:
    assert len(shop.history.not_found) == 90
    before = shop.counts()
    for number, line in enumerate(shop.history.not_found):
        items = [{"line": 1, "quantity": line.quantity, "amount": "1.00"}]
        data = {"purchase": f"before-{number}", "amount": "1.00", "items": items}
        at = NOW - timedelta(days=1)
        event = DemoEvent(f"refund-{line.invoice}-{number}", "refund", line.customer, at, data)
        with pytest.raises(PurchaseNotFound) as refusal:
            shop.send(event)
        assert refusal.value.code == "purchase_not_found"
    assert shop.counts() == before


def test_sent_again_nothing_changes(shop: Shop) -> None:
    before = shop.counts()
    assert all(shop.send(event).duplicate for event in shop.history.events)
    assert shop.counts() == before
