"""/v1/tiers, and a member's level: GET /v1/members/{id}/tier."""

from typing import Any

import pytest

from programs.models import Environment
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.test_statement_budgets import statements
from tests.api.v1.days import award, day, done, go_to
from tests.api.world import changed, digest
from tests.conftest import Api

LEVELS: list[dict[str, Any]] = [
    {"code": "gold", "title": "Gold", "threshold": 750, "multiplier": "1.5"},
    {"code": "silver", "title": "Silver", "threshold": "250", "multiplier": 1.25},
]
LADDER: dict[str, Any] = {"id": "tl_club", "period": "rolling", "days": 30, "levels": LEVELS}


def make(api: Api, **changes: Any) -> dict[str, Any]:
    return done(api.post("/v1/tiers", LADDER | changes))


def test_tiers_are_made_read_changed_and_listed(api: Api) -> None:
    made = make(api)
    assert {name: made[name] for name in made if name not in ("levels", "created_at")} == {
        "id": "tl_club",
        "program": "default",
        "metric": "points",
        "basis": "points",
        "event_type": "purchase",
        "currency": None,
        "period": "rolling",
        "days": 30,
        "grace_days": 0,
        "downgrade": "one_down",
        "active": True,
    }
    silver = {"code": "silver", "title": "Silver", "threshold": "250", "multiplier": "1.25", "members": 0}
    gold = {"code": "gold", "title": "Gold", "threshold": "750", "multiplier": "1.5", "members": 0}
    assert made["levels"] == [silver, gold], "the lowest first"
    assert api.get("/v1/tiers/tl_club").json() == made
    assert api.get("/v1/tiers").json()["data"] == [made]
    change = {"grace_days": 7, "downgrade": "to_qualified", "basis": "spend", "currency": "GBP"}
    assert done(api.patch("/v1/tiers/tl_club", change)) == made | change
    bronze = {"code": "bronze", "title": "Bronze", "threshold": "0"}
    levels = [{**LEVELS[1], "title": "Sterling"}, bronze]
    shown = done(api.patch("/v1/tiers/tl_club", {"levels": levels, "currency": None, "active": False}))
    assert shown == made | change | {
        "currency": None,
        "active": False,
        "levels": [bronze | {"multiplier": "1", "members": 0}, silver | {"title": "Sterling"}],
    }


def test_how_many_are_on_each_level_is_shown_at_once(api: Api) -> None:
    award(api, 10, "bob")
    made = make(api, levels=[*LEVELS, {"code": "all", "title": "All", "threshold": 0}])
    assert [(level["code"], level["members"]) for level in made["levels"]] == [
        ("all", 1),
        ("silver", 0),
        ("gold", 0),
    ]
    award(api, 300)
    for shown in (api.get("/v1/tiers/tl_club").json(), api.get("/v1/tiers").json()["data"][0]):
        assert [level["members"] for level in shown["levels"]] == [1, 1, 0]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": "club"}, "id"),
        ({"basis": "fame"}, "basis"),
        ({"period": "week"}, "period"),
        ({"days": 0}, "days"),
        ({"days": None}, "days"),
        ({"days": 10**6}, "days"),
        ({"grace_days": -1}, "grace_days"),
        ({"downgrade": "out"}, "downgrade"),
        ({"active": "yes"}, "active"),
        ({"currency": "pounds"}, "currency"),
        ({"event_type": "no spaces"}, "event_type"),
        ({"colour": "red"}, "colour"),
        ({"levels": []}, "levels"),
        ({"levels": {}}, "levels"),
        ({"levels": None}, "levels"),
        ({"levels": ["silver"]}, "levels[0]"),
        ({"levels": [LEVELS[0], None]}, "levels[1]"),
        ({"levels": [[]]}, "levels[0]"),
        ({"levels": [LEVELS[0]] * 51}, "levels"),
        ({"levels": [LEVELS[0], {"code": "silver", "title": "Silver"}]}, "levels[1].threshold"),
        ({"levels": [LEVELS[0], LEVELS[1] | {"threshold": -1}]}, "levels[1].threshold"),
        ({"levels": [LEVELS[0], LEVELS[1] | {"threshold": "1e3"}]}, "levels[1].threshold"),
        ({"levels": [LEVELS[0], LEVELS[1] | {"threshold": True}]}, "levels[1].threshold"),
        ({"levels": [LEVELS[0], LEVELS[1] | {"threshold": "0.0000001"}]}, "levels[1].threshold"),
        ({"levels": [LEVELS[0], LEVELS[1] | {"threshold": 10**16}]}, "levels[1].threshold"),
        ({"levels": [LEVELS[0], LEVELS[1] | {"threshold": 750}]}, "levels[1].threshold"),
        ({"levels": [LEVELS[0], LEVELS[1] | {"multiplier": "0.5"}]}, "levels[1].multiplier"),
        ({"levels": [LEVELS[0], LEVELS[1] | {"multiplier": 1001}]}, "levels[1].multiplier"),
        ({"levels": [LEVELS[0], LEVELS[1] | {"code": "two words"}]}, "levels[1].code"),
        ({"levels": [LEVELS[0], LEVELS[1] | {"code": "gold"}]}, "levels[1].code"),
        ({"levels": [LEVELS[0], LEVELS[1] | {"title": ""}]}, "levels[1].title"),
        ({"levels": [LEVELS[0], LEVELS[1] | {"colour": "red"}]}, "levels[1].colour"),
    ],
    ids=str,
)
def test_a_faulty_field_is_named_by_its_path_and_nothing_changes(
    api: Api, change: dict[str, Any], field: str
) -> None:
    before = digest()
    problem = assert_problem(api.post("/v1/tiers", LADDER | change), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert all(len(error["detail"]) > 10 for error in problem["errors"])
    assert changed(before, digest()) == {}
    if field == "id":
        return
    make(api)
    before = digest()
    problem = assert_problem(api.patch("/v1/tiers/tl_club", change), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert changed(before, digest()) == {}


def test_what_names_something_unknown_is_not_found(api: Api) -> None:
    make(api)
    before = digest()
    assert_problem(api.post("/v1/tiers", LADDER | {"program": "vip"}), "program_not_found")
    assert_problem(api.post("/v1/tiers", LADDER | {"metric": "stars"}), "not_found")
    assert_problem(api.patch("/v1/tiers/tl_club", {"metric": "stars"}), "not_found")
    assert_problem(api.get("/v1/tiers/tl_none"), "not_found")
    assert_problem(api.patch("/v1/tiers/tl_none", {"days": 1}), "not_found")
    assert changed(before, digest()) == {}


def test_a_program_has_its_tiers_once_and_an_id_is_taken_once(api: Api, environment: Environment) -> None:
    make(api)
    before = digest()
    problem = assert_problem(api.post("/v1/tiers", LADDER | {"id": "tl_other"}), "invalid_request")
    assert problem["errors"] == [
        {
            "field": "program",
            "code": "unique",
            "detail": "It has its tiers already; change them with PATCH /v1/tiers/tl_club.",
        }
    ]
    assert changed(before, digest()) == {}


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"period": "weekly"}, "Choose rolling, calendar_year or lifetime, not 'weekly'."),
        ({"basis": 7}, "Choose points, spend or events, not 7."),
        ({"downgrade": ["one_down"]}, 'Choose one_down or to_qualified, not ["one_down"].'),
        ({"period": "w" * 99}, "Choose rolling, calendar_year or lifetime."),
        ({"grace_days": -1}, "Give a whole number from 0 to 36500, not -1."),
        ({"days": "30"}, "Give a whole number from 1 to 36500, not '30'."),
        ({"days": 10**9}, "Give a whole number from 1 to 36500, not 1000000000."),
    ],
    ids=str,
)
def test_a_fault_names_what_is_possible(api: Api, change: dict[str, Any], detail: str) -> None:
    make(api)
    problem = assert_problem(api.patch("/v1/tiers/tl_club", change), "invalid_request")
    assert [error["detail"] for error in problem["errors"]] == [detail]


def test_a_level_that_somebody_holds_can_not_be_left_out(api: Api) -> None:
    make(api)
    award(api, 300)
    before = digest()
    problem = assert_problem(api.patch("/v1/tiers/tl_club", {"levels": LEVELS[:1]}), "invalid_request")
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [("levels", "in_use")]
    assert changed(before, digest()) == {}


# -- a member's level


def tier(api: Api, member: str = "ada") -> dict[str, Any]:
    found = done(api.get(f"/v1/members/{member}/tier"))
    assert found == done(api.get(f"/v1/customers/{member}/tier"))
    assert found["tiers"] == api.get(f"/v1/customers/{member}").json()["tiers"]
    assert found["member_id"] == member
    (shown,) = found["tiers"]
    return dict(shown)


def test_a_members_level_and_the_way_to_the_next_one_are_shown_as_they_are_now(api: Api) -> None:
    go_to(api, 0)
    make(api, downgrade="to_qualified", grace_days=5)
    award(api, 100)
    none = {"program": "default", "tier": None, "title": None, "since": None, "valid_until": None}
    to_silver = {"tier": "silver", "title": "Silver", "threshold": "250", "missing": "150"}
    assert tier(api) == none | {"in_grace": False, "progress": "100", "next": to_silver}
    award(api, 650)
    gold = {"program": "default", "tier": "gold", "title": "Gold", "since": day(0), "next": None}
    assert tier(api) == gold | {"in_grace": False, "progress": "750", "valid_until": day(30.5)}
    go_to(api, 31)
    assert tier(api) == gold | {"in_grace": True, "progress": "0", "valid_until": day(35.5)}
    go_to(api, 36)
    shown = tier(api)
    assert (shown["tier"], shown["next"]["missing"]) == (None, "250"), "though no job has run"
    (row,) = api.get("/v1/customers").json()["data"]
    assert row["tiers"] == [shown]


def test_without_tiers_a_member_has_none(api: Api) -> None:
    award(api, 1)
    assert api.get("/v1/members/ada/tier").json() == {"member_id": "ada", "tiers": []}
    assert api.get("/v1/customers/ada").json()["tiers"] == []
    assert_problem(api.get("/v1/members/nobody/tier"), "not_found")


def test_tiers_of_a_page_of_customers_take_one_statement_more(
    api: Api, environment: Environment, warm_key: None
) -> None:
    make(api)
    for number in range(20):
        factories.give(environment, 1, member=f"member-{number}")
    api.get("/v1/customers")
    for limit in (1, 20):
        assert len(statements(lambda: api.get(f"/v1/customers?limit={limit}"))) == 4  # noqa: B023
