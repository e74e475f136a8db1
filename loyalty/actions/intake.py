"""Events are checked as they come in, before anything is locked (domain.md 4)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import simplejson

from audit.errors import DomainError, InvalidRequest
from audit.instants import rfc3339
from loyalty.actions.points import find_program
from loyalty.errors import EventTooLate
from loyalty.queries.events import ReportedEvent
from loyalty.rules.earning import MAX_AMOUNT
from loyalty.rules.refunds import CENTS
from programs.conditions.values import number, show
from programs.models import Program
from programs.queries.snapshots import Snapshot

MAX_DATA = 32 * 1024  # bytes of JSON
LATE_WINDOW = timedelta(days=30)
AHEAD = timedelta(minutes=5)  # a caller's clock may be this much before ours
REFUND = "refund"


@dataclass(frozen=True, slots=True)
class RefundedLine:
    """As the caller names it: `name` is the line's own, or its place from 1."""

    name: Any
    quantity: Decimal | None
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """What a refund event asks for. `amount` None: what its lines are worth, or else all that is left."""

    purchase: str
    amount: Decimal | None
    lines: tuple[RefundedLine, ...]
    currency: str | None


@dataclass(slots=True)
class Item:
    """An event on its way: as reported, what was read from it, and why it is refused, if it is."""

    reported: ReportedEvent
    digest: bytes
    occurred_at: datetime
    program: Program | None = None
    refund: RefundRequest | None = None
    refusal: DomainError | None = None


def take_in(events: Sequence[ReportedEvent], config: Snapshot, now: datetime) -> list[Item]:
    """The events, each checked by itself; in their order. No statement."""
    return [_item(reported, config, now) for reported in events]


def _item(reported: ReportedEvent, config: Snapshot, now: datetime) -> Item:
    item = Item(reported, digest_of(reported), reported.occurred_at or now)
    try:
        _check_size(reported.data)
        if reported.program:
            item.program = find_program(config, reported.program)
        if reported.type == REFUND:
            item.refund = read_refund(reported.data)
    except DomainError as refusal:
        item.refusal = refusal
    return item


def check_time(item: Item, now: datetime) -> None:
    """Raises EventTooLate, and InvalidRequest for an event of the future. Not asked of a repetition."""
    at = item.reported.occurred_at
    if at is not None and at > now + AHEAD:
        raise InvalidRequest.field("occurred_at", "in_future", f"It is {rfc3339(now)} in this environment.")
    if at is not None and at < now - LATE_WINDOW:
        earliest = rfc3339(now - LATE_WINDOW)
        raise EventTooLate(
            f"Events are accepted for {LATE_WINDOW.days} days; the earliest is {earliest}.", earliest=earliest
        )


def digest_of(reported: ReportedEvent) -> bytes:
    """SHA-256 of what was sent, to tell a repetition from a reuse of the event's id."""
    at = reported.occurred_at and reported.occurred_at.astimezone(UTC).isoformat()
    content = [reported.type, reported.member, reported.data, at, reported.program]
    return hashlib.sha256(simplejson.dumps(content, sort_keys=True, use_decimal=True).encode()).digest()


def money_of(data: dict[str, Any]) -> tuple[Decimal | None, str | None]:
    """`data.amount`, rounded to six places, and `data.currency`, where they are an amount of up to 10^12 and
    an ISO 4217 code."""
    amount, currency = number(data.get("amount")), data.get("currency")
    if amount is not None and not -MAX_AMOUNT <= amount <= MAX_AMOUNT:
        amount = None
    if amount is not None:
        amount = amount.quantize(CENTS, rounding=ROUND_HALF_UP)
    if not (isinstance(currency, str) and len(currency) == 3 and currency.isascii() and currency.isalpha()):
        return amount, None
    return amount, currency.upper()


def read_refund(data: dict[str, Any]) -> RefundRequest:
    """What a refund's data say: `{purchase, amount?, currency?, items?: [{line, quantity?, amount?}]}`.

    Raises InvalidRequest naming the field.
    """
    purchase = data.get("purchase")
    if not isinstance(purchase, str) or not purchase:
        raise InvalidRequest.field("data.purchase", "required", "Give the event_id of the purchase.")
    items = data.get("items")
    if items is not None and not isinstance(items, list):
        raise InvalidRequest.field("data.items", "invalid_type", "Give a list of lines, or leave it out.")
    _, currency = money_of(data)
    if data.get("currency") is not None and currency is None:
        raise InvalidRequest.field("data.currency", "invalid", "Give an ISO 4217 code, such as GBP.")
    return RefundRequest(
        purchase=purchase,
        amount=_positive(data.get("amount"), "data.amount"),
        lines=tuple(_line(raw, f"data.items[{index}]") for index, raw in enumerate(items or ())),
        currency=currency,
    )


def _line(raw: Any, path: str) -> RefundedLine:
    if not isinstance(raw, dict) or not isinstance(raw.get("line"), str | int) or raw["line"] is True:
        raise InvalidRequest.field(f"{path}.line", "required", "Name the purchase's line, as it did itself.")
    quantity = _positive(raw.get("quantity"), f"{path}.quantity")
    amount = _positive(raw.get("amount"), f"{path}.amount", zero_ok=True)
    if quantity is None and amount is None:
        raise InvalidRequest.field(f"{path}.quantity", "required", "Give a quantity, an amount, or both.")
    return RefundedLine(raw["line"], quantity, amount)


def _positive(raw: Any, path: str, *, zero_ok: bool = False) -> Decimal | None:
    if raw is None:
        return None
    amount = number(raw)
    if amount is None or amount < 0 or (amount == 0 and not zero_ok) or amount > MAX_AMOUNT:
        raise InvalidRequest.field(path, "invalid", f"Give a number above 0, at most 10^12, not {show(raw)}.")
    if amount != amount.quantize(CENTS):
        raise InvalidRequest.field(path, "invalid", f"At most 6 decimal places, not {show(raw)}.")
    return amount


def _check_size(data: dict[str, Any]) -> None:
    if len(simplejson.dumps(data, use_decimal=True, ensure_ascii=False).encode()) > MAX_DATA:
        raise InvalidRequest.field("data", "too_large", f"At most {MAX_DATA} bytes of JSON.")
