"""/v1/programs, /v1/metrics, /v1/earning-rules: configuration as code."""

from typing import Any

import pytest

from programs.models import EarningRule, Environment, Metric, Program
from tests.conftest import Api

RULE = {
    "id": "rul_per_pound",
    "name": "1 point per £1",
    "event_type": "purchase",
    "condition": {"all": [{"field": "data.amount", "op": "gte", "value": "10"}]},
    "award": {"kind": "per_amount", "field": "data.amount", "rate": "1", "step": "1"},
}


def test_a_program_is_made_read_changed_and_listed(api: Api) -> None:
    made = api.post("/v1/programs", {"id": "prg_club", "code": "club", "name": "Club"})
    assert (made.status_code, made.json()["id"], made.json()["status"]) == (201, "prg_club", "active")
    for name in ("club", "prg_club"):
        assert api.get(f"/v1/programs/{name}").json() == made.json()
    changed = api.patch("/v1/programs/club", {"status": "paused", "retention_days": 365}).json()
    assert changed == {**made.json(), "status": "paused", "retention_days": 365}
    listed = api.get("/v1/programs?order=asc").json()
    assert [program["code"] for program in listed["data"]] == ["default", "club"]


def test_a_metric_is_made_read_changed_and_listed(api: Api) -> None:
    made = api.post("/v1/metrics", {"code": "xp", "title": "Experience", "default_value": 10})
    assert (made.status_code, made.json()["program"], made.json()["expiry"]) == (201, "default", "never")
    change = {"expiry": "months", "expiry_count": 12, "expiry_month_end": True}
    assert api.patch("/v1/metrics/xp", change).json() == {**made.json(), **change}
    assert [metric["code"] for metric in api.get("/v1/metrics?order=asc").json()["data"]] == ["points", "xp"]


def test_a_rule_goes_from_draft_into_force_and_out_again(api: Api) -> None:
    made = api.post("/v1/earning-rules", RULE)
    assert (made.status_code, made.json()["status"], made.json()["revision"]) == (201, "draft", None)
    published = api.post("/v1/earning-rules/rul_per_pound/publish").json()
    assert (published["status"], published["revision"]) == ("published", 1)
    assert api.post("/v1/earning-rules/rul_per_pound/publish").json() == published
    api.patch("/v1/earning-rules/rul_per_pound", {"priority": 3})
    assert api.post("/v1/earning-rules/rul_per_pound/publish").json()["revision"] == 2
    archived = api.post("/v1/earning-rules/rul_per_pound/archive").json()
    assert (archived["status"], archived["revision"]) == ("archived", 3)
    assert api.get("/v1/earning-rules/rul_per_pound").json() == archived


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (
            {"condition": {"all": [{"field": "data.amount", "op": "atleast", "value": 1}]}},
            "condition.all[0].op",
        ),
        ({"condition": {"some": []}}, "condition"),
        ({"award": {"kind": "gift"}}, "award.kind"),
        ({"award": {"kind": "fixed", "points": 0}}, "award.points"),
        ({"event_type": "no spaces please"}, "event_type"),
        ({"id": "program_1"}, "id"),
        ({"priority": 10**6}, "priority"),
        ({"colour": "red"}, "colour"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_faulty_rule_is_refused_by_field_and_nothing_is_made(
    environment: Environment, api: Api, change: dict[str, Any], field: str
) -> None:
    answer = api.post("/v1/earning-rules", RULE | change)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert not EarningRule.objects.filter(environment=environment).exists()


def test_what_names_something_unknown_is_not_found(environment: Environment, api: Api) -> None:
    assert api.post("/v1/earning-rules", RULE | {"metric": "xp"}).json()["code"] == "not_found"
    assert api.post("/v1/earning-rules", RULE | {"program": "vip"}).json()["code"] == "program_not_found"
    assert api.post("/v1/metrics", {"code": "xp", "title": "XP", "program": "vip"}).status_code == 404
    assert api.get("/v1/programs/vip").json()["code"] == "program_not_found"
    assert api.get("/v1/metrics/xp").json()["code"] == "not_found"
    assert api.post("/v1/earning-rules/rul_none/publish").json()["code"] == "not_found"
    assert not EarningRule.objects.filter(environment=environment).exists()
    assert Metric.objects.filter(environment=environment).count() == 1


def test_a_code_or_id_that_is_taken_is_refused(environment: Environment, api: Api) -> None:
    for path, body in (
        ("/v1/programs", {"code": "default", "name": "Again"}),
        ("/v1/metrics", {"code": "points", "title": "Again"}),
    ):
        answer = api.post(path, body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    api.post("/v1/earning-rules", RULE)
    assert api.post("/v1/earning-rules", RULE).status_code == 400
    assert Program.objects.filter(environment=environment).count() == 1
    assert EarningRule.objects.filter(environment=environment).count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"expiry": "days"},
        {"expiry": "date"},
        {"minimum": 5},
        {"minimum": -5, "maximum": -10},
        {"negative_balance": "forgive"},
        {"vesting_days": -1},
        {"expiry_date": "2026-02-30"},
    ],
    ids="-".join,
)
def test_point_rules_that_make_no_sense_are_refused(
    environment: Environment, api: Api, change: dict[str, Any]
) -> None:
    before = Metric.objects.filter(environment=environment).values().get()
    answer = api.patch("/v1/metrics/points", change)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert Metric.objects.filter(environment=environment).values().get() == before


def test_a_programs_window_must_end_after_it_begins(environment: Environment, api: Api) -> None:
    window = {"starts_at": "2026-02-01T00:00:00Z", "ends_at": "2026-01-01T00:00:00Z"}
    assert api.patch("/v1/programs/default", window).json()["code"] == "invalid_request"
    assert Program.objects.get(environment=environment).ends_at is None
