"""Configured rewards in the form that the rules take (domain.md 5)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from audit.errors import NotFound
from loyalty.rules.redeeming import Per, Terms, value_of
from programs.conditions import event_types_counted, fields_used, parse
from programs.currencies import digits_of, minor_units
from programs.models import Reward
from programs.queries.snapshots import Snapshot


@dataclass(frozen=True, eq=False)
class Offer:
    """A reward and its terms; what must be known of a member to judge it."""

    reward: Reward
    terms: Terms
    asks_tier: bool
    asks_counts: frozenset[str]

    def value(self, points: int) -> Decimal | None:
        """The money that it is worth when so many points are spent."""
        reward = self.reward
        if reward.value_per_point is None or reward.kind == Reward.Kind.METRIC:
            return reward.discount_amount
        return value_of(points, reward.value_per_point, digits_of(reward.currency))


def find_offer(config: Snapshot, reward_id: str) -> Offer:
    """The reward of that `rwd_` id. Raises NotFound; also for one that is archived, or another tenant's."""
    reward = config.reward(reward_id)
    if reward is None:
        raise NotFound(f"There is no reward {reward_id!r} in this environment.")
    return offer_of(config, reward)


def offer_of(config: Snapshot, reward: Reward) -> Offer:
    """Compiled once and kept with the snapshot that the reward is of; no statement."""
    known = config.reward(reward.public_id)
    if known is not reward:
        return compile_offer(reward)
    kept: Offer | None = config.derived.get(reward.pk)
    if kept is None:
        kept = config.derived[reward.pk] = compile_offer(reward)
    return kept


def compile_offer(reward: Reward) -> Offer:
    """An offer of a reward as it is, also of one that is not stored."""
    condition = parse(reward.condition)
    bounds = None
    if reward.cost_kind == Reward.CostKind.VARIABLE:
        bounds = (reward.min_points or 0, reward.max_points or 0, reward.step_points or 1)
    terms = Terms(
        status=reward.status,
        condition=condition,
        points=reward.points,
        tier_points=reward.tier_points,
        bounds=bounds,
        starts_at=reward.starts_at,
        ends_at=reward.ends_at,
        limit_times=reward.limit_times,
        limit_per=cast("Per", reward.limit_per),
        gives_points=_gives_points(reward),
        gives_rate=_gives_rate(reward),
    )
    asks_tier = bool(reward.tier_points or reward.gives_tier_id or "member.tier" in fields_used(condition))
    return Offer(reward, terms, asks_tier, frozenset(event_types_counted(condition)))


def _gives_points(reward: Reward) -> int | None:
    if reward.kind == Reward.Kind.CASHBACK and reward.gives_metric_id and reward.discount_amount is not None:
        return minor_units(reward.discount_amount, reward.currency)
    return reward.gives_points


def _gives_rate(reward: Reward) -> Decimal | None:
    """Points of the other metric for each point spent; of cashback in minor units of its currency."""
    if not reward.gives_metric_id or reward.value_per_point is None:
        return None
    if reward.kind == Reward.Kind.CASHBACK:
        return reward.value_per_point.scaleb(digits_of(reward.currency))
    return reward.value_per_point
