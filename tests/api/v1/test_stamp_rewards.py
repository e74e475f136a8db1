"""/v1/stamp-rewards: what full cards gave, and its payment (domain.md 7)."""

from typing import Any

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from loyalty.actions.lowered_thresholds import settle_cards
from loyalty.models import StampReward
from programs.models import Environment
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.test_statement_budgets import statements
from tests.api.v1.cafe import buy, card, fill, join, pay, read_card, refund, stamps_in
from tests.api.v1.days import day, done, go_to
from tests.api.world import changed, digest
from tests.conftest import Api


@pytest.fixture
def cafe(api: Api) -> Api:
    """Three purchases pay back the lowest price; ada has the card."""
    go_to(api, 0)
    card(api)
    join(api)
    return api


def read(api: Api, reward: dict[str, Any]) -> dict[str, Any]:
    return done(api.get(f"/v1/stamp-rewards/{reward['id']}"))


def listed(api: Api, query: str = "") -> list[str]:
    return [row["id"] for row in done(api.get(f"/v1/stamp-rewards{query}"))["data"]]


def test_a_full_card_pays_its_lowest_price_back_and_names_its_stamps(cafe: Api) -> None:
    buy(cafe, "3.50", event_id="one")
    buy(cafe, "2.509", event_id="two")
    sale = buy(cafe, "4.00", event_id="three")
    (effect,) = stamps_in(sale)
    (issued,) = effect["issued"]
    assert (issued["type"], issued["amount"], issued["currency"]) == ("refund", 250, "GBP")
    shown = read(cafe, issued)
    stamps = [
        {"event_id": name, "line": None, "unit_price": price, "collected_at": day(0)}
        for name, price in (("one", "3.5"), ("two", "2.509"), ("three", "4"))
    ]
    assert shown == {
        "id": issued["id"],
        "stamp_collection": effect["stamp_collection"],
        "stamp_program": "lp_coffee",
        "customer_id": "ada",
        "member_id": "ada",
        "type": "refund",
        "amount": 250,
        "currency": "GBP",
        "status": "issued",
        "event_id": "three",
        "reference": None,
        "created_at": day(0),
        "paid_at": None,
        "revoked_at": None,
        "stamps": stamps,
    }
    without = {name: value for name, value in shown.items() if name != "stamps"}
    assert done(cafe.get("/v1/stamp-rewards"))["data"] == [without]


def test_a_reward_is_paid_once_with_its_reference(cafe: Api, environment: Environment) -> None:
    reward = fill(cafe, "3.50", "2.50", "4.00")
    go_to(cafe, 2)
    paid = done(pay(cafe, reward, reference="PAYOUT-4711"))
    assert paid == reward | {"status": "paid", "reference": "PAYOUT-4711", "paid_at": day(2)}
    assert read(cafe, reward) == paid
    audited = AuditEvent.objects.filter(environment_id=environment.id, verb="stamp_reward.paid")
    assert list(audited.values_list("object_id", flat=True)) == [reward["id"]]
    before = digest()
    assert assert_problem(pay(cafe, reward), "stamp_reward_closed")["reward_status"] == "paid"
    assert changed(before, digest()) == {}


def test_a_revoked_reward_can_not_be_paid_and_still_says_what_it_was_issued_for(cafe: Api) -> None:
    sale = buy(cafe, "3.50")
    reward = fill(cafe, "2.50", "4.00")
    go_to(cafe, 1)
    refund(cafe, sale)
    shown = read(cafe, reward)
    assert shown == reward | {"status": "revoked", "revoked_at": day(1)}
    assert len(shown["stamps"]) == 3
    before = digest()
    assert assert_problem(pay(cafe, reward), "stamp_reward_closed")["reward_status"] == "revoked"
    assert changed(before, digest()) == {}


def test_a_paid_reward_stands_and_names_the_stamps_that_are_left_in_it(cafe: Api) -> None:
    sale = buy(cafe, "3.50")
    reward = done(pay(cafe, fill(cafe, "2.50", "4.00")))
    refund(cafe, sale)
    shown = read(cafe, reward)
    assert shown == reward | {"stamps": reward["stamps"][1:]}
    replaced = buy(cafe, "9.00")["event"]["event_id"]
    assert [stamp["event_id"] for stamp in read(cafe, reward)["stamps"]][-1] == replaced


def test_a_repeated_payment_gets_the_same_bytes_whatever_has_happened_since(cafe: Api) -> None:
    sale = buy(cafe, "3.50")
    reward = fill(cafe, "2.50", "4.00")
    where = f"/v1/stamp-rewards/{reward['id']}/pay"
    first = cafe.post(where, {"reference": "P-1"}, Idempotency_Key="k")
    refund(cafe, sale)
    again = cafe.post(where, {"reference": "P-1"}, Idempotency_Key="k")
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert_problem(cafe.post(where, {"reference": "P-2"}, Idempotency_Key="k"), "idempotency_key_reused")
    assert StampReward.objects.get().reference == "P-1"


@pytest.mark.parametrize("body", [{"reference": "x" * 201}, {"reference": ""}, {"reference": 7}], ids=str)
def test_a_faulty_reference_is_named_and_pays_nothing(cafe: Api, body: dict[str, Any]) -> None:
    reward = fill(cafe, "3.50", "2.50", "4.00")
    before = digest()
    problem = assert_problem(pay(cafe, reward, **body), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == ["reference"]
    assert changed(before, digest()) == {}


def test_rewards_are_listed_by_status_customer_stamp_program_and_time(cafe: Api) -> None:
    first = fill(cafe, "3.50", "2.50", "4.00")
    go_to(cafe, 1)
    card(cafe, id="lp_tea", threshold=1, reward={"type": "fixed-reward", "amount": 500})
    join(cafe, "bob", "lp_tea")
    second = fill(cafe, "1.00", customer="bob")
    assert (second["type"], second["amount"], second["customer_id"]) == ("fixed-reward", 500, "bob")
    done(pay(cafe, second))
    newest = [second["id"], first["id"]]
    assert listed(cafe) == newest
    assert listed(cafe, "?order=asc") == newest[::-1]
    assert listed(cafe, "?limit=1") == newest[:1]
    for query in (
        "status=issued",
        "customer_id=ada",
        "member_id=ada",
        "stamp_program=lp_coffee",
        f"to={day(1)}",
    ):
        assert listed(cafe, f"?{query}") == [first["id"]], query
    for query in ("status=paid", "customer_id=bob", "stamp_program=lp_tea", f"from={day(1)}"):
        assert listed(cafe, f"?{query}") == [second["id"]], query
    assert listed(cafe, "?status=revoked") == listed(cafe, "?stamp_program=lp_none") == []
    assert_problem(cafe.get("/v1/stamp-rewards?customer_id=nobody"), "not_found")
    for query in ("status=open", "from=yesterday", "colour=red"):
        problem = assert_problem(cafe.get(f"/v1/stamp-rewards?{query}"), "invalid_request")
        assert [error["field"] for error in problem["errors"]] == [query.partition("=")[0]]


def test_what_a_lower_threshold_gave_names_no_purchase(cafe: Api, environment: Environment) -> None:
    buy(cafe)
    buy(cafe)
    done(cafe.patch("/v1/stamp-programs/lp_coffee", {"threshold": 2}))
    settle_cards(environment=factories.reload(environment), actor=factories.make_actor(), now=timezone.now())
    (reward,) = done(cafe.get("/v1/stamp-rewards"))["data"]
    assert (reward["event_id"], reward["status"], reward["amount"]) == (None, "issued", 350)


def test_a_member_token_reads_its_own_and_pays_nothing(cafe: Api, environment: Environment) -> None:
    mine = fill(cafe, "3.50", "2.50", "4.00")
    join(cafe, "bob")
    theirs = fill(cafe, "3.50", "2.50", "4.00", customer="bob")
    key = factories.make_token_key(environment)
    ada, eve = (Api(factories.make_token(key, name)) for name in ("ada", "eve"))
    assert listed(ada) == [mine["id"]]
    assert read(ada, mine) == mine
    assert listed(eve) == []
    before = digest()
    for answer in (ada.get(f"/v1/stamp-rewards/{theirs['id']}"), eve.get(f"/v1/stamp-rewards/{mine['id']}")):
        assert_problem(answer, "not_found")
    for answer in (pay(ada, mine), ada.get("/v1/stamp-rewards?customer_id=bob")):
        assert_problem(answer, "permission_denied")
    assert changed(before, digest()) == {}


def test_after_an_erasure_a_reward_names_nobody(cafe: Api) -> None:
    reward = fill(cafe, "3.50", "2.50", "4.00")
    done(cafe.call("DELETE", "/v1/customers/ada"))
    shown = read(cafe, reward)
    assert (shown["customer_id"], shown["member_id"], shown["amount"]) == (None, None, 250)


def test_a_page_takes_three_statements_however_long_it_is(cafe: Api, warm_key: None) -> None:
    card(cafe, id="lp_tea", threshold=1)
    made = join(cafe, "bob", "lp_tea")
    for _ in range(6):
        buy(cafe, customer="bob")
    assert read_card(cafe, made)["rewards"]["issued"] == 6
    cafe.get("/v1/stamp-rewards")
    for limit in (1, 6):
        assert len(statements(lambda: cafe.get(f"/v1/stamp-rewards?limit={limit}"))) == 3  # noqa: B023
