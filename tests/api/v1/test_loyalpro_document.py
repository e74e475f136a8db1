"""The LoyalPro document, "Managing Customer Points", as HTTP calls: fields to the letter."""

from typing import Any

import pytest

from tests import factories
from tests.api.wire import differences, play
from tests.api.world import changed, digest
from tests.conftest import Api

DOCUMENTED = {"id", "type", "points", "balance_after", "reason", "metadata", "created_at"}


def test_the_documents_calls_are_answered_to_the_letter(api: Api) -> None:
    play(api, "v1/loyalpro_points")


def test_a_history_row_has_what_the_document_names(api: Api) -> None:
    api.post("/v1/points/award", {"customer_id": "cus_abc123", "points": 100, "reason": "Purchase"})
    (row,) = api.get("/v1/points?customer_id=cus_abc123").json()["data"]
    assert row.keys() >= DOCUMENTED
    assert (row["type"], row["points"], row["balance_after"], row["reason"]) == (
        "earned",
        100,
        100,
        "Purchase",
    )


def test_the_history_holds_twenty_rows_a_page_newest_first(api: Api, environment: Any) -> None:
    for number in range(21):
        factories.give(environment, number + 1, "cus_abc123")
    page = api.get("/v1/points?customer_id=cus_abc123").json()
    assert [row["points"] for row in page["data"]] == list(range(21, 1, -1))
    assert page["has_more"] is True
    rest = api.get(f"/v1/points?customer_id=cus_abc123&cursor={page['next_cursor']}").json()
    assert [row["points"] for row in rest["data"]] == [1]
    assert (rest["has_more"], rest["next_cursor"]) == (False, None)


def test_an_expiration_in_the_past_as_in_the_document_is_earned_and_expired(api: Api) -> None:
    """The document's own date has passed: 31 December 2025."""
    body = {"customer_id": "cus_abc123", "points": 200, "reason": "Promotional Campaign"}
    answer = api.post("/v1/points/award", body | {"expires_at": "2025-12-31T23:59:59Z"})
    assert answer.status_code == 201
    rows = api.get("/v1/points?customer_id=cus_abc123").json()["data"]
    assert [(row["type"], row["points"], row["balance_after"]) for row in rows] == [
        ("expired", -200, 0),
        ("earned", 200, 200),
    ]
    assert api.get("/v1/customers/cus_abc123").json()["points_balance"] == 0


@pytest.mark.parametrize("balance", [0, 199])
def test_a_redemption_beyond_the_balance_is_the_documents_error_and_changes_nothing(
    api: Api, environment: Any, balance: int
) -> None:
    if balance:
        factories.give(environment, balance, "cus_abc123")
    before = digest()
    answer = api.post("/v1/points/redeem", {"customer_id": "cus_abc123", "points": 200})
    assert answer.status_code == 409
    body = answer.json()
    assert body["error"] == {"code": "insufficient_balance", "message": body["detail"]}
    assert (body["code"], body["balance"], body["required"]) == ("insufficient_balance", balance, 200)
    assert changed(before, digest()) == {}


def test_a_reward_that_is_not_there_is_not_found_and_takes_no_points(api: Api, environment: Any) -> None:
    factories.give(environment, 500, "cus_abc123")
    before = digest()
    answer = api.post(
        "/v1/points/redeem", {"customer_id": "cus_abc123", "reward_id": "rwd_xyz789", "points": 200}
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert changed(before, digest()) == {}


def test_the_comparison_finds_every_kind_of_difference() -> None:
    expected = {"id": "<txn id:a>", "points": 1, "list": [1], "text": "x"}
    found = {"id": "txn_1", "points": 1.0, "list": [1, 2], "more": None}
    assert sorted(differences(expected, found, "", {})) == [
        ".id: 'txn_1' is no txn id",
        ".list: 2 items, not 1",
        ".more is too many: None",
        ".points: 1.0 is not 1",
        ".text is missing",
    ]
    bound = {"<txn id:a>": "txn_" + "0" * 32}
    assert len(list(differences("<txn id:a>", "txn_" + "1" * 32, "", bound))) == 1
