"""Rewards with a pool of codes, made through the product's own actions."""

from typing import Any

from loyalty.models import RewardCode
from programs.models import Environment, Reward
from tests.factories import make_reward


def pool_reward(environment: Environment, **changes: Any) -> Reward:
    """An active reward for 10 points whose codes are uploaded, unless `changes` says otherwise."""
    return make_reward(environment, **{"points": 10, "code_source": "pool", **changes})


def pool(reward: Reward) -> list[str | None]:
    """The available codes, in the order in which they are issued."""
    rows = RewardCode.objects.filter(reward=reward, status="available").order_by("id")
    return list(rows.values_list("code", flat=True))
