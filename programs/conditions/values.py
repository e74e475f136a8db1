"""JSON values, read exactly: numbers as Decimal, never float (domain.md 3.1), and shown in words."""

import json
import math
import re
from datetime import date
from decimal import Decimal

SCALARS = (str, bool, int, float, Decimal)

# No exponent: "1e9" is how nobody writes money, and exponents make small texts into huge numbers.
_NUMERIC_TEXT = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NOT_STORABLE = re.compile("[\0\ud800-\udfff]")
_BARE_WORD = re.compile(r"[\w+-]+(\.[\w+-]+)*")
_LONGEST_SHOWN = 60
_MOST_DIGITS_SHOWN = 40


def json_number(value: object) -> Decimal | None:
    """The exact value of a JSON number (int, float or Decimal), else None.
    A bool is no number, nor are NaN and Infinity. A float counts as it is written: 0.1 is 0.1."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(str(value)) if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    return None


def numeric_text(value: object) -> Decimal | None:
    """The number that a text such as "50" or "-0.50" spells, else None. No exponents, no spaces."""
    if isinstance(value, str) and _NUMERIC_TEXT.fullmatch(value):
        return Decimal(value)
    return None


def number(value: object) -> Decimal | None:
    """The exact number behind a JSON number or a numeric text, else None."""
    return numeric_text(value) if isinstance(value, str) else json_number(value)


def iso_date(value: object) -> date | None:
    """The date that a text `YYYY-MM-DD` spells, else None."""
    if isinstance(value, str) and _ISO_DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return None


def storable(text: str) -> bool:
    """False for what PostgreSQL's jsonb cannot hold: NUL and lone surrogates."""
    return not _NOT_STORABLE.search(text)


def plain(amount: Decimal) -> str:
    """A number without exponent and trailing zeros: `50`, `0.5`. Absurd ones keep an exponent."""
    if amount == 0:
        return "0"
    if not fits(amount):
        return f"{amount:.6E}"
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def fits(amount: Decimal) -> bool:
    """Whether the number can be written out in a few dozen digits."""
    digits = len(amount.as_tuple().digits)
    return digits <= _MOST_DIGITS_SHOWN and abs(amount.adjusted()) <= _MOST_DIGITS_SHOWN


def show(value: object) -> str:
    """Any JSON value in a few words; never raises and never gets long."""
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return show_text(value)
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, int | float | Decimal):
        amount = json_number(value)
        return "not a finite number" if amount is None else plain(amount)
    return "an object"


def show_text(text: str) -> str:
    """A text as it stands if it is one plain word, otherwise quoted; cut when long."""
    cut = text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
    if cut is text and _BARE_WORD.fullmatch(text):
        return text
    return json.dumps(cut.encode("utf-8", "replace").decode(), ensure_ascii=False)


def reported(value: object) -> str | int | bool | None:
    """An actual value as stored in an explanation: JSON that any database takes, and small.
    Numbers with a fraction become texts; lists and objects only their words."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) <= 2**53:
        return value
    if isinstance(value, str):
        cut = value if len(value) <= _LONGEST_SHOWN else value[:_LONGEST_SHOWN] + "…"
        return cut.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    return show(value)
