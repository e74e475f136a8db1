"""Figures by day are exact at every instant: before they are rolled up, half-way and afterwards (domain.md 11)."""

import os
from datetime import timedelta

import pytest

from loyalty.actions.rolling_up import rebuild_rollups, roll_next
from loyalty.queries.analytics.liability import liability
from loyalty.queries.analytics.recounting import differences
from programs.models import Environment
from tests.factories import make_environment
from tests.loyalty.analytics.random_world import CODES, START, World
from tests.loyalty.analytics.rolled import roll, stored_rows

SEEDS = range(int(os.environ.get("LOYALTY_ROLLUP_WORLDS", "4")))


@pytest.fixture(params=["Europe/London", "Pacific/Auckland"])
def environment(db: None, request: pytest.FixtureRequest) -> Environment:
    return make_environment(time_zone=request.param)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.usefixtures("fresh_snapshots")
def test_figures_are_those_of_the_ledger_rolled_up_or_not(environment: Environment, seed: int) -> None:
    world = World(environment, seed)
    for stage in range(12):
        world.live(20)
        world.product.now += timedelta(days=world.dice.choice([0, 0.5, 3]))
        expected = world.by_the_ledger()
        assert world.told() == expected  # as much as was rolled up before
        roll_next(now=START, limit=37 * (stage + 1), horizon=2**63 - 1)
        assert world.told() == expected  # half-way
        roll(limit=50)
        assert world.told() == expected
    owed = {code: liability(metric=world.metric(code), **world.now()).outstanding for code in CODES}
    assert owed == {code: expected[code][-1].outstanding for code in CODES}
    assert world.product.violations() == []
    assert differences(environment=environment) == []
    rolled = stored_rows(environment)
    assert rebuild_rollups(environment=environment) == len(rolled[0]) > 10
    assert stored_rows(environment) == rolled
    assert world.told() == expected
