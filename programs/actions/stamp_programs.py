"""Stamp programs are checked whole and saved (domain.md 7)."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from audit.errors import FieldError, InvalidRequest
from audit.record import Actor
from programs.actions.configure import as_json, clean, configure, foreign_errors, locked, refusal_of
from programs.conditions import FaultyConfigurationError, Scope, canonical
from programs.currencies import digits_of
from programs.models import Environment, StampProgram
from programs.queries.plans import require_feature

_DRAFT, _ENDED = StampProgram.Status.DRAFT, StampProgram.Status.ENDED
_CONDITIONS: Final[tuple[tuple[str, Scope], ...]] = (("condition", "event"), ("item_where", "item"))
_TEXTS = ("name", "title", "summary", "description", "terms", "reward_text", "image_url", "logo_url")


@transaction.atomic
def save_stamp_program(
    *,
    environment: Environment,
    stamp_program: StampProgram,
    actor: Actor,
    now: datetime,
    changes: Mapping[str, Any],
) -> StampProgram:
    """Save a new or stored stamp program, checked whole. Its program and currency stay as they were made. One that
    has begun is no draft again and can't turn to paying a price back; one that has ended stays ended. A lower
    threshold counts for every running card, a higher one for those that begin later.

    Raises FeatureNotInPlan, InvalidRequest naming every faulty field, NotFound. Locks: the environment, then the row.
    """
    require_feature(environment, "stamps")
    stored = None if stamp_program._state.adding else locked(environment, stamp_program)
    whole = stored or stamp_program
    before = as_json(whole)
    wanted = dict(changes)
    if stored is None:
        wanted |= {"created_at": now, "updated_at": now}
    else:
        _refuse_what_stays(stored, changes)
        for name, value in wanted.items():
            setattr(whole, name, value)
        check_stamp_program(whole)
        if as_json(whole) != before:
            wanted["updated_at"] = now
    return configure(
        environment=environment,
        instance=stamp_program,
        actor=actor,
        changes=wanted,
        check=check_stamp_program,
    )


def _refuse_what_stays(stored: StampProgram, changes: Mapping[str, Any]) -> None:
    errors = []
    if "program" in changes and changes["program"].pk != stored.program_id:
        errors.append(FieldError("program", "fixed", "It stays as it was made; make another card instead."))
    if "currency" in changes and _upper(changes["currency"]) != stored.currency:
        detail = "It stays as it was made, since stamps hold prices in it; make another card instead."
        errors.append(FieldError("currency", "fixed", detail))
    kind = changes.get("reward_kind", stored.reward_kind)
    if stored.status != _DRAFT and stored.reward_kind != kind == StampProgram.RewardKind.REFUND:
        detail = "Stamps of cards that have begun may have no price to pay back; make another card instead."
        errors.append(FieldError("reward_kind", "fixed", detail))
    status = changes.get("status", stored.status)
    if stored.status == _ENDED and status != _ENDED:
        errors.append(FieldError("status", "fixed", "It has ended, and stays so; make another card instead."))
    elif stored.status != _DRAFT and status == _DRAFT:
        detail = "Members may have the card already; pause it instead."
        errors.append(FieldError("status", "invalid_choice", detail))
    if errors:
        raise refusal_of(errors)


def check_stamp_program(stamp_program: StampProgram) -> None:
    """Refuse what does not fit together, naming each field; put conditions and texts into normal form, and note a
    new threshold after the others.

    Raises InvalidRequest. Writes nothing.
    """
    for name in _TEXTS:
        setattr(stamp_program, name, (getattr(stamp_program, name) or "").strip())
    stamp_program.currency = _upper(stamp_program.currency)
    errors = foreign_errors(stamp_program)
    if not errors:
        errors = [*_conditions(stamp_program), *_reward(stamp_program), *_window(stamp_program)]
    if errors:
        errors += _others(stamp_program, {each.field for each in errors})
        raise refusal_of(errors)
    if stamp_program.threshold and stamp_program.status == _DRAFT:
        stamp_program.thresholds = [stamp_program.threshold]  # nobody's card has begun
    elif stamp_program.threshold and stamp_program.thresholds[-1:] != [stamp_program.threshold]:
        stamp_program.thresholds = [*stamp_program.thresholds, stamp_program.threshold]


def _others(stamp_program: StampProgram, named: Collection[str]) -> list[FieldError]:
    """What the model itself refuses of single fields besides those named."""
    try:
        clean(stamp_program)
    except InvalidRequest as refusal:
        return [each for each in refusal.errors if each.field and each.field not in named]
    return []


def _upper(code: Any) -> str:
    return str(code or "").strip().upper()


def _conditions(stamp_program: StampProgram) -> Iterator[FieldError]:
    for name, scope in _CONDITIONS:
        try:
            setattr(stamp_program, name, canonical(getattr(stamp_program, name), scope=scope))
        except FaultyConfigurationError as error:
            for fault in error.faults:
                yield FieldError(".".join(filter(None, (name, fault.path))), fault.code, fault.detail)


def _reward(stamp_program: StampProgram) -> Iterator[FieldError]:
    code = stamp_program.currency
    if not (len(code) == 3 and code.isascii() and code.isalpha()):
        yield FieldError("currency", "invalid", "Give an ISO 4217 code such as GBP.")
    if stamp_program.reward_kind == StampProgram.RewardKind.REFUND:
        stamp_program.reward_amount = None
    elif stamp_program.reward_kind == StampProgram.RewardKind.FIXED and stamp_program.reward_amount is None:
        minor = 10 ** digits_of(code)
        detail = f"Say how much is paid, in the smallest unit: {5 * minor} is 5 {code or 'GBP'}."
        yield FieldError("reward_amount", "required", detail)


def _window(stamp_program: StampProgram) -> Iterator[FieldError]:
    begin, end = stamp_program.starts_at, stamp_program.ends_at
    if begin and end and end <= begin:
        yield FieldError("ends_at", "invalid_value", "Give an instant after starts_at.")
