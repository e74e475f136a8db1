"""Hot paths have a budget of database statements, besides those that open and close the transaction."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from programs.models import Environment
from tests.conftest import Api
from tests.factories import give, make_rule

TRANSACTION = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK")


def statements(call: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        call()
    return [query["sql"] for query in seen if not query["sql"].startswith(TRANSACTION)]


@pytest.fixture
def warm(environment: Environment, api: Api) -> Api:
    """A known member, a warm key and a compiled configuration."""
    make_rule(environment)
    give(environment, 1000)
    event = {"event_id": "warm", "type": "purchase", "member_id": "ada", "data": {"amount": "5"}}
    assert api.post("/v1/events", event).status_code == 201
    return api


def test_an_award_to_a_known_member_takes_four_statements(warm: Api) -> None:
    body = {"customer_id": "ada", "points": 5}
    assert len(statements(lambda: warm.post("/v1/points/award", body, Idempotency_Key="k"))) == 4


def test_a_repeated_award_takes_three(warm: Api) -> None:
    body = {"customer_id": "ada", "points": 5}
    warm.post("/v1/points/award", body, Idempotency_Key="k")
    assert len(statements(lambda: warm.post("/v1/points/award", body, Idempotency_Key="k"))) == 3


def test_a_spend_takes_five(warm: Api) -> None:
    body = {"customer_id": "ada", "points": 5}
    assert len(statements(lambda: warm.post("/v1/points/redeem", body, Idempotency_Key="k"))) == 5


def test_an_event_that_awards_takes_five_and_six_with_a_key(warm: Api) -> None:
    event = {"event_id": "e1", "type": "purchase", "member_id": "ada", "data": {"amount": "5"}}
    assert len(statements(lambda: warm.post("/v1/events", event))) == 5
    event["event_id"] = "e2"
    assert len(statements(lambda: warm.post("/v1/events", event, Idempotency_Key="k"))) == 6


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
