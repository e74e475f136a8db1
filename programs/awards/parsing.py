"""Stored or submitted JSON into awards; every fault with its path."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias, get_args

from programs.conditions import ConditionError, Fault, FaultyConfigurationError, ItemCondition, parse_item
from programs.conditions.faults import Refusal
from programs.conditions.fields import Root, parse_field
from programs.conditions.values import number, show
from programs.limits import MAX_POINTS

from .kinds import (
    Award,
    Each,
    FixedAward,
    MultiplierAward,
    PerAmountAward,
    PerItemAward,
    ReferralAward,
)

MAX_RATE = 10**9
MAX_FACTOR = 1000
MAX_PLACES = 6


class AwardError(FaultyConfigurationError):
    """An award was refused."""


def parse_award(raw: object) -> Award:
    """The award that JSON spells. Raises AwardError, and nothing else, whatever the JSON."""
    award, faults = _read(raw)
    if award is None:
        raise AwardError(faults)
    return award


def canonical_award(raw: object) -> dict[str, Any]:
    """The normalised JSON to store, every key present. Raises AwardError."""
    return parse_award(raw).to_json()


def _read(raw: object) -> tuple[Award | None, list[Fault]]:
    if not isinstance(raw, dict):
        return None, [Fault("", "invalid_type", f"An award is an object with a kind; this is {show(raw)}.")]
    kind = next((kind for kind in _KINDS if kind == raw.get("kind")), None)
    if kind is None:
        *others, last = _KINDS
        known = f"{', '.join(others)} or {last}"
        return None, [Fault("kind", "unknown_kind", f"Give {known} as kind, not {show(raw.get('kind'))}.")]
    readers, build, check = _KINDS[kind]
    values, faults = _values(raw, readers)
    unknown = next((key for key in raw if key != "kind" and key not in readers), None)
    if unknown is not None:
        faults.append(Fault("", "unknown_key", f"The key {show(unknown)} is not known in a {kind} award."))
    together = None if faults else check(raw)
    if together:
        faults.append(together)
    return (None, faults) if faults else (build(**values), [])


def _values(raw: Mapping[str, object], readers: "_Readers") -> tuple[dict[str, Any], list[Fault]]:
    """Each key read by its reader; what is refused is a fault at its key."""
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for key, read in readers.items():
        try:
            values[key] = read(raw.get(key))
        except Refusal as refusal:
            faults.append(Fault(key, refusal.code, refusal.detail))
        except ConditionError as error:
            faults += [Fault(f"{key}.{f.path}".rstrip("."), f.code, f.detail) for f in error.faults]
    return values, faults


# -- single values


def _points(raw: object) -> int:
    return _whole(raw, 1)


def _points_or_none(raw: object) -> int:
    return _whole(raw, 0)


def _whole(raw: object, least: int) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or not least <= raw <= MAX_POINTS:
        detail = f"Give a whole number of points from {least} to 10^15, not {show(raw)}."
        raise Refusal("invalid_value", detail)
    return raw


def _rate(raw: object) -> Decimal:
    amount = number(raw)
    if amount is None or not 0 < amount <= MAX_RATE or amount != round(amount, MAX_PLACES):
        detail = f"Give a number above 0, at most 10^9 and with at most 6 decimal places, not {show(raw)}."
        raise Refusal("invalid_value", detail)
    return amount


def _step(raw: object) -> Decimal:
    return Decimal(1) if raw is None else _rate(raw)


def _factor(raw: object) -> Decimal:
    factor = number(raw)
    if factor is None or not 1 < factor <= MAX_FACTOR or factor != round(factor, MAX_PLACES):
        detail = f"Give a number above 1, at most 1000 and with at most 6 decimal places, not {show(raw)}."
        raise Refusal("invalid_value", detail)
    return factor


def _field(raw: object) -> str:
    if raw is None:
        return "data.amount"
    field = parse_field(raw, "event") if isinstance(raw, str) else None
    if field is None or field.root is not Root.DATA:
        detail = f"Give a field of the event's data, such as data.amount, not {show(raw)}."
        raise Refusal("unknown_field", detail)
    return field.name


def _each(raw: object) -> Each:
    known: tuple[Each, ...] = get_args(Each)
    each = next((each for each in known if each == raw), None)
    if each is None:
        raise Refusal("invalid_value", f"Give {', '.join(known[:-1])} or {known[-1]}, not {show(raw)}.")
    return each


def _where(raw: object) -> ItemCondition:
    return parse_item(raw)


# -- values that depend on each other


def _nothing(_raw: Mapping[str, object]) -> Fault | None:
    return None


def _step_of_amounts(raw: Mapping[str, object]) -> Fault | None:
    if raw["each"] == "amount" or raw.get("step") is None:
        return None
    return Fault(
        "step", "unknown_key", "A step belongs to amounts only; give each as amount or leave it out."
    )


def _somebody_gets_points(raw: Mapping[str, object]) -> Fault | None:
    if raw["member"] or raw["referrer"]:
        return None
    return Fault("member", "invalid_value", "Give points to the member, to the referrer or to both.")


_Readers: TypeAlias = dict[str, Callable[[object], Any]]
_Check: TypeAlias = Callable[[Mapping[str, object]], Fault | None]
_KINDS: dict[str, tuple[_Readers, Callable[..., Award], _Check]] = {
    "fixed": ({"points": _points}, FixedAward, _nothing),
    "per_amount": ({"field": _field, "rate": _rate, "step": _step}, PerAmountAward, _nothing),
    "per_item": (
        {"each": _each, "points": _rate, "step": _step, "where": _where},
        PerItemAward,
        _step_of_amounts,
    ),
    "multiplier": ({"factor": _factor}, MultiplierAward, _nothing),
    "referral": (
        {"member": _points_or_none, "referrer": _points_or_none},
        ReferralAward,
        _somebody_gets_points,
    ),
}
