"""A card that is full gives its reward at once, and the next one begins with the surplus (domain.md 7.1)."""

from collections import Counter

import pytest

from tests.loyalty.ledger.till import day
from tests.loyalty.stamps.cafe import FIXED, Cafe, Standing, told


@pytest.mark.parametrize(
    ("purchases", "rewards", "counter"),
    [(4, [], 4), (5, [("issued", 300)], 0), (6, [("issued", 300)], 1)],
)
def test_one_below_the_threshold_at_it_and_above_it(
    cafe: Cafe, purchases: int, rewards: list[tuple[str, int]], counter: int
) -> None:
    card = cafe.card()
    cafe.buy_many(purchases, "3.00")
    assert cafe.standing(card) == Standing(purchases, rewards, 0, counter, counter, 3 * purchases)


def test_each_stamp_names_its_purchase_and_each_reward_its_stamps(cafe: Cafe) -> None:
    card = cafe.card()
    bought = cafe.buy_many(6, "3.00")
    stamps, (reward,) = cafe.stamps(card), cafe.rewards(card)
    assert [stamp.event_id for stamp in stamps] == [each.event.id for each in bought]
    assert reward.stamp_ids == [stamp.id for stamp in stamps[:5]]
    assert [stamp.reward_id for stamp in stamps] == [reward.id] * 5 + [None]
    assert (reward.size, reward.event_id, reward.issued_at) == (5, bought[4].event.id, day(0))
    assert (reward.kind, reward.currency, reward.paid_at, reward.reference) == ("refund", "GBP", None, None)
    assert {(stamp.number, stamp.line, stamp.day, stamp.collected_at) for stamp in stamps} == {
        (1, None, None, day(0))
    }
    assert cafe.audited() == {"stamp_collection.created": 1, "stamp.collected": 6, "stamp_reward.issued": 1,
                              "stampprogram.created": 1}  # fmt: skip


def test_the_event_says_what_became_of_the_card(cafe: Cafe) -> None:
    card = cafe.card()
    *_, fourth, fifth, sixth = cafe.buy_many(6, "3.00")
    (reward,) = cafe.rewards(card)
    common = {
        "stamp_collection": f"sc_{cafe.collection(card).pk.hex}",
        "stamp_program": card.public_id,
        "collected": 1,
        "replaced": 0,
        "returned": 0,
        "owed": 0,
        "revoked": [],
        "standing": [],
    }
    issued = [{"id": f"sr_{reward.pk.hex}", "type": "refund", "amount": 300, "currency": "GBP"}]
    assert told(fourth) == [{**common, "counter": 4, "issued": []}]
    assert told(fifth) == [{**common, "counter": 0, "issued": issued}]
    assert told(sixth) == [{**common, "counter": 1, "issued": []}]


def test_one_purchase_of_27_pieces_is_five_rewards_and_two_stamps(cafe: Cafe) -> None:
    card = cafe.card(stamps_per="quantity", **FIXED)
    bought = cafe.buy("p", "81.00", items=[{"sku": "latte", "quantity": 27, "unit_price": "3.00"}])
    assert cafe.standing(card) == Standing(27, [("issued", 500)] * 5, 0, 2, 2, 81)
    rewards, stamps = cafe.rewards(card), cafe.stamps(card)
    assert [key for reward in rewards for key in reward.stamp_ids] == [stamp.id for stamp in stamps[:25]]
    held = Counter(stamp.reward_id for stamp in stamps)
    assert [held[None], *(held[reward.id] for reward in rewards)] == [2, 5, 5, 5, 5, 5]
    assert [stamp.number for stamp in stamps] == list(range(1, 28))
    (effect,) = told(bought)
    assert (effect["collected"], effect["counter"], len(effect["issued"])) == (27, 2, 5)
    assert cafe.audited()["stamp_reward.issued"] == 5
    assert cafe.audited()["stamp.collected"] == 1


def test_what_was_left_of_a_large_purchase_counts_for_the_next(cafe: Cafe) -> None:
    card = cafe.card(stamps_per="quantity")
    cafe.buy("p1", "21.00", items=[{"quantity": 7, "unit_price": "3.00"}])
    cafe.buy("p2", "8.00", items=[{"quantity": 4, "unit_price": "2.00"}])
    assert cafe.standing(card) == Standing(11, [("issued", 300), ("issued", 200)], 0, 1, 1, 29)


def test_a_threshold_of_one_is_a_reward_a_purchase(cafe: Cafe) -> None:
    card = cafe.card(threshold=1)
    cafe.buy_many(3, "2.50")
    assert cafe.standing(card) == Standing(3, [("issued", 250)] * 3, 0, 0, 0, 6)


def test_a_purchase_stamps_every_card_of_the_member_and_nobody_elses(cafe: Cafe) -> None:
    one, other = cafe.card(), cafe.card("ada", "bob", threshold=2, **FIXED)
    unjoined = cafe.program()
    bought = cafe.buy_many(3, "3.00")
    assert cafe.standing(one) == Standing(3, [], 0, 3, 3, 9)
    assert cafe.standing(other) == Standing(3, [("issued", 500)], 0, 1, 1, 9)
    assert cafe.standing(other, "bob") == Standing(0, [], 0, 0, 0, 0)
    assert {each["stamp_program"] for each in told(bought[0])} == {one.public_id, other.public_id}
    assert unjoined.public_id not in str(bought[0].event.explanation)


def test_purchases_before_joining_count_nothing(cafe: Cafe) -> None:
    cafe.program()
    (before,) = cafe.buy_many(1)
    card = cafe.card()
    assert (cafe.standing(card).counter, told(before)) == (0, [])
    cafe.buy_many(1, first=2)
    assert cafe.standing(card).counter == 1


def test_a_late_purchase_stamps_the_card_of_a_member_who_has_joined_meanwhile(cafe: Cafe) -> None:
    cafe.today = 10
    card = cafe.card()
    cafe.buy("late", "3.00", on=8)
    (stamp,) = cafe.stamps(card)
    assert (stamp.collected_at, cafe.standing(card).counter) == (day(8), 1)


def test_the_same_purchase_twice_stamps_once_and_answers_the_same(cafe: Cafe) -> None:
    card = cafe.card(threshold=1)
    first = cafe.buy("p", "3.00")
    before = cafe.everything()
    again = cafe.buy("p", "3.00")
    assert again.duplicate
    assert told(again) == told(first) != []
    assert again.event.explanation == first.event.explanation
    assert cafe.everything() == before
    assert cafe.standing(card) == Standing(1, [("issued", 300)], 0, 0, 0, 3)


def test_other_events_stamp_nothing(cafe: Cafe) -> None:
    card = cafe.card()
    visit = cafe.buy("v", "3.00", event_type="visit")
    assert (cafe.standing(card).live, "stamps" in (visit.event.explanation or {})) == (0, False)
