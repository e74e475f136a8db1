"""Earning rules are checked whole before they are saved or published."""

from collections.abc import Mapping
from copy import copy
from typing import Any

from audit.errors import FieldError, InvalidRequest
from audit.record import Actor
from programs.actions.configure import configure
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
    if rule.metric_id and rule.program_id and rule.metric.environment_id != rule.environment_id:
        errors.append(FieldError("metric", "invalid", "The metric belongs to another environment."))
    if rule.program_id and rule.program.environment_id != rule.environment_id:
        errors.append(FieldError("program", "invalid", "The program belongs to another environment."))
    if errors:
        raise InvalidRequest("; ".join(f"{e.field}: {e.detail}" for e in errors), errors=errors)


def _join(root: str, path: str) -> str:
    return f"{root}{path}" if path.startswith("[") else ".".join(filter(None, (root, path)))


def save_rule(
    *, environment: Environment, rule: EarningRule, actor: Actor, changes: Mapping[str, Any]
) -> EarningRule:
    """Save the draft, checked whole; what is in force stays so. Raises InvalidRequest. Locks as `configure`."""
    checked = copy(rule)
    for name, value in changes.items():
        setattr(checked, name, value)
    check_rule(checked)
    normal = {"condition": checked.condition, "award": checked.award}
    return configure(environment=environment, instance=rule, actor=actor, changes={**changes, **normal})
