"""Conditions in words, for the console's rule sentence and for explanations (console.md).

"amount is at least 50 and the day is Saturday or Sunday"
"""

from collections.abc import Sequence
from decimal import Decimal

from .fields import Field, Kind, Root
from .nodes import Group, Items, Leaf, Node, Not, Scalar
from .operands import WEEKDAYS
from .values import iso_date, json_number, number, plain, show

_MOST_LISTED = 10
# not strftime, whose names depend on the machine's locale
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_SYMBOLS = {"GBP": "£", "USD": "$", "EUR": "€"}
_MONEY_KEYS = ("amount", "price", "total", "subtotal")

_OURS = {
    Root.EVENT_TYPE: "the event type",
    Root.WEEKDAY: "the day",
    Root.HOUR: "the hour",
    Root.DATE: "the date",
    Root.TIER: "the tier",
    Root.AGE_DAYS: "the number of days since joining",
}
_NUMBERS = {"gt": "more than {}", "gte": "at least {}", "lt": "less than {}", "lte": "at most {}"}
_DATES = {"gt": "after {}", "gte": "{} or later", "lt": "before {}", "lte": "{} or earlier"}


def sentence(node: Node | None, currency: str | None = None) -> str:
    """The whole condition; "always" for the empty one. With a currency, money shows it."""
    return "always" if node is None else _words(node, currency)


def _words(node: Node, currency: str | None) -> str:
    match node:
        case Leaf():
            return _leaf(node, currency)
        case Group():
            parts = [_nested(child, currency) for child in node.children]
            return listed(parts, "and" if node.quantifier == "all" else "or")
        case Not():
            return f"not ({_words(node.child, currency)})"
        case Items():
            each = "every item matches" if node.quantifier == "all" else "at least one item matches"
            return f"{each} ({_words(node.where, currency)})"


def _nested(node: Node, currency: str | None) -> str:
    """In brackets where "a and b or c" would leave open what belongs together."""
    words = _words(node, currency)
    return f"({words})" if isinstance(node, Group) and len(node.children) > 1 else words


def _leaf(leaf: Leaf, currency: str | None) -> str:
    if leaf.field.root is Root.EVENT_COUNT and leaf.op == "eq" and leaf.value == 0:
        return f"the member has no earlier {leaf.field.keys[0]} events"
    each = {None: "", "any": "any item's ", "all": "every item's "}[leaf.match]
    return f"{each}{subject(leaf.field)} {predicate(leaf, currency)}"


def subject(field: Field) -> str:
    """What a field is called in words: `data.order.unit_price` is "order unit price"."""
    if field.root in _OURS:
        return _OURS[field.root]
    if field.root is Root.EVENT_COUNT:
        return f"the number of earlier {field.keys[0]} events"
    return f"the member's {label(field.keys)}" if field.root is Root.ATTRIBUTES else label(field.keys)


def label(keys: Sequence[str]) -> str:
    """Nested keys in words."""
    return " ".join(keys).replace("_", " ").strip() or "_"


def predicate(leaf: Leaf, currency: str | None = None) -> str:
    """What the leaf says of its field: "is at least 50"."""
    match leaf.op:
        case "ne":
            return f"is not {_values(leaf, currency)}"
        case "not_in":
            several = len(_list(leaf)) > 1
            return f"is {'none of' if several else 'not'} {_values(leaf, currency)}"
        case "contains":
            return f"contains {_values(leaf, currency)}"
        case "starts_with":
            return f"starts with {_values(leaf, currency)}"
        case "exists":
            return "is present" if leaf.value else "is missing"
        case _:
            return f"is {_values(leaf, currency)}"


def requirement(leaf: Leaf) -> str:
    """What the leaf asks of its field, after "needs": "at least 50", "to start with A"."""
    match leaf.op:
        case "ne" | "not_in":
            return f"anything but {_values(leaf, None)}"
        case "contains":
            return f"to contain {_values(leaf, None)}"
        case "starts_with":
            return f"to start with {_values(leaf, None)}"
        case "exists":
            return "to be present" if leaf.value else "to be missing"
        case _:
            return _values(leaf, None)


def _values(leaf: Leaf, currency: str | None) -> str:
    """The value or values, with how an ordered op compares to them."""
    texts = [value_in_words(leaf, value, currency) for value in _list(leaf)[:_MOST_LISTED]]
    if leaf.op == "between":
        return f"from {texts[0]} to {texts[1]}"
    if leaf.op in _NUMBERS:
        dated = leaf.field.kind in (Kind.WEEKDAY, Kind.DATE) or iso_date(leaf.value)
        return (_DATES if dated else _NUMBERS)[leaf.op].format(texts[0])
    unlisted = len(_list(leaf)) - len(texts)
    return listed([*texts, f"{unlisted} more"] if unlisted else texts, "or")


def _list(leaf: Leaf) -> list[Scalar]:
    return leaf.value if isinstance(leaf.value, list) else [leaf.value]


def value_in_words(leaf: Leaf, value: object, currency: str | None = None) -> str:
    """A value of the leaf's field, the rule's or an actual one: "Saturday", "1 December 2024", "£50"."""
    kind = leaf.field.kind
    if kind is Kind.WEEKDAY and isinstance(value, int):
        return WEEKDAYS[value - 1].capitalize()
    ordered = leaf.op in _NUMBERS or leaf.op == "between"
    day = iso_date(value) if ordered or kind is Kind.DATE else None
    if day:
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    if currency and kind is Kind.ANY and is_money(leaf.field.keys):
        amount = number(value) if ordered else json_number(value)
        return show(value) if amount is None else money(amount, currency)
    return show(value)


def is_money(keys: Sequence[str]) -> bool:
    """Whether the last key names an amount of money: `amount`, `unit_price`, …"""
    return any(keys[-1] == key or keys[-1].endswith(f"_{key}") for key in _MONEY_KEYS)


def money(amount: Decimal, currency: str) -> str:
    """ "£50", "£1,000", "£0.50", "CHF 12.345"."""
    text = plain(amount)
    if "." in text and len(text.split(".")[1]) == 1:
        text += "0"
    text = f"{Decimal(text):,f}"
    symbol = _SYMBOLS.get(currency.upper())
    return f"{symbol}{text}" if symbol else f"{currency.upper()} {text}"


def listed(parts: Sequence[str], conjunction: str) -> str:
    """ "a", "a or b", "a, b or c"."""
    if len(parts) == 1:
        return parts[0]
    return f"{', '.join(parts[:-1])} {conjunction} {parts[-1]}"
