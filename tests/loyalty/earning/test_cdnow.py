"""18 months of a record shop, replayed at their own time, against a reference that shares no code with the
engine: every customer's balance, open lots with their expiry, level and its dates.

The shop's real purchases (CDNOW, every tenth customer; Fader and Hardie, Interfaces 31, 2001) may not be
shipped: they are read from ../shared/data beside the checkout or from the file that LOYALTY_CDNOW names, else
those tests are skipped. A generated history of the same shape is replayed everywhere.

Through the batch endpoint go all purchases, a request a day. One by one go those of the first
LOYALTY_CDNOW_SINGLES customers (60; 2357 are all).
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from loyalty.models import (
    Account,
    Event,
    EventCount,
    LedgerEntry,
    Lot,
    LotUse,
    Member,
    MemberTier,
    RuleUsage,
    TierChange,
    TierProgress,
    member_key,
)
from loyalty.queries.balances import balances_of_many
from loyalty.queries.tiers import tiers_of
from programs.models import Environment
from tests.conftest import Api
from tests.factories import make_environment, make_key, make_ladder, make_metric, make_rule, reload
from tests.loyalty.earning.cdnow import (
    ZONE,
    Customer,
    Purchase,
    days_of,
    expected,
    generated,
    midnight,
    noon,
    read,
)
from tests.loyalty.ledger.checking import check

BESIDE = Path(__file__).parents[3].parent / "shared" / "data" / "cdnow-sample.csv"
FILE = Path(os.environ.get("LOYALTY_CDNOW") or BESIDE)
SINGLES = int(os.environ.get("LOYALTY_CDNOW_SINGLES", "60"))
BEGIN = midnight(date(1997, 1, 1))
FIRST = {"all": [{"field": "member.event_count.purchase", "op": "eq", "value": 0}]}
WEEKEND = {"all": [{"field": "event.occurred_at.weekday", "op": "in", "value": [6, 7]}]}

needs_the_file = pytest.mark.skipif(not FILE.exists(), reason=f"no CDNOW purchases at {FILE.name}")


class Shop:
    """A sandbox with the program, set back to 1997; `noon` sends a day's purchases at its noon."""

    def __init__(self) -> None:
        self.environment = make_environment(time_zone=str(ZONE))
        self.api = Api(make_key(self.environment))
        self.set_clock(BEGIN)
        self._configure()

    def set_clock(self, at: datetime) -> None:
        answer = self.api.post("/v1/sandbox/clock", {"now": at.isoformat()})
        assert answer.status_code == 200, answer.content

    def _configure(self) -> None:
        it = self.environment
        make_metric(it, expiry="months", expiry_count=12, expiry_month_end=True)
        make_rule(it, name="A dollar a point", published_at=BEGIN)
        make_rule(
            it,
            name="Weekends",
            award={"kind": "multiplier", "factor": "2"},
            condition=WEEKEND,
            caps=[{"per": "day", "points": 100}],
            published_at=BEGIN,
        )
        make_rule(
            it,
            name="Welcome",
            award={"kind": "fixed", "points": 25},
            condition=FIRST,
            entry_type="bonus",
            published_at=BEGIN,
        )
        levels = [("silver", "250", "1.25"), ("gold", "750", "1.5")]
        make_ladder(it, *levels, period="rolling", days=365, grace_days=0, downgrade="to_qualified")

    def replay(self, purchases: Iterable[Purchase], send: "Send", until: date) -> datetime:
        """Day after day, until 23:59 of the last; answers that instant."""
        for number, (day, bought) in enumerate(days_of(purchases)):
            self.set_clock(noon(day))
            send(self.api, bought)
            if number % 60 == 59:
                analyze()
        analyze()
        end = datetime.combine(until, time(23, 59), ZONE)
        self.set_clock(end)
        return end


def analyze() -> None:
    """Tell the planner how large the tables are by now: autovacuum sees nothing of an open transaction."""
    tables = (
        Account,
        Event,
        EventCount,
        LedgerEntry,
        Lot,
        LotUse,
        Member,
        MemberTier,
        RuleUsage,
        TierProgress,
    )
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(table._meta.db_table for table in tables)}")


Send = Callable[[Api, list[Purchase]], None]


def batch(api: Api, bought: list[Purchase]) -> None:
    """The day's purchases in one request, each dated by itself."""
    events = [body(purchase) | {"occurred_at": noon(purchase.on).isoformat()} for purchase in bought]
    answer = api.post("/v1/events/batch", {"events": events})
    assert answer.status_code == 200, answer.content
    results = answer.json()["results"]
    assert [(r["event_id"], r["outcome"]) for r in results] == [(p.event_id, "applied") for p in bought]


def one_by_one(api: Api, bought: list[Purchase]) -> None:
    """Each in a request of its own, dated by the sandbox's clock."""
    for purchase in bought:
        answer = api.post("/v1/events", body(purchase))
        assert answer.status_code == 201, answer.content


def body(purchase: Purchase) -> dict[str, Any]:
    return {
        "event_id": purchase.event_id,
        "type": "purchase",
        "member_id": purchase.customer,
        "data": {"amount": purchase.amount, "currency": "USD"},
    }


# -- what the engine has, and what the reference has, in the same shape


def found_in(environment: Environment, customers: Iterable[str], at: datetime) -> dict[str, Any]:
    environment = reload(environment)
    keys = {customer: member_key(environment.namespace, customer) for customer in customers}
    balances = balances_of_many(environment=environment, member_ids=list(keys.values()), now=at)
    lots = defaultdict(list)
    stored = Lot.objects.filter(environment_id=environment.id, remaining__gt=0, expires_at__gt=at)
    for member_id, remaining, expires_at in stored.values_list("member_id", "remaining", "expires_at"):
        lots[member_id].append((remaining, expires_at))
    changes = defaultdict(list)
    columns = ("member_id", "kind", "from_code", "to_code", "occurred_at")
    rows = TierChange.objects.filter(environment_id=environment.id).order_by("id")
    for member_id, *change in rows.values_list(*columns):
        changes[member_id].append(tuple(change))
    found = {}
    for customer, key in keys.items():
        (balance,) = balances[key]
        (tier,) = tiers_of(environment=environment, member_id=key, now=at)
        found[customer] = {
            "points": (balance.balance, balance.earned, balance.expired),
            "lots": sorted(lots[key]),
            "level": (tier.level and tier.level.code, tier.level and tier.since, tier.valid_until),
            "progress": tier.progress,
            "changes": changes[key],
        }
    return found


def wanted(customers: dict[str, Customer], at: datetime) -> dict[str, Any]:
    today = at.date()
    found = {}
    for name, customer in customers.items():
        lots = customer.open_lots(at)
        balance, earned = sum(points for points, _ in lots), sum(points for _, points in customer.lots)
        code, since, decided_on = customer.level
        last_write = noon(customer.last)
        found[name] = {
            "points": (balance, earned, earned - balance),
            "lots": lots,
            "level": (code, code and since, decided_on and midnight(decided_on)),
            "progress": customer.earned(today - timedelta(days=364), today),
            # A level that lapsed since is already counted, and not written yet.
            "changes": [change for change in customer.changes if change[3] <= last_write],
        }
    return found


def compare(shop: Shop, purchases: list[Purchase], send: Send, until: date) -> dict[str, Customer]:
    at = shop.replay(purchases, send, until)
    customers = expected(purchases, until)
    found, want = found_in(shop.environment, customers, at), wanted(customers, at)
    assert {name: (found[name], want[name]) for name in want if found[name] != want[name]} == {}
    for name in sorted(customers)[::50]:
        assert over_http(shop.api, name) == {
            "balance": want[name]["points"][0],
            "lots": want[name]["lots"],
            "tier": want[name]["level"][0],
            "valid_until": want[name]["level"][2],
        }
    check(environment=str(shop.environment.id))
    return customers


def over_http(api: Api, customer: str) -> dict[str, Any]:
    """The same, as a tenant's server reads it."""
    (points,) = api.get(f"/v1/members/{customer}/balances?lots=true").json()["data"]
    (tier,) = api.get(f"/v1/members/{customer}/tier").json()["tiers"]
    until = tier["valid_until"]
    return {
        "balance": points["balance"],
        "lots": sorted((r["remaining"], datetime.fromisoformat(r["expires_at"])) for r in points["lots"]),
        "tier": tier["tier"],
        "valid_until": until and datetime.fromisoformat(until),
    }


# -- the engine against it


@pytest.fixture
def shop(db: None, settings: Any) -> Shop:
    settings.API_REQUESTS_PER_MINUTE = 10**6
    return Shop()


@pytest.mark.parametrize("send", [batch, one_by_one])
def test_a_generated_history(shop: Shop, send: Send) -> None:
    customers = compare(shop, generated(customers=9, days=900), send, date(1999, 12, 1))
    kinds = {change[:3] for customer in customers.values() for change in customer.changes}
    assert {
        ("lowered", "gold", "silver"),
        ("lowered", "gold", None),
        ("confirmed", "silver", "silver"),
    } <= kinds
    assert any(extra == 100 for customer in customers.values() for extra in customer.extra.values())


@needs_the_file
@pytest.mark.timeout(600)
def test_the_real_purchases_in_a_batch_a_day(shop: Shop) -> None:
    purchases = read(FILE)
    assert len(purchases) == 6787
    customers = compare(shop, purchases, batch, date(1998, 6, 30))
    levels = [customer.level.code for customer in customers.values()]
    assert [levels.count(code) for code in (None, "silver", "gold")] == [2119, 188, 50]


@needs_the_file
@pytest.mark.timeout(1200)
def test_the_real_purchases_one_by_one(shop: Shop) -> None:
    purchases = read(FILE)
    chosen = set(sorted({purchase.customer for purchase in purchases})[:SINGLES])
    compare(shop, [p for p in purchases if p.customer in chosen], one_by_one, date(1998, 6, 30))
