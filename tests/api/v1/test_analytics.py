"""/v1/analytics/rewards: which rewards are chosen, and what becomes of their codes (domain.md 11)."""

from typing import Any

import pytest

from programs.models import Environment
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.test_statement_budgets import statements
from tests.api.v1.days import award, day, done, go_to
from tests.api.v1.shop import GENERATED, buy, offer, step
from tests.conftest import Api

NONE_USED = {"median_seconds": None, "p90_seconds": None}


def figures(api: Api, query: str = "") -> Any:
    return done(api.get(f"/v1/analytics/rewards?{query}"))


def test_figures_of_a_period_show_what_became_of_its_redemptions_by_now(api: Api) -> None:
    go_to(api, 0)
    award(api, 5000)
    award(api, 5000, "bob")
    offer(api, name="Coffee", code=GENERATED | {"valid_days": 3})
    offer(api, id="rwd_shirt", kind="custom", name="Shirt", fulfilment="manual")
    before = buy(api)
    go_to(api, 1)
    bought = [buy(api), buy(api), buy(api, "bob"), buy(api), buy(api)]
    shirts = [buy(api, reward="rwd_shirt"), buy(api, "bob", "rwd_shirt"), buy(api, reward="rwd_shirt")]
    done(step(api, bought[4], "cancel"))
    done(step(api, shirts[0], "fulfil"))
    done(step(api, shirts[1], "fail", reason="Gone"))
    for number, at in ((0, 1.5), (1, 2), (2, 3)):
        go_to(api, at)
        done(api.post("/v1/redemptions/use", {"code": bought[number]["code"]}))
    go_to(api, 5)
    late = buy(api)
    expected = [
        {
            "reward_id": "rwd_coffee",
            "program": "default",
            "metric": "points",
            "name": "Coffee",
            "kind": "free_product",
            "redemptions": 5,
            "members": 2,
            "points": 400,
            "points_value": None,
            "share": 0.625,
            "pending": 0,
            "fulfilled": 4,
            "cancelled": 1,
            "failed": 0,
            "codes_issued": 4,
            "codes_used": 3,
            "codes_expired": 1,
            "use_rate": 0.75,
            "time_to_use": {"median_seconds": 86400, "p90_seconds": 155520},
            "days": [{"day": "2030-01-02", "redemptions": 5, "points": 400}],
        },
        {
            "reward_id": "rwd_shirt",
            "program": "default",
            "metric": "points",
            "name": "Shirt",
            "kind": "custom",
            "redemptions": 3,
            "members": 2,
            "points": 200,
            "points_value": None,
            "share": 0.375,
            "pending": 1,
            "fulfilled": 1,
            "cancelled": 0,
            "failed": 1,
            "codes_issued": 0,
            "codes_used": 0,
            "codes_expired": 0,
            "use_rate": None,
            "time_to_use": NONE_USED,
            "days": [{"day": "2030-01-02", "redemptions": 3, "points": 200}],
        },
    ]
    found = figures(api, f"from={day(1)}&to={day(5)}")
    frame = {"from": day(1), "to": day(5), "time_zone": "UTC", "as_of": day(5)}
    assert found == {**frame, "data": expected}
    assert before["id"] != late["id"]


def test_without_a_period_the_thirty_days_until_now_are_shown(api: Api) -> None:
    go_to(api, 0)
    award(api, 500)
    offer(api)
    buy(api)
    go_to(api, 29)
    assert (figures(api)["from"], figures(api)["to"]) == (day(-1), day(29))
    assert figures(api)["data"][0]["redemptions"] == 1
    until = figures(api, f"to={day(0)}")
    assert (until["from"], until["to"], until["data"]) == (day(-30), day(0), []), "to is exclusive"
    assert figures(api, f"from={day(0)}")["data"][0]["redemptions"] == 1, "from is inclusive"


@pytest.mark.django_db
def test_of_dates_both_are_inclusive_and_days_are_those_of_the_projects_zone() -> None:
    api = Api(factories.make_key(factories.make_environment(time_zone="Pacific/Auckland")))
    go_to(api, 0)  # 01:00 on 2 January there
    award(api, 500)
    offer(api)
    buy(api)
    go_to(api, 1)
    buy(api)
    found = figures(api, "from=2030-01-02&to=2030-01-02")
    assert (found["from"], found["to"]) == ("2030-01-01T11:00:00Z", "2030-01-02T11:00:00Z")
    assert found["data"][0]["days"] == [{"day": "2030-01-02", "redemptions": 1, "points": 100}]
    both = figures(api, f"from=2030-01-02&to={day(2)}")["data"][0]
    assert [(row["day"], row["redemptions"]) for row in both["days"]] == [
        ("2030-01-02", 1),
        ("2030-01-03", 1),
    ]


def test_rewards_of_one_program_can_be_asked_for_and_points_have_their_worth(api: Api) -> None:
    go_to(api, 0)
    done(api.patch("/v1/metrics/points", {"unit_value": "0.005", "unit_currency": "GBP"}))
    done(api.post("/v1/programs", {"id": "prg_club", "code": "club", "name": "Club"}))
    award(api, 500)
    offer(api)
    buy(api)
    go_to(api, 1)
    assert figures(api, "program=default")["data"][0]["points_value"] == "0.50"
    for club in ("club", "prg_club"):
        assert figures(api, f"program={club}")["data"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        (f"from={day(1)}&to={day(1)}", "to"),
        (f"from={day(2)}&to={day(1)}", "to"),
        ("from=1990-01-01T00:00:00Z", "from"),
        ("from=yesterday", "from"),
        ("to=yesterday", "to"),
        ("from=2030-01-03&to=2030-01-02", "to"),
        ("from=1990-01-01", "from"),
    ],
)
def test_a_faulty_period_is_refused(api: Api, query: str, field: str) -> None:
    problem = assert_problem(api.get(f"/v1/analytics/rewards?{query}"), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == [field]


def test_figures_are_of_ones_own_environment_and_take_their_own_scope(
    api: Api, environment: Environment
) -> None:
    elsewhere = factories.make_environment()
    factories.give(elsewhere, 500)
    factories.make_reward(elsewhere, "rwd_theirs")
    factories.buy(elsewhere, "rwd_theirs")
    assert figures(api)["data"] == []
    reads = Api(factories.make_key(environment, "analytics:read"))
    assert figures(reads)["data"] == []
    other = Api(factories.make_key(environment, "redemptions:read", "config:read"))
    assert (
        assert_problem(other.get("/v1/analytics/rewards"), "permission_denied")["scope"] == "analytics:read"
    )
    mine = Api(factories.make_token(factories.make_token_key(environment)))
    assert_problem(mine.get("/v1/analytics/rewards"), "permission_denied")


@pytest.mark.usefixtures("warm_key")
def test_figures_take_three_statements_however_many_rewards_there_are(api: Api) -> None:
    award(api, 5000)
    for number in range(6):
        offer(api, id=f"rwd_{number}")
        buy(api, reward=f"rwd_{number}")
        assert len(statements(lambda: figures(api))) == 3
