"""A refunded purchase takes its stamps back: from the card, from a reward that is to be paid, and from one that is
paid, which stands (domain.md 7.2)."""

from decimal import Decimal
from typing import Any

import pytest

from audit.errors import DomainError
from loyalty.models import Event
from loyalty.queries.events import ReportedEvent
from tests.loyalty.ledger.till import day
from tests.loyalty.stamps.cafe import FIXED, Cafe, Standing, told

FIVE = [("p1", "5.00"), ("p2", "4.00"), ("p3", "3.00"), ("p4", "2.00"), ("p5", "6.00")]


def buy_five(cafe: Cafe) -> None:
    for name, amount in FIVE:
        cafe.buy(name, amount)


# -- before, at and after the reward


def test_before_the_reward_the_stamp_goes_and_the_reward_comes_one_purchase_later(cafe: Cafe) -> None:
    card = cafe.card()
    cafe.buy_many(4, "3.00")
    refund = cafe.refund("p2")
    assert cafe.standing(card) == Standing(3, [], 0, 3, 3, 9)
    (effect,) = told(refund)
    assert (effect["collected"], effect["returned"], effect["counter"]) == (0, 1, 3)
    assert (effect["issued"], effect["revoked"], effect["standing"]) == ([], [], [])
    cafe.buy_many(2, "3.00", first=5)
    assert cafe.standing(card) == Standing(5, [("issued", 300)], 0, 0, 0, 15)


def test_at_the_reward_one_not_paid_is_revoked_and_its_other_stamps_return(cafe: Cafe) -> None:
    card = cafe.card()
    buy_five(cafe)
    refund = cafe.refund("p5")
    assert cafe.standing(card) == Standing(4, [("revoked", 200)], 0, 4, 4, 14)
    (reward,) = cafe.rewards(card)
    assert (reward.revoked_at, reward.paid_at, len(reward.stamp_ids)) == (day(0), None, 5)
    assert [(stamp.reward_id, stamp.returned_by_id) for stamp in cafe.stamps(card)] == [
        *[(None, None)] * 4,
        (None, refund.event.id),
    ]
    (effect,) = told(refund)
    assert (effect["returned"], effect["counter"], effect["issued"], effect["standing"]) == (1, 4, [], [])
    assert effect["revoked"] == [
        {"id": f"sr_{reward.pk.hex}", "type": "refund", "amount": 200, "currency": "GBP"}
    ]
    assert (refund.event.explanation or {})["stamps"] == [effect]
    assert cafe.audited()["stamp_reward.revoked"] == cafe.audited()["stamp.returned"] == 1


def test_after_the_reward_what_returns_fills_the_card_again_at_once(cafe: Cafe) -> None:
    card = cafe.card()
    buy_five(cafe)
    cafe.buy("p6", "7.00")
    refund = cafe.refund("p4")
    assert cafe.standing(card) == Standing(5, [("revoked", 200), ("issued", 300)], 0, 0, 0, 25)
    _, issued = cafe.rewards(card)
    left = [stamp for stamp in cafe.stamps(card) if not stamp.returned_at]
    assert issued.stamp_ids == [stamp.id for stamp in left]
    assert issued.event_id == refund.event.id
    (effect,) = told(refund)
    assert [each["amount"] for each in effect["revoked"]] == [200]
    assert [each["amount"] for each in effect["issued"]] == [300]
    assert (effect["returned"], effect["collected"], effect["counter"]) == (1, 0, 0)


def test_a_purchase_of_the_next_card_costs_no_reward(cafe: Cafe) -> None:
    card = cafe.card()
    buy_five(cafe)
    cafe.buy("p6", "7.00")
    cafe.refund("p6")
    assert cafe.standing(card) == Standing(5, [("issued", 200)], 0, 0, 0, 20)


def test_a_large_purchase_that_goes_takes_all_its_rewards(cafe: Cafe) -> None:
    card = cafe.card(stamps_per="quantity", **FIXED)
    cafe.buy_many(3, "3.00")
    cafe.buy("large", "81.00", items=[{"quantity": 27, "unit_price": "3.00"}])
    assert cafe.standing(card) == Standing(30, [("issued", 500)] * 6, 0, 0, 0, 90)
    refund = cafe.refund("large")
    assert cafe.standing(card) == Standing(3, [("revoked", 500)] * 6, 0, 3, 3, 9)
    assert (told(refund)[0]["returned"], len(told(refund)[0]["revoked"])) == (27, 6)


# -- paid


def test_a_paid_reward_stands_and_the_card_owes_the_stamp(cafe: Cafe) -> None:
    card = cafe.card()
    buy_five(cafe)
    (reward,) = cafe.rewards(card)
    cafe.pay(reward, "BACS 17")
    refund = cafe.refund("p2")
    assert cafe.standing(card) == Standing(4, [("paid", 200)], 1, -1, 0, 16)
    (effect,) = told(refund)
    assert (effect["returned"], effect["counter"], effect["issued"], effect["revoked"]) == (1, 0, [], [])
    assert effect["standing"] == [
        {"id": f"sr_{reward.pk.hex}", "type": "refund", "amount": 200, "currency": "GBP"}
    ]
    assert cafe.audited()["stamp_reward.revoked"] == 0


def test_a_stamp_on_the_card_replaces_the_one_that_is_owed(cafe: Cafe) -> None:
    card = cafe.card()
    buy_five(cafe)
    cafe.buy("p6", "7.00")
    (reward,) = cafe.rewards(card)
    cafe.pay(reward)
    refund = cafe.refund("p2")
    assert cafe.standing(card) == Standing(5, [("paid", 200)], 0, 0, 0, 23)
    assert [stamp.reward_id for stamp in cafe.stamps(card)] == [reward.id] * 6
    assert [each["amount"] for each in told(refund)[0]["standing"]] == [200]


def test_later_stamps_fill_first_what_is_owed(cafe: Cafe) -> None:
    card = cafe.card()
    buy_five(cafe)
    cafe.pay(cafe.rewards(card)[0])
    for name in ("p1", "p2", "p3"):
        cafe.refund(name)
    assert cafe.standing(card) == Standing(2, [("paid", 200)], 3, -3, 0, 8)
    shown = []
    for place in range(6, 14):
        bought = cafe.buy(f"p{place}", "9.00")
        shown.append((told(bought)[0]["counter"], len(told(bought)[0]["issued"])))
    assert shown == [(0, 0), (0, 0), (0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (0, 1)]
    assert cafe.standing(card) == Standing(10, [("paid", 200), ("issued", 900)], 0, 0, 0, 80)


def test_the_oldest_paid_reward_is_filled_first(cafe: Cafe) -> None:
    card = cafe.card(threshold=2, **FIXED)
    cafe.buy_many(4)
    for reward in cafe.rewards(card):
        cafe.pay(reward)
    cafe.refund("p3")
    cafe.refund("p1")
    cafe.buy("p5", "3.00")
    assert [reward.owed for reward in cafe.rewards(card)] == [0, 1]
    assert cafe.standing(card).counter == -1


def test_what_returns_from_a_revoked_reward_replaces_what_another_one_is_owed(cafe: Cafe) -> None:
    card = cafe.card(threshold=2, **FIXED)
    cafe.buy_many(4)
    cafe.pay(cafe.rewards(card)[0])
    cafe.refund("p1")
    assert cafe.standing(card) == Standing(3, [("paid", 500), ("issued", 500)], 1, -1, 0, 9)
    cafe.refund("p3")
    assert cafe.standing(card) == Standing(2, [("paid", 500), ("revoked", 500)], 0, 0, 0, 6)


def test_what_replaced_an_owed_stamp_may_be_refunded_too(cafe: Cafe) -> None:
    card = cafe.card(threshold=2, **FIXED)
    cafe.buy_many(2)
    cafe.pay(cafe.rewards(card)[0])
    cafe.refund("p1")
    cafe.buy("p3", "3.00")
    assert cafe.standing(card) == Standing(2, [("paid", 500)], 0, 0, 0, 6)
    refund = cafe.refund("p3")
    assert cafe.standing(card) == Standing(1, [("paid", 500)], 1, -1, 0, 3)
    assert len(told(refund)[0]["standing"]) == 1


def test_one_reward_that_loses_several_stamps_is_told_once(cafe: Cafe) -> None:
    card = cafe.card(threshold=2, stamps_per="quantity", **FIXED)
    cafe.buy("p", "6.00", quantity=2)
    cafe.pay(cafe.rewards(card)[0])
    refund = cafe.refund("p")
    assert cafe.standing(card) == Standing(0, [("paid", 500)], 2, -2, 0, 0)
    assert (told(refund)[0]["returned"], len(told(refund)[0]["standing"])) == (2, 1)


# -- money that could be made


@pytest.mark.parametrize("paying", [True, False])
def test_buying_five_and_giving_them_back_over_and_over_pays_once(cafe: Cafe, *, paying: bool) -> None:
    card = cafe.card()
    for turn in range(10):
        for place in range(5):
            cafe.buy(f"{turn}-{place}", "10.00")
        for reward in cafe.rewards(card):
            if paying and reward.status == "issued":
                cafe.pay(reward)
        for place in range(5):
            cafe.refund(f"{turn}-{place}")
    found = cafe.standing(card)
    statuses = [status for status, _ in found.rewards]
    if paying:  # one reward; each further five purchases only fill what it is owed
        assert (statuses, found) == (["paid"], Standing(0, [("paid", 1000)], 5, -5, 0, 0))
    else:
        assert (statuses, found) == (["revoked"] * 10, Standing(0, [("revoked", 1000)] * 10, 0, 0, 0, 0))


@pytest.mark.parametrize("lines", [False, True])
def test_what_was_given_back_of_a_price_is_not_paid_back_again(cafe: Cafe, *, lines: bool) -> None:
    """Who buys five at 10 pounds and gets 9.99 of each back has paid five pence, and is paid back one of them."""
    card = cafe.card()
    for place in range(5):
        items: dict[str, Any] = (
            {"items": [{"line": 1, "quantity": 1, "unit_price": "10.00"}]} if lines else {}
        )
        cafe.buy(f"p{place}", "10.00", **items)
    for place in range(5):
        part: dict[str, Any] = {"items": [{"line": 1, "amount": "9.99"}]} if lines and place % 2 else {}
        cafe.refund(f"p{place}", "9.99", **part)
    found = cafe.standing(card)
    assert (found.live, found.counter) == (5, 0)
    assert [reward for reward in found.rewards if reward[0] == "issued"] == [("issued", 1)]


def test_of_a_paid_reward_a_price_that_falls_changes_nothing(cafe: Cafe) -> None:
    card = cafe.card(threshold=1)
    cafe.buy("p", "10.00")
    cafe.pay(cafe.rewards(card)[0])
    refund = cafe.refund("p", "9.00")
    assert cafe.standing(card) == Standing(1, [("paid", 1000)], 0, 0, 0, 1)
    assert [(each["returned"], each["collected"], each["counter"]) for each in told(refund)] == [(1, 1, 0)]


def test_a_card_of_the_day_keeps_its_day_at_the_lower_price(cafe: Cafe) -> None:
    card = cafe.card(stamps_per="day", threshold=2)
    cafe.buy("p1", "10.00")
    cafe.refund("p1", "4.00")
    cafe.buy("p2", "3.00")
    assert cafe.pieces(card) == [(None, "6.000000")]


def test_a_fixed_reward_asks_for_no_price(cafe: Cafe) -> None:
    card = cafe.card(threshold=1, **FIXED)
    cafe.buy("p", "10.00")
    refund = cafe.refund("p", "9.00")
    assert (told(refund), cafe.standing(card).rewards) == ([], [("issued", 500)])


# -- in parts


def test_a_part_of_the_money_leaves_the_stamp(cafe: Cafe) -> None:
    card = cafe.card(**FIXED)
    cafe.buy("p", "3.00")
    refund = cafe.refund("p", "2.99")
    assert cafe.standing(card) == Standing(1, [], 0, 1, 1, 0)
    assert (told(refund), "stamps" in (refund.event.explanation or {})) == ([], False)
    cafe.refund("p", "0.01")
    assert cafe.standing(card) == Standing(0, [], 0, 0, 0, 0)


def test_lines_give_back_their_own_stamps(cafe: Cafe) -> None:
    card = cafe.card(stamps_per="quantity")
    items = [
        {"line": "a", "quantity": 2, "unit_price": "3.00"},
        {"line": "b", "quantity": 2, "unit_price": "2.00"},
    ]
    cafe.buy("p", "10.00", items=items)
    assert cafe.pieces(card) == [(1, "3.000000")] * 2 + [(2, "2.000000")] * 2
    cafe.refund("p", items=[{"line": "a", "quantity": 1}])
    assert [stamp.line for stamp in cafe.stamps(card) if not stamp.returned_at] == [1, 2, 2]
    cafe.refund(
        "p", items=[{"line": "a", "quantity": 1}]
    )  # the first line is gone; the other keeps its place
    assert [stamp.line for stamp in cafe.stamps(card) if not stamp.returned_at] == [2, 2]
    cafe.refund("p", items=[{"line": "b", "quantity": 1}])
    assert cafe.standing(card) == Standing(1, [], 0, 1, 1, 2)


@pytest.mark.parametrize("per", ["purchase", "quantity"])
def test_postage_that_is_kept_keeps_no_stamp(cafe: Cafe, per: str) -> None:
    card = cafe.card(stamps_per=per)
    cafe.buy("p", "13.99", items=[{"line": 1, "quantity": 1, "amount": "10.00"}])
    cafe.refund("p", items=[{"line": 1, "quantity": 1}])
    assert cafe.standing(card) == Standing(0, [], 0, 0, 0, 3)


def test_pieces_of_a_purchase_without_lines_shrink_with_its_money(cafe: Cafe) -> None:
    card = cafe.card(stamps_per="quantity")
    cafe.buy("p", "15.00", quantity=5)
    cafe.refund("p", "6.00")
    assert cafe.standing(card) == Standing(3, [("revoked", 300)], 0, 3, 3, 9)
    cafe.refund("p", "3.01")
    assert cafe.standing(card).live == 1


def test_a_hundred_small_refunds_end_as_one_large_one(cafe: Cafe) -> None:
    card = cafe.card("ada", "bob", stamps_per="quantity", threshold=7)
    items = [{"line": 1, "quantity": 30, "amount": "90.00"}, {"line": 2, "quantity": 10, "amount": "20.00"}]
    for member in ("ada", "bob"):
        cafe.buy(f"of-{member}", "110.00", member, items=items)
    small = {"purchase": "of-ada", "amount": "0.77"}
    cafe.send([ReportedEvent(f"r{number}", "refund", "ada", small) for number in range(100)])
    cafe.refund("of-bob", "77.00", "bob")
    lines = {
        member: [stamp.line for stamp in cafe.stamps(card, member) if not stamp.returned_at]
        for member in ("ada", "bob")
    }
    # 33 of 110 are left: three tenths of each line.
    assert lines["ada"] == lines["bob"] == [1] * 9 + [2] * 3
    assert cafe.standing(card, "ada").counter == cafe.standing(card, "bob").counter == 5
    assert cafe.total("ada") == cafe.total("bob") == 33


def test_what_no_longer_meets_the_condition_stamps_no_longer(cafe: Cafe) -> None:
    at_least = {"all": [{"field": "data.amount", "op": "gte", "value": "10"}]}
    card = cafe.card(condition=at_least)
    cafe.buy("p", "12.00")
    cafe.refund("p", "2.00")
    assert cafe.standing(card).live == 1
    cafe.refund("p", "0.01")
    assert cafe.standing(card) == Standing(0, [], 0, 0, 0, 9)


def test_a_smaller_purchase_may_stamp_again(cafe: Cafe) -> None:
    """Of 4 to 6 pounds or from 10 on: refunded to 8 it stamps nothing, to 5 it does again."""
    either = {
        "any": [
            {"field": "data.amount", "op": "gte", "value": "10"},
            {"field": "data.amount", "op": "between", "value": ["4", "6"]},
        ]
    }
    card = cafe.card(condition=either, threshold=1)
    cafe.buy("p", "12.00")
    cafe.refund("p", "4.00")
    assert cafe.standing(card) == Standing(0, [("revoked", 1200)], 0, 0, 0, 8)
    refund = cafe.refund("p", "3.00")
    found = cafe.standing(card)
    assert (found.live, [status for status, _ in found.rewards]) == (1, ["revoked", "issued"])
    assert [stamp.number for stamp in cafe.stamps(card)] == [1, 2]
    assert (told(refund)[0]["collected"], told(refund)[0]["returned"]) == (1, 0)
    cafe.refund("p")
    assert cafe.standing(card).live == 0


def test_the_conditions_of_then_decide(cafe: Cafe) -> None:
    card = cafe.card()
    cafe.buy("p", "12.00")
    cafe.save(
        card, condition={"all": [{"field": "data.amount", "op": "gte", "value": "50"}]}, stamps_per="day"
    )
    cafe.refund("p", "1.00")
    assert cafe.standing(card).live == 1
    cafe.refund("p")
    assert cafe.standing(card).live == 0


def test_a_refund_reaches_the_card_of_a_program_that_has_ended(cafe: Cafe) -> None:
    card = cafe.card(threshold=1)
    cafe.buy("p", "12.00")
    cafe.save(card, status="ended")
    cafe.refund("p")
    assert cafe.standing(card) == Standing(0, [("revoked", 1200)], 0, 0, 0, 0)


def test_a_refund_that_is_refused_changes_no_card(cafe: Cafe) -> None:
    card = cafe.card()
    cafe.buy("p", "12.00")
    before = cafe.everything()
    for amount in ("12.01", "13"):
        with pytest.raises(DomainError):
            cafe.refund("p", amount)
    assert (cafe.everything(), cafe.standing(card).live) == (before, 1)


def test_the_same_refund_twice_takes_once(cafe: Cafe) -> None:
    card = cafe.card()
    cafe.buy_many(2)
    first = cafe.refund("p1", event_id="r")
    before = cafe.everything()
    again = cafe.refund("p1", event_id="r")
    assert again.duplicate
    assert told(again) == told(first) != []
    assert (cafe.everything(), cafe.standing(card).live) == (before, 1)


# -- once retention has erased what was bought


@pytest.mark.parametrize("erased", [{"data": None}, {"facts": None}])
def test_without_its_lines_a_purchase_gives_back_in_proportion(cafe: Cafe, erased: dict[str, None]) -> None:
    """Cumulative, and half up: of 10 stamps for 30 pounds, 4.49 take back 1, 4.50 two."""
    card = cafe.card(stamps_per="quantity", threshold=100)
    cafe.buy("p", "30.00", items=[{"line": 1, "quantity": 10, "unit_price": "3.00"}])
    Event.objects.filter(event_id="p", environment_id=cafe.environment.id).update(**erased)
    left = []
    for amount in ("1.49", "0.01", "2.99", "0.01", "25.49", "0.01"):
        cafe.refund("p", amount)
        left.append(cafe.standing(card).live)
    refunded = [Decimal(pence) for pence in ("1.49", "1.50", "4.49", "4.50", "29.99", "30.00")]
    assert left == [10 - int(each / 3 + Decimal("0.5")) for each in refunded] == [10, 9, 9, 8, 0, 0]


def test_a_single_stamp_goes_with_half_of_the_money(cafe: Cafe) -> None:
    card = cafe.card()
    cafe.buy("p", "30.00")
    Event.objects.filter(event_id="p", environment_id=cafe.environment.id).update(data=None, facts=None)
    cafe.refund("p", "14.99")
    assert cafe.standing(card).live == 1
    cafe.refund("p", "0.01")
    assert cafe.standing(card).live == 0
