"""Real orders as events, grouped from the lines of a shop's CSV. Pure: no database, no clock.

What is in the file, and what is made of it:

* One invoice is one `purchase`. Its amount is the sum of all its lines: postage, carriage, manual lines and
  bank charges too, since the customer paid them.
* An article may stand on several lines of an invoice, even on equal ones (333 lines repeat an article of
  their invoice): a till's lines, not mistakes. Each is kept, numbered from 1 in the file's order.
* One line costs 0.00. It is kept, and adds nothing.
* Invoice 536591 has lines of two minutes: the order is dated by its first.
* Rows without customer are guests. They can't earn; they are counted and skipped, and with them all
  rows of negative quantity outside cancellations and nearly all of price zero (stock corrections).
* A cancellation (invoice "C…") names no purchase. Each of its lines gives back the customer's latest earlier
  line of the same stock code with enough unreturned quantity, whole or not at all; a line without one is
  listed as not found (90 of the 100: none has an earlier line in the file; two are discounts).
  One `refund` is made for each (cancellation, purchase); lines that give back the same line are added up.

A largest invoice of 121 lines is 16 KB of JSON, half of what an event may carry, so nothing is shortened.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

DATA = Path(__file__).parent / "online-retail-2010-12.csv"
CURRENCY = "GBP"
_PENNY = Decimal("0.01")


class Row(NamedTuple):
    """One line of the file. `price` is pounds for one piece; `customer` is empty for a guest."""

    invoice: str
    sku: str
    description: str
    quantity: int
    at: datetime
    price: Decimal
    customer: str
    country: str

    @property
    def is_cancelled(self) -> bool:
        return self.invoice.startswith("C")


class DemoEvent(NamedTuple):
    """An event as it is sent, but with the file's own date."""

    event_id: str
    type: str
    member: str
    occurred_at: datetime
    data: dict[str, Any]


class NotFound(NamedTuple):
    """A cancelled line whose purchase isn't in the file. `quantity` is above zero."""

    invoice: str
    customer: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class History:
    """The file as events in time order, and what of it can't be one. `hours`: of each of its days the first event and
    the last."""

    events: tuple[DemoEvent, ...]
    refunded_lines: int
    not_found: tuple[NotFound, ...]
    guest_rows: int
    guest_invoices: int
    hours: tuple[tuple[datetime, datetime], ...]


@dataclass(slots=True)
class _Line:
    """A line that was bought, and how much of it can still be given back."""

    event_id: str
    number: int
    unreturned: int


def read_history(path: Path = DATA) -> History:
    """The file's history. Raises ValueError naming the line that breaks what is said above."""
    return group(read_rows(path))


def read_rows(path: Path) -> Iterator[Row]:
    """The file's lines, checked. Raises ValueError naming the line."""
    with path.open(encoding="utf-8", newline="") as file:
        for number, raw in enumerate(csv.DictReader(file), start=2):
            row = Row(
                invoice=raw["invoice"],
                sku=raw["stock_code"],
                description=raw["description"],
                quantity=int(raw["quantity"]),
                at=datetime.fromisoformat(raw["invoiced_at"]),
                price=Decimal(raw["unit_price"]),
                customer=raw["customer"],
                country=raw["country"],
            )
            signed = row.quantity < 0 if row.is_cancelled else row.quantity > 0
            if row.customer and (row.price < 0 or not signed):
                raise ValueError(f"Line {number}: only cancellations give back, and no price is below zero.")
            yield row


def group(rows: Iterable[Row]) -> History:
    """Rows as events; a row counts as earlier than another if its time is, or else its place."""
    ordered = sorted(rows, key=attrgetter("at"))
    invoices: dict[str, list[Row]] = defaultdict(list)
    for row in ordered:
        invoices[row.invoice].append(row)
    guests = [invoice for invoice, lines in invoices.items() if not lines[0].customer]
    guest_rows = sum(len(invoices.pop(invoice)) for invoice in guests)
    shelf = _Shelf()
    events: list[DemoEvent] = []
    for lines in invoices.values():  # in time order, by their first lines
        events += shelf.give_back(lines) if lines[0].is_cancelled else [shelf.sell(lines)]
    return History(
        tuple(events), shelf.refunded, tuple(shelf.not_found), guest_rows, len(guests), _hours(events)
    )


def _hours(events: list[DemoEvent]) -> tuple[tuple[datetime, datetime], ...]:
    days = [list(day) for _, day in groupby((event.occurred_at for event in events), key=datetime.date)]
    return tuple((day[0], day[-1]) for day in days)


class _Shelf:
    """What customers bought and have not given back, while the history is read in time order."""

    def __init__(self) -> None:
        self.refunded = 0
        self.not_found: list[NotFound] = []
        self._bought: dict[tuple[str, str], list[_Line]] = defaultdict(list)

    def sell(self, lines: list[Row]) -> DemoEvent:
        """The invoice's purchase."""
        first = lines[0]
        event_id = f"order-{first.invoice}"
        for number, row in enumerate(lines, start=1):
            self._bought[row.customer, row.sku].append(_Line(event_id, number, row.quantity))
        data = {
            "order_id": first.invoice,
            "amount": _money(sum((_amount(row) for row in lines), Decimal())),
            "currency": CURRENCY,
            "country": first.country,
            "items": [_item(number, row) for number, row in enumerate(lines, start=1)],
        }
        return DemoEvent(event_id, "purchase", first.customer, first.at, data)

    def give_back(self, lines: list[Row]) -> list[DemoEvent]:
        """The cancelling invoice's refunds, one for each purchase that it reaches."""
        returned: dict[str, dict[int, tuple[int, Decimal]]] = defaultdict(dict)
        for row in lines:
            line = self._latest(row)
            if line is None:
                self.not_found.append(NotFound(row.invoice, row.customer, row.sku, -row.quantity))
                continue
            line.unreturned += row.quantity
            self.refunded += 1
            quantity, amount = returned[line.event_id].get(line.number, (0, Decimal()))
            returned[line.event_id][line.number] = (quantity - row.quantity, amount - _amount(row))
        return [_refund(lines[0], purchase, items) for purchase, items in returned.items()]

    def _latest(self, row: Row) -> _Line | None:
        lines = self._bought[row.customer, row.sku]
        return next((line for line in reversed(lines) if line.unreturned >= -row.quantity), None)


def _refund(first: Row, purchase: str, items: dict[int, tuple[int, Decimal]]) -> DemoEvent:
    data = {
        "purchase": purchase,
        "amount": _money(sum((amount for _, amount in items.values()), Decimal())),
        "items": [
            {"line": number, "quantity": quantity, "amount": _money(amount)}
            for number, (quantity, amount) in sorted(items.items())
        ],
    }
    return DemoEvent(f"refund-{first.invoice}-{purchase}", "refund", first.customer, first.at, data)


def _item(number: int, row: Row) -> dict[str, Any]:
    return {
        "line": number,
        "sku": row.sku,
        "description": row.description,
        "quantity": row.quantity,
        "unit_price": _money(row.price),
        "amount": _money(_amount(row)),
    }


def _amount(row: Row) -> Decimal:
    return row.quantity * row.price


def _money(amount: Decimal) -> str:
    """Pounds with two places. The file has no price finer than a penny, so nothing is rounded away."""
    return str(amount.quantize(_PENNY))
