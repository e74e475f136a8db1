"""The snippets of the LoyalPro and Lynes documents, as they stand there, against the engine itself.

Only what a reader replaces is replaced: the address, the token, and the stray backtick behind YOUR_JWT.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from loyalty.models import LedgerEntry, Redemption
from loyalty_engine_client import Client
from programs.models import Environment
from tests.sdk import node
from tests.sdk.live import Live

SNIPPETS = Path(__file__).parent / "snippets"
PROGRAM = """
const { Client } = await import(process.env.LIBRARY);
const loyalpro = new Client(process.env.KEY, { baseUrl: process.env.URL });
"""


def text_of(name: str) -> str:
    return (SNIPPETS / f"{name}.js").read_text()


def said(script: str, live: Live, key: str) -> list[str]:
    """The lines that a program with this text at its heart prints."""
    done = node.run(script=script, KEY=key, URL=live.url)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()


@pytest.fixture
def shop(loyalpro: Client, committed_environment: Environment) -> Environment:
    """The documents' world: November 2025, the reward rwd_xyz789, and 150 points that cus_abc123 has already."""
    loyalpro.rewards.create(
        id="rwd_xyz789",
        kind="discount",
        name="₦1,000 off",
        status="active",
        cost={"kind": "fixed", "points": 200},
        discount_amount=Decimal(1000),
        currency="NGN",
        code={"source": "generated"},
    )
    loyalpro.sandbox.set_clock(now="2025-11-20T12:00:00Z")
    loyalpro.points.award(customer_id="cus_abc123", points=150, reason="Welcome")
    return committed_environment


def test_loyalpros_snippets_run_one_after_the_other(
    shop: Environment, loyalpro: Client, live: Live, key: str
) -> None:
    snippets = "\n".join(text_of(f"loyalpro_{name}") for name in ("award", "redeem", "history"))
    balance, code, discount, *history = said(PROGRAM + snippets, live, key)
    assert balance == "500"
    assert code.startswith("REDEEM-")
    assert code == Redemption.objects.get(environment_id=shop.pk).code.code
    assert discount == "1000"
    assert history == [
        "redeemed: -200 points - ₦1,000 off",
        "earned: 200 points - Promotional Campaign",
        "bonus: 50 points - Birthday Bonus",
        "earned: 100 points - Purchase",
        "earned: 150 points - Welcome",
    ]
    rows = loyalpro.points.list(customer_id="cus_abc123").data
    assert [row["balance_after"] for row in rows] == [300, 500, 300, 250, 150]
    assert rows[3]["metadata"] == {"order_id": "order_12345", "amount": 10000}


def test_the_python_library_does_the_same_calls(shop: Environment, loyalpro: Client) -> None:
    transaction = loyalpro.points.award(
        customer_id="cus_abc123",
        points=100,
        reason="Purchase",
        metadata={"order_id": "order_12345", "amount": 10000},
    )
    loyalpro.points.award(customer_id="cus_abc123", points=50, reason="Birthday Bonus", type="bonus")
    loyalpro.points.award(
        customer_id="cus_abc123", points=200, reason="Promotional Campaign", expires_at="2025-12-31T23:59:59Z"
    )
    assert loyalpro.customers.retrieve("cus_abc123")["points_balance"] == 500
    redemption = loyalpro.points.redeem(customer_id="cus_abc123", reward_id="rwd_xyz789", points=200)
    history = loyalpro.points.list(customer_id="cus_abc123", limit=20, order="desc")
    assert (transaction["points"], transaction["balance_after"]) == (100, 250)
    assert redemption["code"] == Redemption.objects.get(environment_id=shop.pk).code.code
    assert redemption["discount_amount"] == 1000
    assert [f"{txn['type']}: {txn['points']} points - {txn['reason']}" for txn in history.data] == [
        "redeemed: -200 points - ₦1,000 off",
        "earned: 200 points - Promotional Campaign",
        "bonus: 50 points - Birthday Bonus",
        "earned: 100 points - Purchase",
        "earned: 150 points - Welcome",
    ]


def lynes(live: Live, token: str) -> str:
    """The snippet with the address of this engine and this token; what it is answered is printed."""
    snippet = text_of("lynes_redeem")
    assert snippet.count("fetch(`/v1/") == snippet.count('"Bearer YOUR_JWT`') == 1
    snippet = snippet.replace("fetch(`/v1/", f"fetch(`{live.url}/v1/").replace(
        '"Bearer YOUR_JWT`', json.dumps(f"Bearer {token}")
    )
    # The snippet's promise is the value that its text ends with; a reader would await it.
    comment, snippet = snippet.split("\n", 1)
    return f"""
const userId = "cus_abc123", offerId = "rwd_xyz789";
{comment}
const answer = await {snippet}
console.log(answer.status, JSON.stringify(await answer.json()));
"""


def of_lynes(live: Live, token: str) -> tuple[int, Any]:
    (line,) = said(lynes(live, token), live, "")
    status, _, body = line.partition(" ")
    return int(status), json.loads(body)


def test_lynes_snippet_redeems_with_a_members_token(shop: Environment, loyalpro: Client, live: Live) -> None:
    loyalpro.points.award(customer_id="cus_abc123", points=350, reason="Purchase")
    token = loyalpro.tokens.create("cus_abc123", expires_in=600)["token"]
    status, body = of_lynes(live, token)
    redemption = Redemption.objects.get(environment_id=shop.pk)
    assert (status, body["status"], body["points_balance"]) == (201, "fulfilled", 300)
    assert (body["code"], body["metadata"]) == (redemption.code.code, {"source": "app"})


def test_lynes_snippet_redeems_with_a_secret_key_too(
    shop: Environment, loyalpro: Client, live: Live, key: str
) -> None:
    loyalpro.points.award(customer_id="cus_abc123", points=350, reason="Purchase")
    status, body = of_lynes(live, key)
    assert (status, body["customer_id"], body["reward_id"]) == (201, "cus_abc123", "rwd_xyz789")


def test_lynes_snippet_is_refused_with_the_token_of_somebody_else(
    shop: Environment, loyalpro: Client, live: Live
) -> None:
    loyalpro.points.award(customer_id="cus_abc123", points=350, reason="Purchase")
    token = loyalpro.tokens.create("mallory")["token"]
    status, body = of_lynes(live, token)
    assert (status, body["code"]) == (403, "permission_denied")
    assert not Redemption.objects.filter(environment_id=shop.pk).exists()
    assert not LedgerEntry.objects.filter(environment_id=shop.pk, type="redeemed").exists()


def test_the_libraries_redeem_offers_by_both_addresses(
    shop: Environment, loyalpro: Client, live: Live, key: str
) -> None:
    loyalpro.points.award(customer_id="cus_abc123", points=650, reason="Purchase")
    both = """
    await loyalpro.offers.redeem({ userId: "cus_abc123", offerId: "rwd_xyz789", metadata: { by: "javascript" } });
    await loyalpro.offers.redeemFor("cus_abc123", "rwd_xyz789", { metadata: { by: "javascript" } });
    """
    said(PROGRAM + both, live, key)
    loyalpro.offers.redeem("cus_abc123", "rwd_xyz789", metadata={"by": "python"})
    loyalpro.offers.redeem_for("cus_abc123", "rwd_xyz789", metadata={"by": "python"})
    by = [redemption["metadata"] for redemption in loyalpro.redemptions.list(customer_id="cus_abc123")]
    assert by == [{"by": "python"}] * 2 + [{"by": "javascript"}] * 2
    assert loyalpro.customers.retrieve("cus_abc123")["points_balance"] == 0
