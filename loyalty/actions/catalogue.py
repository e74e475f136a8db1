"""Rewards are configured while members redeem them (domain.md 5)."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, Literal

from django.db import transaction

from audit.errors import InvalidRequest
from audit.record import Actor, record
from loyalty.models import RewardStock
from programs.actions.configure import configure, lock_environment, place_of
from programs.actions.rewards import check_reward
from programs.models import Environment, Reward


class _Stock(Enum):
    UNCHANGED = "unchanged"


UNCHANGED: Final = _Stock.UNCHANGED
Stock = int | None | Literal[_Stock.UNCHANGED]
MAX_STOCK = 10**9


@transaction.atomic
def save_reward(
    *,
    environment: Environment,
    reward: Reward,
    actor: Actor,
    changes: Mapping[str, Any],
    stock: Stock = UNCHANGED,
) -> Reward:
    """Save a new or stored reward, checked whole. Its program and what it is paid in stay as they were made.
    `stock`: how many there are altogether, counted from when a limit was first set, those taken since included;
    None: no limit. It counts from the next redemption on.

    Raises InvalidRequest naming every faulty field, NotFound. Locks: the environment, the stock where that
    changes, then the reward: as redemptions do, whose rows name the reward once the stock is taken.
    """
    if stock is not UNCHANGED:
        lock_environment(environment)
        _lock_stock(reward)
    for name in ("program", "metric"):
        if not reward._state.adding and name in changes and changes[name].pk != getattr(reward, f"{name}_id"):
            raise InvalidRequest.field(name, "fixed", "It stays as it was made; make another reward instead.")
    saved = configure(
        environment=environment, instance=reward, actor=actor, changes=changes, check=check_reward
    )
    if stock is not UNCHANGED:
        _set_stock(environment, saved, actor, stock)
    return saved


def _set_stock(environment: Environment, reward: Reward, actor: Actor, stock: int | None) -> None:
    if stock is not None and not 0 <= stock <= MAX_STOCK:
        raise InvalidRequest.field(
            "stock", "invalid", f"A whole number from 0 to {MAX_STOCK}; null: no limit."
        )
    row = _lock_stock(reward)
    before = row.stock if row else None
    if before == stock and (row or stock is None):
        return
    if row is None:
        row = RewardStock(environment_id=environment.pk, reward=reward)
    elif stock is not None and stock < row.taken:
        detail = f"{row.taken} of them are taken already; give at least that."
        raise InvalidRequest.field("stock", "min_value", detail)
    row.stock = stock
    row.save()
    record(
        place=place_of(environment),
        actor=actor,
        verb="reward.stock_changed",
        object_type="reward",
        object_id=str(reward.pk),
        before={"stock": before},
        after={"stock": stock, "taken": row.taken},
    )


def _lock_stock(reward: Reward) -> RewardStock | None:
    return RewardStock.objects.select_for_update().filter(reward_id=reward.pk).first()
