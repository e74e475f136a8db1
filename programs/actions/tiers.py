"""A ladder and its levels are configured whole (domain.md 6)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import count
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from audit.errors import FieldError, InvalidRequest
from audit.record import Actor, record
from programs.actions.configure import (
    bump_version,
    clean,
    configure,
    faults_of,
    lock_environment,
    place_of,
    refusal_of,
)
from programs.event_types import event_type_fault
from programs.models import Environment, Reward, Tier, TierLadder
from programs.models.tiers import MAX_FIGURE

MAX_LEVELS = 50
_FIELDS = ("code", "title", "threshold", "multiplier")


@transaction.atomic
def configure_ladder(
    *,
    environment: Environment,
    ladder: TierLadder,
    actor: Actor,
    changes: Mapping[str, Any],
    levels: Sequence[Mapping[str, Any]] | None,
    is_held: Callable[[Tier], bool],
) -> tuple[TierLadder, bool]:
    """Save a new or stored ladder with `changes`, and its whole list of levels, in any order, matched by
    code: those that are missing are made, those that are not named are removed. None: as they are.
    Answers the ladder, and whether another thing counts from now on.

    Each level: code, title, threshold (points, money or events), multiplier (1 unless given). Raises
    InvalidRequest naming every fault, as `days` or `levels[1].threshold`, also where a level that would go
    is held; NotFound for another environment's ladder. Locks: the environment, then the ladder.
    """
    lock_environment(environment)
    stored = {} if ladder._state.adding else {tier.code: tier for tier in ladder.tiers.all()}
    before = None if ladder._state.adding else _counting(TierLadder.objects.get(pk=ladder.pk))
    wanted, faults = _read(environment, ladder, stored, levels or ())
    gone = [] if levels is None else [tier for code, tier in stored.items() if code not in wanted]
    faults += [_in_use(tier, "Members hold or wait for") for tier in gone if is_held(tier)]
    faults += [_in_use(tier, f"The reward {reward.name} names") for tier, reward in _named(ladder, gone)]
    saved = configure(
        environment=environment,
        instance=ladder,
        actor=actor,
        changes=changes,
        check=lambda whole: _check(whole, faults),
    )
    if levels is not None:
        _save_levels(environment, saved, actor, stored, wanted, gone)
    return saved, saved.is_active and _counting(saved) != before


def _counting(ladder: TierLadder) -> tuple[object, ...]:
    """What decides which progress a ladder has, and when time decides its levels."""
    counts = (ladder.basis, ladder.metric_id, ladder.event_type, ladder.currency, ladder.period)
    return (*counts, ladder.is_active, ladder.tiers.exists())


def _check(ladder: TierLadder, faults: Sequence[FieldError]) -> None:
    """Refuse the faults of the ladder and those of its levels together; currency in normal form."""
    errors = []
    if isinstance(ladder.currency, str):
        ladder.currency = ladder.currency.strip().upper()
        if ladder.currency and not (len(ladder.currency) == 3 and ladder.currency.isalpha()):
            errors.append(FieldError("currency", "invalid", "Give an ISO 4217 code such as GBP, or none."))
    if ladder.event_type == "refund":
        errors.append(
            FieldError("event_type", "invalid", "Refunds take back what counts; name another type.")
        )
    if ladder.event_type and (fault := event_type_fault(str(ladder.event_type))):
        errors.append(FieldError("event_type", fault.code, fault.detail))
    try:
        clean(ladder)
    except InvalidRequest as refusal:
        errors += [error for error in refusal.errors if error.field != "currency" or not errors]
    if errors or faults:
        raise refusal_of([*errors, *faults])


def _read(
    environment: Environment,
    ladder: TierLadder,
    stored: Mapping[str, Tier],
    levels: Sequence[Mapping[str, Any]],
) -> tuple[dict[str, Tier], list[FieldError]]:
    """The levels as they would be saved, by code, and what is wrong with them."""
    faults: list[FieldError] = []
    if len(levels) > MAX_LEVELS:
        detail = f"A ladder has at most {MAX_LEVELS} levels."
        return {}, [FieldError("levels", "max_length", detail)]
    wanted: dict[str, Tier] = {}
    thresholds: set[Decimal] = set()
    for place, given in enumerate(levels):
        old = stored.get(str(given.get("code")))
        tier = Tier(id=old.id, environment=environment) if old else Tier(environment=environment)
        tier._state.adding = old is None
        tier.ladder = ladder
        found = _fill(tier, given)
        if not found and tier.code in wanted:
            found.append(FieldError("code", "unique", "Another level has it; choose another."))
        if not found and tier.threshold in thresholds:
            found.append(FieldError("threshold", "unique", "Another level has it; choose another."))
        faults += [FieldError(f"levels[{place}].{f.field}", f.code, f.detail) for f in found]
        wanted[tier.code] = tier
        thresholds.add(tier.threshold)
    return wanted, faults


def _fill(tier: Tier, given: Mapping[str, Any]) -> list[FieldError]:
    faults = [FieldError(n, "unknown_field", "There is no such field.") for n in given if n not in _FIELDS]
    for name in _FIELDS:
        value = given.get(name)
        if name == "multiplier" and value is None:
            value = Decimal(1)
        if isinstance(value, bool | float):
            value = str(value)  # 0.1 is 0.1; true is no number
        setattr(tier, name, "" if value is None and name in ("code", "title") else value)
    try:
        tier.clean_fields(exclude=["id", "environment", "ladder"])
    except ValidationError as error:
        faults += faults_of(error)
    return faults


def _in_use(tier: Tier, why: str) -> FieldError:
    return FieldError("levels", "in_use", f"{why} the level {tier.code}, so it can't be removed.")


def _named(ladder: TierLadder, gone: Sequence[Tier]) -> Iterator[tuple[Tier, Reward]]:
    """The levels that would go and rewards that give them, or have a cost for them."""
    if not gone:
        return
    for reward in Reward.objects.filter(program=ladder.program_id):
        is_offered = reward.status != Reward.Status.ARCHIVED
        for tier in gone:
            if reward.gives_tier_id == tier.pk or (is_offered and tier.code in reward.tier_points):
                yield tier, reward


def _save_levels(
    environment: Environment,
    ladder: TierLadder,
    actor: Actor,
    stored: Mapping[str, Tier],
    wanted: Mapping[str, Tier],
    gone: Sequence[Tier],
) -> None:
    before, after = _as_json(stored.values()), _as_json(wanted.values())
    if before == after:
        return
    for tier in gone:
        tier.delete()
    _clear_thresholds([tier for code, tier in stored.items() if code in wanted], wanted.values())
    for tier in wanted.values():
        tier.ladder = ladder
        tier.save()
    record(
        place=place_of(environment),
        actor=actor,
        verb="tierladder.levels_changed",
        object_type="tierladder",
        object_id=str(ladder.pk),
        before={"levels": before},
        after={"levels": after},
    )
    bump_version(environment)


def _clear_thresholds(tiers: Iterable[Tier], wanted: Iterable[Tier]) -> None:
    """Two levels may change places, though no two may have one threshold at any time."""
    taken = {tier.threshold for tier in wanted}
    free = (at for at in (MAX_FIGURE - Decimal(n).scaleb(-6) for n in count()) if at not in taken)
    for tier in tiers:
        Tier.objects.filter(pk=tier.pk).update(threshold=next(free))


def _as_json(tiers: Iterable[Tier]) -> list[dict[str, str]]:
    return [
        {
            "code": tier.code,
            "title": tier.title,
            "threshold": f"{tier.threshold.normalize():f}",
            "multiplier": f"{tier.multiplier.normalize():f}",
        }
        for tier in sorted(tiers, key=lambda tier: tier.threshold)
    ]
