"""What the file's own rows say that cards hold: plain Python that shares no code with the engine, and reads the CSV
itself."""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

Row = dict[str, str]


class Card(NamedTuple):
    """Rewards by their state, the oldest first, in pence, and the stamps on the card."""

    rewards: list[tuple[str, int]]
    stamps: int


@dataclass
class Stamp:
    """Which invoice it is of, which of its lines and on which day, and the price of one piece."""

    invoice: str
    line: int
    day: str
    price: Decimal
    reward: int | None = None


@dataclass
class Line:
    invoice: str
    number: int
    row: Row
    pieces: int


@dataclass
class Holder:
    """One customer: what was bought and is still theirs, and the card."""

    size: int
    lines: list[Line] = field(default_factory=list)
    stamps: list[Stamp] = field(default_factory=list)
    rewards: list[tuple[str, int]] = field(default_factory=list)

    def lose(self, gone: list[Stamp]) -> None:
        for stamp in gone:
            self.stamps.remove(stamp)
            if stamp.reward is not None:
                number = stamp.reward
                self.rewards[number] = ("revoked", self.rewards[number][1])
                for other in self.stamps:
                    if other.reward == number:
                        other.reward = None

    def fill(self, worth: Callable[[list[Stamp]], int]) -> None:
        free = [stamp for stamp in self.stamps if stamp.reward is None]
        while len(free) >= self.size:
            full, free = free[: self.size], free[self.size :]
            for stamp in full:
                stamp.reward = len(self.rewards)
            self.rewards.append(("issued", worth(full)))

    def card(self) -> Card:
        return Card(self.rewards, sum(stamp.reward is None for stamp in self.stamps))


def invoices(path: Path) -> Iterator[list[Row]]:
    """Of customers that are known, in the order of time of their first lines."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = sorted(
            (row for row in csv.DictReader(file) if row["customer"]), key=lambda row: row["invoiced_at"]
        )
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["invoice"]].append(row)
    yield from found.values()


def returned(holder: Holder, row: Row) -> Line | None:
    """The line that a cancelled one gives back: the customer's latest of the article with so many pieces left."""
    for line in reversed(holder.lines):
        if line.row["stock_code"] == row["stock_code"] and line.pieces >= -int(row["quantity"]):
            line.pieces += int(row["quantity"])
            return line
    return None


def days_bought_on(path: Path, size: int, pence: int) -> dict[str, Card]:
    """A stamp for each day on which something was bought and is not given back whole."""
    holders: dict[str, Holder] = defaultdict(lambda: Holder(size))
    for rows in invoices(path):
        holder, invoice, day = holders[rows[0]["customer"]], rows[0]["invoice"], rows[0]["invoiced_at"][:10]
        if invoice.startswith("C"):
            for row in rows:
                line = returned(holder, row)
                left = line and any(each.pieces for each in holder.lines if each.invoice == line.invoice)
                if line and not left:
                    holder.lose([stamp for stamp in holder.stamps if stamp.invoice == line.invoice])
        else:
            holder.lines += [
                Line(invoice, n, row, int(row["quantity"])) for n, row in enumerate(rows, start=1)
            ]
            paid = sum(int(row["quantity"]) * Decimal(row["unit_price"]) for row in rows)
            if paid and all(stamp.day != day for stamp in holder.stamps):
                holder.stamps.append(Stamp(invoice, 0, day, Decimal(0)))
        holder.fill(lambda _: pence)
    return {customer: holder.card() for customer, holder in holders.items() if holder.lines}


def pieces_bought(path: Path, size: int, counts: Callable[[Row], bool]) -> dict[str, Card]:
    """A stamp for each piece of the articles that count; a full card pays back the cheapest of its pieces."""
    holders: dict[str, Holder] = defaultdict(lambda: Holder(size))
    for rows in invoices(path):
        holder, invoice = holders[rows[0]["customer"]], rows[0]["invoice"]
        if not invoice.startswith("C"):
            for number, row in enumerate(rows, start=1):
                bought = Line(invoice, number, row, int(row["quantity"]))
                holder.lines.append(bought)
                if counts(row) and Decimal(row["unit_price"]):
                    price = Decimal(row["unit_price"])
                    holder.stamps += [Stamp(invoice, number, "", price) for _ in range(bought.pieces)]
            holder.fill(cheapest)
            continue
        # The lines of one cancellation that are of one invoice are one refund.
        gone: dict[str, list[Stamp]] = defaultdict(list)
        for row in rows:
            if line := returned(holder, row):
                own = [s for s in holder.stamps if (s.invoice, s.line) == (line.invoice, line.number)]
                gone[line.invoice] += own[line.pieces :]
        for stamps in gone.values():
            holder.lose(stamps)
            holder.fill(cheapest)
    return {customer: holder.card() for customer, holder in holders.items() if holder.lines}


def cheapest(stamps: list[Stamp]) -> int:
    """In pence; the file has no price finer than that."""
    return int(min(stamp.price for stamp in stamps) * 100)
