"""What a leaf compares with: its value checked, normalised for storage, and made into a test.

Which values an op takes depends on the field's kind (`fields.Kind`):

| kind | eq, ne, in, not_in | gt, gte, lt, lte, between | contains, starts_with |
|---|---|---|---|
| text | text | - | text |
| weekday | 1 to 7 or `monday` … `sunday` | the same | - |
| hour, count | whole number ≥ 0 | the same | - |
| date | `YYYY-MM-DD` | the same | - |
| any | text, number, true, false | number, numeric text, `YYYY-MM-DD` | text; contains: any of the first |

How it compares, at evaluation:
- Numbers compare exactly, never as floats. In ordered ops a numeric text ("50", "50.00") is a number
  on either side. In eq, ne, in, not_in and contains two numbers compare as numbers, and so do a number and
  a numeric text; two texts compare as texts, so that stock code "050" is not "50".
- Text compares case-sensitively. A date compares with a text `YYYY-MM-DD` and nothing else.
- `between` includes both ends. `contains` finds a part of a text or an element of a list.
- Values of two types are different: eq is false and ne is true. An ordered or text op is false for a
  value of another type. So is every op but exists and contains for a list or an object, and every op
  but exists for NaN and Infinity.
"""

import operator
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias, get_args

from .faults import Refusal
from .fields import Kind
from .nodes import Op, Scalar, Value
from .values import fits, iso_date, json_number, number, numeric_text, plain, show, storable

MAX_TEXT = 1024
MAX_VALUES = 1000

Test: TypeAlias = Callable[[Any], bool]

OPS: tuple[Op, ...] = get_args(Op)
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
_TEXT_OPS = ("contains", "starts_with")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def ops_for(kind: Kind) -> tuple[Op, ...]:
    """The ops that make sense for a kind of field, in the order in which to offer them."""
    if kind is Kind.ANY:
        return OPS
    if kind is Kind.TEXT:
        return tuple(op for op in OPS if op not in _ORDER and op != "between")
    return tuple(op for op in OPS if op not in _TEXT_OPS)


def operand(kind: Kind, op: Op, raw: object) -> tuple[Value, Test]:
    """The value to store and the test of a present value. Raises Refusal."""
    if op == "exists":
        if not isinstance(raw, bool):
            raise Refusal("invalid_value", f"exists takes true or false, not {show(raw)}.")
        return raw, lambda _actual: raw
    if op in ("in", "not_in"):
        return _membership(kind, op, raw)
    if op == "between":
        return _between(kind, raw)
    if op in _ORDER:
        bound = _ordered(kind, raw)
        return bound, _compare(_ORDER[op], bound)
    value = _scalar(kind, raw)
    return value, _single(op, value)


def _single(op: Op, value: Scalar) -> Test:
    if op == "starts_with":
        return _starts_with(value)
    test = _one_of([value])
    if op == "contains":
        return _contains(value, test)
    return test if op == "eq" else _differs(test)


def _membership(kind: Kind, op: Op, raw: object) -> tuple[Value, Test]:
    values = [_at(index, _scalar, kind, value) for index, value in enumerate(_list(raw))]
    test = _one_of(values)
    return values, test if op == "in" else _differs(test)


def _between(kind: Kind, raw: object) -> tuple[Value, Test]:
    if not isinstance(raw, list) or len(raw) != 2:
        raise Refusal("invalid_value", "between takes a list of two values: the lowest and the highest.")
    low, high = (_at(index, _ordered, kind, value) for index, value in enumerate(raw))
    lowest, highest = _order_key(low), _order_key(high)
    if isinstance(lowest, date) is not isinstance(highest, date):
        raise Refusal("invalid_value", "between takes two numbers or two dates, not one of each.")
    if lowest > highest:
        detail = f"between takes the lower value first, not {show(low)} before {show(high)}."
        raise Refusal("invalid_value", detail)
    at_least, at_most = _compare(operator.ge, low), _compare(operator.le, high)
    return [low, high], lambda actual: at_least(actual) and at_most(actual)


def _list(raw: object) -> list[object]:
    if not isinstance(raw, list):
        raise Refusal("invalid_value", f"This op takes a list of values, not {show(raw)}.")
    if not raw:
        raise Refusal("empty", "The list is empty; give at least one value.")
    if len(raw) > MAX_VALUES:
        raise Refusal("too_long", f"The list has {len(raw)} values; {MAX_VALUES} are allowed.")
    return raw


def _at(index: int, check: Callable[[Kind, object], Scalar], kind: Kind, value: object) -> Scalar:
    """`check(kind, value)`, whose refusal then names the place in the list."""
    try:
        return check(kind, value)
    except Refusal as refusal:
        raise Refusal(refusal.code, refusal.detail, f"[{index}]") from None


# -- single values


def _scalar(kind: Kind, raw: object) -> Scalar:
    """A value for eq, in, contains or starts_with, as stored."""
    if kind is not Kind.ANY:
        return _of_kind(kind, raw)
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str):
        return _text(raw)
    return _stored_number(raw)


def _ordered(kind: Kind, raw: object) -> Scalar:
    """A value for gt, gte, lt, lte or between, as stored: numbers as exact text."""
    if kind is not Kind.ANY:
        return _of_kind(kind, raw)
    if iso_date(raw):
        return str(raw)
    amount = number(raw)
    if amount is None:
        raise Refusal("invalid_value", f"Give a number or a date as YYYY-MM-DD, not {show(raw)}.")
    if not fits(amount):
        raise Refusal("invalid_value", "The number is too large, too small or too long.")
    return plain(amount)


def _of_kind(kind: Kind, raw: object) -> Scalar:
    if kind is Kind.TEXT:
        if not isinstance(raw, str):
            raise Refusal("invalid_value", f"Give a text, not {show(raw)}.")
        return _text(raw)
    if kind is Kind.DATE:
        if not iso_date(raw):
            raise Refusal("invalid_value", f"Give a date as YYYY-MM-DD, not {show(raw)}.")
        return str(raw)
    if kind is Kind.WEEKDAY:
        return _weekday(raw)
    return _whole(raw, 0, 23 if kind is Kind.HOUR else 10**9)


def _weekday(raw: object) -> int:
    if isinstance(raw, str) and raw in WEEKDAYS:
        return WEEKDAYS.index(raw) + 1
    try:
        return _whole(raw, 1, 7)
    except Refusal:
        raise Refusal(
            "invalid_value", f"Give a weekday, 1 (monday) to 7 (sunday), or its name, not {show(raw)}."
        ) from None


def _whole(raw: object, low: int, high: int) -> int:
    amount = number(raw)
    if amount is None or not low <= amount <= high or amount != int(amount):
        raise Refusal("invalid_value", f"Give a whole number from {low} to {high}, not {show(raw)}.")
    return int(amount)


def _text(raw: str) -> str:
    if len(raw) > MAX_TEXT:
        raise Refusal("too_long", f"The text has {len(raw)} characters; {MAX_TEXT} are allowed.")
    if not storable(raw):
        raise Refusal("invalid_value", "The text holds a character that can't be stored.")
    return raw


def _stored_number(raw: object) -> int | float:
    """A number stays a JSON number here, since "50" and 50 are compared differently. So it must be one
    that JSON readers, which use floats, give back as it was."""
    amount = json_number(raw)
    if amount is None:
        raise Refusal("invalid_value", f"Give a text, a number, true or false, not {show(raw)}.")
    if fits(amount):
        if amount == int(amount):
            return int(amount)
        if Decimal(str(float(amount))) == amount:
            return float(amount)
    raise Refusal("invalid_value", "The number is too large or has too many digits.")


# -- tests of one present value


def _one_of(values: Iterable[Scalar]) -> Test:
    """Whether a value equals one of these, by the rules above; one set look-up however many they are."""
    texts = {value for value in values if isinstance(value, str)}
    numbers = {amount for value in values if (amount := json_number(value)) is not None}
    spelled = numbers | {amount for text in texts if (amount := numeric_text(text)) is not None}
    booleans = {value for value in values if isinstance(value, bool)}

    def test(actual: Any) -> bool:
        if isinstance(actual, str):
            return actual in texts or (bool(numbers) and numeric_text(actual) in numbers)
        if type(actual) is int:  # hashes and equals as its Decimal does, and is not made into one
            return actual in spelled
        if isinstance(actual, bool):
            return actual in booleans
        return bool(spelled) and json_number(actual) in spelled

    return test


def _differs(same: Test) -> Test:
    def test(actual: Any) -> bool:
        comparable = isinstance(actual, str | bool) or json_number(actual) is not None
        return comparable and not same(actual)

    return test


def _contains(value: Scalar, same: Test) -> Test:
    def test(actual: Any) -> bool:
        if isinstance(actual, str):
            return isinstance(value, str) and value in actual
        return isinstance(actual, list | tuple) and any(same(element) for element in actual)

    return test


def _starts_with(value: Scalar) -> Test:
    if not isinstance(value, str) or not value:
        raise Refusal("invalid_value", f"starts_with takes a text that isn't empty, not {show(value)}.")
    return lambda actual: isinstance(actual, str) and actual.startswith(value)


def _order_key(stored: Scalar) -> Any:
    return iso_date(stored) or number(stored)


def _compare(compare: Callable[[Any, Any], bool], stored: Scalar) -> Test:
    bound = _order_key(stored)
    key = iso_date if isinstance(bound, date) else number
    takes_int = key is number

    def test(actual: Any) -> bool:
        value: Any = actual if takes_int and type(actual) is int else key(actual)
        return value is not None and compare(value, bound)

    return test
