"""/v1/analytics/stamps: how far members are, and what full cards gave (domain.md 11)."""

from datetime import UTC, datetime

import pytest

from tests.api.test_problems import assert_problem
from tests.api.test_statement_budgets import statements
from tests.api.v1.cafe import buy, card, fill, join, pay, refund
from tests.api.v1.days import done
from tests.conftest import Api


@pytest.fixture
def cafe(at_noon: None, api: Api) -> Api:
    """Two stamp programs; of the first ada has one stamp and two rewards, one paid, bob two stamps and a revoked
    reward, eve nothing."""
    card(api)
    card(api, id="lp_tea", status="paused")
    for customer in ("ada", "bob", "eve"):
        join(api, customer)
    done(pay(api, fill(api, "3.00", "2.00", "4.00")))
    fill(api, "3.00", "3.00", "5.00")
    buy(api)
    sale = buy(api, customer="bob")
    fill(api, "3.00", "3.00", customer="bob")
    refund(api, sale)
    return api


def test_each_stamp_program_says_how_far_its_members_are(cafe: Api) -> None:
    tea, coffee = done(cafe.get("/v1/analytics/stamps"))["data"]
    assert coffee["days"][0].pop("day") == str(datetime.now(UTC).date())
    assert coffee == {
        "stamp_program": "lp_coffee",
        "name": "Coffee Rewards",
        "status": "active",
        "threshold": 3,
        "currency": "GBP",
        "enrolled": 3,
        "steps": [{"stamps": 0, "members": 1}, {"stamps": 1, "members": 1}, {"stamps": 2, "members": 1}],
        "issued": 3,
        "paid": 1,
        "revoked": 1,
        "to_pay": 300,
        "paid_amount": 200,
        "completion_rate": 0.3333,
        "days": [{"joined": 3, "stamps": 10, "returned": 1, "issued": 3, "paid": 1}],
    }
    nobody = [{"stamps": stamps, "members": 0} for stamps in range(3)]
    figures = ("enrolled", "issued", "paid", "revoked", "to_pay", "paid_amount")
    assert (tea["stamp_program"], tea["status"], tea["steps"]) == ("lp_tea", "paused", nobody)
    assert {tea[name] for name in figures} == {0}


def test_members_at_the_same_stamps_are_counted_together_whichever_threshold_their_cards_began_under(
    cafe: Api,
) -> None:
    done(cafe.patch("/v1/stamp-programs/lp_coffee", {"threshold": 4}))
    join(cafe, "zoe")
    _, coffee = done(cafe.get("/v1/analytics/stamps"))["data"]
    assert [step["members"] for step in coffee["steps"]] == [2, 1, 1, 0]
    assert coffee["enrolled"] == 4


def test_it_is_narrowed_and_paged_as_stamp_programs_are(cafe: Api) -> None:
    def listed(query: str) -> list[str]:
        return [row["stamp_program"] for row in done(cafe.get(f"/v1/analytics/stamps?{query}"))["data"]]

    assert listed("status=active") == ["lp_coffee"]
    assert listed("order=asc&limit=1") == ["lp_coffee"]
    assert listed("program=nowhere") == []
    problem = assert_problem(cafe.get("/v1/analytics/stamps?from=2030-01-01T00:00:00Z"), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == ["from"]


def test_it_takes_six_statements_however_many_there_are(cafe: Api, warm_key: None) -> None:
    cafe.get("/v1/analytics/stamps")
    for limit in (1, 2):
        assert len(statements(lambda: cafe.get(f"/v1/analytics/stamps?limit={limit}"))) == 6  # noqa: B023
