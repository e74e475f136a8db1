"""Five days of real orders, cancellations too, against two stamp programs: what each customer's card holds and gave
is what the file's rows say (counted.py)."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import loyalty
from loyalty.actions.events import record_batch
from loyalty.actions.stamps import enrol
from loyalty.demo.orders import DemoEvent, read_history
from loyalty.models import StampCollection, StampReward
from loyalty.queries.events import RecordedEvent, ReportedEvent
from programs.models import Environment, StampProgram
from tests.factories import make_actor, make_environment, make_stamp_program, reload
from tests.loyalty.stamps.cafe import FIXED, check_card
from tests.loyalty.stamps.counted import Card, Row, days_bought_on, pieces_bought

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Europe/London")
NOW = datetime(2010, 12, 6, tzinfo=ZONE)
FILE = Path(loyalty.__path__[0]) / "demo" / "online-retail-2010-12.csv"
HOLDERS = ["84347", "22178", "22791", "85062"]  # such as the T-LIGHT HLDR of silver angels
T_LIGHTS = {
    "any": [
        {"field": "item.description", "op": "contains", "value": "T-LIGHT HOLDER"},
        {"field": "item.sku", "op": "in", "value": HOLDERS},
    ]
}


@pytest.fixture
def shop(db: None) -> Environment:
    return make_environment(time_zone=str(ZONE))


def join(shop: Environment, program: StampProgram, members: Iterable[str]) -> None:
    here = reload(shop)
    for member in members:
        enrol(environment=here, stamp_program=program.public_id, member=member, actor=make_actor(), now=NOW)


def replay(shop: Environment, events: Iterable[DemoEvent], size: int) -> None:
    sent = [
        ReportedEvent(each.event_id, each.type, each.member, each.data, each.occurred_at.replace(tzinfo=ZONE))
        for each in events
    ]
    here = reload(shop)
    for begin in range(0, len(sent), size):
        results = record_batch(
            environment=here, events=sent[begin : begin + size], actor=make_actor(), now=NOW
        )
        assert all(isinstance(result, RecordedEvent) for result in results)


def cards(program: StampProgram) -> dict[str, Card]:
    """Each member's rewards and stamps, as they are stored; all of them add up."""
    rewards: dict[Any, list[tuple[str, int]]] = {}
    for reward in StampReward.objects.filter(stamp_program=program).order_by("id"):
        rewards.setdefault(reward.collection_id, []).append((str(reward.status), reward.amount))
    rows = StampCollection.objects.filter(stamp_program=program).select_related("member")
    for row in rows:
        check_card(row)
    return {str(row.member): Card(rewards.get(row.pk, []), row.counter) for row in rows}


@pytest.mark.parametrize("days", [3, 2])
def test_buy_on_different_days_and_get_five_pounds(shop: Environment, days: int) -> None:
    history = read_history()
    program = make_stamp_program(shop, threshold=days, stamps_per="day", **FIXED)
    expected = days_bought_on(FILE, days, 500)
    members = set(expected)
    if days != 3:  # those with whom something happens
        cancelled = {event.member for event in history.events if event.type == "refund"}
        members = cancelled | {customer for customer, card in expected.items() if card.rewards}
    join(shop, program, sorted(members))
    replay(shop, [event for event in history.events if event.member in members], 100)
    found = cards(program)
    assert found == {member: expected[member] for member in members}
    given = Counter(status for card in found.values() for status, _ in card.rewards)
    assert given == {3: {"issued": 3}, 2: {"issued": 13}}[days]


def test_every_tenth_t_light_holder_is_free(shop: Environment) -> None:
    history = read_history()
    program = make_stamp_program(shop, threshold=10, stamps_per="quantity", item_where=T_LIGHTS)
    expected = {
        customer: card for customer, card in pieces_bought(FILE, 10, is_holder).items() if card != ([], 0)
    }
    join(shop, program, expected)
    replay(shop, [event for event in history.events if event.member in expected], 150)
    found = cards(program)
    assert found == expected
    given = Counter(status for card in found.values() for status, _ in card.rewards)
    assert (len(found), given) == (95, {"issued": 570, "revoked": 4})


def is_holder(row: Row) -> bool:
    return "T-LIGHT HOLDER" in row["description"] or row["stock_code"] in HOLDERS
