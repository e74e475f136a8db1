"""What a refund asks of its purchase: worked out, and refused where there is not so much (domain.md 3.5)."""

from collections.abc import Sequence
from decimal import Decimal

from audit.errors import InvalidRequest
from loyalty.actions.intake import Item, RefundedLine, RefundRequest, read_refund
from loyalty.actions.purchases import Purchase
from loyalty.errors import RefundExceedsPurchase
from loyalty.models import Event
from loyalty.rules import refunds as rules
from loyalty.rules.refunds import LineRefund, Refund
from programs.conditions.values import plain


def asked_of(purchase: Purchase, item: Item, earlier: Sequence[Refund]) -> Refund:
    """The refund with its amount worked out, checked against what `earlier` ones left of the purchase: one of
    which nothing is left is refused."""
    request = item.refund
    assert request is not None  # noqa: S101
    bought = purchase.event
    if request.currency and bought.currency and request.currency != bought.currency:
        raise InvalidRequest.field(
            "data.currency", "invalid", f"The purchase was in {bought.currency}, not {request.currency}."
        )
    lines = _lines(purchase, request, earlier)
    return _with_amount(bought, request, earlier, lines)


def _with_amount(
    bought: Event, request: RefundRequest, earlier: Sequence[Refund], lines: tuple[Refund, Decimal]
) -> Refund:
    parts, worth = lines
    if bought.amount is None:
        return _without_amount(bought, request, earlier, parts)
    left = max(Decimal(0), bought.amount - sum((each.amount or Decimal(0) for each in earlier), Decimal(0)))
    said = sum((line.amount or Decimal(0) for line in request.lines), Decimal(0))
    amount = request.amount
    if amount is None and request.lines:
        if not worth:
            raise InvalidRequest.field("data.amount", "required", "These lines have no amount; give one.")
        amount = max(said, min(worth, left))  # a discount on the whole makes the last lines cheaper
    amount = left if amount is None else amount
    if amount > left or (not left and earlier):
        raise _too_much(left, f"{plain(left)} of the purchase's {plain(bought.amount)} are left to refund.")
    if said > amount:
        raise InvalidRequest.field(
            "data.amount", "invalid", f"The lines alone give back {plain(said)}; that is more."
        )
    return Refund(amount, parts.lines)


def _without_amount(
    bought: Event, request: RefundRequest, earlier: Sequence[Refund], parts: Refund
) -> Refund:
    """Of a purchase that names no amount: its lines, by their pieces, or all that is left."""
    if request.amount is not None:
        raise _too_much(Decimal(0), "The purchase has no amount; refund its lines, or leave the amount out.")
    if earlier and rules.net_of(bought.data or {}, None, earlier).data is None:
        raise _too_much(Decimal(0), "The whole purchase is refunded already.")
    return Refund(None, parts.lines)


def _lines(purchase: Purchase, request: RefundRequest, earlier: Sequence[Refund]) -> tuple[Refund, Decimal]:
    """The lines that are given back, by their place, and the money that they account for."""
    if not request.lines or purchase.event.data is None:
        return Refund(None), Decimal(0)
    left, _ = rules.lines_of(purchase.event.data, earlier)
    parts, worth = [], Decimal(0)
    for number, asked in enumerate(request.lines):
        index = rules.line_named(rules.items_of(purchase.event.data), asked.name)
        if index is None:
            raise InvalidRequest.field(
                f"data.items[{number}].line", "unknown", f"The purchase has no line {asked.name!r}."
            )
        _refuse_too_much(left[index], asked)
        part = LineRefund(index, asked.quantity, asked.amount)
        worth += left[index].take(part)
        parts.append(part)
    return Refund(None, tuple(parts)), worth


def _refuse_too_much(line: rules.Line, asked: RefundedLine) -> None:
    for wanted, there, noun in (
        (asked.quantity, line.quantity, "pieces"),
        (asked.amount, line.amount, "of its amount"),
    ):
        if wanted is not None and (line.is_gone or (there is not None and wanted > there)):
            room = Decimal(0) if line.is_gone or there is None else there
            raise _too_much(room, f"{plain(room)} {noun} of line {asked.name} are left to refund.")


def _too_much(refundable: Decimal, detail: str) -> RefundExceedsPurchase:
    return RefundExceedsPurchase(detail, refundable=plain(refundable))


def refund_before(purchase: Purchase, row: Event) -> Refund:
    """A refund that was applied before, as the arithmetic takes it."""
    if row.data is None or purchase.event.data is None:
        return Refund(row.amount)
    items = rules.items_of(purchase.event.data)
    parts = []
    for line in read_refund(row.data).lines:
        index = rules.line_named(items, line.name)
        if index is not None:
            parts.append(LineRefund(index, line.quantity, line.amount))
    return Refund(row.amount, tuple(parts))
