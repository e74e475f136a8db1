"""Why an event gave what it gave, and what one would give: GET …/explain, POST /v1/events/dry-run, `reasons`."""

from typing import Any

import pytest

from programs.models import Environment
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.test_statement_budgets import statements
from tests.api.v1.days import day, done, go_to, spend
from tests.api.world import changed, digest
from tests.conftest import Api

PER_1 = {"kind": "per_amount", "field": "data.amount", "rate": "1", "step": "1"}
AMOUNT_100 = {"all": [{"field": "data.amount", "op": "gte", "value": "100"}]}


def rule(api: Api, name: str, **fields: Any) -> dict[str, Any]:
    """A published rule for purchases."""
    body = {"name": name, "event_type": "purchase", "award": PER_1, **fields}
    made = done(api.post("/v1/earning-rules", body))
    return done(api.post(f"/v1/earning-rules/{made['id']}/publish"))


def buy(api: Api, event_id: str, amount: str, **more: Any) -> dict[str, Any]:
    event = {"event_id": event_id, "type": "purchase", "member_id": "ada", "data": {"amount": amount}}
    return done(api.post("/v1/events", event | more))


def refund(api: Api, event_id: str, purchase: str, amount: str) -> dict[str, Any]:
    data = {"purchase": purchase, "amount": amount}
    return done(api.post("/v1/events", _refund(event_id, data)))


def _refund(event_id: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"event_id": event_id, "type": "refund", "member_id": "ada", "data": data}


def explain(api: Api, event_id: str) -> dict[str, Any]:
    return done(api.get(f"/v1/events/{event_id}/explain"))


def dry_run(api: Api, amount: str = "59.90", **more: Any) -> dict[str, Any]:
    body = {"type": "purchase", "member_id": "ada", "data": {"amount": amount}}
    return done(api.post("/v1/events/dry-run", body | more))


@pytest.fixture
def club(api: Api) -> dict[str, dict[str, Any]]:
    """Silver multiplies by 1.25; a group of two, a cap, a condition."""
    go_to(api, 0)
    levels = [{"code": "silver", "title": "Silver", "threshold": "50", "multiplier": "1.25"}]
    done(api.post("/v1/tiers", {"levels": levels}))
    return {
        "capped": rule(api, "1 point per £1", priority=5, caps=[{"per": "day", "points": 120}]),
        "winner": rule(
            api, "Ten", award={"kind": "fixed", "points": 10}, entry_type="bonus", exclusive_group="gifts"
        ),
        "loser": rule(
            api, "Five", award={"kind": "fixed", "points": 5}, entry_type="bonus", exclusive_group="gifts"
        ),
        "large": rule(api, "Large orders", condition=AMOUNT_100, priority=-1),
    }


def test_each_step_is_told_in_words_and_figures(api: Api, club: dict[str, dict[str, Any]]) -> None:
    buy(api, "first", "60")  # 60 and 10: silver from now on
    told = buy(api, "second", "59.90")
    found = explain(api, "second")
    assert found["levels"] == [
        {"program": "default", "tier": "silver", "title": "Silver", "multiplier": "1.25"}
    ]
    verdicts = {verdict["name"]: verdict for verdict in found["verdicts"]}
    assert list(verdicts) == ["1 point per £1", "Five", "Ten", "Large orders"]
    capped = verdicts["1 point per £1"]
    assert [(step["stage"], step["points"]) for step in capped["steps"]] == [
        ("base", "59"),
        ("multiplier", "73.75"),
        ("rounding", "73"),
        ("cap", "60"),
    ]
    assert all(step["words"] for step in capped["steps"])
    assert (capped["matched"], capped["outcome"], capped["points"]) == (True, "awarded", 60)
    assert (capped["rule_id"], capped["revision"]) == (club["capped"]["id"], 1)
    assert verdicts["Five"]["outcome"] == "group_lost"
    assert "Ten" in verdicts["Five"]["reason"]
    assert [verdicts[name]["group"] for name in ("Five", "Ten", "Large orders")] == ["gifts", "gifts", None]
    assert (verdicts["Large orders"]["matched"], verdicts["Large orders"]["failed"]["field"]) == (
        False,
        "data.amount",
    )
    revisions = [effect["rule_revision"] for effect in told["effects"]]
    assert revisions == [capped["rule_revision"], verdicts["Ten"]["rule_revision"]]
    assert found["reasons"] == told["reasons"]
    assert [reason["outcome"] for reason in told["reasons"]] == [
        "awarded",
        "group_lost",
        "awarded",
        "condition_failed",
    ]


def test_the_points_are_shown_with_what_is_left_of_them_now(api: Api, environment: Environment) -> None:
    factories.make_metric(environment, expiry="days", expiry_count=30, vesting_days=2)
    go_to(api, 0)
    rule(api, "1 point per £1")
    told = buy(api, "first", "60")
    (shown,) = explain(api, "first")["transactions"]
    lot = {"points": 60, "held": 0, "available_at": day(2), "expires_at": day(30)}
    assert shown["lots"] == [lot | {"remaining": 60, "pending": True}]
    assert {name: shown[name] for name in shown if name != "lots"} == told["effects"][0]["transaction"]
    go_to(api, 3)
    spend(api, 25)
    (shown,) = explain(api, "first")["transactions"]
    assert shown["lots"] == [lot | {"remaining": 35, "pending": False}]
    go_to(api, 31)
    (shown,) = explain(api, "first")["transactions"]
    assert shown["lots"] == [lot | {"remaining": 0, "pending": False}], "expired, though no job has run"


def test_a_level_reached_is_an_effect_and_a_change(api: Api, club: dict[str, dict[str, Any]]) -> None:
    told = buy(api, "first", "60")
    assert told["effects"][-1] == {
        "kind": "tier",
        "program": "default",
        "from": None,
        "to": "silver",
        "change": "reached",
    }
    found = explain(api, "first")
    assert found["tier_changes"] == [
        {
            "program": "default",
            "from": None,
            "to": "silver",
            "change": "reached",
            "progress": "70",
            "occurred_at": day(0),
        }
    ]
    assert (found["levels"][0]["tier"], found["levels"][0]["multiplier"]) == (None, "1"), "from before it"
    assert api.get("/v1/events/first").json() == {**told, "duplicate": False}


def test_a_refund_tells_what_the_purchase_had_earned_and_what_is_left_of_it(
    api: Api, club: dict[str, dict[str, Any]]
) -> None:
    bought = buy(api, "first", "110")
    taken = refund(api, "back", "first", "30.50")
    earned = {effect["transaction"]["reason"]: effect["transaction"] for effect in bought["effects"][:-1]}
    assert {name: row["points"] for name, row in earned.items()} == {
        "1 point per £1": 110,
        "Ten": 10,
        "Large orders": 110,
    }
    points = [effect for effect in taken["effects"] if effect["kind"] == "points"]
    assert {(row["transaction"]["reverses"], row["transaction"]["points"]) for row in points} == {
        (earned["1 point per £1"]["id"], -31),
        (earned["Large orders"]["id"], -110),
    }
    found = explain(api, "back")
    assert found["refund"] == {
        "purchase": "first",
        "gross": "110",
        "net": "79.5",
        "in_proportion": False,
        "sides": [
            {
                "recipient": "member",
                "metric": "points",
                "earned": 230,
                "recomputed": 89,
                "target": 141,
                "before": 0,
                "by_hand": 0,
                "reversed": 141,
            }
        ],
    }
    assert len(found["verdicts"]) == 4, "of what is left of the purchase"
    assert taken["reasons"] == [
        {
            "rule": None,
            "outcome": "refunded",
            "reason": "The purchase had earned 230 points; what is left of it earns 89. Nothing had been taken back "
            "before; 141 are taken back now.",
        }
    ], "no rule awards anything for a refund"


def test_what_a_refund_takes_is_told_in_the_right_number(api: Api) -> None:
    rule(api, "1 point per £1")
    buy(api, "first", "3")
    said = [refund(api, f"back-{amount}", "first", amount)["reasons"] for amount in ("1", "0.01", "1.99")]
    assert [reasons[0]["reason"].split(". ")[1] for reasons in said] == [
        "Nothing had been taken back before; 1 is taken back now.",
        "1 had been taken back before; 1 is taken back now.",
        "2 had been taken back before; 1 is taken back now.",
    ]
    buy(api, "small", "0.50")
    (reason,) = refund(api, "back", "small", "0.50")["reasons"]
    assert reason["reason"] == "The purchase had earned nothing, so there is nothing to take back."


def test_a_refund_of_a_referred_purchase_says_what_it_took_from_the_referrer(
    api: Api, environment: Environment
) -> None:
    go_to(api, 0)
    factories.give(environment, 1, member="bob", now=factories.reload(environment).clock)
    code = done(api.get("/v1/members/bob/referral"))["code"]
    done(api.post("/v1/members/ada/referral", {"code": code}))
    rule(api, "Friends", award={"kind": "referral", "member": 100, "referrer": 200}, condition=AMOUNT_100)
    given = buy(api, "first", "120")["effects"][1]["transaction"]
    half = {
        "event_id": "half",
        "type": "refund",
        "member_id": "ada",
        "data": {"purchase": "first", "amount": "9"},
    }
    most = half | {"event_id": "most", "data": {"purchase": "first", "amount": "50"}}
    rest = half | {"event_id": "rest", "data": {"purchase": "first"}}
    results = done(api.post("/v1/events/batch", {"events": [half, most, rest]}))["results"]
    assert [reason["reason"] for reason in results[1]["reasons"]] == [
        (
            "The purchase had earned 100 points; what is left of it earns 0. Nothing had been taken back before; 100 "
            "are taken back now."
        ),
        (
            "The purchase had earned its referrer 200 points; what is left of it earns 0. Nothing had been taken back "
            "before; 200 are taken back now."
        ),
    ]
    found = explain(api, "most")
    assert [side["recipient"] for side in found["refund"]["sides"]] == ["member", "referrer"]
    assert [(row["customer_id"], row["points"]) for row in found["transactions"]] == [
        ("ada", -100),
        ("bob", -200),
    ]
    assert found["transactions"][1]["reverses"] == given["id"]
    assert found["referrer_id"] == "bob"
    for other in ("half", "rest"):
        found = explain(api, other)
        assert (found["transactions"], found["referrer_id"]) == ([], None)


@pytest.mark.parametrize(
    ("data", "code", "field"),
    [
        ({}, "invalid_request", "data.purchase"),
        ({"purchase": 7}, "invalid_request", "data.purchase"),
        ({"purchase": "nothing"}, "purchase_not_found", None),
        ({"purchase": "first", "amount": "60.01"}, "refund_exceeds_purchase", None),
        ({"purchase": "first", "amount": "0"}, "invalid_request", "data.amount"),
        ({"purchase": "first", "amount": "all"}, "invalid_request", "data.amount"),
        ({"purchase": "first", "currency": "POUNDS"}, "invalid_request", "data.currency"),
        ({"purchase": "first", "items": "all"}, "invalid_request", "data.items"),
        ({"purchase": "first", "items": [{"line": 1}]}, "invalid_request", "data.items[0].quantity"),
        (
            {"purchase": "first", "items": [{"line": 9, "quantity": 1}]},
            "invalid_request",
            "data.items[0].line",
        ),
    ],
)
def test_a_refund_that_does_not_fit_its_purchase_is_refused_and_changes_nothing(
    api: Api, club: dict[str, dict[str, Any]], data: dict[str, Any], code: str, field: str | None
) -> None:
    buy(api, "first", "60")
    before = digest()
    for path in ("/v1/events", "/v1/events/dry-run"):
        problem = assert_problem(api.post(path, _refund("back", data)), code)
        assert [error["field"] for error in problem["errors"]] == ([field] if field else [])
        if code == "refund_exceeds_purchase":
            assert problem["refundable"] == "60"
    assert changed(before, digest()) == {}


def test_an_event_that_gives_nothing_says_why(api: Api) -> None:
    event = {"event_id": "e1", "type": "visit", "member_id": "ada", "data": {}}
    (reason,) = done(api.post("/v1/events", event))["reasons"]
    assert reason == {
        "rule": None,
        "outcome": "no_rule",
        "reason": "No rule for events of type visit was in force when it happened.",
    }
    rule(api, "1 point per £1")
    for amount, outcome in (("0.50", "zero_points"), ("-1", "amount_unusable"), ("ten", "amount_unusable")):
        (reason,) = buy(api, f"order-{amount}", amount)["reasons"]
        assert (reason["rule"], reason["outcome"]) == ("1 point per £1", outcome)
        assert reason["reason"].endswith(".")


# -- dry run


def test_a_dry_run_answers_what_the_event_then_gives_and_writes_nothing(
    api: Api, club: dict[str, dict[str, Any]]
) -> None:
    buy(api, "first", "60")
    before = digest()
    tried = dry_run(api, event_id="second")
    assert changed(before, digest()) == {}
    buy(api, "second", "59.90")
    real = explain(api, "second")
    for name in ("levels", "refund", "verdicts", "reasons", "member_id", "tier_changes"):
        assert tried[name] == real[name], name
    assert [row["points"] for row in tried["transactions"]] == [row["points"] for row in real["transactions"]]
    assert tried["event"]["event_id"] == "second"
    assert [row["lots"] for row in tried["transactions"]] == [[], []]


def test_a_dry_run_may_try_a_draft_in_place_of_what_is_in_force(
    api: Api, club: dict[str, dict[str, Any]]
) -> None:
    done(api.patch(f"/v1/earning-rules/{club['capped']['id']}", {"award": PER_1 | {"rate": "3"}, "caps": []}))
    before = digest()
    tried = dry_run(api, "20", rule=club["capped"]["id"])
    (verdict,) = [one for one in tried["verdicts"] if one["rule_id"] == club["capped"]["id"]]
    assert (verdict["points"], verdict["revision"], verdict["rule_revision"]) == (60, 0, None)
    assert [row["points"] for row in dry_run(api, "20")["transactions"]] == [20, 10]
    assert changed(before, digest()) == {}


def test_a_dry_run_for_somebody_unknown_makes_nobody(api: Api, club: dict[str, dict[str, Any]]) -> None:
    before = digest()
    assert [row["customer_id"] for row in dry_run(api, "20")["transactions"]] == ["ada", "ada"]
    assert changed(before, digest()) == {}


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"rule": "rul_none"}, "not_found", None),
        ({"rule": "first"}, "invalid_request", "rule"),
        ({"program": "vip"}, "program_not_found", None),
        ({"type": ""}, "invalid_request", "type"),
        ({"data": []}, "invalid_request", "data"),
        ({"member_id": 7}, "invalid_request", "member_id"),
        ({"occurred_at": "2999-01-01T00:00:00Z"}, "invalid_request", "occurred_at"),
        ({"colour": "red"}, "invalid_request", "colour"),
    ],
)
def test_a_faulty_dry_run_is_refused_by_field(
    api: Api, change: dict[str, Any], code: str, field: str | None
) -> None:
    before = digest()
    body = {"type": "purchase", "member_id": "ada", "data": {}} | change
    problem = assert_problem(api.post("/v1/events/dry-run", body), code)
    assert [error["field"] for error in problem["errors"]] == ([field] if field else [])
    assert changed(before, digest()) == {}


def test_an_unknown_event_is_not_explained(api: Api) -> None:
    assert_problem(api.get("/v1/events/none/explain"), "not_found")


def test_explaining_takes_as_many_statements_however_many_rules_and_points(
    api: Api, environment: Environment, warm_key: None
) -> None:
    rule(api, "First")
    buy(api, "one", "60")
    few = len(statements(lambda: api.get("/v1/events/one/explain")))
    for number in range(5):
        rule(api, f"Rule {number}")
        factories.give(environment, 10)
    buy(api, "two", "60")
    explain(api, "two")
    assert len(statements(lambda: api.get("/v1/events/two/explain"))) == few <= 14
