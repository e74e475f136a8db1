"""What a rule awards: its JSON checked, made into figures, and put in words (domain.md 4).

| JSON | gives |
|---|---|
| `{"kind": "fixed", "points": 100}` | 100 points |
| `{"kind": "per_amount", "field": "data.amount", "rate": "2", "step": "1"}` | 2 points for each full 1 |

`field` (default `data.amount`) is a value inside the event's data; `step` is 1 unless given. Rate and step
are numbers or numeric texts. Pure, like the conditions: neither Django nor a clock.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from programs.conditions import Fault, FaultyConfigurationError, describe
from programs.conditions.faults import Refusal
from programs.conditions.fields import Root, parse_field
from programs.conditions.values import number, plain, show
from programs.conditions.words import is_money, label, money

MAX_POINTS = 10**15
"""Points of one award; sums of a thousand of them still fit a bigint."""
MAX_RATE = 10**9
MAX_PLACES = 6


class AwardError(FaultyConfigurationError):
    """An award was refused."""


@dataclass(frozen=True, slots=True)
class FixedAward:
    """The same points for each event; 1 to 10^15."""

    points: int

    def to_json(self) -> dict[str, Any]:
        return {"kind": "fixed", "points": self.points}


@dataclass(frozen=True, slots=True)
class PerAmountAward:
    """`rate` points for each *full* `step` of the amount in `field`, `data.…`. Both above zero."""

    rate: Decimal
    step: Decimal = Decimal(1)
    field: str = "data.amount"

    @property
    def keys(self) -> tuple[str, ...]:
        """The way to the amount inside the event's data."""
        return tuple(self.field.split(".")[1:])

    def to_json(self) -> dict[str, Any]:
        return {"kind": "per_amount", "field": self.field, "rate": plain(self.rate), "step": plain(self.step)}


Award: TypeAlias = FixedAward | PerAmountAward


def parse_award(raw: object) -> Award:
    """The award that JSON spells. Raises AwardError, and nothing else, whatever the JSON."""
    award, faults = _read(raw)
    if award is None:
        raise AwardError(faults)
    return award


def validate_award(raw: object) -> list[Fault]:
    """What is wrong with an award; an empty list if nothing is. Never raises."""
    return _read(raw)[1]


def canonical_award(raw: object) -> dict[str, Any]:
    """The normalised JSON to store, every key present. Raises AwardError."""
    return parse_award(raw).to_json()


def _read(raw: object) -> tuple[Award | None, list[Fault]]:
    if not isinstance(raw, dict):
        return None, [Fault("", "invalid_type", f"An award is an object with a kind; this is {show(raw)}.")]
    kind = next((kind for kind in _KINDS if kind == raw.get("kind")), None)
    if kind is None:
        known = " or ".join(_KINDS)
        return None, [Fault("kind", "unknown_kind", f"Give {known} as kind, not {show(raw.get('kind'))}.")]
    readers, build = _KINDS[kind]
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for key, read in readers.items():
        try:
            values[key] = read(raw.get(key))
        except Refusal as refusal:
            faults.append(Fault(key, refusal.code, refusal.detail))
    unknown = next((key for key in raw if key != "kind" and key not in readers), None)
    if unknown is not None:
        faults.append(Fault("", "unknown_key", f"The key {show(unknown)} is not known in a {kind} award."))
    return (None, faults) if faults else (build(**values), [])


def _points(raw: object) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or not 1 <= raw <= MAX_POINTS:
        raise Refusal("invalid_value", f"Give a whole number of points from 1 to 10^15, not {show(raw)}.")
    return raw


def _rate(raw: object) -> Decimal:
    amount = number(raw)
    if amount is None or not 0 < amount <= MAX_RATE or amount != round(amount, MAX_PLACES):
        detail = f"Give a number above 0, at most 10^9 and with at most 6 decimal places, not {show(raw)}."
        raise Refusal("invalid_value", detail)
    return amount


def _step(raw: object) -> Decimal:
    return Decimal(1) if raw is None else _rate(raw)


def _field(raw: object) -> str:
    if raw is None:
        return "data.amount"
    field = parse_field(raw, "event") if isinstance(raw, str) else None
    if field is None or field.root is not Root.DATA:
        detail = f"Give a field of the event's data, such as data.amount, not {show(raw)}."
        raise Refusal("unknown_field", detail)
    return field.name


_Readers: TypeAlias = dict[str, Callable[[object], Any]]
_KINDS: dict[str, tuple[_Readers, Callable[..., Award]]] = {
    "fixed": ({"points": _points}, FixedAward),
    "per_amount": ({"field": _field, "rate": _rate, "step": _step}, PerAmountAward),
}


# -- in words


def describe_award(raw: object, metric_title: str, currency: str | None = None) -> str:
    """The award in words: "100 points", "2 points per 1", with a currency "2 points per £1",
    and of another field than money "3 points per 5 of distance". Raises AwardError."""
    award = parse_award(raw)
    if isinstance(award, FixedAward):
        return _counted(Decimal(award.points), metric_title)
    points = _counted(award.rate, metric_title)
    if not is_money(award.keys):
        return f"{points} per {plain(award.step)} of {label(award.keys)}"
    step = money(award.step, currency) if currency else plain(award.step)
    return f"{points} per {step}" + ("" if award.keys == ("amount",) else f" of {label(award.keys)}")


def describe_rule(
    event_type: str, condition: object, award: object, metric_title: str, currency: str | None = None
) -> str:
    """A whole rule as a sentence: "Purchases where amount is at least 50 and the day is Saturday or
    Sunday earn 2 points per 1." Raises FaultyConfigurationError, for the condition or the award."""
    where = "" if condition is None or condition == {} else f" where {describe(condition, currency=currency)}"
    each = " each" if isinstance(parse_award(award), FixedAward) else ""
    return f"{_events(event_type)}{where} earn {describe_award(award, metric_title, currency)}{each}."


def _counted(amount: Decimal, title: str) -> str:
    """ "1 point", "2 points", "5 XP": a title of small letters but its first is a common noun."""
    noun = title[:1].lower() + title[1:] if title[1:].islower() else title
    if amount == 1 and noun.endswith("s") and not noun.endswith(("ss", "us", "is")):
        noun = noun[:-1]
    return f"{plain(amount)} {noun}".strip()


def _events(event_type: str) -> str:
    """Event types in the plural: "Purchases", "Lesson completed events"."""
    words = event_type.replace("_", " ").replace(".", " ").strip()
    title = words[:1].upper() + words[1:]
    if not words.isalpha() or words.endswith(("ed", "ing", "s")):
        return f"{title} events"
    if words.endswith("y") and words[-2:-1] not in tuple("aeiou"):
        return f"{title[:-1]}ies"
    return f"{title}es" if words.endswith(("x", "ch", "sh")) else f"{title}s"
