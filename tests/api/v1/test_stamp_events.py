"""What POST /v1/events, explain and dry-run say of stamp cards (domain.md 3.5, 7)."""

from typing import Any

import pytest

from loyalty.models import Stamp, StampReward
from tests.api.test_problems import assert_problem
from tests.api.v1.cafe import buy, card, fill, join, pay, read_card, refund, stamps_in
from tests.api.v1.days import done
from tests.api.world import changed, digest
from tests.conftest import Api

SOHO = {"all": [{"field": "data.store", "op": "eq", "value": "Soho"}]}
NOTHING: dict[str, Any] = {
    "kind": "stamps",
    "stamp_program": "lp_coffee",
    "collected": 0,
    "replaced": 0,
    "returned": 0,
    "counter": 0,
    "owed": 0,
    "issued": [],
    "revoked": [],
    "standing": [],
}


@pytest.fixture
def mine(api: Api) -> dict[str, Any]:
    """ada's card, whose three stamps pay the lowest price back."""
    card(api)
    return join(api)


def explained(api: Api, sale: dict[str, Any]) -> dict[str, Any]:
    return done(api.get(f"/v1/events/{sale['event']['event_id']}/explain"))


def said(sale: dict[str, Any]) -> list[tuple[str, str]]:
    """Outcome and sentence of each reason that is told of a card."""
    return [(one["outcome"], one["reason"]) for one in sale["reasons"] if "stamp_program" in one]


def test_a_purchase_says_what_it_stamped_and_explain_why(api: Api, mine: dict[str, Any]) -> None:
    sale = buy(api)
    change = NOTHING | {"stamp_collection": mine["id"], "collected": 1, "counter": 1}
    assert sale["effects"] == [change]
    assert [list(reason) for reason in sale["reasons"]] == [
        ["rule", "outcome", "reason"],
        ["rule", "outcome", "reason", "stamp_program"],
    ], "the names that were there before come first"
    assert sale["reasons"][1] == {
        "rule": None,
        "outcome": "stamped",
        "reason": "One stamp for the purchase.",
        "stamp_program": "lp_coffee",
    }
    found = explained(api, sale)
    assert found["stamps"] == [
        {
            "stamp_collection": mine["id"],
            "stamp_program": "lp_coffee",
            "name": "Coffee Rewards",
            "outcome": "stamped",
            "reason": "One stamp for the purchase.",
            "failed": None,
            "stamps": 1,
        }
    ]
    assert found["stamp_changes"] == [{name: value for name, value in change.items() if name != "kind"}]
    assert done(api.get(f"/v1/events/{sale['event']['event_id']}"))["effects"] == sale["effects"]


def test_the_purchase_that_fills_a_card_says_what_it_gave(api: Api, mine: dict[str, Any]) -> None:
    buy(api, "2.00")
    buy(api, "4.00")
    (effect,) = stamps_in(buy(api, "3.00"))
    (issued,) = effect.pop("issued")
    assert effect == {name: value for name, value in NOTHING.items() if name != "issued"} | {
        "stamp_collection": mine["id"],
        "collected": 1,
    }
    assert issued == {"id": issued["id"], "type": "refund", "amount": 200, "currency": "GBP"}
    assert issued["id"].startswith("sr_")


@pytest.mark.parametrize(
    ("change", "bought", "verdict"),
    [
        (
            {},
            {"currency": "USD"},
            ("other_currency", "The purchase is in USD; the card takes purchases in GBP."),
        ),
        ({"status": "paused"}, {}, ("not_in_force", "The stamp program is paused.")),
        (
            {"ends_at": "2001-01-01T00:00:00Z"},
            {},
            ("not_in_force", "The purchase lies outside the stamp program's dates."),
        ),
        (
            {"items": {"all": [{"field": "item.sku", "op": "eq", "value": "latte"}]}},
            {"items": [{"sku": "tea", "amount": "3.50"}]},
            (
                "no_line_matches",
                "None of the purchase's lines counts: the card asks for lines where sku is latte.",
            ),
        ),
        ({}, {"amount": "0"}, ("nothing_bought", "The amount is 0; what costs nothing stamps nothing.")),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_a_purchase_that_stamps_nothing_says_why_not(
    api: Api, mine: dict[str, Any], change: dict[str, Any], bought: dict[str, Any], verdict: tuple[str, str]
) -> None:
    if change:
        done(api.patch("/v1/stamp-programs/lp_coffee", change))
    sale = buy(api, **{"amount": "3.50", **bought})
    assert (said(sale), stamps_in(sale)) == ([verdict], [])
    found = explained(api, sale)
    assert [(one["outcome"], one["stamps"], one["failed"]) for one in found["stamps"]] == [
        (verdict[0], 0, None)
    ]
    assert found["stamp_changes"] == []
    assert read_card(api, mine)["stamps"] == 0


def test_explain_names_the_part_of_the_condition_that_failed(api: Api, mine: dict[str, Any]) -> None:
    done(api.patch("/v1/stamp-programs/lp_coffee", {"condition": SOHO}))
    (verdict,) = explained(api, buy(api, store="Lagos"))["stamps"]
    assert verdict["outcome"] == "condition_failed"
    assert (verdict["failed"]["path"], verdict["failed"]["actual"]) == ("all[0]", "Lagos")
    assert stamps_in(buy(api, store="Soho"))[0]["collected"] == 1


def test_a_customer_without_a_card_hears_nothing_of_stamps(api: Api, mine: dict[str, Any]) -> None:
    sale = buy(api, customer="bob")
    assert (said(sale), sale["effects"]) == ([], [])
    assert (explained(api, sale)["stamps"], explained(api, sale)["stamp_changes"]) == ([], [])


def test_the_same_event_again_says_the_same_and_stamps_nothing(api: Api, mine: dict[str, Any]) -> None:
    buy(api)
    buy(api)
    event = {
        "event_id": "once",
        "type": "purchase",
        "member_id": "ada",
        "data": {"amount": "3.50", "currency": "GBP"},
    }
    first, again = (api.post("/v1/events", event) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.content == first.content.replace(b'"duplicate":false', b'"duplicate":true')
    assert Stamp.objects.count() == 3
    assert StampReward.objects.count() == 1
    keyed, replayed = (
        api.post("/v1/events", event | {"event_id": "keyed"}, Idempotency_Key="k") for _ in range(2)
    )
    assert (replayed.status_code, replayed.content) == (201, keyed.content)
    assert Stamp.objects.count() == 4


def test_a_refund_says_which_stamps_it_took_and_which_rewards_it_revoked(
    api: Api, mine: dict[str, Any]
) -> None:
    sale = buy(api, "3.50")
    reward = fill(api, "2.50", "4.00")
    back = refund(api, sale)
    told = {name: reward[name] for name in ("id", "type", "amount", "currency")}
    change = NOTHING | {"stamp_collection": mine["id"], "returned": 1, "counter": 2, "revoked": [told]}
    assert stamps_in(back) == [change]
    assert said(back) == [("refunded", "1 stamp is taken back; 1 reward is revoked.")]
    assert "nothing to take back" not in str(back["reasons"])
    found = explained(api, back)
    assert found["stamps"] == []
    assert found["stamp_changes"] == [{name: value for name, value in change.items() if name != "kind"}]


def test_a_refund_says_which_paid_reward_stands(api: Api, mine: dict[str, Any]) -> None:
    sale = buy(api, "3.50")
    reward = fill(api, "2.50", "4.00")
    done(pay(api, reward))
    back = refund(api, sale)
    (change,) = stamps_in(back)
    assert [one["id"] for one in change["standing"]] == [reward["id"]]
    assert (change["revoked"], change["counter"], change["owed"]) == ([], 0, 1)
    words = "1 stamp is taken back; 1 paid reward that lost a stamp stands; the card owes 1 stamp."
    assert said(back) == [("refunded", words)]


def test_a_refund_that_takes_neither_points_nor_stamps_says_so(api: Api, mine: dict[str, Any]) -> None:
    back = refund(api, buy(api, customer="bob"), amount="1.00")
    assert (stamps_in(back), said(back)) == ([], [])
    assert [reason["reason"] for reason in back["reasons"]] == [
        "The purchase had earned nothing, so there is nothing to take back."
    ]


def test_a_dry_run_says_what_would_be_stamped_and_writes_nothing(api: Api, mine: dict[str, Any]) -> None:
    buy(api)
    buy(api)
    before = digest()
    event = {"type": "purchase", "member_id": "ada", "data": {"amount": "3.50", "currency": "GBP"}}
    found = done(api.post("/v1/events/dry-run", event))
    assert [one["outcome"] for one in found["stamps"]] == ["stamped"]
    (change,) = found["stamp_changes"]
    assert (change["collected"], change["counter"], len(change["issued"])) == (1, 0, 1)
    assert changed(before, digest()) == {}
    (issued,) = change["issued"]
    assert_problem(api.get(f"/v1/stamp-rewards/{issued['id']}"), "not_found")


def test_each_event_of_a_batch_says_what_it_stamped(api: Api, mine: dict[str, Any]) -> None:
    data = {"amount": "3.50", "currency": "GBP"}
    events = [
        {"event_id": f"e{number}", "type": "purchase", "member_id": who, "data": data}
        for number, who in enumerate(("ada", "bob", "ada", "ada"))
    ]
    results = done(api.post("/v1/events/batch", {"events": events}))["results"]
    counters = [[(one["counter"], len(one["issued"])) for one in stamps_in(result)] for result in results]
    assert counters == [[(1, 0)], [], [(2, 0)], [(0, 1)]]


def test_every_card_of_the_customer_is_heard(api: Api, mine: dict[str, Any]) -> None:
    card(api, id="lp_tea", stamps_per="quantity", threshold=2, reward={"type": "fixed-reward", "amount": 500})
    join(api, stamp_program="lp_tea")
    sale = buy(api, "12.00", quantity=4)
    assert said(sale) == [
        ("stamped", "One stamp for the purchase."),
        ("stamped", "4 stamps for 4 pieces."),
    ]
    coffee, tea = stamps_in(sale)
    assert (coffee["stamp_program"], coffee["collected"], coffee["issued"]) == ("lp_coffee", 1, [])
    assert (tea["stamp_program"], tea["collected"], tea["counter"]) == ("lp_tea", 4, 0)
    assert [one["amount"] for one in tea["issued"]] == [500, 500]
