"""Merges and erasures run at the same time as what is done with stamp cards: real threads, exact outcomes."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from loyalty.errors import AlreadyEnrolled, StampRewardClosed
from loyalty.models import Stamp, StampCollection, StampReward
from loyalty.queries.stamps import collections_of
from programs.models import Environment
from tests.loyalty.members.cards import both
from tests.loyalty.members.person import places_of
from tests.loyalty.stamps.cafe import Cafe, assert_sound
from tests.waiting import while_uncommitted

Together = Callable[..., list[Any]]


@pytest.fixture
def cafe(committed_environment: Environment) -> Cafe:
    return Cafe(committed_environment)


def counted(outcomes: list[Any]) -> Counter[str]:
    return Counter(
        type(outcome).__name__ if isinstance(outcome, Exception) else "done" for outcome in outcomes
    )


# -- a merge


@pytest.mark.parametrize("joined", [["ada"], ["ada", "bob"]])
def test_each_purchase_stamps_once_while_two_become_one(
    cafe: Cafe, together: Together, joined: list[str]
) -> None:
    program = cafe.card(*joined, threshold=2)
    cafe.give(1, "bob")

    def work(number: int) -> Any:
        if number == 3:
            return cafe.merge("ada", "bob")
        member = "ada" if number % 2 or "bob" not in joined else "bob"
        return cafe.buy(f"p{number}", "3.00", member)

    outcomes = together(work, threads=8)
    assert counted(outcomes) == {"done": 8}
    assert cafe.standing(program, "bob")[:5] == (7, [("issued", 300)] * 3, 0, 1, 1)
    assert Stamp.objects.filter(environment_id=cafe.environment.id).count() == 7
    assert_sound(cafe)


@pytest.mark.parametrize("member", ["ada", "bob"])
def test_who_buys_while_a_merge_is_committed_stamps_the_survivors_card(cafe: Cafe, member: str) -> None:
    program = both(cafe, threshold=2)
    cafe.buy("p1", "3.00", "ada")
    while_uncommitted(lambda: cafe.merge("ada", "bob"), lambda: cafe.buy("p2", "3.00", member))
    assert cafe.standing(program, "bob")[:4] == (2, [("issued", 300)], 0, 0)
    assert_sound(cafe)


def test_a_merge_that_waits_for_a_purchase_takes_its_stamp_along(cafe: Cafe) -> None:
    program = both(cafe, threshold=2)
    cafe.buy("p1", "3.00", "bob")
    while_uncommitted(lambda: cafe.buy("p2", "3.00", "ada"), lambda: cafe.merge("ada", "bob"))
    assert cafe.standing(program, "bob")[:4] == (2, [("issued", 300)], 0, 0)
    assert_sound(cafe)


def test_a_refund_that_waits_for_a_merge_takes_the_stamp_from_the_survivors_card(cafe: Cafe) -> None:
    program = both(cafe, threshold=2)
    cafe.buy("p1", "3.00", "ada")
    cafe.buy("p2", "3.00", "bob")
    while_uncommitted(lambda: cafe.merge("ada", "bob"), lambda: cafe.refund("p1", member="ada"))
    assert cafe.standing(program, "bob")[:4] == (1, [("revoked", 300)], 0, 1)
    assert_sound(cafe)


def test_a_reward_is_paid_once_while_its_member_is_merged(cafe: Cafe, together: Together) -> None:
    program = both(cafe, threshold=1)
    cafe.buy("p1", "3.00", "ada")
    (reward,) = cafe.rewards(program)
    outcomes = together(lambda number: cafe.pay(reward) if number else cafe.merge("ada", "bob"), threads=6)
    assert counted(outcomes) == {"done": 2, StampRewardClosed.__name__: 4}
    assert cafe.standing(program, "bob")[:4] == (1, [("paid", 300)], 0, 0)
    assert cafe.audited()["stamp_reward.paid"] == 1
    assert_sound(cafe)


def test_who_pays_while_a_merge_is_committed_pays_the_survivor(cafe: Cafe) -> None:
    program = both(cafe, threshold=1)
    cafe.buy("p1", "3.00", "ada")
    (reward,) = cafe.rewards(program)
    paid = while_uncommitted(lambda: cafe.merge("ada", "bob"), lambda: cafe.pay(reward, "Till 1"))
    assert (paid.member_id, paid.status) == (cafe.key("bob"), "paid")
    assert StampReward.objects.get(pk=reward.pk).reference == "Till 1"
    assert_sound(cafe)


def test_one_person_has_one_card_whoever_joins_while_two_become_one(cafe: Cafe, together: Together) -> None:
    program = cafe.program()
    for member in ("ada", "bob"):
        cafe.give(1, member)

    def work(number: int) -> Any:
        if number == 2:
            return cafe.merge("ada", "bob")
        return cafe.join(program, "bob" if number % 2 else "ada")

    outcomes = together(work, threads=6)
    made = StampCollection.objects.filter(environment_id=cafe.environment.id)
    assert 1 <= made.count() <= 2
    assert counted(outcomes) == {"done": 1 + made.count(), AlreadyEnrolled.__name__: 5 - made.count()}
    (living,) = collections_of(environment=cafe.environment)
    assert living.member_id == cafe.key("bob")
    assert_sound(cafe)


@pytest.mark.parametrize("has_one", [True, False])
def test_who_joins_while_a_merge_is_committed_joins_for_the_survivor(cafe: Cafe, has_one: bool) -> None:
    program = cafe.card("bob") if has_one else cafe.program()
    for member in ("ada", "bob"):
        cafe.give(1, member)
    outcome: Any = None
    try:
        outcome = while_uncommitted(lambda: cafe.merge("ada", "bob"), lambda: cafe.join(program, "ada"))
    except AlreadyEnrolled as refusal:
        outcome = refusal
    assert isinstance(outcome, AlreadyEnrolled) == has_one
    (card,) = StampCollection.objects.filter(environment_id=cafe.environment.id)
    assert card.member_id == cafe.key("bob")
    assert_sound(cafe)


# -- an erasure


def test_who_pays_while_the_member_is_erased_pays_nothing(cafe: Cafe) -> None:
    program = cafe.card(threshold=1)
    cafe.buy("p1", "3.00")
    (reward,) = cafe.rewards(program)
    reference = f"reference-{reward.pk.hex}"
    with pytest.raises(StampRewardClosed):
        while_uncommitted(cafe.erase, lambda: cafe.pay(reward, reference))
    assert StampReward.objects.get(pk=reward.pk).status == "revoked"
    assert places_of(reference) == []
    assert_sound(cafe)


def test_an_erasure_that_waits_for_a_payment_forgets_how_it_was_paid(cafe: Cafe) -> None:
    program = cafe.card(threshold=1)
    cafe.buy("p1", "3.00")
    (reward,) = cafe.rewards(program)
    reference = f"reference-{reward.pk.hex}"
    while_uncommitted(lambda: cafe.pay(reward, reference), cafe.erase)
    assert StampReward.objects.get(pk=reward.pk).status == "paid"
    assert places_of(reference) == []
    assert_sound(cafe)


def test_who_buys_while_a_member_is_erased_is_somebody_new_without_a_card(cafe: Cafe) -> None:
    program = cafe.card(threshold=2)
    cafe.buy("p1", "3.00")
    while_uncommitted(cafe.erase, lambda: cafe.buy("p2", "3.00"))
    card = StampCollection.objects.get(stamp_program=program)
    assert (card.counter, card.member.status) == (1, "erased")
    assert list(collections_of(environment=cafe.environment)) == []
    assert_sound(cafe)
