"""Earning rules are checked whole before they are saved or published."""

from collections.abc import Callable, Mapping
from typing import Any

from audit.errors import FieldError
from audit.record import Actor
from programs.actions.configure import configure, foreign_errors, refusal_of
from programs.awards import canonical_award
from programs.conditions import FaultyConfigurationError, canonical
from programs.event_types import event_type_fault
from programs.limits import canonical_caps, canonical_schedule
from programs.models import EarningRule, Environment

REFUND = "refund"
_CANONICAL: dict[str, Callable[[object], Any]] = {
    "condition": canonical,
    "award": canonical_award,
    "caps": canonical_caps,
    "schedule": canonical_schedule,
}


def check_rule(rule: EarningRule) -> None:
    """Refuse a faulty condition, award, cap, schedule or window with the path of each fault, such as
    `caps[1].per`; put what is JSON into normal form.

    Raises InvalidRequest. Writes nothing.
    """
    errors: list[FieldError] = []
    for name, canonical_form in _CANONICAL.items():
        try:
            setattr(rule, name, canonical_form(getattr(rule, name)))
        except FaultyConfigurationError as error:
            errors += [FieldError(_join(name, f.path), f.code, f.detail) for f in error.faults]
    if rule.event_type == REFUND:
        detail = "No rule judges refunds: they take back what their purchase no longer earns."
        errors.append(FieldError("event_type", "invalid_value", detail))
    if rule.event_type and (fault := event_type_fault(str(rule.event_type))):
        errors.append(FieldError("event_type", fault.code, fault.detail))
    if rule.starts_at and rule.ends_at and rule.ends_at <= rule.starts_at:
        errors.append(FieldError("ends_at", "invalid_value", "Give an instant after starts_at."))
    errors += foreign_errors(rule)
    if errors:
        raise refusal_of(errors)


def _join(root: str, path: str) -> str:
    return f"{root}{path}" if path.startswith("[") else ".".join(filter(None, (root, path)))


def save_rule(
    *, environment: Environment, rule: EarningRule, actor: Actor, changes: Mapping[str, Any]
) -> EarningRule:
    """Save the draft, checked whole as it will be stored; what is in force stays so, and so does every
    field that is not in `changes`. Raises InvalidRequest and NotFound. Locks as `configure`."""
    return configure(environment=environment, instance=rule, actor=actor, changes=changes, check=check_rule)
