"""Earning rules are checked whole before they are saved or published."""

from collections.abc import Mapping
from typing import Any

from audit.errors import FieldError
from audit.record import Actor
from programs.actions.configure import configure, foreign_errors, refusal_of
from programs.awards import AwardError, canonical_award
from programs.conditions import ConditionError, canonical
from programs.models import EarningRule, Environment


def check_rule(rule: EarningRule) -> None:
    """Refuse a faulty condition or award with the path of each fault; put both into normal form.

    Raises InvalidRequest. Writes nothing.
    """
    errors: list[FieldError] = []
    try:
        rule.condition = canonical(rule.condition)
    except ConditionError as error:
        errors += [FieldError(_join("condition", f.path), f.code, f.detail) for f in error.faults]
    try:
        rule.award = canonical_award(rule.award)
    except AwardError as error:
        errors += [FieldError(_join("award", f.path), f.code, f.detail) for f in error.faults]
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
