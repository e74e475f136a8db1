"""/v1/stamp-collections and …/{id}/stamp-collections: customers join, and their cards (domain.md 7)."""

from typing import Any

import pytest

from audit.models import AuditEvent
from loyalty.models import Member, StampCollection
from programs.models import Environment
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.test_statement_budgets import statements
from tests.api.v1.cafe import buy, card, fill, join, pay, read_card, refund, try_to_join
from tests.api.v1.days import day, done, go_to
from tests.api.world import changed, digest
from tests.conftest import Api


def cards_of(api: Api, customer: str = "ada", query: str = "") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = done(api.get(f"/v1/customers/{customer}/stamp-collections{query}"))["data"]
    return rows


def test_a_customer_joins_once_and_is_made_where_nobody_knew_them(api: Api, environment: Environment) -> None:
    go_to(api, 0)
    card(api)
    answer = try_to_join(api)
    made = answer.json()
    assert answer.status_code == 201
    assert made == {
        "id": made["id"],
        "stamp_program": "lp_coffee",
        "name": "Coffee Rewards",
        "customer_id": "ada",
        "member_id": "ada",
        "stamps": 0,
        "threshold": 3,
        "owed": 0,
        "rewards": {"issued": 0, "paid": 0, "revoked": 0},
        "created_at": day(0),
    }
    assert read_card(api, made) == made
    assert cards_of(api) == [made]
    assert done(api.get("/v1/members/ada/stamp-collections"))["data"] == [made]
    audited = AuditEvent.objects.filter(environment_id=environment.id, verb="stamp_collection.created")
    assert list(audited.values_list("object_id", flat=True)) == [made["id"]]
    before = digest()
    problem = assert_problem(try_to_join(api), "already_enrolled")
    assert problem["stamp_collection"] == made["id"]
    assert changed(before, digest()) == {}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"status": "draft"}, "not_found"),
        ({"status": "paused"}, "stamp_program_not_available"),
        ({"status": "ended"}, "stamp_program_not_available"),
        ({"starts_at": "2030-01-02T00:00:00Z"}, "stamp_program_not_available"),
        ({"ends_at": "2030-01-01T12:00:00Z"}, "stamp_program_not_available"),
    ],
)
def test_what_can_not_be_joined_is_refused_and_makes_nobody(
    api: Api, environment: Environment, change: dict[str, str], code: str
) -> None:
    go_to(api, 0)
    card(api, **change)
    before = digest()
    assert_problem(try_to_join(api), code)
    assert changed(before, digest()) == {}
    assert not Member.objects.filter(environment=environment).exists()


def test_a_frozen_customer_does_not_join(api: Api) -> None:
    card(api)
    buy(api)
    done(api.patch("/v1/customers/ada", {"status": "frozen"}))
    before = digest()
    assert_problem(try_to_join(api), "member_frozen")
    assert changed(before, digest()) == {}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"customer_id": "ada"}, "stamp_program"),
        ({"stamp_program": "lp_coffee"}, "customer_id"),
        ({"stamp_program": 7, "customer_id": "ada"}, "stamp_program"),
        ({"stamp_program": "lp_coffee", "customer_id": "ada", "member_id": "bob"}, "customer_id"),
        ({"stamp_program": "lp_coffee", "customer_id": " ada"}, "customer_id"),
        ({"stamp_program": "lp_coffee", "customer_id": "ada", "stamps": 2}, "stamps"),
    ],
    ids=str,
)
def test_a_faulty_field_is_named(api: Api, body: dict[str, Any], field: str) -> None:
    card(api)
    problem = assert_problem(api.post("/v1/stamp-collections", body), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == [field]


def test_a_repeated_enrolment_gets_the_same_bytes_whatever_has_happened_since(api: Api) -> None:
    card(api)
    first = try_to_join(api, Idempotency_Key="k")
    buy(api)
    again = try_to_join(api, Idempotency_Key="k")
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert StampCollection.objects.count() == 1
    assert_problem(try_to_join(api, "bob", Idempotency_Key="k"), "idempotency_key_reused")


def test_a_card_shows_its_stamps_what_it_gave_and_what_it_owes(api: Api) -> None:
    card(api)
    made = join(api)
    reward = fill(api, "3.50", "2.50", "4.00")
    done(pay(api, reward))
    fill(api, "3.00", "3.00", "3.00")
    buy(api, "5.00")
    shown = read_card(api, made)
    assert (shown["stamps"], shown["owed"]) == (1, 0)
    assert shown["rewards"] == {"issued": 1, "paid": 1, "revoked": 0}
    for stamp in reward["stamps"]:
        refund(api, {"event": {"event_id": stamp["event_id"], "member_id": "ada"}})
    after = read_card(api, made)
    assert (after["stamps"], after["owed"]) == (0, 2)
    assert after["rewards"] == {"issued": 1, "paid": 1, "revoked": 0}


def test_a_running_card_goes_by_the_lowest_threshold_since_it_began(api: Api) -> None:
    card(api)
    ada = join(api)
    buy(api)
    done(api.patch("/v1/stamp-programs/lp_coffee", {"threshold": 5}))
    bob = join(api, "bob")
    assert [read_card(api, one)["threshold"] for one in (ada, bob)] == [3, 5]
    done(api.patch("/v1/stamp-programs/lp_coffee", {"threshold": 2}))
    assert [read_card(api, one)["threshold"] for one in (ada, bob)] == [2, 2]


def test_cards_are_listed_by_stamp_program_and_by_page(api: Api) -> None:
    for name in ("lp_one", "lp_two", "lp_three"):
        card(api, id=name)
        join(api, stamp_program=name)
    join(api, "bob", "lp_one")
    names = [row["stamp_program"] for row in cards_of(api)]
    assert names == ["lp_three", "lp_two", "lp_one"]
    assert [row["stamp_program"] for row in cards_of(api, query="?order=asc&limit=1")] == ["lp_one"]
    assert [row["stamp_program"] for row in cards_of(api, query="?stamp_program=lp_two")] == ["lp_two"]
    assert cards_of(api, query="?stamp_program=lp_none") == []
    assert_problem(api.get("/v1/customers/nobody/stamp-collections"), "not_found")


def test_after_a_merge_both_ids_mean_the_card_that_goes_on(api: Api) -> None:
    card(api)
    ada, bob = join(api), join(api, "bob")
    buy(api)
    buy(api, customer="bob")
    done(api.post("/v1/customers/bob/merge", {"into": "ada"}))
    (shown,) = cards_of(api)
    assert (shown["id"], shown["customer_id"], shown["stamps"]) == (ada["id"], "ada", 2)
    assert read_card(api, bob) == read_card(api, ada) == shown
    assert cards_of(api, "bob") == [shown]


def test_a_member_token_joins_and_reads_its_own_and_nobody_elses(api: Api, environment: Environment) -> None:
    card(api)
    theirs = join(api, "bob")
    ada = Api(factories.make_token(factories.make_token_key(environment), "ada"))
    assert_problem(ada.get("/v1/members/ada/stamp-collections"), "not_found")
    mine = done(ada.post("/v1/stamp-collections", {"stamp_program": "lp_coffee"}))
    assert mine["customer_id"] == "ada"
    assert done(ada.get("/v1/members/ada/stamp-collections"))["data"] == [mine]
    assert read_card(ada, mine) == mine
    before = digest()
    assert_problem(ada.get(f"/v1/stamp-collections/{theirs['id']}"), "not_found")
    assert_problem(try_to_join(ada, "bob"), "permission_denied")
    assert_problem(ada.get("/v1/members/bob/stamp-collections"), "permission_denied")
    assert changed(before, digest()) == {}


@pytest.mark.parametrize("name", ["sc_1", "sr_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8b", "card", "%00"])
def test_an_id_of_another_form_is_not_found(api: Api, name: str) -> None:
    answer = api.get(f"/v1/stamp-collections/{name}")
    assert answer.status_code in (400, 404), answer.content


def test_a_page_of_cards_takes_four_statements_however_long_it_is(api: Api, warm_key: None) -> None:
    for number in range(6):
        card(api, id=f"lp_{number}")
        join(api, stamp_program=f"lp_{number}")
    api.get("/v1/members/ada/stamp-collections")
    for limit in (1, 6):
        where = f"/v1/members/ada/stamp-collections?limit={limit}"
        assert len(statements(lambda: api.get(where))) == 4  # noqa: B023
