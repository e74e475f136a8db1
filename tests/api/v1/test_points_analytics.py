"""/v1/analytics/points and /liability: what moved points, what is outstanding, and until when (domain.md 11)."""

from typing import Any

import pytest

from programs.models import Environment
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.test_statement_budgets import statements
from tests.api.v1.days import award, day, done, go_to, reverse, spend
from tests.conftest import Api

FRAME = {
    "program": "default",
    "metric": "points",
    "unit_value": "0.015",
    "unit_currency": "GBP",
    "time_zone": "UTC",
    "from": "2029-12-31",
    "to": "2030-01-04",
    "as_of": day(11),
}
SPAN = "from=2029-12-31&to=2030-01-04"
FIGURES = ("issued", "redeemed", "expired", "reversed", "adjusted", "transferred")


def report(api: Api, name: str = "points", query: str = "") -> Any:
    return done(api.get(f"/v1/analytics/{name}?{query}"))


@pytest.fixture
def shop(api: Api) -> Api:
    """On 1 January ada gets 1,000 and bob 500 until the 11th; on the 2nd ada spends 300, and 100 of it come back; on
    the 3rd 40 of ada's are taken back, and bob is given 7. Now it is the 12th."""
    done(api.patch("/v1/metrics/points", {"unit_value": "0.015", "unit_currency": "GBP"}))
    go_to(api, 0)
    earned = award(api, 1000)
    award(api, 500, "bob", expires_at=day(10))
    go_to(api, 1)
    reverse(api, spend(api, 300), 100)
    go_to(api, 2)
    reverse(api, earned, 40)
    done(
        api.post(
            "/v1/points/adjust", {"customer_id": "bob", "points": 7, "reason": "goodwill", "note": "Sorry"}
        )
    )
    go_to(api, 11)
    return api


def test_points_are_told_by_day_and_for_the_whole_period(shop: Api) -> None:
    def on(number: int, outstanding: int, value: str, **figures: int) -> dict[str, Any]:
        moved = dict.fromkeys(FIGURES, 0) | figures
        date = f"2030-01-0{number}" if number else "2029-12-31"
        return {"day": date, **moved, "outstanding": outstanding, "outstanding_value": value}

    assert report(shop, query=SPAN) == {
        **FRAME,
        "totals": {
            "opening": 0,
            "issued": 1500,
            "redeemed": 300,
            "expired": 0,
            "reversed": 60,
            "adjusted": 7,
            "transferred": 0,
            "reversed_issued": -40,
            "reversed_redeemed": 100,
            "reversed_adjusted": 0,
            "closing": 1267,
            "closing_value": "19.01",
            "net_issued": 1460,
            "net_redeemed": 200,
            "redemption_rate": 0.137,
            "breakage_rate": 0,
            "active_members": 2,
        },
        "data": [
            on(0, 0, "0.00"),
            on(1, 1500, "22.50", issued=1500),
            on(2, 1300, "19.50", redeemed=300, reversed=100),
            on(3, 1267, "19.01", reversed=-40, adjusted=7),
            on(4, 1267, "19.01"),
        ],
    }


def test_what_has_lapsed_is_told_though_no_job_has_run(shop: Api) -> None:
    found = report(shop, query="from=2030-01-11")
    assert [(row["day"], row["expired"], row["outstanding"]) for row in found["data"]] == [
        ("2030-01-11", 500, 767),
        ("2030-01-12", 0, 767),
    ]
    assert (found["totals"]["breakage_rate"], found["totals"]["redemption_rate"]) == (None, None)


def test_liability_says_when_points_expire_and_what_was_outstanding_by_day(shop: Api) -> None:
    award(shop, 60, "cyd", expires_at=day(70))
    done(shop.post("/v1/holds", {"customer_id": "cyd", "points": 20}))
    debtor = award(shop, 30, "dan")
    spend(shop, 30, "dan")
    reverse(shop, debtor)
    assert report(shop, "liability", SPAN) == {
        **FRAME,
        "outstanding": 797,
        "outstanding_value": "11.96",
        "pending": 0,
        "held": 20,
        "debt": -30,
        "cohorts": [
            {"month": "2030-03", "points": 60, "pending": 0, "held": 20, "value": "0.90"},
            {"month": None, "points": 767, "pending": 0, "held": 0, "value": "11.51"},
        ],
        "data": [
            {"day": "2029-12-31", "outstanding": 0, "outstanding_value": "0.00"},
            {"day": "2030-01-01", "outstanding": 1500, "outstanding_value": "22.50"},
            {"day": "2030-01-02", "outstanding": 1300, "outstanding_value": "19.50"},
            {"day": "2030-01-03", "outstanding": 1267, "outstanding_value": "19.01"},
            {"day": "2030-01-04", "outstanding": 1267, "outstanding_value": "19.01"},
        ],
    }


@pytest.mark.parametrize("name", ["points", "liability"])
def test_without_a_period_the_last_thirty_days_are_shown_of_the_metric_points(shop: Api, name: str) -> None:
    found = report(shop, name)
    assert (found["from"], found["to"], found["metric"]) == ("2029-12-14", "2030-01-12", "points")
    assert [row["day"] for row in found["data"]][::29] == ["2029-12-14", "2030-01-12"]
    assert len(found["data"]) == 30
    assert report(shop, name, "to=2030-01-02")["from"] == "2029-12-04"


@pytest.mark.parametrize("name", ["points", "liability"])
def test_another_metric_is_named_by_its_code_or_by_its_program(shop: Api, name: str) -> None:
    done(shop.post("/v1/programs", {"code": "club", "name": "Club"}))
    done(shop.post("/v1/metrics", {"code": "coins", "title": "Coins", "program": "club"}))
    award(shop, 5, metric="coins")
    for query in ("metric=coins", "program=club", "program=club&metric=coins"):
        found = report(shop, name, query)
        assert [found[key] for key in ("program", "metric", "unit_value", "unit_currency")] == [
            "club",
            "coins",
            None,
            None,
        ]
        assert found["data"][-1]["outstanding"] == 5
        assert found["data"][-1]["outstanding_value"] is None


@pytest.mark.django_db
def test_days_are_those_of_the_projects_zone() -> None:
    environment = factories.make_environment(time_zone="Pacific/Auckland")
    api = Api(factories.make_key(environment))
    go_to(api, 0.5)  # midnight in UTC: 13:00 there
    award(api, 10, expires_at=day(30.2))  # 31 January in UTC, 1 February there
    found = report(api, "liability")
    assert (found["time_zone"], found["to"]) == ("Pacific/Auckland", "2030-01-02")
    assert [one["month"] for one in found["cohorts"]] == ["2030-02"]
    assert [row["outstanding"] for row in found["data"][-2:]] == [0, 10]


REPORTS = ("points", "liability", "members", "tiers")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2030-01-05&to=2030-01-04", "to"),
        ("from=2030-02-05", "from"),
        ("to=2030-01-13", "to"),
        ("from=2027-01-01", "from"),
        ("from=2027-01-01&to=2030-01-04", "to"),
        ("from=2030-01-32", "from"),
        ("to=yesterday", "to"),
        ("to=2030-01-04T00:00:00Z", "to"),
        ("from=2030-01-01&from=2030-01-02", "from"),
        ("currency=GBP", "currency"),
    ],
)
@pytest.mark.parametrize("name", REPORTS)
def test_a_faulty_period_is_refused_at_its_field(api: Api, name: str, query: str, field: str) -> None:
    go_to(api, 11)
    problem = assert_problem(api.get(f"/v1/analytics/{name}?{query}"), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == [field]


def test_three_years_are_not_too_long(api: Api) -> None:
    go_to(api, 11)
    assert len(report(api, query="from=2027-01-12")["data"]) == 3 * 365 + 2


def test_what_is_anothers_does_not_exist(api: Api) -> None:
    theirs = factories.make_environment()
    factories.make_metric(theirs, "gems")
    club = factories.make_program(theirs, "club")
    factories.give(theirs, 500)
    for name in ("points", "liability"):
        assert_problem(api.get(f"/v1/analytics/{name}?metric=gems"), "not_found")
        for program in ("club", club.public_id):
            assert_problem(api.get(f"/v1/analytics/{name}?program={program}"), "program_not_found")
        assert report(api, name)["data"][-1]["outstanding"] == 0
    for name in ("tiers", "rewards"):
        assert_problem(api.get(f"/v1/analytics/{name}?program=club"), "program_not_found")


@pytest.mark.parametrize("name", [*REPORTS, "rewards", "stamps", "challenges"])
def test_reports_take_a_scope_of_their_own_and_no_member_may_read_them(
    environment: Environment, name: str
) -> None:
    path = f"/v1/analytics/{name}"
    done(Api(factories.make_key(environment, "analytics:read")).get(path))
    other = Api(factories.make_key(environment, "points:read", "members:read", "config:read"))
    assert assert_problem(other.get(path), "permission_denied")["scope"] == "analytics:read"
    mine = Api(factories.make_token(factories.make_token_key(environment)))
    assert_problem(mine.get(path), "permission_denied")


@pytest.mark.usefixtures("warm_key")
@pytest.mark.parametrize("name", REPORTS)
def test_the_statements_are_as_many_however_long_the_period_and_however_many_members(
    api: Api, name: str
) -> None:
    factories.make_ladder(factories.make_environment(), ("silver", "1"))
    go_to(api, 0)
    award(api, 10)
    report(api, name)
    few = len(statements(lambda: report(api, name, "from=2030-01-01")))
    for number in range(4):
        award(api, 10, f"m{number}")
    assert len(statements(lambda: report(api, name, "from=2028-01-01"))) == few <= 8
