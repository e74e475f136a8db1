"""What is left of a purchase after its refunds (domain.md 3.5).

Pure. A purchase minus all its refunds is judged again by the rules; what it would still earn is kept, and
the rest is taken back. The arithmetic is cumulative, so a hundred small refunds do what one large one does.

* A refund gives back an `amount` of money, and may say of which lines: `quantity` pieces, `amount` of money.
* A line whose quantity or amount is given back whole is gone. Where only the quantity is said, its amount
  shrinks in proportion; where only the amount is said, its pieces stay.
* Money that no line accounts for shrinks all remaining lines in one proportion, and so do numbers elsewhere
  in the data by which a rule awards.
* Net zero earns nothing, whatever the rules say.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Context, Decimal
from typing import Any

from loyalty.rules.arithmetic import MAX_AMOUNT
from programs.conditions import look_up
from programs.conditions.values import number

_EXACT = Context(prec=100)
_ZERO = Decimal(0)
_ONE = Decimal(1)
_TINY = Decimal("1e-12")
CENTS = Decimal("0.000001")  # as Event.amount keeps it


@dataclass(frozen=True, slots=True)
class LineRefund:
    """Of one line: its place in the purchase's items, and what of it is given back."""

    index: int
    quantity: Decimal | None = None
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """`amount` in money; None: the whole purchase, of which no amount is known."""

    amount: Decimal | None
    lines: tuple[LineRefund, ...] = ()


@dataclass(frozen=True, slots=True)
class Net:
    """A purchase minus its refunds: `data` as the rules see it, None where nothing is left."""

    data: dict[str, Any] | None
    gross: Decimal | None
    amount: Decimal | None

    @property
    def refunded(self) -> Decimal | None:
        """The money given back so far; None where no amount is known."""
        return None if self.amount is None or self.gross is None else self.gross - self.amount


def line_named(items: Sequence[Any], name: object) -> int | None:
    """The place of a line: that whose own `line` is `name`, else, where no line has one, the `name`th from 1."""
    named = [item.get("line") for item in items if isinstance(item, dict) and item.get("line") is not None]
    if named:
        found = [
            index
            for index, item in enumerate(items)
            if isinstance(item, dict) and item.get("line") is not None and str(item["line"]) == str(name)
        ]
        return found[0] if found else None
    place = number(name)
    if place is None or place != int(place) or not 1 <= place <= len(items):
        return None
    return int(place) - 1


@dataclass(slots=True)
class Line:
    """What is left of one line. `quantity` and `amount` are None where the line has no such number; a line
    that says no quantity is one piece. `pieces` and `money`: what it began with."""

    quantity: Decimal | None
    amount: Decimal | None
    pieces: Decimal | None = None
    money: Decimal | None = None
    is_gone: bool = False

    def take(self, refund: LineRefund) -> Decimal:
        """Give back a part; the money that it accounts for."""
        taken = self.worth(refund)
        if refund.quantity is not None and self.quantity is not None:
            self.quantity -= refund.quantity
        if self.amount is not None:
            self.amount -= taken
        pieces_gone = refund.quantity is not None and self.quantity is not None and self.quantity <= 0
        money_gone = self.amount is not None and self.amount <= 0 and taken > 0
        self.is_gone = self.is_gone or pieces_gone or money_gone
        return taken

    def worth(self, refund: LineRefund) -> Decimal:
        """The money that a part accounts for: what it says, else in proportion to all pieces given back so
        far, so that the last one takes exactly the rest."""
        if refund.amount is not None:
            return refund.amount
        if self.amount is None or self.money is None or not self.pieces or refund.quantity is None:
            return _ZERO
        given_back = self.pieces - (self.quantity or _ZERO) + refund.quantity
        share = _EXACT.divide(_EXACT.multiply(self.money, given_back), self.pieces)
        already = self.money - self.amount
        return min(max(_ZERO, _whole_cents(share) - already), self.amount)


def lines_of(data: Mapping[str, Any], refunds: Iterable[Refund] = ()) -> tuple[list[Line], Decimal]:
    """The purchase's lines after these refunds, and the money that the refunded lines account for."""
    lines = [_line(item) for item in items_of(data)]
    assigned = _ZERO
    for refund in refunds:
        for part in refund.lines:
            assigned += lines[part.index].take(part)
    return lines, assigned


def net_of(
    data: Mapping[str, Any], gross: Decimal | None, refunds: Sequence[Refund], fields: Collection[str] = ()
) -> Net:
    """The purchase minus all `refunds`. `gross`: its amount; `fields`: the `data.…` numbers, besides
    `data.amount`, by which rules award."""
    if gross is None:
        return Net(_without_lines(data, refunds), None, None)
    net = gross - sum((refund.amount or _ZERO for refund in refunds), _ZERO)
    if net <= 0:
        return Net(None if refunds else dict(data), gross, _ZERO)
    left = dict(data) | {"amount": net} if refunds else dict(data)
    lines, assigned = lines_of(data, refunds)
    if lines and refunds:
        unassigned = max(_ZERO, gross - net - assigned)
        left["items"] = list(_shrunk(items_of(data), lines, net, net + unassigned))
    for name in fields if refunds else ():
        left = _scaled(left, tuple(name.split(".")[1:]), net, gross)
    return Net(left, gross, net)


@dataclass(frozen=True, slots=True)
class LineLeft:
    """A line after refunds: its place from 1, the pieces that are left, and what is still paid for one of them, or
    for what is left of one; None where no price is known."""

    place: int
    quantity: Decimal
    unit_price: Decimal | None


def lines_left(data: Mapping[str, Any], gross: Decimal | None, refunds: Sequence[Refund]) -> list[LineLeft]:
    """The purchase's lines that are not gone, as `net_of` shrinks them; prices from before that shrinking, which
    takes pieces, not prices."""
    lines, assigned = lines_of(data, refunds)
    net, rest = _ONE, _ONE
    if gross is not None:
        net = gross - sum((refund.amount or _ZERO for refund in refunds), _ZERO)
        rest = net + max(_ZERO, gross - net - assigned)
    return [_line_left(place, line, net, rest) for place, line in enumerate(lines, 1) if not line.is_gone]


def _line_left(place: int, line: Line, net: Decimal, rest: Decimal) -> LineLeft:
    before = line.quantity or _ZERO
    quantity = before if net == rest else _share(before, net, rest)
    if line.amount is None or before <= 0:
        return LineLeft(place, quantity, None)
    if quantity >= 1:
        return LineLeft(place, quantity, _EXACT.divide(line.amount, before))
    return LineLeft(place, quantity, line.amount if net == rest else _share(line.amount, net, rest))


def _without_lines(data: Mapping[str, Any], refunds: Sequence[Refund]) -> dict[str, Any] | None:
    """A purchase that has no amount: its lines are given back, or all of it."""
    if any(not refund.lines for refund in refunds):
        return None
    if not refunds:
        return dict(data)
    lines, _ = lines_of(data, refunds)
    items = list(_shrunk(items_of(data), lines, _ONE, _ONE))
    return dict(data) | {"items": items} if items else None


def in_proportion(points: int, refunded: Decimal | None, gross: Decimal | None) -> int:
    """What of `points` is taken back where the purchase's lines are gone: by money, half up."""
    if not gross or refunded is None or refunded >= gross:
        return points
    share = _EXACT.divide(_EXACT.multiply(Decimal(points), refunded), gross)
    return int(share.quantize(Decimal(1), rounding=ROUND_HALF_UP, context=_EXACT))


@dataclass(frozen=True, slots=True)
class Side:
    """One account's part of a refund, in points: what the purchase `earned` there, what its net would earn
    (`recomputed`), and what reversals have taken so far, by refunds (net of what they gave again) and by hand."""

    earned: int
    recomputed: int
    by_refunds: int = 0
    by_hand: int = 0

    @property
    def target(self) -> int:
        """How much of the earned points should be taken back after all refunds so far."""
        return min(max(0, self.earned - self.recomputed), self.earned)

    @property
    def difference(self) -> int:
        """What this refund posts: above zero to take back, below zero to give again.

        What was reversed by hand counts as taken, and is never given again."""
        left = self.earned - self.by_hand - self.by_refunds
        return min(max(0, self.target - self.by_hand) - self.by_refunds, left)


@dataclass(frozen=True, slots=True)
class Original:
    """An entry to take from: what of it is `left`, and what its own rule would `keep`."""

    points: int
    left: int
    keep: int


def allocate(points: int, originals: Sequence[Original]) -> list[int]:
    """How much of `points` each entry gives back: first what its own rule would not give for the net
    purchase, then whatever is left, in their order."""
    parts = [0] * len(originals)
    for wanted in (True, False):
        for index, original in enumerate(originals):
            room = original.left - parts[index]
            if wanted:
                room = min(room, max(0, original.left - original.keep))
            part = min(points, room)
            parts[index] += part
            points -= part
    return parts


def items_of(data: Mapping[str, Any]) -> Sequence[Any]:
    """The purchase's lines; none where they are no list."""
    items = data.get("items")
    return items if isinstance(items, list | tuple) else ()


def _line(item: Any) -> Line:
    if not isinstance(item, dict):
        return Line(None, None)
    quantity = _ONE if item.get("quantity") is None else _usable(item["quantity"])
    amount = _usable(item.get("amount"))
    if amount is None:
        price = _usable(item.get("unit_price"))
        if price is not None and quantity is not None:
            amount = _usable(_EXACT.multiply(price, quantity))
    return Line(quantity, amount, quantity, amount)


def _usable(value: Any) -> Decimal | None:
    """A number from 0 to 10^12, with six places, as amounts are kept; what is none counts nothing here, as it
    does when it earns."""
    amount = number(value)
    if amount is None or not 0 <= amount <= MAX_AMOUNT:
        return None
    return _whole_cents(amount)


def _whole_cents(amount: Decimal) -> Decimal:
    """As amounts are kept: six places."""
    return amount.quantize(CENTS, rounding=ROUND_HALF_UP, context=_EXACT)


def _shrunk(items: Sequence[Any], lines: Sequence[Line], net: Decimal, rest: Decimal) -> Iterable[Any]:
    for item, line in zip(items, lines, strict=True):
        if line.is_gone:
            continue
        if not isinstance(item, dict):
            yield item
            continue
        changed = dict(item)
        for name, value in (("quantity", line.quantity), ("amount", line.amount)):
            if value is not None and name in item:
                changed[name] = value if net == rest else _share(value, net, rest)
        yield changed


def _scaled(data: dict[str, Any], keys: tuple[str, ...], net: Decimal, gross: Decimal) -> dict[str, Any]:
    value = _usable(look_up(data, keys))
    if value is None or keys == ("amount",):
        return data
    return _with(data, keys, _share(value, net, gross))


def _share(value: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """`part` of `whole` of the value, to twelve places, since a third has no end. Up, so that three thirds
    are not less than one when points are rounded down."""
    share = _EXACT.divide(_EXACT.multiply(value, part), whole)
    return share.quantize(_TINY, rounding=ROUND_CEILING, context=_EXACT).normalize(_EXACT)


def _with(data: Mapping[str, Any], keys: tuple[str, ...], value: Decimal) -> dict[str, Any]:
    name, *rest = keys
    return dict(data) | {name: _with(data[name], tuple(rest), value) if rest else value}
