"""Rewards are checked whole before they are saved."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from audit.errors import FieldError
from programs.actions.configure import foreign_errors, refusal_of
from programs.code_patterns import pattern_fault
from programs.conditions import FaultyConfigurationError, canonical, fields_used, parse
from programs.currencies import digits_of
from programs.models import Reward, Tier
from programs.models.rewards import MAX_COST, MAX_MONEY

_KNOWN = ("member.", "event.occurred_at.")
_GIVES = {"metric": "gives_metric", "tier_upgrade": "gives_tier", "inventory_item": "gives_item"}
_VARIABLE = (Reward.Kind.DISCOUNT, Reward.Kind.CASHBACK, Reward.Kind.METRIC)


def check_reward(reward: Reward) -> None:
    """Refuse what does not fit together, naming each field; put the condition into normal form, and what its
    kind, cost and code have no use for to nothing.

    Raises InvalidRequest. Writes nothing.
    """
    _clear_what_is_not_used(reward)
    errors = foreign_errors(reward)
    if not errors:
        errors = [
            *_condition(reward),
            *_cost(reward),
            *_value(reward),
            *_gift(reward),
            *_code(reward),
            *_window(reward),
        ]
    if errors:
        raise refusal_of(errors)


def _clear_what_is_not_used(reward: Reward) -> None:
    reward.currency = (reward.currency or "").strip().upper()
    reward.code_pattern = (reward.code_pattern or "").strip()
    if reward.cost_kind == Reward.CostKind.FIXED:
        reward.min_points = reward.max_points = reward.step_points = reward.value_per_point = None
    else:
        reward.points, reward.tier_points = None, {}
        reward.discount_amount = reward.discount_percent = reward.gives_points = None
    if reward.kind not in ("metric", "cashback"):
        reward.gives_metric = None
    if reward.kind != "metric":
        reward.gives_points = None
    if reward.kind != "tier_upgrade":
        reward.gives_tier = None
    if reward.kind != "inventory_item":
        reward.gives_item = None
    if reward.code_source != Reward.CodeSource.GENERATED:
        reward.code_pattern = ""
    if reward.code_source == Reward.CodeSource.NONE:
        reward.code_valid_days = None


def _condition(reward: Reward) -> Iterator[FieldError]:
    try:
        reward.condition = canonical(reward.condition)
    except FaultyConfigurationError as error:
        for fault in error.faults:
            detail = fault.detail.replace("event.…, data.… and member.…", "member.… and event.occurred_at.…")
            yield FieldError(".".join(filter(None, ("condition", fault.path))), fault.code, detail)
        return
    for name in sorted(fields_used(parse(reward.condition))):
        if not name.startswith(_KNOWN):
            detail = (
                f"{name} is not known when a reward is redeemed; ask for member.* or event.occurred_at.*."
            )
            yield FieldError("condition", "unknown_field", detail)


def _cost(reward: Reward) -> Iterator[FieldError]:
    if reward.cost_kind == Reward.CostKind.FIXED:
        if reward.points is None:
            yield FieldError("points", "required", "Say how many points it costs.")
        yield from _tier_points(reward)
        return
    if reward.kind not in _VARIABLE:
        detail = "Only discounts, cashback and points of another metric can have a variable cost."
        yield FieldError("cost_kind", "invalid_choice", detail)
    for name in ("min_points", "max_points", "step_points", "value_per_point"):
        if not getattr(reward, name):
            yield FieldError(name, "required", "A variable cost needs it, above zero.")
    if (reward.max_points or 0) * _decimal(reward.value_per_point) > MAX_MONEY:
        detail = f"Its greatest cost would be worth more than {MAX_MONEY:f}; lower one of both."
        yield FieldError("value_per_point", "max_value", detail)
    if reward.min_points and reward.max_points and reward.max_points < reward.min_points:
        yield FieldError("max_points", "invalid_value", "Give at least the minimum.")


def _tier_points(reward: Reward) -> Iterator[FieldError]:
    if not isinstance(reward.tier_points, dict):
        yield FieldError("tier_points", "invalid_type", 'Give an object: {"gold": 150}.')
        return
    known = set(Tier.objects.filter(ladder__program=reward.program).values_list("code", flat=True))
    for code, points in reward.tier_points.items():
        if code not in known:
            there = ", ".join(sorted(known)) or "none"
            detail = f"There is no tier {code!r} in its program; there is: {there}."
            yield FieldError(f"tier_points.{code}", "invalid_choice", detail)
        if isinstance(points, bool) or not isinstance(points, int) or not 0 <= points <= MAX_COST:
            detail = f"A whole number from 0 to {MAX_COST}."
            yield FieldError(f"tier_points.{code}", "invalid", detail)


def _value(reward: Reward) -> Iterator[FieldError]:
    code = reward.currency
    if code and not (len(code) == 3 and code.isascii() and code.isalpha()):
        yield FieldError("currency", "invalid", "Give an ISO 4217 code such as GBP.")
        return
    is_variable = reward.cost_kind == Reward.CostKind.VARIABLE
    amount, percent = reward.discount_amount, reward.discount_percent
    if amount is not None and percent is not None:
        yield FieldError("discount_percent", "invalid", "Give an amount or a percentage, not both.")
    if reward.kind == "discount" and not is_variable and amount is None and percent is None:
        yield FieldError("discount_amount", "required", "Give an amount or a percentage.")
    if reward.kind == "cashback" and not is_variable and amount is None:
        yield FieldError("discount_amount", "required", "Say how much is paid back.")
    if reward.kind == "cashback" and percent is not None:
        yield FieldError("discount_percent", "invalid", "Cashback is an amount.")
    money = amount is not None or (is_variable and reward.kind != "metric")
    if money and not code:
        yield FieldError("currency", "required", "Give the currency, as an ISO 4217 code.")
    elif isinstance(amount, Decimal) and amount != round(amount, digits_of(code)):
        detail = f"Amounts in {code} have {digits_of(code)} digits after the point."
        yield FieldError("discount_amount", "max_decimal_places", detail)
    if is_variable and reward.kind in ("discount", "cashback") and code and _is_worthless(reward):
        detail = "Its least cost must be worth something; what is below a minor unit is dropped."
        yield FieldError("value_per_point", "min_value", detail)


def _is_worthless(reward: Reward) -> bool:
    """Whether the least cost buys less than the smallest amount of its currency. Of a metric that holds the money
    `_gift` asks."""
    least = 0 if reward.gives_metric_id else (reward.min_points or 0) * _decimal(reward.value_per_point)
    return 0 < least < Decimal(1).scaleb(-digits_of(reward.currency))


def _gift(reward: Reward) -> Iterator[FieldError]:
    name = _GIVES.get(reward.kind)
    if name and getattr(reward, f"{name}_id") is None:
        yield FieldError(name, "required", "Say what it gives.")
        return
    if reward.kind == "metric" and reward.cost_kind == Reward.CostKind.FIXED and not reward.gives_points:
        yield FieldError("gives_points", "required", "Say how many points it gives.")
    if reward.gives_metric_id and reward.gives_metric_id == reward.metric_id:
        yield FieldError("gives_metric", "invalid_choice", "Give another metric than the one it is paid in.")
    if reward.gives_metric_id and _least_given(reward) < 1:
        yield FieldError("value_per_point", "min_value", "Its least cost must give at least one point.")
    tier = reward.gives_tier
    if tier and tier.ladder.program_id != reward.program_id:
        yield FieldError("gives_tier", "invalid_choice", "Choose a tier of its own program.")
    elif tier and tier.threshold == 0:
        yield FieldError("gives_tier", "invalid_choice", "Everybody has this tier; choose one above it.")


def _least_given(reward: Reward) -> Decimal:
    """Points of the other metric that its least cost buys."""
    minor = Decimal(1).scaleb(digits_of(reward.currency)) if reward.kind == "cashback" else Decimal(1)
    if reward.cost_kind == Reward.CostKind.VARIABLE:
        return (reward.min_points or 0) * _decimal(reward.value_per_point) * minor
    return _decimal(reward.discount_amount) * minor if reward.kind == "cashback" else Decimal(1)


def _decimal(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(0)


def _code(reward: Reward) -> Iterator[FieldError]:
    fault = pattern_fault(reward.code_pattern) if reward.code_source == "generated" else None
    if fault:
        yield FieldError("code_pattern", fault.code, fault.detail)


def _window(reward: Reward) -> Iterator[FieldError]:
    if reward.starts_at and reward.ends_at and reward.ends_at <= reward.starts_at:
        yield FieldError("ends_at", "invalid_value", "Give an instant after starts_at.")
