"""POST /v1/transactions/{id}/reverse: what it takes, what it gives back, and what it refuses (domain.md 3.4)."""

from typing import Any

import pytest

from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.test_statement_budgets import statements
from tests.api.v1.days import award, balance, day, done, go_to, history, lots, post_reverse, reverse, spend
from tests.api.world import changed, digest
from tests.conftest import Api

NOTHING = {
    "nominal": 0,
    "taken": [],
    "given_back": [],
    "already_expired": 0,
    "debt": 0,
    "shortfall": None,
    "reversible": 0,
    "caused": [],
    "points_balance": 0,
}


def effect(reversal: dict[str, Any]) -> dict[str, Any]:
    """What a reversal did, without the transaction that it is."""
    return {name: reversal[name] for name in NOTHING}


def piece(of: dict[str, Any], points: int, *, expires: str | None = None) -> dict[str, Any]:
    """Points of the lot that `of` put in, as an answer shows them."""
    dates = {"earned_at": of["occurred_at"], "available_at": of["occurred_at"], "expires_at": expires}
    return {"transaction_id": of["id"], "points": points, **dates}


def test_a_reversed_spend_comes_back_to_its_lots_and_what_has_expired_expires_at_once(api: Api) -> None:
    go_to(api, 0)
    longer = award(api, 100, expires_at=day(30))
    sooner = award(api, 50, expires_at=day(10))
    spent = spend(api, 120)
    assert lots(api) == [(30, day(30))]

    go_to(api, 20)
    reversal = reverse(api, spent)
    shown = {name: reversal[name] for name in ("type", "points", "balance_after", "sequence", "reverses")}
    assert shown == {
        "type": "reversed",
        "points": 120,
        "balance_after": 150,
        "sequence": 4,
        "reverses": spent["id"],
    }
    assert (reversal["occurred_at"], reversal["reason"]) == (day(20), "Cancelled")
    (expired,) = reversal["caused"]
    assert effect(reversal) == NOTHING | {
        "nominal": 120,
        "given_back": [piece(longer, 70, expires=day(30)), piece(sooner, 50, expires=day(10))],
        "caused": [expired],
        "points_balance": 100,
    }
    assert (expired["type"], expired["points"], expired["balance_after"]) == ("expired", -50, 100)
    assert (expired["occurred_at"], expired["sequence"], expired["customer_id"]) == (day(20), 5, "ada")
    assert lots(api) == [(100, day(30))]

    go_to(api, 30)
    assert balance(api) == 0
    assert history(api) == [
        ("earned", 100, 100),
        ("earned", 50, 150),
        ("redeemed", -120, 30),
        ("reversed", 120, 150),
        ("expired", -50, 100),
    ]


def test_under_debt_a_reversed_earn_goes_below_zero_and_the_next_earn_pays(api: Api) -> None:
    go_to(api, 0)
    earned = award(api, 100)
    spend(api, 80)
    reversal = reverse(api, earned)
    assert (reversal["points"], reversal["balance_after"]) == (-100, -80)
    assert effect(reversal) == NOTHING | {
        "nominal": 100,
        "taken": [piece(earned, 20)],
        "debt": 80,
        "points_balance": -80,
    }
    (held,) = api.get("/v1/members/ada/balances").json()["data"]
    assert (held["balance"], held["total"], held["debt"]) == (-80, -80, 80)
    refused = api.post("/v1/points/redeem", {"customer_id": "ada", "points": 1})
    assert assert_problem(refused, "insufficient_balance")["balance"] == -80

    award(api, 50)
    assert (balance(api), lots(api)) == (-30, [])
    award(api, 100)
    assert (balance(api), lots(api)) == (70, [(70, None)])
    assert [points for _, points, _ in history(api)] == [100, -80, -100, 50, 100]


def test_under_clip_a_reversed_earn_takes_what_is_there_and_only_points_given_back_pay_the_rest(
    api: Api, environment: Any
) -> None:
    factories.make_metric(environment, negative_balance="clip")
    go_to(api, 0)
    earned = award(api, 100)
    spent = spend(api, 80)
    reversal = reverse(api, earned)
    assert (reversal["points"], reversal["balance_after"]) == (-20, 0)
    assert effect(reversal) == NOTHING | {
        "nominal": 100,
        "taken": [piece(earned, 20)],
        "shortfall": 80,
    }
    award(api, 50)
    assert balance(api) == 50, "an earn does not pay it"

    undone = reverse(api, spent)
    (paid,) = undone["caused"]
    assert (undone["points"], undone["points_balance"]) == (80, 50)
    assert (paid["type"], paid["points"], paid["nominal"]) == ("reversed", -80, 0)
    assert paid["reverses"] == reversal["id"]
    assert history(api)[-3:] == [("earned", 50, 50), ("reversed", 80, 130), ("reversed", -80, 50)]


def test_under_reject_a_reversed_earn_that_is_spent_is_refused_and_changes_nothing(
    api: Api, environment: Any
) -> None:
    factories.make_metric(environment, negative_balance="reject")
    go_to(api, 0)
    earned = award(api, 100)
    spend(api, 80)
    before = digest()
    body = assert_problem(post_reverse(api, earned), "insufficient_balance")
    assert (body["balance"], body["required"]) == (20, 100)
    assert changed(before, digest()) == {}
    assert effect(reverse(api, earned, 20)) == NOTHING | {
        "nominal": 20,
        "taken": [piece(earned, 20)],
        "reversible": 80,
    }


def test_points_that_have_expired_are_not_taken_twice(api: Api) -> None:
    go_to(api, 0)
    earned = award(api, 100, expires_at=day(10))
    award(api, 40)
    go_to(api, 11)
    reversal = reverse(api, earned)
    assert (reversal["points"], reversal["balance_after"]) == (0, 40)
    assert effect(reversal) == NOTHING | {"nominal": 100, "already_expired": 100, "points_balance": 40}
    assert [row for row in history(api) if row[0] != "earned"] == [("expired", -100, 40), ("reversed", 0, 40)]


def test_a_reversal_takes_its_own_points_first_then_others_by_earliest_expiry(api: Api) -> None:
    go_to(api, 0)
    earned = award(api, 100, expires_at=day(30))
    spend(api, 60)
    never = award(api, 50)
    soon = award(api, 50, expires_at=day(5))
    reversal = reverse(api, earned)
    assert reversal["taken"] == [
        piece(soon, 50, expires=day(5)),
        piece(earned, 40, expires=day(30)),
        piece(never, 10),
    ], "listed in the order of spending"
    assert lots(api) == [(40, None)]


def test_parts_add_up_to_the_original_and_never_above(api: Api) -> None:
    earned = award(api, 100)
    assert [reverse(api, earned, part)["reversible"] for part in (30, 20)] == [70, 50]
    before = digest()
    assert assert_problem(post_reverse(api, earned, 51), "already_reversed")["reversible"] == 50
    assert changed(before, digest()) == {}
    rest = reverse(api, earned)
    assert (rest["points"], rest["nominal"], rest["reversible"]) == (-50, 50, 0)
    before = digest()
    for points in (1, None):
        body = assert_problem(post_reverse(api, earned, points), "already_reversed")
        assert body["reversible"] == 0
    assert changed(before, digest()) == {}


def test_parts_of_a_spend_go_back_to_the_latest_expiring_lots_first(api: Api) -> None:
    go_to(api, 0)
    soon, late = award(api, 50, expires_at=day(5)), award(api, 50, expires_at=day(30))
    spent = spend(api, 90)
    assert reverse(api, spent, 30)["given_back"] == [piece(late, 30, expires=day(30))]
    assert reverse(api, spent, 30)["given_back"] == [
        piece(late, 10, expires=day(30)),
        piece(soon, 20, expires=day(5)),
    ]
    assert lots(api) == [(20, day(5)), (50, day(30))]


def test_a_reversed_spend_pays_debt_first(api: Api) -> None:
    earned = award(api, 100)
    spent = spend(api, 100)
    reverse(api, earned, 60)
    assert balance(api) == -60
    assert reverse(api, spent)["points_balance"] == 40
    assert lots(api) == [(40, None)]


@pytest.mark.parametrize("signed", [70, -70])
def test_an_adjustment_is_reversed_like_an_earn_or_a_spend(api: Api, signed: int) -> None:
    award(api, 100)
    body = {"customer_id": "ada", "points": signed, "reason": "goodwill", "note": "n"}
    adjusted = done(api.post("/v1/points/adjust", body))
    reversal = reverse(api, adjusted, 40)
    assert (reversal["points"], reversal["reversible"]) == (-40 if signed > 0 else 40, 30)
    assert balance(api) == 100 + signed + reversal["points"]


def test_what_is_itself_an_undoing_is_not_reversible(api: Api) -> None:
    go_to(api, 0)
    earned = award(api, 100, expires_at=day(1))
    transfer = {"from_customer_id": "ada", "to_customer_id": "bob", "points": 10}
    transferred = done(api.post("/v1/points/transfer", transfer))
    go_to(api, 2)
    reversal = reverse(api, earned)
    rows = api.get("/v1/points?customer_id=ada&type=expired").json()["data"]
    assert len(rows) == 1
    before = digest()
    for transaction in (reversal, *rows, *transferred.values()):
        assert_problem(post_reverse(api, transaction), "not_reversible")
    assert changed(before, digest()) == {}


def test_a_capture_is_reversed_by_cancelling_its_hold(api: Api) -> None:
    award(api, 100)
    hold = done(api.post("/v1/holds", {"customer_id": "ada", "points": 60}))
    capture = done(api.post(f"/v1/holds/{hold['id']}/capture"))
    before = digest()
    assert_problem(post_reverse(api, capture["transaction"]), "use_cancel")
    assert changed(before, digest()) == {}


def show_as_answered(api: Api, *answers: dict[str, Any]) -> None:
    """Each transaction in these answers reads the same afterwards: alone, in its history, in the list of all."""
    listed = api.get("/v1/transactions?limit=100").json()["data"]
    for transaction in (each for made in answers for each in (made, *made.get("caused", []))):
        shown = api.get(f"/v1/transactions/{transaction['id']}").json()
        assert {name: transaction[name] for name in shown} == shown
        assert shown in listed


def test_every_transaction_is_shown_as_it_was_answered(api: Api, environment: Any) -> None:
    factories.make_metric(environment, negative_balance="clip")
    earned = award(api, 100)
    spent = spend(api, 80)
    answers = [earned, spent, reverse(api, earned), reverse(api, spent)]
    show_as_answered(api, *answers)
    rows = api.get("/v1/points?customer_id=ada").json()["data"]
    assert rows == api.get("/v1/transactions").json()["data"]
    assert [row["shortfall"] for row in rows] == [None, None, 80, None, None]


def test_a_merged_customers_shortfall_at_the_survivor_is_shown_as_it_was_answered(
    api: Api, environment: Any
) -> None:
    factories.make_metric(environment, negative_balance="clip")
    earned = award(api, 100)
    spent = spend(api, 80)
    award(api, 5, "bob")
    done(api.post("/v1/customers/ada/merge", {"into": "bob"}))
    reversal = reverse(api, earned)
    assert (reversal["customer_id"], reversal["points"], reversal["shortfall"]) == ("ada", -25, 75)
    carried = [row for row in reversal["caused"] if row["points"] == 0]
    assert [(row["customer_id"], row["shortfall"]) for row in carried] == [("ada", None), ("bob", 75)]
    assert carried[0]["counterpart"] == {"transaction_id": carried[1]["id"], "customer_id": "bob"}
    undone = reverse(api, spent)
    assert undone["points_balance"] == balance(api, "bob") == 5
    show_as_answered(api, reversal, undone)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"points": 0, "reason": "r"}, "points"),
        ({"points": -1, "reason": "r"}, "points"),
        ({"points": "5", "reason": "r"}, "points"),
        ({"points": 10**12 + 1, "reason": "r"}, "points"),
        ({"points": 5}, "reason"),
        ({"points": 5, "reason": ""}, "reason"),
        ({"points": 5, "reason": "x" * 501}, "reason"),
        ({"points": 5, "reason": "r", "amount": 5}, "amount"),
    ],
)
def test_a_faulty_request_is_refused_by_field_and_changes_nothing(
    api: Api, body: dict[str, Any], field: str
) -> None:
    earned = award(api, 100)
    before = digest()
    problem = assert_problem(api.post(f"/v1/transactions/{earned['id']}/reverse", body), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert changed(before, digest()) == {}


@pytest.mark.parametrize(
    "name", ["txn_", "x", "txn_" + "0" * 32, "rwd_" + "0" * 32, "txn_" + "F" * 32, "%00"]
)
def test_a_transaction_that_is_not_there_is_not_found(api: Api, environment: Any, name: str) -> None:
    answer = api.post(f"/v1/transactions/{name}/reverse", {"reason": "r"})
    assert_problem(answer, "not_found")


def test_another_tenants_transaction_is_not_found_and_stays_as_it_is(api: Api) -> None:
    theirs = factories.give(factories.make_environment(), 100)
    before = digest()
    assert_problem(post_reverse(api, {"id": f"txn_{theirs.id.hex}"}), "not_found")
    assert changed(before, digest()) == {}


def test_a_repeated_reversal_answers_byte_for_byte_and_is_done_once(api: Api) -> None:
    earned = award(api, 100)
    spend(api, 70)
    path, body = f"/v1/transactions/{earned['id']}/reverse", {"points": 60, "reason": "r"}
    first = api.post(path, body, Idempotency_Key="k")
    assert first.status_code == 201
    award(api, 5)
    before = digest()
    again = api.post(path, body, Idempotency_Key="k")
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert changed(before, digest()) == {}
    assert_problem(api.post(path, body | {"points": 40}, Idempotency_Key="k"), "idempotency_key_reused")
    assert balance(api) == -25


@pytest.mark.usefixtures("warm_key")
@pytest.mark.parametrize("credited", [True, False], ids=["credit", "spend"])
def test_a_reversal_takes_as_many_statements_at_300_lots_as_at_10(
    api: Api, environment: Any, credited: bool
) -> None:
    def reversing() -> int:
        earned, spent = award(api, 9), spend(api, 9)
        original = earned if credited else spent
        return len(statements(lambda: reverse(api, original, 1)))

    for _ in range(10):
        factories.give(environment, 10)
    few = reversing()
    for _ in range(290):
        factories.give(environment, 10)
    assert reversing() == few <= 12


def test_an_adjustment_is_reversed_only_by_who_may_adjust(api: Api, environment: Any) -> None:
    award(api, 100)
    body = {"customer_id": "ada", "points": -60, "reason": "fraud", "note": "Clawed back"}
    taken = done(api.post("/v1/points/adjust", body))
    till = Api(factories.make_key(environment, "points:write"))
    problem = assert_problem(post_reverse(till, taken), "permission_denied")
    assert problem["scope"] == "points:adjust"
    assert balance(api) == 40
    both = Api(factories.make_key(environment, "points:write", "points:adjust"))
    assert reverse(both, taken)["points"] == 60
