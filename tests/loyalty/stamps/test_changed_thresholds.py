"""A threshold that changes counts for a running card only in its member's favour; the next card begins under the
one of then (domain.md 7)."""

import threading
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from loyalty.actions import lowered_thresholds
from loyalty.actions.clock import set_clock
from loyalty.actions.lowered_thresholds import settle_lowered
from loyalty.actions.pace import Pace
from loyalty.models import StampCollection
from loyalty.queries.stamps import running_threshold
from tests.factories import make_actor, make_environment
from tests.loyalty.ledger.till import day
from tests.loyalty.stamps.cafe import FIXED, Cafe, Standing, told


def test_a_higher_one_waits_for_the_next_card(cafe: Cafe) -> None:
    card = cafe.card(**FIXED)
    cafe.buy_many(4)
    cafe.save(card, threshold=8)
    assert (cafe.standing(card).shown, running_threshold(cafe.collection(card))) == (4, 5)
    cafe.buy_many(1, first=5)
    assert cafe.standing(card).rewards == [("issued", 500)]
    assert running_threshold(cafe.collection(card)) == 8
    cafe.buy_many(7, first=6)
    assert (cafe.standing(card).shown, len(cafe.rewards(card))) == (7, 1)
    cafe.buy_many(1, first=13)
    assert (cafe.standing(card).shown, len(cafe.rewards(card))) == (0, 2)
    assert [reward.size for reward in cafe.rewards(card)] == [5, 8]


def test_a_lower_one_counts_for_the_running_card(cafe: Cafe) -> None:
    card = cafe.card(**FIXED)
    cafe.buy_many(2)
    cafe.save(card, threshold=3)
    assert running_threshold(cafe.collection(card)) == 3
    cafe.buy_many(1, first=3)
    assert cafe.standing(card) == Standing(3, [("issued", 500)], 0, 0, 0, 9)


def test_what_a_lower_one_makes_due_is_counted_before_it_is_issued(cafe: Cafe) -> None:
    card = cafe.card(**FIXED)
    cafe.buy_many(4)
    cafe.save(card, threshold=3)
    found = cafe.standing(card)
    assert (found.rewards, found.counter, found.shown) == ([], 4, 1)
    assert running_threshold(cafe.collection(card)) == 3
    bought = cafe.buy("p5", "3.00")
    assert (told(bought)[0]["collected"], told(bought)[0]["counter"], len(told(bought)[0]["issued"])) == (
        1,
        2,
        1,
    )
    assert cafe.standing(card) == Standing(5, [("issued", 500)], 0, 2, 2, 15)


def test_the_job_issues_what_is_due_though_nobody_buys(cafe: Cafe) -> None:
    card = cafe.card("ada", "bob", "eve", **FIXED)
    for member, number in (("ada", 4), ("bob", 2), ("eve", 3)):
        for place in range(number):
            cafe.buy(f"{member}-{place}", "3.00", member)
    cafe.save(card, threshold=3)
    cafe.today = 2
    assert cafe.settle() == 2
    for member, points, shown in (("ada", 12, 1), ("eve", 9, 0)):
        assert cafe.standing(card, member) == Standing(shown + 3, [("issued", 500)], 0, shown, shown, points)
        (reward,) = cafe.rewards(card, member)
        assert (reward.event_id, reward.issued_at, reward.size, reward.cycle_from) == (None, day(2), 3, 0)
    assert cafe.standing(card, "bob").rewards == []
    assert cafe.settle() == 0
    issued = AuditEvent.objects.filter(environment_id=cafe.environment.id, verb="stamp_reward.issued")
    assert [row.event_id for row in issued] == [None, None]


def test_the_job_takes_so_many_cards_at_a_time(cafe: Cafe) -> None:
    members = [f"m{number}" for number in range(5)]
    card = cafe.card(*members, **FIXED)
    for member in members:
        cafe.buy(f"of-{member}", "3.00", member)
    cafe.save(card, threshold=1)
    assert [cafe.settle(limit=2) for _ in range(4)] == [2, 2, 1, 0]


def test_a_card_may_be_several_rewards_all_at_once(cafe: Cafe) -> None:
    card = cafe.card(threshold=10, **FIXED)
    cafe.buy_many(9)
    cafe.save(card, threshold=4)
    assert cafe.standing(card).shown == 1
    assert cafe.settle() == 1
    assert cafe.standing(card) == Standing(9, [("issued", 500)] * 2, 0, 1, 1, 27)
    assert [reward.cycle_from for reward in cafe.rewards(card)] == [0, 1]


def test_lowered_and_raised_before_anybody_buys_the_lower_one_holds_for_running_cards(cafe: Cafe) -> None:
    card = cafe.card("ada", "bob", **FIXED)
    cafe.buy_many(2)
    cafe.save(card, threshold=3)
    cafe.save(card, threshold=8)
    assert cafe.save(card).thresholds == [5, 3, 8]
    cafe.join(card, "eve")
    for member in ("ada", "bob", "eve"):
        for place in range(4):
            cafe.buy(f"{member}-{place}", "3.00", member)
    assert cafe.standing(card).rewards == [
        ("issued", 500)
    ]  # the card of two stamps and of her first purchase
    assert cafe.standing(card).counter == 3
    assert cafe.standing(card, "bob") == Standing(4, [("issued", 500)], 0, 1, 1, 12)
    assert cafe.standing(card, "eve") == Standing(4, [], 0, 4, 4, 12)
    cafe.buy("another", "3.00")
    assert (cafe.standing(card).rewards, running_threshold(cafe.collection(card))) == ([("issued", 500)], 8)


def test_due_and_raised_again_it_stays_due(cafe: Cafe) -> None:
    card = cafe.card(**FIXED)
    cafe.buy_many(4)
    cafe.save(card, threshold=3)
    cafe.save(card, threshold=50)
    assert cafe.standing(card).shown == 1
    assert cafe.settle() == 1
    assert cafe.standing(card).rewards == [("issued", 500)]
    assert running_threshold(cafe.collection(card)) == 3, (
        "the card after it began when the first one was full"
    )


def test_one_purchase_fills_the_running_card_and_then_others_under_the_new_threshold(cafe: Cafe) -> None:
    card = cafe.card(threshold=5, stamps_per="quantity", **FIXED)
    cafe.buy("p1", "6.00", quantity=2)
    cafe.save(card, threshold=10)
    cafe.buy("p2", "78.00", quantity=26)
    assert [reward.size for reward in cafe.rewards(card)] == [5, 10, 10]
    assert cafe.standing(card).counter == 3


def test_stamps_of_a_revoked_reward_keep_the_threshold_that_they_were_promised_under(cafe: Cafe) -> None:
    card = cafe.card(threshold=3, **FIXED)
    cafe.buy_many(2)
    cafe.save(card, threshold=8)
    cafe.buy_many(1, first=3)
    assert (cafe.standing(card).counter, running_threshold(cafe.collection(card))) == (0, 8)
    cafe.refund("p1")
    assert (cafe.standing(card).counter, running_threshold(cafe.collection(card))) == (2, 3)
    cafe.buy("p4", "3.00")
    assert cafe.standing(card).rewards == [("revoked", 500), ("issued", 500)]
    assert cafe.standing(card).counter == 0


def test_another_amount_counts_from_the_next_reward_on(cafe: Cafe) -> None:
    card = cafe.card(threshold=1, **FIXED)
    cafe.buy("p1", "3.00")
    cafe.save(card, reward_amount=700)
    cafe.buy("p2", "3.00")
    assert cafe.standing(card).rewards == [("issued", 500), ("issued", 700)]


def test_a_card_that_paid_prices_back_may_pay_a_fixed_amount_from_the_next_reward_on(cafe: Cafe) -> None:
    card = cafe.card(threshold=1)
    cafe.buy("p1", "3.00")
    cafe.save(card, **FIXED)
    cafe.buy("p2", "3.00")
    assert cafe.standing(card).rewards == [("issued", 300), ("issued", 500)]


@pytest.mark.parametrize("status", ["paused", "ended"])
def test_what_is_due_is_issued_also_where_the_program_stamps_no_more(cafe: Cafe, status: str) -> None:
    card = cafe.card(**FIXED)
    cafe.buy_many(4)
    cafe.save(card, threshold=3, status=status)
    assert cafe.settle() == 1
    assert cafe.standing(card).rewards == [("issued", 500)]


def test_cards_that_owe_are_not_due(cafe: Cafe) -> None:
    card = cafe.card(threshold=2, **FIXED)
    cafe.buy_many(2)
    cafe.pay(cafe.rewards(card)[0])
    cafe.refund("p1")
    cafe.save(card, threshold=1)
    assert (cafe.settle(), cafe.standing(card).counter) == (0, -1)


# -- the job


@pytest.mark.django_db
def test_one_run_settles_every_environment_by_its_own_now(cafe: Cafe) -> None:
    other = Cafe(make_environment())
    set_clock(environment=other.environment, clock=day(100), actor=make_actor())
    other.today = 100
    for shop in (cafe, other):
        card = shop.card(**FIXED)
        for place in range(3):
            shop.buy(f"p{place}", "3.00")
        shop.save(card, threshold=2)
    now = timezone.now()
    done = settle_lowered(actor=make_actor(), now=now, pace=Pace(rest=0))
    assert (done.counts["cards"], done.left, done.failed) == (2, False, [])
    for shop, at in ((cafe, now), (other, day(100))):
        settled = StampCollection.objects.get(environment_id=shop.environment.id)
        assert (settled.counter, [reward.issued_at for reward in settled.rewards.all()]) == (1, [at])
    other.check()


def test_a_run_that_is_ended_has_kept_its_chunks_and_says_that_it_left_some(
    cafe: Cafe, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = [f"m{number}" for number in range(3)]
    card = cafe.card(*members, **FIXED)
    for member in members:
        cafe.buy(f"of-{member}", "3.00", member)
    cafe.save(card, threshold=1)
    real = lowered_thresholds.settle_cards
    monkeypatch.setattr(lowered_thresholds, "CHUNK", 1)
    monkeypatch.setattr(lowered_thresholds, "settle_cards", partial(real, limit=1))
    stopping = threading.Event()
    monkeypatch.setattr(stopping, "wait", lambda seconds: stopping.set())
    done = settle_lowered(actor=make_actor(), now=timezone.now(), pace=Pace(stopping=stopping, rest=0))
    assert (done.counts["cards"], done.left) == (1, True)
    done = settle_lowered(actor=make_actor(), now=timezone.now(), pace=Pace(rest=0))
    assert (done.counts["cards"], done.left) == (2, False)


def test_one_environment_that_fails_keeps_nobody_else(cafe: Cafe, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = make_environment()
    for place in (cafe, Cafe(bad)):
        card = place.card(**FIXED)
        place.buy("p1", "3.00")
        place.save(card, threshold=1)
    real = lowered_thresholds.settle_cards

    def settle(**arguments: Any) -> int:
        if arguments["environment"] == bad:
            raise RuntimeError
        return real(**arguments)

    monkeypatch.setattr(lowered_thresholds, "settle_cards", settle)
    done = settle_lowered(actor=make_actor(), now=timezone.now(), pace=Pace(rest=0))
    assert (done.counts["cards"], done.failed) == (1, [bad.pk])
