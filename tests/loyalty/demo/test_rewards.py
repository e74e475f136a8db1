"""The shop's rewards, and what its customers got for their points, over several starts."""

from typing import Any

import pytest
from django.utils import timezone

from loyalty.demo import rewards, shop
from loyalty.demo.rewards import REDEMPTIONS, REWARDS
from loyalty.models import Redemption, RewardCode
from programs.actions.configure import configure
from programs.models import Environment, Reward
from tests import factories


@pytest.fixture
def customers(environment: Environment) -> Environment:
    """Who redeems in the demo has the points that they have there, or more."""
    shop.ensure_tiers(environment=environment, actor=factories.make_actor())
    for customer in {one.customer for one in REDEMPTIONS}:
        factories.give(environment, 1_900 if customer == "12433" else 5_000, customer)
    return environment


def _rewards(environment: Environment) -> list[str]:
    now, actor = timezone.now(), factories.make_actor()
    return rewards.ensure_rewards(environment=factories.reload(environment), actor=actor, now=now)


def _redemptions(environment: Environment) -> int:
    common: dict[str, Any] = {"environment": factories.reload(environment), "actor": factories.make_actor()}
    return sum(rewards.redeem_once(one=one, now=timezone.now(), **common) for one in REDEMPTIONS)


def test_all_are_made_once(customers: Environment) -> None:
    assert len(_rewards(customers)) == len(REWARDS) - 1  # a draft is not announced
    assert _redemptions(customers) == len(REDEMPTIONS)
    assert _rewards(customers) == []
    assert _redemptions(customers) == 0
    assert set(Redemption.objects.values_list("status", flat=True)) == {*Redemption.Status.values}
    assert set(RewardCode.objects.values_list("status", flat=True)) == {*RewardCode.Status.values}


def test_what_a_visitor_changed_stays_so_and_stops_nothing(customers: Environment) -> None:
    _rewards(customers)
    mug = Reward.objects.get(public_id=rewards.MUG)
    changes = {"status": "archived", "name": "My mug"}
    configure(environment=customers, instance=mug, actor=factories.make_actor(), changes=changes)
    assert _rewards(customers) == []
    mugs = sum(one.reward == rewards.MUG for one in REDEMPTIONS)
    assert _redemptions(customers) == len(REDEMPTIONS) - mugs
    mug.refresh_from_db()
    assert mug.name == "My mug"


def test_without_the_gold_tier_the_rest_is_made(environment: Environment) -> None:
    made = _rewards(environment)
    assert "Retrospot mug" in made
    assert "Straight to Gold" not in made
