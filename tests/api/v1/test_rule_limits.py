"""/v1/earning-rules: what rules may say besides their award, their revisions, and the way back."""

from typing import Any

import pytest

from programs.models import EarningRule, EarningRuleRevision, Environment
from tests.api.test_problems import assert_problem
from tests.api.v1.days import day, done, go_to
from tests.api.world import changed, digest
from tests.conftest import Api

RULE: dict[str, Any] = {
    "id": "rul_weekend",
    "name": "Weekend",
    "event_type": "purchase",
    "award": {"kind": "fixed", "points": 50},
}
LIMITS: dict[str, Any] = {
    "entry_type": "bonus",
    "exclusive_group": "gifts",
    "caps": [{"per": "day", "points": 100}, {"per": "ever", "times": 3}],
    "budget": 10_000,
    "starts_at": "2030-01-01T00:00:00Z",
    "ends_at": "2031-01-01T00:00:00Z",
    "schedule": {"weekdays": [6, 7], "hours": {"from": 9, "until": 17}},
}
NONE: dict[str, Any] = {
    "entry_type": "earned",
    "exclusive_group": "",
    "caps": [],
    "budget": None,
    "starts_at": None,
    "ends_at": None,
    "schedule": {},
}


def publish(api: Api) -> dict[str, Any]:
    return done(api.post("/v1/earning-rules/rul_weekend/publish"))


def test_a_rule_keeps_its_limits_and_they_can_be_taken_away_again(api: Api) -> None:
    made = done(api.post("/v1/earning-rules", RULE | LIMITS))
    assert {name: made[name] for name in LIMITS} == LIMITS
    assert api.get("/v1/earning-rules/rul_weekend").json() == made
    assert done(api.patch("/v1/earning-rules/rul_weekend", NONE)) == made | NONE
    plain = done(api.post("/v1/earning-rules", RULE | {"id": "rul_plain"}))
    assert {name: plain[name] for name in NONE} == NONE


@pytest.mark.parametrize(
    "award",
    [
        {
            "kind": "per_item",
            "each": "line",
            "points": "2",
            "where": {"field": "item.sku", "op": "eq", "value": "a"},
        },
        {"kind": "multiplier", "factor": "2"},
        {"kind": "referral", "member": 100, "referrer": 200},
    ],
    ids=lambda award: str(award["kind"]),
)
def test_awards_of_every_kind_are_taken_and_shown_in_normal_form(api: Api, award: dict[str, Any]) -> None:
    made = done(api.post("/v1/earning-rules", RULE | {"award": award}))
    assert made["award"]["kind"] == award["kind"]
    again = done(api.patch("/v1/earning-rules/rul_weekend", {"award": made["award"]}))
    assert again == made


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"entry_type": "gift"}, "entry_type"),
        ({"exclusive_group": "two words"}, "exclusive_group"),
        ({"exclusive_group": "x" * 51}, "exclusive_group"),
        ({"caps": {"per": "day", "points": 1}}, "caps"),
        ({"caps": ["day"]}, "caps"),
        ({"caps": [{"per": "day", "points": 1}] * 10}, "caps"),
        ({"caps": [{"per": "hour", "points": 1}]}, "caps[0].per"),
        ({"caps": [{"per": "day", "points": 0}]}, "caps[0].points"),
        ({"caps": [{"per": "day", "points": 1}, {"per": "day", "points": 2}]}, "caps[1].per"),
        ({"caps": [{"per": "event", "times": 1}]}, "caps[0].times"),
        ({"budget": 0}, "budget"),
        ({"budget": "100"}, "budget"),
        ({"budget": 10**16}, "budget"),
        ({"starts_at": "tomorrow"}, "starts_at"),
        ({"starts_at": "2031-01-01T00:00:00Z", "ends_at": "2031-01-01T00:00:00Z"}, "ends_at"),
        ({"schedule": []}, "schedule"),
        ({"schedule": {"weekdays": [0]}}, "schedule.weekdays[0]"),
        ({"schedule": {"hours": {"from": 9}}}, "schedule.hours.until"),
        ({"award": {"kind": "per_item", "each": "page", "points": "1"}}, "award.each"),
        ({"award": {"kind": "multiplier", "factor": "1"}}, "award.factor"),
        ({"award": {"kind": "referral", "member": 0, "referrer": 0}}, "award"),
        ({"award": {"kind": "fixed", "points": 1, "note": "x" * 65 * 1024}}, "award"),
        ({"condition": {"field": "data.x", "op": "eq", "value": "x" * 10**6}}, "condition"),
    ],
    ids=str,
)
def test_a_faulty_limit_is_refused_by_its_path_and_nothing_changes(
    api: Api, change: dict[str, Any], field: str
) -> None:
    done(api.post("/v1/earning-rules", RULE | LIMITS))
    before = digest()
    for answer in (
        api.post("/v1/earning-rules", RULE | {"id": "rul_other"} | change),
        api.patch("/v1/earning-rules/rul_weekend", change),
    ):
        problem = assert_problem(answer, "invalid_request")
        assert any(error["field"].startswith(field) for error in problem["errors"]), problem["errors"]
    assert changed(before, digest()) == {}


# -- revisions and the way back


@pytest.fixture
def revised(api: Api) -> None:
    """Three revisions: with limits, without, and archived."""
    go_to(api, 0)
    done(api.post("/v1/earning-rules", RULE | LIMITS))
    publish(api)
    go_to(api, 1)
    done(api.patch("/v1/earning-rules/rul_weekend", NONE | {"name": "Always"}))
    publish(api)
    go_to(api, 2)
    done(api.post("/v1/earning-rules/rul_weekend/archive"))


@pytest.mark.usefixtures("revised")
def test_revisions_tell_what_was_in_force_from_when(api: Api) -> None:
    rows = done(api.get("/v1/earning-rules/rul_weekend/revisions"))["data"]
    assert [(row["number"], row["effective_from"]) for row in rows] == [
        (3, day(2)),
        (2, day(1)),
        (1, day(0)),
    ]
    assert rows[0]["definition"] is None
    said = {"program": "default", "metric": "points", "condition": {}, "priority": 0}
    said |= {name: RULE[name] for name in ("event_type", "award")}
    assert rows[1]["definition"] == {**said, **NONE, "name": "Always"}
    assert rows[2]["definition"] == {**said, **LIMITS, "name": "Weekend"}
    assert all(row["published_by"].startswith("api_key:sk_sandbox_") for row in rows)


def test_a_revision_of_an_older_version_shows_that_it_had_no_limits(
    api: Api, environment: Environment
) -> None:
    made = done(api.post("/v1/earning-rules", RULE))
    publish(api)
    rule = EarningRule.objects.get(environment=environment, public_id=made["id"])
    (kept,) = EarningRuleRevision.objects.filter(rule=rule)
    old = {name: value for name, value in (kept.definition or {}).items() if name not in NONE}
    EarningRuleRevision.objects.create(
        environment=environment,
        rule=rule,
        number=2,
        definition=old,
        effective_from=kept.effective_from,
        published_at=kept.published_at,
        published_by="staff:amira",
    )
    row, _ = done(api.get("/v1/earning-rules/rul_weekend/revisions"))["data"]
    assert (row["number"], row["definition"]["name"]) == (2, "Weekend")
    assert {name: row["definition"][name] for name in NONE} == NONE


@pytest.mark.usefixtures("revised")
def test_a_rule_goes_back_to_an_earlier_revision_as_a_new_one(api: Api) -> None:
    go_to(api, 3)
    back = done(api.post("/v1/earning-rules/rul_weekend/roll-back", {"revision": 1}))
    assert (back["revision"], back["status"], back["effective_from"]) == (4, "published", day(3))
    assert {name: back[name] for name in LIMITS} == LIMITS
    assert back["name"] == "Weekend"
    rows = done(api.get("/v1/earning-rules/rul_weekend/revisions"))["data"]
    assert (len(rows), rows[0]["definition"]) == (4, rows[3]["definition"])


@pytest.mark.usefixtures("revised")
@pytest.mark.parametrize(
    ("revision", "code"),
    [
        (9, "not_found"),
        (3, "not_found"),
        (10**9, "not_found"),
        (0, "invalid_request"),
        (-1, "invalid_request"),
        (10**30, "invalid_request"),
        ("1", "invalid_request"),
        (None, "invalid_request"),
        (1.5, "invalid_request"),
    ],
)
def test_there_is_no_way_back_to_what_never_was(api: Api, revision: Any, code: str) -> None:
    before = digest()
    answer = api.post("/v1/earning-rules/rul_weekend/roll-back", {"revision": revision})
    problem = assert_problem(answer, code)
    if code == "invalid_request":
        assert [error["field"] for error in problem["errors"]] == ["revision"]
    assert changed(before, digest()) == {}
