"""Hot paths have a budget of database statements, besides those that open and close the transaction."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from programs.models import Environment
from tests.conftest import Api
from tests.factories import give, make_card, make_ladder, make_reward, make_rule, make_stamp_program

TRANSACTION = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK")

# At most; with an Idempotency-Key, of known members with a warm key; nothing is due, nobody is in debt.
BUDGETS = {
    "spend": 4,
    "transfer": 9,
    "reverse an earn": 9,
    "reverse a spend": 9,
    "hold": 4,
    "capture": 9,
    "cancel": 10,
    "release": 9,
    "redeem": 6,
    "use a code": 8,
    "cancel a redemption": 16,
}


def statements(call: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        call()
    return [query["sql"] for query in seen if not query["sql"].startswith(TRANSACTION)]


@pytest.fixture
def warm(environment: Environment, api: Api, warm_key: None) -> Api:
    """A known member, a warm key and a compiled configuration."""
    make_rule(environment)
    give(environment, 1000)
    event = {"event_id": "warm", "type": "purchase", "member_id": "ada", "data": {"amount": "5"}}
    assert api.post("/v1/events", event).status_code == 201
    return api


def test_an_award_to_a_known_member_takes_three_statements(warm: Api) -> None:
    body = {"customer_id": "ada", "points": 5}
    assert len(statements(lambda: warm.post("/v1/points/award", body, Idempotency_Key="k"))) == 3


def test_a_repeated_award_takes_two(warm: Api) -> None:
    body = {"customer_id": "ada", "points": 5}
    warm.post("/v1/points/award", body, Idempotency_Key="k")
    assert len(statements(lambda: warm.post("/v1/points/award", body, Idempotency_Key="k"))) == 2


def test_a_spend_takes_four(warm: Api) -> None:
    body = {"customer_id": "ada", "points": 5}
    assert len(statements(lambda: warm.post("/v1/points/redeem", body, Idempotency_Key="k"))) == 4


def test_calls_take_as_many_statements_at_300_open_lots_as_at_10(warm: Api, environment: Environment) -> None:
    def counts() -> dict[str, int]:
        earned = warm.post("/v1/points/award", {"customer_id": "ada", "points": 9}).json()
        spent = warm.post("/v1/points/redeem", {"customer_id": "ada", "points": 9}).json()
        held = [warm.post("/v1/holds", {"customer_id": "ada", "points": 9}).json() for _ in range(2)]
        offer = {"userId": "ada", "offerId": "rwd_coffee"}
        bought = [warm.post("/v1/offer/redeem", offer).json() for _ in range(2)]
        calls: dict[str, tuple[str, dict[str, Any]]] = {
            "spend": ("points/redeem", {"customer_id": "ada", "points": 9}),
            "transfer": (
                "points/transfer",
                {"from_customer_id": "ada", "to_customer_id": "bob", "points": 9},
            ),
            "reverse an earn": (f"transactions/{earned['id']}/reverse", {"reason": "r"}),
            "reverse a spend": (f"transactions/{spent['id']}/reverse", {"reason": "r"}),
            "hold": ("holds", {"customer_id": "ada", "points": 9}),
            "capture": (f"holds/{held[0]['id']}/capture", {"points": 5}),
            "cancel": (f"holds/{held[0]['id']}/cancel", {}),
            "release": (f"holds/{held[1]['id']}/release", {}),
            "redeem": ("offer/redeem", offer),
            "use a code": ("redemptions/use", {"code": bought[0]["code"]}),
            "cancel a redemption": (f"redemptions/{bought[1]['id']}/cancel", {}),
        }
        return {name: len(statements(posting(warm, *call))) for name, call in calls.items()}

    give(environment, 10, member="bob")
    make_reward(
        environment,
        "rwd_coffee",
        points=9,
        stock=100,
        limit_times=100,
        code_source="generated",
        code_pattern="CAFE-########",
    )
    for _ in range(10):
        give(environment, 10)
    few = counts()
    for _ in range(290):
        give(environment, 10)
    assert counts() == few
    assert {name: count for name, count in few.items() if count > BUDGETS[name]} == {}


def posting(api: Api, path: str, body: dict[str, Any]) -> Callable[[], None]:
    def call() -> None:
        answer = api.post(f"/v1/{path}", body, Idempotency_Key=uuid4().hex)
        assert answer.status_code in (200, 201), answer.content

    return call


def test_a_spend_from_more_than_fifty_lots_takes_one_statement_more_however_many_they_are(
    warm: Api, environment: Environment
) -> None:
    assert warm.post("/v1/points/redeem", {"customer_id": "ada", "points": 1000}).status_code == 201
    for lots in (60, 290):
        for _ in range(lots):
            give(environment, 10)
        body = {"customer_id": "ada", "points": lots * 10}
        assert len(statements(posting(warm, "points/redeem", body))) == 5


def test_an_event_that_awards_takes_five_and_six_with_a_key(warm: Api) -> None:
    event = {"event_id": "e1", "type": "purchase", "member_id": "ada", "data": {"amount": "5"}}
    assert len(statements(lambda: warm.post("/v1/events", event))) == 5
    event["event_id"] = "e2"
    assert len(statements(lambda: warm.post("/v1/events", event, Idempotency_Key="k"))) == 6


def buying(api: Api, member: str, event_id: str) -> Callable[[], None]:
    data = {"amount": "5", "currency": "GBP"}
    event = {"event_id": event_id, "type": "purchase", "member_id": member, "data": data}
    return posting(api, "events", event)


def test_stamp_cards_cost_a_purchase_nothing_where_there_are_none_and_one_where_its_member_has_none(
    warm: Api, environment: Environment
) -> None:
    before = len(statements(buying(warm, "ada", "e1")))
    coffee = make_stamp_program(environment)
    make_card(environment, coffee, "bob")
    buying(warm, "ada", "e2")()
    assert len(statements(buying(warm, "ada", "e3"))) == before + 1
    assert before == 6


def test_a_stamp_costs_a_purchase_one_statement_and_two_where_the_card_is_full(
    warm: Api, environment: Environment
) -> None:
    make_card(environment, make_stamp_program(environment))
    buying(warm, "ada", "e1")()
    assert [len(statements(buying(warm, "ada", f"e{number}"))) for number in range(2, 6)] == [7, 7, 7, 8]


def test_cards_cost_a_purchase_the_same_however_many_the_member_has(
    warm: Api, environment: Environment
) -> None:
    for _ in range(10):
        make_card(environment, make_stamp_program(environment))
    buying(warm, "ada", "e1")()
    assert len(statements(buying(warm, "ada", "e2"))) == 7


def test_to_join_a_stamp_program_takes_six(warm: Api, environment: Environment) -> None:
    name = make_stamp_program(environment).public_id
    make_card(environment, make_stamp_program(environment), "bob")
    body = {"stamp_program": name, "customer_id": "ada"}
    assert len(statements(posting(warm, "stamp-collections", body))) == 6


def test_a_balance_takes_three_whatever_the_history(warm: Api, environment: Environment) -> None:
    before = len(statements(lambda: warm.get("/v1/members/ada/balances")))
    for _ in range(30):
        give(environment, 1)
    assert len(statements(lambda: warm.get("/v1/members/ada/balances"))) == before == 3


def test_a_page_of_history_takes_three_however_long_it_is(warm: Api, environment: Environment) -> None:
    for _ in range(30):
        give(environment, 1)
    for limit in (1, 30):
        assert len(statements(lambda: warm.get(f"/v1/points?customer_id=ada&limit={limit}"))) == 3  # noqa: B023


def test_a_page_of_customers_takes_three_however_many_they_are(warm: Api, environment: Environment) -> None:
    for number in range(20):
        give(environment, 1, member=f"member-{number}")
    for limit in (1, 20):
        assert len(statements(lambda: warm.get(f"/v1/customers?limit={limit}"))) == 3  # noqa: B023


def test_a_batch_takes_as_many_at_1000_events_as_at_10_whatever_becomes_of_them(warm: Api) -> None:
    def batch(first: int, count: int) -> list[dict[str, Any]]:
        """Of new and known members, sent before and twice in the list, refunds, and refused ones."""
        events: list[dict[str, Any]] = []
        for number in range(first, first + count, 10):
            bought = [sale(f"e{number + n}", f"m{(number + n) % 700}") for n in range(5)]
            back = {"type": "refund", "data": {"purchase": f"e{number}", "amount": "2"}}
            events += [*bought, sale("warm", "ada"), bought[0], bought[0] | back | {"event_id": f"r{number}"}]
            events += [sale(f"x{number}", "ada") | {"type": "?"}, sale("warm", "eve")]
        return events

    def sale(event_id: str, member: str) -> dict[str, Any]:
        return {"event_id": event_id, "type": "purchase", "member_id": member, "data": {"amount": "5"}}

    def send(events: list[dict[str, Any]]) -> int:
        return len(statements(posting(warm, "events/batch", {"events": events})))

    send(batch(0, 10))
    assert send(batch(10, 10)) == send(batch(1000, 1000)) <= 30
    assert send(batch(10, 10)) == send(batch(1000, 1000)) <= 20, "all of them sent before"


def test_a_members_tier_takes_three(warm: Api, environment: Environment) -> None:
    make_ladder(environment, ("silver", "5"), ("gold", "500"))
    warm.get("/v1/members/ada/tier")
    assert len(statements(lambda: warm.get("/v1/members/ada/tier"))) == 3
