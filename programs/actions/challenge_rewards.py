"""The rewards of a challenge, read and saved as a whole list."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError

from audit.errors import FieldError
from programs.actions.configure import faults_of
from programs.models import Challenge, ChallengeReward, Coupon, Environment

MAX_REWARDS = 20
_FIELDS: Final = ("kind", "metric", "quantity", "item")
_METRIC = ChallengeReward.Kind.METRIC


def read_rewards(
    environment: Environment,
    challenge: Challenge,
    stored: Sequence[ChallengeReward],
    given: Sequence[Mapping[str, Any]] | None,
) -> tuple[list[ChallengeReward], list[FieldError]]:
    """The rewards as they would be saved, in order, and what is wrong with them. None: as they are. Writes
    nothing."""
    if given is None:
        return list(stored), []
    if len(given) > MAX_REWARDS:
        detail = f"A challenge has at most {MAX_REWARDS} rewards."
        return list(stored), [FieldError("rewards", "max_length", detail)]
    items = {item.pk for values in given if (item := values.get("item")) is not None}
    coupons = set(Coupon.objects.filter(item__in=items).values_list("item", flat=True)) if items else set()
    faults: list[FieldError] = []
    wanted: list[ChallengeReward] = []
    for place, values in enumerate(given):
        reward = ChallengeReward(environment=environment, challenge=challenge, place=place)
        found = list(_fill(reward, values, coupons))
        faults += [FieldError(f"rewards[{place}].{f.field}", f.code, f.detail) for f in found]
        wanted.append(reward)
    return wanted, faults


def _fill(
    reward: ChallengeReward, given: Mapping[str, Any], coupons: Collection[UUID]
) -> Iterator[FieldError]:
    """Set what is given; what is wrong with it. `coupons`: the items that are one."""
    yield from (FieldError(n, "unknown_field", "There is no such field.") for n in given if n not in _FIELDS)
    reward.kind = given.get("kind") or ""
    for name in _FIELDS[1:]:
        setattr(reward, name, given.get(name))
    if isinstance(reward.quantity, bool | float):
        reward.quantity = str(reward.quantity)  # neither is a whole number
    try:
        reward.clean_fields(exclude=["id", "environment", "challenge", "metric", "item"])
    except ValidationError as error:
        yield from faults_of(error)
        return
    yield from _metric(reward) if reward.kind == _METRIC else _item(reward, coupons)


def _metric(reward: ChallengeReward) -> Iterator[FieldError]:
    if reward.metric is None:
        yield FieldError("metric", "required", "Say which metric's points it gives.")
    elif reward.metric.environment_id != reward.environment_id:
        yield FieldError("metric", "invalid", "There is no such metric in this environment.")
    if reward.quantity is None:
        yield FieldError("quantity", "required", "Say how many points it gives.")
    if reward.item is not None:
        yield FieldError("item", "invalid", "Points are no item; leave it out.")


def _item(reward: ChallengeReward, coupons: Collection[UUID]) -> Iterator[FieldError]:
    for name in ("metric", "quantity"):
        if getattr(reward, name) is not None:
            yield FieldError(name, "invalid", "It gives one item; leave it out.")
    if reward.item is None:
        yield FieldError("item", "required", "Say what it gives.")
    elif reward.item.environment_id != reward.environment_id:
        yield FieldError("item", "invalid", "There is no such item in this environment.")
    elif (reward.kind == ChallengeReward.Kind.COUPON) != (reward.item.pk in coupons):
        if reward.kind == ChallengeReward.Kind.COUPON:
            detail = "It is no coupon; choose one of the coupons, or give it as an inventory item."
        else:
            detail = "It is a coupon; give it as one."
        yield FieldError("item", "invalid", detail)


def save_rewards(
    challenge: Challenge, old: Sequence[ChallengeReward], new: Sequence[ChallengeReward]
) -> None:
    """Write them anew where they differ."""
    if rewards_as_json(old) == rewards_as_json(new):
        return
    ChallengeReward.objects.filter(pk__in=[reward.pk for reward in old]).delete()
    for reward in new:
        reward.challenge = challenge
    ChallengeReward.objects.bulk_create(new)


def rewards_as_json(rewards: Iterable[ChallengeReward]) -> list[dict[str, Any]]:
    """In order, as the audit keeps them."""
    return [
        {
            "type": reward.kind,
            "metric": reward.metric.code if reward.metric else None,
            "quantity": reward.quantity,
            "set": reward.item.inventory_set.public_id if reward.item else None,
            "item": reward.item.public_id if reward.item else None,
        }
        for reward in rewards
    ]
