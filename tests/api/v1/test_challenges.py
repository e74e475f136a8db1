"""/v1/challenges: set up, counted by events, taken back by refunds, and seen by the member (domain.md 8)."""

from typing import Any

from programs.models import Challenge, Environment
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.test_statement_budgets import statements
from tests.api.v1.days import done
from tests.api.world import changed, digest
from tests.conftest import Api

COME, SPEND = "0190aaaa-0000-7000-8000-000000000001", "0190aaaa-0000-7000-8000-000000000002"
SILENT = {"display": "none", "title": "", "message": ""}
LOUD = {"display": "toast", "title": "Well spent", "message": "Thank you."}
CHALLENGE: dict[str, Any] = {
    "id": "0190AAAA-0000-7000-8000-000000000000",
    "title": "Regular",
    "status": "active",
    "missions": [
        {"id": COME, "title": "Come twice", "type": "visit", "event_type": "visit", "target": 2},
        {
            "id": SPEND,
            "title": "Spend 50",
            "event_type": "purchase",
            "condition": {"field": "data.currency", "op": "eq", "value": "GBP"},
            "measure": "sum",
            "field": "data.amount",
            "target": "50",
            "notification": LOUD,
        },
    ],
    "rewards": [
        {"type": "metric", "metric": "points", "quantity": 50},
        {"type": "inventory_item", "set": "badges", "item": "gold"},
        {"type": "coupon", "coupon": "tea"},
    ],
}
ID = CHALLENGE["id"].lower()
URL = f"/v1/challenges/{ID}"


def make(api: Api, **changes: Any) -> dict[str, Any]:
    if not done(api.get("/v1/coupons"))["data"]:
        done(
            api.post(
                "/v1/inventory-sets", {"id": "badges", "title": "B", "items": [{"id": "gold", "title": "G"}]}
            )
        )
        done(api.post("/v1/coupons", {"id": "tea", "title": "Free tea", "code": "TEA"}))
    return done(api.post("/v1/challenges", CHALLENGE | changes))


def without_ids() -> list[dict[str, Any]]:
    return [{name: value for name, value in each.items() if name != "id"} for each in CHALLENGE["missions"]]


def send(api: Api, event: str, kind: str, **data: Any) -> dict[str, Any]:
    body = {"event_id": event, "type": kind, "member_id": "ada", "data": data}
    return done(api.post("/v1/events", body))


def of_challenges(answer: dict[str, Any]) -> list[tuple[Any, ...]]:
    names = ("action", "achieved", "mission", "title")
    return [tuple(one[n] for n in names) for one in answer["effects"] if one["kind"] == "challenge"]


def said(answer: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [
        (one["mission"], one["outcome"], one["reason"]) for one in answer["reasons"] if "challenge" in one
    ]


def test_one_is_made_read_changed_and_listed(api: Api) -> None:
    made = make(api)
    come, spend = CHALLENGE["missions"]
    assert made == {
        "id": ID,
        "program": "default",
        "title": "Regular",
        "subtitle": "",
        "status": "active",
        "starts_at": None,
        "ends_at": None,
        "per": "ever",
        "mission_order": "any",
        "place": 0,
        "show_in_profile": True,
        "show_in_rail": True,
        "show_time": True,
        "notification": SILENT,
        "missions": [
            come | {"condition": {}, "measure": "count", "field": "", "target": "2", "notification": SILENT},
            spend | {"type": ""},
        ],
        "rewards": CHALLENGE["rewards"],
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
    }
    assert done(api.get(URL)) == made
    before = digest()
    again = {name: made[name] for name in made if name not in ("id", "program", "created_at", "updated_at")}
    assert done(api.patch(URL, again)) == made
    assert changed(before, digest()) == {}, "what is sent as it is changes nothing"
    few = done(api.patch(URL, {"missions": made["missions"][1:], "show_time": False, "notification": LOUD}))
    assert few["missions"] == made["missions"][1:]
    assert (few["show_time"], few["notification"], few["rewards"]) == (False, LOUD, made["rewards"])
    make(api, id="0190aaaa-0000-7000-8000-00000000000f", status="draft", missions=[], rewards=[])
    listed = done(api.get("/v1/challenges?order=asc"))["data"]
    assert [(row["id"] == ID, row["status"]) for row in listed] == [(True, "active"), (False, "draft")]
    assert [row["id"] for row in done(api.get("/v1/challenges?status=active&program=default"))["data"]] == [
        ID
    ]


def test_faults_are_named_as_callers_name_them(api: Api) -> None:
    make(api)
    points = {"type": "metric", "metric": "points", "quantity": 1}
    come = CHALLENGE["missions"][0]
    faults: list[tuple[dict[str, Any], dict[str, str]]] = [
        ({"title": ""}, {"title": "blank"}),
        ({"status": "draft"}, {"status": "invalid_choice"}),
        ({"per": "day"}, {"per": "fixed"}),
        ({"notification": {"display": "x"}}, {"notification.display": "invalid_choice"}),
        ({"missions": [come | {"target": 0}]}, {"missions[0].target": "min_value"}),
        ({"missions": [come | {"event_type": "call"}]}, {"missions[0].event_type": "fixed"}),
        ({"missions": [come | {"id": "x"}]}, {"missions[0].id": "invalid"}),
        ({"missions": [come | {"colour": "red"}]}, {"missions[0].colour": "unknown_field"}),
        ({"missions": []}, {"missions": "required"}),
        ({"rewards": [points, points | {"metric": "xp"}]}, {"rewards[1].metric": "invalid_choice"}),
        ({"rewards": [{"type": "metric", "metric": "points"}]}, {"rewards[0].quantity": "required"}),
        ({"rewards": [points | {"coupon": "tea"}]}, {"rewards[0].coupon": "invalid"}),
        ({"rewards": [{"type": "coupon", "coupon": "cake"}]}, {"rewards[0].coupon": "invalid_choice"}),
        (
            {"rewards": [{"type": "inventory_item", "set": "badges", "item": "tin"}]},
            {"rewards[0].item": "invalid_choice"},
        ),
        (
            {"rewards": [{"type": "inventory_item", "set": "coupons", "item": "tea"}]},
            {"rewards[0].item": "invalid"},
        ),
        ({"program": "default"}, {"program": "unknown_field"}),
    ]
    before = digest()
    for body, expected in faults:
        answer = api.patch(URL, body)
        assert_problem(answer, "invalid_request")
        assert {one["field"]: one["code"] for one in answer.json()["errors"]} == expected, body
    draft = CHALLENGE | {"status": "draft", "missions": []}
    taken = assert_problem(api.post("/v1/challenges", draft), "invalid_request")
    assert [(one["field"], one["code"]) for one in taken["errors"]] == [("id", "unique")]
    assert_problem(api.post("/v1/challenges", CHALLENGE | {"program": "x"}), "program_not_found")
    for nowhere in (f"{ID[:-1]}9", "regular"):
        assert_problem(api.get(f"/v1/challenges/{nowhere}"), "not_found")
    assert changed(before, digest()) == {}


def test_events_count_complete_and_are_explained_and_a_refund_takes_it_back(api: Api) -> None:
    make(api)
    first = send(api, "visit-1", "visit")
    assert of_challenges(first) == []
    assert said(first) == [(COME, "counted", "It counts.")]
    second = send(api, "visit-2", "visit")
    assert of_challenges(second) == [("completed", "mission", COME, "Come twice")]
    foreign = send(api, "order-1", "purchase", amount="80", currency="EUR")
    assert [outcome for _, outcome, _ in said(foreign)] == ["condition_failed"]
    order = send(api, "order-2", "purchase", amount="60.50", currency="GBP")
    assert said(order) == [(SPEND, "counted", "It counts with 60.5.")]
    assert of_challenges(order) == [
        ("completed", "mission", SPEND, "Spend 50"),
        ("completed", "challenge", None, "Regular"),
    ]
    given = order["effects"][-1]
    assert given["achievement"].startswith("ach_")
    assert (given["challenge"], given["period"]) == (ID, "ever")
    assert given["rewards"] == [
        {"type": "metric", "metric": "points", "asked": 50, "given": 50},
        {"type": "inventory_item", "set": "badges", "item": "gold"},
        {"type": "coupon", "set": "coupons", "item": "tea"},
    ]
    why = done(api.get("/v1/events/order-2/explain"))
    counted = {"challenge": ID, "mission": SPEND, "period": "ever", "target": "50"}
    assert [(one["title"], one["outcome"], one["amount"]) for one in why["challenges"]] == [
        ("Spend 50", "counted", "60.5")
    ]
    assert why["challenge_changes"]["counted"] == [counted | {"amount": "60.5", "progress": "50"}]
    assert [one["achieved"] for one in why["challenge_changes"]["completed"]] == ["mission", "challenge"]
    assert done(api.get("/v1/customers/ada"))["points_balance"] == 50
    back = send(api, "back-1", "refund", purchase="order-2", amount="20.50")
    assert of_challenges(back) == [
        ("revoked", "mission", SPEND, "Spend 50"),
        ("revoked", "challenge", None, "Regular"),
    ]
    assert said(back) == [
        (SPEND, "refunded", "20.5 of its progress is taken back; it stands at 40 of 50."),
        (SPEND, "revoked", "The mission “Spend 50” is no longer complete."),
        (None, "revoked", "The challenge “Regular” is no longer complete; what it gave is taken back."),
    ]
    explained = done(api.get("/v1/events/back-1/explain"))
    assert explained["challenges"] == []
    assert explained["challenge_changes"]["counted"] == [counted | {"amount": "-20.5", "progress": "40"}]
    assert len(explained["challenge_changes"]["revoked"]) == 2
    assert done(api.get("/v1/customers/ada"))["points_balance"] == 0


def test_a_customer_sees_how_far_they_are(api: Api) -> None:
    make(api)
    send(api, "visit-1", "visit")
    send(api, "order-1", "purchase", amount="60", currency="GBP")
    found = done(api.get("/v1/members/ada/challenges"))
    (mine,) = found["data"]
    completed = mine["missions"][1]["completed_at"]
    assert completed
    assert found["member_id"] == "ada"
    assert mine == {
        "id": ID,
        "title": "Regular",
        "period": "ever",
        "status": "open",
        "completed_at": None,
        "missions": [
            {"id": COME, "title": "Come twice", "progress": "1", "target": "2", "completed_at": None},
            {"id": SPEND, "title": "Spend 50", "progress": "50", "target": "50", "completed_at": completed},
        ],
    }
    send(api, "visit-2", "visit")
    (whole,) = done(api.get("/v1/customers/ada/challenges"))["data"]
    assert (whole["status"], whole["completed_at"] is None) == ("completed", False)
    own = Api(done(api.post("/v1/members/ada/tokens", {}))["token"])
    assert done(own.get("/v1/members/ada/challenges"))["data"] == [whole]
    send_other = {"event_id": "visit-3", "type": "visit", "member_id": "bob", "data": {}}
    done(api.post("/v1/events", send_other))
    assert_problem(own.get("/v1/members/bob/challenges"), "permission_denied")
    assert_problem(own.get(URL), "permission_denied")
    assert_problem(api.get("/v1/members/nobody/challenges"), "not_found")


def test_progress_is_kept_where_a_list_without_ids_is_sent_again(api: Api) -> None:
    come, spend = without_ids()
    make(api, missions=[come, spend])
    send(api, "visit-1", "visit")
    before = digest()
    done(api.patch(URL, {"missions": [come, spend]}))
    assert changed(before, digest()) == {}
    done(api.patch(URL, {"missions": [spend, come | {"target": 3}]}))
    send(api, "visit-2", "visit")
    (mine,) = done(api.get("/v1/members/ada/challenges"))["data"]
    assert [(one["title"], one["progress"], one["target"]) for one in mine["missions"]] == [
        ("Spend 50", "0", "50"),
        ("Come twice", "2", "3"),
    ]


def test_a_page_of_many_costs_as_many_statements_as_a_page_of_one(api: Api, environment: Environment) -> None:
    make(api)
    of_one = statements(lambda: api.get("/v1/challenges"))
    for _ in range(3):
        factories.make_challenge(environment)
    of_many = statements(lambda: api.get("/v1/challenges"))
    assert len(of_many) == len(of_one)
    assert Challenge.objects.filter(environment=environment).count() == 4
