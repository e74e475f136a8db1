"""The catalogue as one member sees it, and what is left of each reward (domain.md 5)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db.models import QuerySet

from audit.errors import NotFound
from loyalty.models import Member, RewardStock, member_key
from loyalty.queries.balances import Balance, balances_of
from loyalty.queries.offers import Offer, offer_of
from loyalty.queries.situations import Known, read_known
from loyalty.rules.redeeming import Refusal, cost_of, refusals
from programs.models import Environment, Reward
from programs.queries.snapshots import snapshot


@dataclass(frozen=True, slots=True)
class Offered:
    """A reward for one member: what it costs them (of a variable cost the least, in points), all that stands
    against it, how often they have had it in the period of its limit, and what is left of its stock (None: no
    limit)."""

    reward: Reward
    cost: int
    refusals: list[Refusal]
    used: int
    left: int | None

    @property
    def is_eligible(self) -> bool:
        """Whether a redemption would not be refused now."""
        return not self.refusals


def catalogue(
    *, environment: Environment, member: str, now: datetime, rewards: Sequence[Reward]
) -> list[Offered]:
    """These rewards for a member, in their order. Somebody who is not known yet is judged as they would be
    made, and not made. A constant number of statements: at most twelve, whatever the rewards."""
    config = snapshot(environment)
    offers = [offer_of(config, config.reward(reward.public_id) or reward) for reward in rewards]
    member_id = _key(environment, member)
    known = read_known(environment=environment, config=config, offers=offers, member_id=member_id, now=now)
    found = balances_of(environment=environment, member_id=member_id, now=now)
    balances = {balance.metric.pk: balance for balance in found}
    return [_offered(offer, known, balances) for offer in offers]


def rewards_of(environment: Environment) -> QuerySet[Reward]:
    """All rewards of an environment with what they give; keyset by `id`."""
    rows = Reward.objects.filter(environment=environment)
    return rows.select_related("program", "metric", "gives_metric", "gives_tier", "gives_item__inventory_set")


def find_reward(*, environment: Environment, reward: str) -> Reward:
    """A reward by its `rwd_` id, archived ones too. Raises NotFound."""
    found = rewards_of(environment).filter(public_id=reward).first()
    if found is None:
        raise NotFound(f"There is no reward {reward!r} in this environment.")
    return found


def stock_of(rewards: Collection[UUID]) -> dict[UUID, RewardStock]:
    """The stock of those rewards that have one; one statement."""
    return {row.reward_id: row for row in RewardStock.objects.filter(reward__in=rewards)}


def _key(environment: Environment, member: str) -> UUID:
    """Of whoever answers for the id; its own, where nobody does yet."""
    key = member_key(environment.namespace, member)
    found = Member.objects.filter(pk=key).only("pk", "redirect_to_id", "status").first()
    if found is None or found.redirect_to_id is not None:
        return found.redirect_to_id if found and found.redirect_to_id else key
    # Whoever comes after an erased member is somebody new.
    return uuid4() if found.status == Member.Status.ERASED else key


def _offered(offer: Offer, known: Known, balances: dict[UUID, Balance]) -> Offered:
    reward, shelf = offer.reward, known.shelves[offer.reward.pk]
    situation = known.situation(
        offer,
        balance=balances[reward.metric_id].balance,
        room=_room(reward, balances.get(reward.gives_metric_id) if reward.gives_metric_id else None),
    )
    cost = cost_of(offer.terms, known.tier_in(reward.program_id))
    return Offered(reward, cost, list(refusals(offer.terms, situation)), shelf.used, shelf.left)


def _room(reward: Reward, balance: Balance | None) -> int | None:
    """Of the metric that it gives at once; what staff give later is looked at then."""
    if balance is None or balance.metric.maximum is None or reward.fulfilment == Reward.Fulfilment.MANUAL:
        return None
    return balance.metric.maximum - balance.total
