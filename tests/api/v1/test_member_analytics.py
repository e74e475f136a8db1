"""/v1/analytics/members, /tiers and /challenges: who came, who holds which level, how far they are (domain.md 11)."""

from typing import Any

import pytest

from programs.models import Environment
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.test_statement_budgets import statements
from tests.api.v1.days import award, day, done, go_to
from tests.api.v1.test_challenges import COME, ID, SPEND, make
from tests.conftest import Api

FRAME = {"time_zone": "UTC", "from": "2030-01-01", "to": "2030-01-03", "as_of": day(3)}
SPAN = "from=2030-01-01&to=2030-01-03"


def report(api: Api, name: str, query: str = SPAN) -> Any:
    return done(api.get(f"/v1/analytics/{name}?{query}"))


def test_members_are_told_by_day(api: Api) -> None:
    for number, members in enumerate(("ada", "ada bob", "ada cyd", "eve")):
        go_to(api, number)
        for member in members.split():
            award(api, 10, member)
    assert report(api, "members") == {
        **FRAME,
        "totals": {"new": 3, "active": 3, "total": 3},
        "data": [
            {"day": "2030-01-01", "new": 1, "active": 1, "total": 1},
            {"day": "2030-01-02", "new": 1, "active": 2, "total": 2},
            {"day": "2030-01-03", "new": 1, "active": 2, "total": 3},
        ],
    }
    assert report(api, "members", "from=2030-01-03")["totals"] == {"new": 2, "active": 3, "total": 4}
    done(api.call("DELETE", "/v1/customers/bob"))
    done(api.post("/v1/customers/cyd/merge", {"into": "ada"}))
    assert [row["total"] for row in report(api, "members")["data"]] == [1, 1, 1]
    assert [row["new"] for row in report(api, "members")["data"]] == [1, 0, 0]


def test_tiers_are_told_as_they_stood_and_as_they_stand(api: Api, environment: Environment) -> None:
    go_to(api, 0)
    factories.make_ladder(environment, ("silver", "100"), ("gold", "300"))
    award(api, 10, "ada")
    award(api, 100, "bob")
    go_to(api, 1)
    award(api, 90, "ada")
    go_to(api, 2)
    award(api, 300, "bob")
    go_to(api, 3)
    award(api, 300, "ada")
    award(api, 1, "cyd")
    found = report(api, "tiers")
    assert found == {
        **FRAME,
        "data": [
            {
                "program": "default",
                "up": 3,
                "down": 0,
                "levels": [
                    {"tier": None, "title": None, "members": 0, "members_now": 1},
                    {"tier": "silver", "title": "Silver", "members": 1, "members_now": 0},
                    {"tier": "gold", "title": "Gold", "members": 1, "members_now": 2},
                ],
                "days": [
                    {"day": "2030-01-01", "up": 1, "down": 0},
                    {"day": "2030-01-02", "up": 1, "down": 0},
                    {"day": "2030-01-03", "up": 1, "down": 0},
                ],
            }
        ],
    }
    assert report(api, "tiers", f"{SPAN}&program=default") == found
    done(api.post("/v1/programs", {"code": "club", "name": "Club"}))
    assert report(api, "tiers", f"{SPAN}&program=club")["data"] == []


def visit(api: Api, number: int, member: str) -> None:
    event = {"event_id": f"v{number}", "type": "visit", "member_id": member, "data": {}}
    done(api.post("/v1/events", event))


def test_challenges_are_told_as_far_as_members_are(api: Api) -> None:
    make(api)
    for number, member in enumerate(("ada", "ada", "bob")):
        visit(api, number, member)
    sale = {"amount": "50.00", "currency": "GBP"}
    done(api.post("/v1/events", {"event_id": "s", "type": "purchase", "member_id": "ada", "data": sale}))
    found = report(api, "challenges", "")
    now = found.pop("as_of")
    assert now.endswith("Z")
    assert found == {
        "data": [
            {
                "challenge_id": ID,
                "program": "default",
                "title": "Regular",
                "status": "active",
                "started": 2,
                "missions": [
                    {"mission_id": COME, "title": "Come twice", "members": 1},
                    {"mission_id": SPEND, "title": "Spend 50", "members": 1},
                ],
                "completed": 1,
                "completion_rate": 0.5,
            }
        ],
        "has_more": False,
        "next_cursor": None,
    }
    assert report(api, "challenges", "status=paused")["data"] == []


@pytest.mark.usefixtures("warm_key")
def test_challenges_take_as_many_statements_however_many_there_are(api: Api) -> None:
    make(api)
    report(api, "challenges", "")
    few = len(statements(lambda: report(api, "challenges", "")))
    for number in range(3):
        missions = [{"title": "Come", "type": "visit", "event_type": "visit", "target": 2}]
        make(api, id=f"0190aaaa-0000-7000-8000-00000000010{number}", missions=missions)
    assert len(report(api, "challenges", "")["data"]) == 4
    assert len(statements(lambda: report(api, "challenges", ""))) == few <= 8


@pytest.mark.parametrize("name", ["challenges", "stamps"])
def test_what_the_plan_has_not_is_refused(environment: Environment, api: Api, name: str) -> None:
    factories.make_plan(environment, without=[name])
    assert_problem(api.get(f"/v1/analytics/{name}"), "feature_not_in_plan")
