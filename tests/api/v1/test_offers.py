"""/v1/offer/redeem, /v1/user/{userId}/offer/{offerId}/redeem (Lynes document), /v1/points/redeem (LoyalPro)."""

from typing import Any
from urllib.parse import quote

import pytest

from loyalty.models import Redemption
from programs.models import Environment
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.test_statement_budgets import statements
from tests.api.v1.days import award, balance, done, history
from tests.api.v1.shop import GENERATED, buy, offer, try_to_buy
from tests.api.wire import play
from tests.api.world import changed, digest
from tests.conftest import Api

COUPON: dict[str, Any] = {
    "kind": "discount",
    "cost": {"kind": "fixed", "points": 200},
    "discount_amount": 1000,
    "currency": "NGN",
}
CODE = {"source": "generated", "pattern": "REDEEM-########"}


def ways(customer: str = "ada", reward: str = "rwd_coffee", **more: Any) -> list[tuple[str, dict[str, Any]]]:
    """The three calls that redeem a reward, with their bodies."""
    path = f"/v1/user/{quote(customer, safe='')}/offer/{reward}/redeem"
    return [
        ("/v1/offer/redeem", {"userId": customer, "offerId": reward, **more}),
        (path, more),
        ("/v1/points/redeem", {"customer_id": customer, "reward_id": reward, **more}),
    ]


WAYS = pytest.mark.parametrize("way", [0, 1, 2], ids=["offer", "user", "points"])


def test_the_lynes_documents_calls_are_answered_to_the_letter(api: Api) -> None:
    award(api, 500, "user-1")
    offer(api, id="summer-coupon", name="Summer coupon", code=CODE | {"valid_days": 30}, **COUPON)
    play(api, "v1/lynes_offers")


def test_the_loyalpro_documents_redemption_is_answered_to_the_letter(api: Api) -> None:
    award(api, 500, "cus_abc123")
    offer(api, id="rwd_xyz789", name="₦1,000 off", code=CODE, **COUPON)
    play(api, "v1/loyalpro_redemption")


@WAYS
def test_a_redemption_takes_its_cost_once_and_stands_in_the_ledger(api: Api, way: int) -> None:
    award(api, 500)
    offer(api)
    path, body = ways(metadata={"source": "app"})[way]
    first, again = (api.post(path, body, Idempotency_Key="k") for _ in range(2))
    made = done(first)
    assert first.status_code == 201
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (made["points"], made["points_balance"], made["metadata"]) == (100, 400, {"source": "app"})
    assert history(api) == [("earned", 500, 500), ("redeemed", -100, 400)]
    spent = done(api.get(f"/v1/transactions/{made['transaction_id']}"))
    assert (spent["points"], spent["reason"], spent["metadata"]) == (-100, "Coffee", {"source": "app"})
    assert Redemption.objects.count() == 1


@pytest.mark.parametrize("body", [None, "", "{}", '{"metadata": null}', '{"metadata": {}}'])
def test_the_body_of_the_users_path_may_be_empty(api: Api, body: str | None) -> None:
    award(api, 500)
    offer(api)
    made = done(api.call("POST", "/v1/user/ada/offer/rwd_coffee/redeem", body))
    assert (made["points"], made["metadata"]) == (100, {} if body == '{"metadata": {}}' else None)


@pytest.mark.parametrize("customer", ["shop/ada", "ada@shop.example", "Ada Ọ̀ṣun", "a/offer/b/redeem", "100%"])
def test_a_users_own_id_may_hold_anything(api: Api, customer: str) -> None:
    award(api, 500, customer)
    offer(api)
    for number, (path, body) in enumerate(ways(customer), 1):
        made = done(api.post(path, body))
        assert (made["customer_id"], made["points_balance"]) == (customer, 500 - 100 * number)


@WAYS
def test_points_that_are_sent_must_be_the_cost(api: Api, way: int) -> None:
    award(api, 500)
    offer(api)
    before = digest()
    for points in (99, 101, 0):
        path, body = ways(points=points)[way]
        problem = assert_problem(api.post(path, body), "invalid_request")
        assert [error["field"] for error in problem["errors"]] == ["points"]
        assert "100" in problem["detail"], "what it costs"
    assert changed(before, digest()) == {}
    path, body = ways(points=100)[way]
    assert done(api.post(path, body))["points_balance"] == 400


@WAYS
def test_of_a_variable_cost_the_caller_names_the_points_and_the_value_follows(api: Api, way: int) -> None:
    award(api, 500)
    cost = {"kind": "variable", "min": 100, "max": 300, "step": 50, "value_per_point": "0.0333"}
    offer(api, kind="discount", cost=cost, currency="GBP")
    before = digest()
    for points in (None, 99, 301, 120):
        named: dict[str, Any] = {} if points is None else {"points": points}
        path, body = ways(**named)[way]
        problem = assert_problem(api.post(path, body), "invalid_request")
        assert [error["field"] for error in problem["errors"]] == ["points"]
    assert changed(before, digest()) == {}
    path, body = ways(points=250)[way]
    answer = api.post(path, body)
    made = done(answer)
    assert (made["points"], made["points_balance"], made["currency"]) == (250, 250, "GBP")
    assert '"discount_amount":8.32,' in answer.content.decode(), "8.325, down to pence"


@WAYS
def test_what_costs_nothing_makes_no_transaction(api: Api, way: int) -> None:
    offer(api, cost={"kind": "fixed", "points": 0}, code=GENERATED)
    path, body = ways()[way]
    made = done(api.post(path, body))
    assert (made["points"], made["transaction_id"], made["points_balance"]) == (0, None, 0)
    assert made["code"].startswith("CAFE-")
    assert history(api) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"userId": None}, "userId"),
        ({"userId": 7}, "userId"),
        ({"userId": " ada"}, "userId"),
        ({"offerId": ""}, "offerId"),
        ({"points": "100"}, "points"),
        ({"points": -1}, "points"),
        ({"metadata": []}, "metadata"),
        ({"metadata": {"x": "x" * 9000}}, "metadata"),
        ({"reason": "why"}, "reason"),
    ],
    ids=str,
)
def test_a_faulty_body_is_refused_by_field_and_changes_nothing(
    api: Api, change: dict[str, Any], field: str
) -> None:
    award(api, 500)
    offer(api)
    before = digest()
    problem = (
        assert_problem(try_to_buy(api, **change), "invalid_request")
        if (not change.keys() & {"userId", "offerId"})
        else assert_problem(
            api.post("/v1/offer/redeem", {"userId": "ada", "offerId": "rwd_coffee"} | change),
            "invalid_request",
        )
    )
    assert [error["field"] for error in problem["errors"]] == [field]
    assert changed(before, digest()) == {}


@WAYS
def test_a_reward_that_is_not_there_or_another_tenants_is_not_found(api: Api, way: int) -> None:
    award(api, 500)
    factories.make_reward(factories.make_environment(), "rwd_theirs")
    before = digest()
    for reward in ("rwd_none", "rwd_theirs", "%25", "x" * 64):
        path, body = ways(reward=reward)[way]
        assert_problem(api.post(path, body), "not_found")
    assert changed(before, digest()) == {}


def test_buying_a_reward_by_points_takes_both_scopes_and_a_plain_spend_only_its_own(
    api: Api, environment: Environment
) -> None:
    award(api, 500)
    offer(api)
    spends = Api(factories.make_key(environment, "points:write"))
    body = {"customer_id": "ada", "reward_id": "rwd_coffee"}
    before = digest()
    assert assert_problem(spends.post("/v1/points/redeem", body), "permission_denied")["scope"] == (
        "redemptions:write"
    )
    assert changed(before, digest()) == {}
    plain = done(spends.post("/v1/points/redeem", {"customer_id": "ada", "points": 1}))
    assert (plain["reward_id"], plain["code"], plain["discount_amount"]) == (None, None, None)
    both = Api(factories.make_key(environment, "points:write", "redemptions:write"))
    assert done(both.post("/v1/points/redeem", body | {"reason": "Birthday"}))["reason"] == "Birthday"
    assert history(api)[-1] == ("redeemed", -100, 399)


def test_a_reward_is_paid_in_its_own_metric(api: Api, environment: Environment) -> None:
    factories.make_metric(environment, "coins")
    award(api, 500)
    award(api, 150, metric="coins")
    offer(api, metric="coins")
    before = digest()
    body = {"customer_id": "ada", "reward_id": "rwd_coffee", "metric": "points"}
    problem = assert_problem(api.post("/v1/points/redeem", body), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == ["metric"]
    assert changed(before, digest()) == {}
    made = buy(api)
    assert (made["metric"], made["points_balance"], balance(api)) == ("coins", 50, 500)


def test_what_it_gives_is_given_at_once(api: Api, environment: Environment) -> None:
    factories.make_metric(environment, "coins")
    done(
        api.post(
            "/v1/tiers",
            {"period": "lifetime", "levels": [{"code": "gold", "title": "Gold", "threshold": 5000}]},
        )
    )
    done(
        api.post("/v1/inventory-sets", {"id": "badges", "title": "B", "items": [{"id": "one", "title": "1"}]})
    )
    award(api, 500)
    gives: dict[str, dict[str, Any]] = {
        "metric": {"metric": "coins", "points": 7},
        "tier_upgrade": {"tier": "gold"},
        "inventory_item": {"set": "badges", "item": "one"},
    }
    for kind, given in gives.items():
        offer(api, id=f"rwd_{kind}", kind=kind, gives=given)
        made = buy(api, reward=f"rwd_{kind}")
        assert (made["gives"], made["status"]) == (given, "fulfilled")
        assert done(api.get(f"/v1/redemptions/{made['id']}"))["gives"] == given
    shown = {row["metric"]: row["balance"] for row in api.get("/v1/members/ada/balances").json()["data"]}
    assert shown == {"coins": 7, "points": 200}
    assert done(api.get("/v1/members/ada/tier"))["tiers"][0]["tier"] == "gold"


def test_after_a_merge_the_old_id_redeems_for_the_survivor(api: Api) -> None:
    award(api, 500)
    award(api, 10, "old")
    offer(api, limit={"times": 1, "per": "ever"})
    done(api.post("/v1/members/old/merge", {"into": "ada"}))
    made = buy(api, "old")
    assert (made["customer_id"], made["points_balance"]) == ("ada", 410)
    assert_problem(try_to_buy(api, "old"), "member_limit_reached")


@pytest.mark.usefixtures("warm_key")
def test_a_redemption_takes_six_statements_with_a_key_whatever_the_reward_asks(
    api: Api, environment: Environment
) -> None:
    """The environment; the member; the account, with the key; what decides; the lots; one that writes it all."""
    award(api, 5000)
    offer(api)
    offer(api, id="rwd_all", stock=50, limit={"times": 50, "per": "day"}, code=GENERATED)
    for reward in ("rwd_coffee", "rwd_all"):
        buy(api, reward=reward)
        assert len(statements(lambda: buy(api, reward=reward))) == 6  # noqa: B023
        assert len(statements(lambda: buy(api, reward=reward, key=reward))) == 6  # noqa: B023


# -- member tokens


def test_a_member_token_redeems_for_its_own_sub_alone(api: Api, environment: Environment) -> None:
    award(api, 500)
    award(api, 500, "bob")
    offer(api)
    mine = Api(factories.make_token(factories.make_token_key(environment)))
    for number, (path, body) in enumerate(ways()[:2], 1):
        assert done(mine.post(path, body))["points_balance"] == 500 - 100 * number
    before = digest()
    for path, body in ways("bob")[:2]:
        assert_problem(mine.post(path, body), "permission_denied")
    assert_problem(mine.post(*ways()[2]), "permission_denied")
    assert changed(before, digest()) == {}


def test_a_members_key_is_another_than_the_same_key_of_the_server(api: Api, environment: Environment) -> None:
    award(api, 500)
    offer(api)
    mine = Api(factories.make_token(factories.make_token_key(environment)))
    path, body = ways()[0]
    ids = {done(caller.post(path, body, Idempotency_Key="k"))["id"] for caller in (api, mine, api, mine)}
    assert len(ids) == 2
    assert balance(api) == 300


@pytest.mark.parametrize("named", ["x" * 201, " ada", "ada ", "a\tb", "a\u200bb", "\u2028", "\u202eada"])
def test_nobody_is_made_whom_no_other_call_could_name(api: Api, named: str) -> None:
    offer(api, cost={"kind": "fixed", "points": 0})
    before = digest()
    path = quote(named, safe="")
    answer = api.post(f"/v1/user/{path}/offer/rwd_coffee/redeem")
    refused = assert_problem(answer, "invalid_request")
    assert [error["field"] for error in refused["errors"]] == ["user_id"]
    assert_problem(api.get(f"/v1/rewards?customer_id={path}"), "invalid_request")
    assert changed(before, digest()) == {}
