"""Three of ten answers are lost after the work is done: both libraries, at once, redeem each thing exactly once."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import LazySettings
from django.db import connections

from loyalty.models import LedgerEntry, Redemption, RewardStock
from loyalty_engine_client import Client
from programs.models import Environment
from tests import factories
from tests.sdk import node
from tests.sdk.live import Live

EACH = 200  # redemptions by each library
MEMBERS = 10
LOST = 0.3
SCRIPT = """
const { Client } = await import(process.env.LIBRARY);
const loyalpro = new Client(process.env.KEY, { baseUrl: process.env.URL, maxRetries: 20, retryDelay: 5 });
const turns = Array.from({ length: Number(process.env.EACH) }, (_, turn) => turn);
async function redeemSome() {
  for (let turn = turns.pop(); turn !== undefined; turn = turns.pop()) {
    const customer_id = `cus_${turn % Number(process.env.MEMBERS)}`;
    const redemption = await loyalpro.points.redeem({ customer_id, reward_id: "rwd_tea", points: 7 });
    console.log(JSON.stringify([redemption.id, redemption.customer_id]));
  }
}
await Promise.all(Array.from({ length: 4 }, redeemSome));
"""


@pytest.fixture
def shop(committed_environment: Environment) -> Environment:
    factories.make_reward(committed_environment, "rwd_tea", points=7, stock=2 * EACH)
    for number in range(MEMBERS):
        factories.give(committed_environment, 1000, f"cus_{number}")
    return committed_environment


def by_python(live: Live, key: str) -> list[tuple[str, str | None]]:
    """The redemptions that the Python library was answered, by four threads of one client."""
    with (
        Client(key, base_url=live.url, max_retries=20, retry_delay=0.005) as loyalpro,
        ThreadPoolExecutor(4) as pool,
    ):

        def redeem(turn: int) -> tuple[str, str | None]:
            done = loyalpro.points.redeem(customer_id=f"cus_{turn % MEMBERS}", reward_id="rwd_tea", points=7)
            return done["id"], done["customer_id"]

        return list(pool.map(redeem, range(EACH)))


def by_javascript(live: Live, key: str) -> list[tuple[str, str | None]]:
    done = node.run(script=SCRIPT, KEY=key, URL=live.url, EACH=str(EACH), MEMBERS=str(MEMBERS))
    assert done.returncode == 0, done.stderr[-3000:]
    return [(identity, customer) for identity, customer in map(json.loads, done.stdout.splitlines())]


def test_every_redemption_is_done_exactly_once(
    shop: Environment, live: Live, key: str, settings: LazySettings
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 10**6
    node.needed_node()
    live.losing = LOST
    with ThreadPoolExecutor(2) as pool:
        theirs = [pool.submit(library, live, key) for library in (by_python, by_javascript)]
        answered = [redemption for library in theirs for redemption in library.result()]
    live.losing = 0
    assert live.lost > 2 * EACH * LOST / 2  # the storm was one

    stored = Redemption.objects.filter(environment_id=shop.pk)
    assert len(answered) == 2 * EACH == stored.count()
    assert {identity for identity, _ in answered} == {f"red_{row.pk.hex}" for row in stored}
    assert Counter(customer for _, customer in answered) == {
        f"cus_{number}": 2 * EACH // MEMBERS for number in range(MEMBERS)
    }
    paid = LedgerEntry.objects.filter(environment_id=shop.pk, type="redeemed")
    assert Counter(entry.redemption_id for entry in paid) == {row.pk: 1 for row in stored}
    assert {entry.points for entry in paid} == {-7}
    assert RewardStock.objects.get(reward__environment=shop).taken == 2 * EACH
    with Client(key, base_url=live.url) as loyalpro:
        balances = [customer["points_balance"] for customer in loyalpro.customers.list()]
    assert balances == [1000 - 7 * 2 * EACH // MEMBERS] * MEMBERS
    connections.close_all()
