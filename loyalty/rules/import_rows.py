"""What the cells of an imported line say, exactly, or what is wrong with them. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import simplejson

from loyalty.rules.arithmetic import MAX_AMOUNT
from loyalty.rules.days import FIRST_YEAR, LAST_YEAR, midnight
from loyalty.rules.import_files import as_columns
from programs.conditions.values import numeric_text, storable

MAX_POINTS = 10**12
NEVER = "never"
BY_RULE = "rule"
"""In place of an expiry: the metric's own rule decides, when the line is imported."""
MEMBER_COLUMNS = ("member_id", "points", "metric", "expires_at")
PURCHASE_COLUMNS = ("event_id", "member_id", "occurred_at", "amount", "currency", "items")
LONGEST_CELL = 1000  # characters of an attribute

_WHOLE = re.compile(r"([0-9]{1,19})(?:\.0+)?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_YEARS = f"A date in the years {FIRST_YEAR} to {LAST_YEAR}."
_CURRENCY = re.compile(r"[A-Za-z]{3}")
_DEEPEST = 32
_PLACES = 6


class LineError(ValueError):
    """A line can't be taken; the text is a sentence for who wrote it."""


@dataclass(frozen=True, slots=True)
class MemberLine:
    """A member, an opening balance in one metric (0: none), and attributes to be set. `expires`: an instant in UTC,
    NEVER, or BY_RULE."""

    number: int
    member: str
    points: int
    metric: str
    expires: datetime | str
    attributes: dict[str, Any] = field(default_factory=dict)

    @property
    def expiry_name(self) -> str:
        """What tells this opening balance from others of the account."""
        return self.expires if isinstance(self.expires, str) else self.expires.isoformat()

    @property
    def key(self) -> int:
        """Two lines of one key say the same of the same account."""
        if not self.points:
            return key_of("profile", self.member)
        return balance_key(self.member, self.metric, self.expiry_name)


@dataclass(frozen=True, slots=True)
class PurchaseLine:
    """A purchase as an event is reported. `occurred_at` in UTC."""

    number: int
    event_id: str
    member: str
    occurred_at: datetime
    data: dict[str, Any]

    @property
    def key(self) -> int:
        return key_of("event", self.event_id)


def balance_key(member: str, metric: str, expiry_name: str) -> int:
    """The key of a line with an opening balance."""
    return key_of("balance", member, metric, expiry_name)


def key_of(*parts: str) -> int:
    """63 bits and a sign that stand for these texts."""
    text = "\0".join(parts).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), signed=True)


def member_columns(headings: Sequence[str]) -> list[str]:
    """Raises UnreadableFileError."""
    return as_columns(headings, MEMBER_COLUMNS, ("member_id",), "=attributes")


def purchase_columns(headings: Sequence[str]) -> list[str]:
    """Raises UnreadableFileError."""
    return as_columns(headings, PURCHASE_COLUMNS, ("event_id", "member_id", "occurred_at", "amount"), "data")


def member_line(number: int, cells: Mapping[str, str], zone: tzinfo) -> MemberLine:
    """Raises LineError."""
    points = _points(cells.get("points", ""))
    expires = _expiry(cells.get("expires_at", ""), zone)
    if not points and expires != BY_RULE:
        raise LineError("expires_at: There are no points that could expire.")
    return MemberLine(
        number=number,
        member=external_id("member_id", cells["member_id"]),
        points=points,
        metric=_metric(cells.get("metric", "")),
        expires=expires,
        attributes={
            name.removeprefix("attributes."): _attribute(name, text)
            for name, text in cells.items()
            if name.startswith("attributes.") and text
        },
    )


def purchase_line(number: int, cells: Mapping[str, str], zone: tzinfo) -> PurchaseLine:
    """Raises LineError."""
    data: dict[str, Any] = {"amount": _amount(cells["amount"])}
    if currency := cells.get("currency"):
        if not _CURRENCY.fullmatch(currency):
            raise LineError("currency: An ISO 4217 code such as GBP.")
        data["currency"] = currency.upper()
    if items := cells.get("items"):
        data["items"] = _items(items)
    further = {name: text for name, text in cells.items() if name.startswith("data.") and text}
    data |= {name.removeprefix("data."): text for name, text in further.items()}
    return PurchaseLine(
        number=number,
        event_id=external_id("event_id", cells["event_id"]),
        member=external_id("member_id", cells["member_id"]),
        occurred_at=_occurred(cells["occurred_at"], zone),
        data=data,
    )


def external_id(name: str, text: str) -> str:
    """As it is, also its case and the spaces inside. Raises LineError."""
    if not text:
        raise LineError(f"{name}: It is missing.")
    if len(text) > 200:
        raise LineError(f"{name}: At most 200 characters.")
    if not text.isprintable():
        raise LineError(f"{name}: It has a control character, such as a line break.")
    return text


def _points(text: str) -> int:
    if not text:
        return 0
    if text.startswith("-"):
        raise LineError("points: A balance below zero can't be brought along; adjust it by hand.")
    whole = _WHOLE.fullmatch(text)
    if not whole or int(whole[1]) > MAX_POINTS:
        raise LineError(f"points: A whole number from 0 to {MAX_POINTS:,}, written in figures alone.")
    return int(whole[1])


def _metric(text: str) -> str:
    if len(text) > 100 or not text.isprintable():
        raise LineError("metric: The code of a metric, such as points.")
    return text or "points"


def _expiry(text: str, zone: tzinfo) -> datetime | str:
    if not text:
        return BY_RULE
    if text.lower() == NEVER:
        return NEVER
    return _instant("expires_at", text, zone) or NEVER


def _occurred(text: str, zone: tzinfo) -> datetime:
    if not text:
        raise LineError("occurred_at: It is missing.")
    found = _instant("occurred_at", text, zone)
    if found is None:
        raise LineError(f"occurred_at: {_YEARS}")
    return found


def _instant(name: str, text: str, zone: tzinfo) -> datetime | None:
    """In UTC; a day alone is its 00:00, and what names no offset is meant in the project's zone. None for one that
    is later than all we take. Raises LineError."""
    found = _INSTANT.fullmatch(text)
    if not found and not _DAY.fullmatch(text):
        example = "2027-03-31 or 2027-03-31T18:00:00+02:00"
        raise LineError(f"{name}: Write {example}{', or never' if name == 'expires_at' else ''}.")
    try:
        local = datetime.fromisoformat(f"{found[1]}T{found[2]}{found[3] or ''}" if found else text)
    except ValueError as error:
        raise LineError(f"{name}: There is no such date.") from error
    if local.year > LAST_YEAR:
        return None
    if local.year < FIRST_YEAR:
        raise LineError(f"{name}: {_YEARS}")
    if not found:
        return midnight(local.date(), zone)
    return (local if found[3] else local.replace(tzinfo=zone)).astimezone(UTC)


def _attribute(name: str, text: str) -> str | bool:
    if len(text) > LONGEST_CELL:
        raise LineError(f"{name}: At most {LONGEST_CELL} characters.")
    return {"true": True, "false": False}.get(text, text)


def _amount(text: str) -> str:
    amount = numeric_text(text)
    if amount is None or not 0 <= amount <= MAX_AMOUNT:
        raise LineError("amount: A number from 0 to 10^12 with a point before its decimals, such as 1250.00.")
    if -int(amount.as_tuple().exponent) > _PLACES:
        raise LineError(f"amount: At most {_PLACES} decimal places.")
    return text


def _items(text: str) -> list[Any]:
    try:
        found = simplejson.loads(text, use_decimal=True, parse_constant=_refuse)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise LineError("items: It is not JSON.") from error
    if not isinstance(found, list):
        raise LineError("items: A JSON list of lines.")
    _check(found, 0)
    return found


def _refuse(name: str) -> None:
    raise ValueError(name)


def _check(value: Any, depth: int) -> None:
    """Raises LineError for what can't be stored."""
    if depth > _DEEPEST:
        raise LineError("items: It is nested too deeply.")
    if isinstance(value, dict):
        for name, inner in value.items():
            _check(name, depth)
            _check(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth + 1)
    elif isinstance(value, str):
        if not storable(value):
            raise LineError("items: It has a character that can't be stored.")
    elif not isinstance(value, bool | None) and _is_absurd(Decimal(value)):
        raise LineError("items: A number has at most 100 digits.")


def _is_absurd(number: Decimal) -> bool:
    return not -100 < number.adjusted() < 100 or len(number.as_tuple().digits) > 100
