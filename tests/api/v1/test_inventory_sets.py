"""/v1/inventory-sets: a set and its whole list of items (domain.md 8)."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from programs.models import Environment, InventoryItem
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.test_statement_budgets import statements
from tests.api.v1.days import award, done
from tests.api.v1.shop import buy, offer, step
from tests.api.world import changed, digest
from tests.conftest import Api

ITEMS: list[dict[str, Any]] = [
    {"id": "badge_1", "title": "First", "media": "https://shop.example/1.png"},
    {"id": "badge_2", "title": "Second"},
]
SET: dict[str, Any] = {"id": "badges", "title": "Badges", "items": ITEMS}


def make(api: Api, **changes: Any) -> dict[str, Any]:
    return done(api.post("/v1/inventory-sets", SET | changes))


def items(api: Api) -> list[tuple[str, str]]:
    found = done(api.get("/v1/inventory-sets/badges"))["items"]
    return [(item["id"], item["title"]) for item in found]


def test_a_set_is_made_read_changed_and_listed(api: Api) -> None:
    made = make(api)
    assert made == {
        "id": "badges",
        "program": "default",
        "title": "Badges",
        "items": [ITEMS[0], ITEMS[1] | {"media": ""}],
        "created_at": made["created_at"],
    }
    assert done(api.get("/v1/inventory-sets/badges")) == made
    assert done(api.get("/v1/inventory-sets"))["data"] == [made]
    renamed = done(api.patch("/v1/inventory-sets/badges", {"title": "Medals"}))
    assert renamed == made | {"title": "Medals"}
    second = make(api, id="empty", items=[])
    assert [row["id"] for row in done(api.get("/v1/inventory-sets"))["data"]] == ["empty", "badges"]
    assert second["items"] == []


def test_the_list_is_the_whole_list_and_an_item_is_known_by_its_id(
    api: Api, environment: Environment
) -> None:
    make(api)
    keys = dict(InventoryItem.objects.filter(environment=environment).values_list("public_id", "pk"))
    new = [{"title": "Third"}, {"id": "badge_2", "title": "Silver", "media": "https://shop.example/2.png"}]
    shown = done(api.patch("/v1/inventory-sets/badges", {"items": new}))["items"]
    assert [item["title"] for item in shown] == ["Silver", "Third"], "in the order in which they were made"
    assert shown[1]["id"].startswith("itm_")
    stored = dict(InventoryItem.objects.filter(environment=environment).values_list("public_id", "pk"))
    assert (stored["badge_2"], "badge_1" in stored) == (keys["badge_2"], False)
    assert done(api.patch("/v1/inventory-sets/badges", {"items": []}))["items"] == []


def test_what_is_sent_as_it_is_changes_nothing(api: Api) -> None:
    make(api)
    before = digest()
    done(api.patch("/v1/inventory-sets/badges", {"title": "Badges", "items": ITEMS}))
    assert changed(before, digest()) == {}


def test_only_the_items_that_are_others_are_written(api: Api) -> None:
    make(api)
    renamed = [ITEMS[0], ITEMS[1] | {"title": "Silver"}]
    with CaptureQueriesContext(connection) as asked:
        done(api.patch("/v1/inventory-sets/badges", {"items": renamed}))
    wrote = [each["sql"] for each in asked if each["sql"].startswith('UPDATE "programs_inventoryitem"')]
    assert len(wrote) == 1
    assert "'Silver'" in wrote[0]


def test_a_change_of_the_items_is_audited_with_what_was_before(api: Api, environment: Environment) -> None:
    make(api)
    done(api.patch("/v1/inventory-sets/badges", {"items": ITEMS[:1]}))
    seen = AuditEvent.objects.filter(environment_id=environment.id, object_type="inventoryset")
    assert list(seen.order_by("id").values_list("verb", flat=True)) == [
        "inventoryset.created",
        "inventoryset.items_changed",
        "inventoryset.items_changed",
    ]
    last = seen.order_by("id").last()
    assert last is not None
    assert last.before is not None
    assert [item["id"] for item in last.before["items"]] == ["badge_1", "badge_2"]
    assert last.after == {"items": [ITEMS[0]]}


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"id": "two words"}, ["id"]),
        ({"title": ""}, ["title"]),
        ({"title": None}, ["title"]),
        ({"colour": "red"}, ["colour"]),
        ({"items": None}, ["items"]),
        ({"items": {}}, ["items"]),
        ({"items": ["badge"]}, ["items[0]"]),
        ({"items": [ITEMS[0]] * 501}, ["items"]),
        ({"items": [ITEMS[0], {"id": "x"}]}, ["items[1].title"]),
        ({"items": [ITEMS[0], {"id": "x", "title": ""}]}, ["items[1].title"]),
        ({"items": [ITEMS[0], {"id": "a b", "title": "x"}]}, ["items[1].id"]),
        ({"items": [ITEMS[0], {"id": "badge_1", "title": "x"}]}, ["items[1].id"]),
        ({"items": [{"title": "x", "media": "x"}, {"title": "x", "colour": 1}]}, None),
        ({"items": [{"title": "x", "media": "javascript:alert(1)"}]}, ["items[0].media"]),
    ],
    ids=str,
)
def test_every_fault_is_named_by_its_path_and_nothing_changes(
    api: Api, change: dict[str, Any], fields: list[str] | None
) -> None:
    fields = fields or ["items[0].media", "items[1].colour"]
    before = digest()
    problem = assert_problem(api.post("/v1/inventory-sets", SET | change), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == fields
    assert all(len(error["detail"]) > 10 for error in problem["errors"])
    assert changed(before, digest()) == {}
    if "id" in change:
        return
    make(api)
    before = digest()
    problem = assert_problem(api.patch("/v1/inventory-sets/badges", change), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == fields
    assert changed(before, digest()) == {}


def test_an_id_is_taken_once_in_its_place(api: Api) -> None:
    make(api)
    before = digest()
    problem = assert_problem(api.post("/v1/inventory-sets", SET), "invalid_request")
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [("id", "unique")]
    assert_problem(api.post("/v1/inventory-sets", SET | {"id": "x", "program": "vip"}), "program_not_found")
    assert changed(before, digest()) == {}
    make(api, id="other")  # its items stand by themselves


def test_an_item_that_a_reward_gives_can_not_be_left_out(api: Api) -> None:
    make(api)
    offer(api, kind="inventory_item", gives={"set": "badges", "item": "badge_2"}, status="archived")
    before = digest()
    answer = api.patch("/v1/inventory-sets/badges", {"items": ITEMS[:1], "title": ""})
    assert_problem(answer, "invalid_request")
    answer = api.patch("/v1/inventory-sets/badges", {"items": ITEMS[:1]})
    problem = assert_problem(answer, "invalid_request")
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [("items", "in_use")]
    assert "badge_2" in problem["detail"]
    assert changed(before, digest()) == {}
    done(api.patch("/v1/inventory-sets/badges", {"items": ITEMS[1:]}))


@pytest.mark.parametrize("fulfilment", ["automatic", "manual"])
def test_an_item_that_a_member_has_or_will_get_can_not_be_left_out(api: Api, fulfilment: str) -> None:
    make(api)
    award(api, 500)
    gives = {"set": "badges", "item": "badge_2"}
    offer(api, kind="inventory_item", gives=gives, fulfilment=fulfilment)
    bought = buy(api)
    done(api.patch("/v1/rewards/rwd_coffee", {"gives": {"set": "badges", "item": "badge_1"}}))
    before = digest()
    answer = api.patch("/v1/inventory-sets/badges", {"items": ITEMS[:1]})
    problem = assert_problem(answer, "invalid_request")
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [("items", "in_use")]
    assert changed(before, digest()) == {}
    assert done(api.get(f"/v1/redemptions/{bought['id']}"))["gives"] == gives, "though no reward gives it"
    done(step(api, bought, "cancel"))
    answer = api.patch("/v1/inventory-sets/badges", {"items": ITEMS[:1]})
    if fulfilment == "manual":
        assert items(api) == [("badge_1", "First")], "nobody ever had it"
        gone = done(api.get(f"/v1/redemptions/{bought['id']}"))["gives"]
        assert gone == {"set": None, "item": None}
    else:
        assert_problem(answer, "invalid_request")  # its history names it


def test_another_tenants_set_is_not_found_and_stays_as_it_is(api: Api) -> None:
    make(Api(factories.make_key(factories.make_environment())))
    before = digest()
    assert_problem(api.get("/v1/inventory-sets/badges"), "not_found")
    assert_problem(api.patch("/v1/inventory-sets/badges", {"items": []}), "not_found")
    assert_problem(api.get("/v1/inventory-sets/none"), "not_found")
    assert done(api.get("/v1/inventory-sets"))["data"] == []
    assert changed(before, digest()) == {}
    make(api)


def test_a_repeated_call_makes_one_set_and_answers_alike(api: Api, environment: Environment) -> None:
    body = {"title": "Badges", "items": [{"title": "First"}]}
    first, again = (api.post("/v1/inventory-sets", body, Idempotency_Key="k") for _ in range(2))
    assert (first.status_code, again.content) == (201, first.content)
    assert done(first)["id"].startswith("ins_")
    assert InventoryItem.objects.filter(environment=environment).count() == 1


@pytest.mark.usefixtures("warm_key")
def test_a_page_of_sets_takes_three_statements_however_many_they_are(api: Api) -> None:
    make(api)
    done(api.get("/v1/inventory-sets"))
    assert len(statements(lambda: done(api.get("/v1/inventory-sets")))) == 3
    for number in range(9):
        make(api, id=f"set_{number}")
    assert len(statements(lambda: done(api.get("/v1/inventory-sets")))) == 3
