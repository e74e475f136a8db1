"""The number of a batch's statements does not grow with its size."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loyalty.actions.events import record_batch
from loyalty.models import Event
from loyalty.queries.events import RecordedEvent, ReportedEvent
from programs.models import Environment
from tests.conftest import Api
from tests.factories import make_actor, make_key, make_ladder, make_metric, make_rule, reload
from tests.loyalty.earning.desk import at

TRANSACTION = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK")
NOW = at(20)
SIZES = [(10, 10), (10, 1), (300, 300), (300, 10), (300, 1)]  # events, members


def statements(call: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as seen:
        call()
    return sum(not query["sql"].startswith(TRANSACTION) for query in seen)


@pytest.fixture
def shop(environment: Environment) -> Environment:
    make_metric(environment, expiry="months", expiry_count=12)
    make_rule(environment, published_at=at(0), caps=[{"per": "day", "points": 50}], budget=1_000_000)
    first = {"all": [{"field": "member.event_count.purchase", "op": "eq", "value": 0}]}
    make_rule(
        environment, published_at=at(0), name="First", award={"kind": "fixed", "points": 5}, condition=first
    )
    make_ladder(environment, ("silver", "20", "1.25"), ("gold", "40", "1.5"))
    return reload(environment)


class Batches:
    """Members of each size are people of their own, so that no batch meets another's."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment

    def send(self, events: list[ReportedEvent]) -> int:
        found: list[Any] = []
        count = statements(
            lambda: found.extend(
                record_batch(environment=self.environment, events=events, actor=make_actor(), now=NOW)
            )
        )
        assert len(found) == len(events)
        assert all(isinstance(outcome, RecordedEvent) and not outcome.duplicate for outcome in found)
        return count

    def purchases(self, number: int, people: int, turn: int = 0) -> list[ReportedEvent]:
        who = f"{number}-{people}"
        return [
            ReportedEvent(f"{who}-{turn}-{n}", "purchase", f"{who}-{n % people}", {"amount": "30.00"})
            for n in range(number)
        ]

    def refunds(self, number: int, people: int, amount: str, turn: int = 0) -> list[ReportedEvent]:
        return [
            ReportedEvent(
                f"r{amount}-{purchase.event_id}",
                "refund",
                purchase.member,
                {"purchase": purchase.event_id, "amount": amount},
            )
            for purchase in self.purchases(number, people, turn)
        ]


def test_purchases_of_new_and_of_known_members(shop: Environment) -> None:
    batches = Batches(shop)
    batches.send(batches.purchases(2, 2))  # compiles the configuration
    new = {size: batches.send(batches.purchases(*size)) for size in SIZES}
    known = {size: batches.send(batches.purchases(*size, turn=1)) for size in SIZES}
    assert (len(set(new.values())), len(set(known.values()))) == (1, 1), (new, known)
    assert max(new.values()) <= 25
    assert Event.objects.filter(environment_id=shop.id).count() == 2 * 920 + 2


def test_refunds_first_and_second_ones(shop: Environment) -> None:
    batches = Batches(shop)
    for size in SIZES:
        batches.send(batches.purchases(*size))
    batches.send(batches.refunds(10, 10, "0.50"))
    first = {size: batches.send(batches.refunds(*size, amount="10.00")) for size in SIZES}
    second = {size: batches.send(batches.refunds(*size, amount="19.00")) for size in SIZES}
    assert (len(set(first.values())), len(set(second.values()))) == (1, 1), (first, second)
    assert max(first.values()) <= 30


def test_over_http(shop: Environment, warm_key: None) -> None:
    api = Api(make_key(shop))

    def send(number: int, kind: str) -> int:
        events = [
            {
                "event_id": f"{kind}-{number}-{n}",
                "type": "purchase",
                "member_id": f"{number}-{n}",
                "data": {"amount": "30"},
            }
            for n in range(number)
        ]
        answers: list[Any] = []
        count = statements(lambda: answers.append(api.post("/v1/events/batch", {"events": events})))
        assert answers[0].status_code == 200, answers[0].content
        outcomes = {result["outcome"] for result in answers[0].json()["results"]}
        assert outcomes == {"applied"}
        return count

    send(2, "warm")
    assert send(10, "new") == send(200, "new")
    assert send(10, "known") == send(200, "known")
