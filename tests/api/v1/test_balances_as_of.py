"""GET /v1/members/{id}/balances: now, as of any instant by both times, and with the open lots (domain.md 3.9)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.test_statement_budgets import statements
from tests.api.v1.days import award, day, done, go_to, spend
from tests.conftest import Api


def read(api: Api, query: str = "", customer: str = "ada") -> dict[str, Any]:
    found = done(api.get(f"/v1/members/{customer}/balances?{query}"))
    assert done(api.get(f"/v1/customers/{customer}/balances?{query}"))["data"] == found["data"]
    return found


def at(api: Api, query: str) -> tuple[int, int, int, int]:
    """Balance, total, pending and held."""
    (found,) = read(api, query)["data"]
    return found["balance"], found["total"], found["pending"], found["held"]


def lived(api: Api, environment: Any) -> None:
    """Ten days: earned, pending, held, spent, expired."""
    go_to(api, 0)
    award(api, 100, expires_at=day(5))
    go_to(api, 1)
    award(api, 50)
    factories.make_metric(environment, vesting_days=3)
    award(api, 30)
    go_to(api, 2)
    done(api.post("/v1/holds", {"customer_id": "ada", "points": 20, "expires_at": day(3)}))
    go_to(api, 4)
    spend(api, 60)
    go_to(api, 10)


def test_what_was_true_at_any_instant_is_told(api: Api, environment: Any) -> None:
    lived(api, environment)
    seen = {number: at(api, f"as_of={day(number)}") for number in (-1, 0, 0.5, 1, 2, 2.9, 3, 4, 5, 10)}
    assert seen == {
        -1: (0, 0, 0, 0),
        0: (100, 100, 0, 0),
        0.5: (100, 100, 0, 0),
        1: (150, 180, 30, 0),
        2: (130, 180, 30, 20),
        2.9: (130, 180, 30, 20),
        3: (150, 180, 30, 0),
        4: (120, 120, 0, 0),
        5: (80, 80, 0, 0),
        10: (80, 80, 0, 0),
    }
    answer = read(api, f"as_of={day(4)}")
    assert (answer["member_id"], answer["as_of"], answer["recorded_as_of"]) == ("ada", day(4), None)
    assert "lots" not in answer["data"][0]


def test_now_is_as_of_now(api: Api, environment: Any) -> None:
    lived(api, environment)
    assert read(api) == read(api, f"as_of={day(10)}")
    assert read(api, "lots=true") == read(api, f"lots=true&as_of={day(10)}")
    assert read(api, "lots=false") == read(api)


def test_open_lots_come_in_the_order_of_spending(api: Api, environment: Any) -> None:
    go_to(api, 0)
    never = award(api, 50)
    late, soon = award(api, 40, expires_at=day(9)), award(api, 30, expires_at=day(5))
    spend(api, 10)
    done(api.post("/v1/holds", {"customer_id": "ada", "points": 25}))
    factories.make_metric(environment, vesting_days=3)
    pending = award(api, 7, expires_at=day(20))
    expected = [
        (soon, 30, 0, 20, False, day(0), day(5)),
        (late, 40, 35, 5, False, day(0), day(9)),
        (pending, 7, 7, 0, True, day(3), day(20)),
        (never, 50, 50, 0, False, day(0), None),
    ]
    (found,) = read(api, "lots=true")["data"]
    assert found["lots"] == [
        {
            "transaction_id": of["id"],
            "points": points,
            "remaining": remaining,
            "held": held,
            "pending": is_pending,
            "earned_at": day(0),
            "available_at": available,
            "expires_at": expires,
        }
        for of, points, remaining, held, is_pending, available, expires in expected
    ]
    assert sum(lot["remaining"] + lot["held"] for lot in found["lots"]) == found["total"]


def test_lots_too_are_told_as_of_an_instant(api: Api, environment: Any) -> None:
    lived(api, environment)
    (found,) = read(api, f"lots=true&as_of={day(2)}")["data"]
    assert [(lot["remaining"], lot["held"], lot["pending"]) for lot in found["lots"]] == [
        (80, 20, False),
        (50, 0, False),
        (30, 0, True),
    ]
    (found,) = read(api, f"lots=true&as_of={day(5)}")["data"]
    assert [(lot["remaining"], lot["held"]) for lot in found["lots"]] == [(50, 0), (30, 0)]


def test_by_recorded_time_it_is_what_a_read_answered_then(api: Api, environment: Any) -> None:
    """Two purchases of ten days ago; the second was reported late."""
    factories.make_rule(environment, published_at=timezone.now() - timedelta(days=20))
    happened = timezone.now() - timedelta(days=10)
    award(api, 100)
    before = timezone.now()
    event = {"event_id": "e", "type": "purchase", "customer_id": "ada", "data": {"amount": "40"}}
    late = {**event, "occurred_at": happened.isoformat()}
    assert api.post("/v1/events", late).status_code == 201
    then, now = (quote(instant) for instant in (before, timezone.now()))
    assert at(api, f"recorded_as_of={then}")[:2] == (100, 100)
    assert at(api, f"recorded_as_of={now}")[:2] == (140, 140)
    assert at(api, f"as_of={quote(happened)}")[:2] == (40, 40), "it had happened"
    assert at(api, f"as_of={quote(happened)}&recorded_as_of={then}")[:2] == (0, 0), "nobody knew"
    answer = read(api, f"recorded_as_of={then}")
    assert answer["recorded_as_of"] == before.isoformat().replace("+00:00", "Z")


def test_both_times_together(api: Api) -> None:
    award(api, 10)
    middle = timezone.now()
    award(api, 5)
    at_ = quote(middle)
    answer = read(api, f"as_of={at_}&recorded_as_of={at_}")
    assert answer["as_of"] == answer["recorded_as_of"] == middle.isoformat().replace("+00:00", "Z")
    assert answer["data"][0]["balance"] == 10


@pytest.mark.parametrize("name", ["as_of", "recorded_as_of"])
@pytest.mark.parametrize("value", ["9000-01-01T00:00:00Z", "yesterday", "2030-01-01", "", "%00"])
def test_an_instant_that_is_none_or_lies_ahead_is_refused_by_its_name(
    api: Api, name: str, value: str
) -> None:
    go_to(api, 0)
    award(api, 10)
    problem = assert_problem(api.get(f"/v1/members/ada/balances?{name}={value}"), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == [name]


@pytest.mark.parametrize(("query", "field"), [("lots=1", "lots"), ("lots=", "lots"), ("at=now", "at")])
def test_a_faulty_query_is_refused_by_its_name(api: Api, query: str, field: str) -> None:
    award(api, 10)
    problem = assert_problem(api.get(f"/v1/members/ada/balances?{query}"), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == [field]


def test_another_tenants_member_is_not_found_at_any_instant(api: Api) -> None:
    factories.give(factories.make_environment(), 100)
    for query in ("", "lots=true", "as_of=2026-01-01T00:00:00Z"):
        assert_problem(api.get(f"/v1/members/ada/balances?{query}"), "not_found")


@pytest.mark.usefixtures("warm_key")
def test_a_read_takes_as_many_statements_whatever_the_history(api: Api, environment: Any) -> None:
    queries = ("", "lots=true", f"as_of={quote(datetime(2026, 1, 1, tzinfo=UTC))}")

    def counts() -> list[int]:
        return [
            len(statements(lambda query=query: api.get(f"/v1/members/ada/balances?{query}")))  # type: ignore[misc]
            for query in queries
        ]

    factories.give(environment, 10)
    counts()
    few = counts()
    for _ in range(60):
        factories.give(environment, 10)
    assert counts() == few
    assert few[0] == 3


def quote(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def test_a_merged_id_answers_for_itself_before_the_merge(api: Api) -> None:
    go_to(api, 0)
    award(api, 100, "bob")
    award(api, 5, "ada")
    go_to(api, 2)
    done(api.post("/v1/customers/bob/merge", {"into": "ada"}))
    go_to(api, 4)
    for instant, member, balance in ((1, "bob", 100), (2, "ada", 105), (3, "ada", 105)):
        answer = read(api, f"as_of={day(instant)}", "bob")
        assert (answer["member_id"], answer["data"][0]["balance"]) == (member, balance)
