"""The job that issues what lower thresholds make due: by the configuration of then, in bounded chunks, by index."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from audit.ids import new_id
from loyalty.actions import lowered_thresholds, turns
from loyalty.actions.lowered_thresholds import settle_cards, settle_lowered
from loyalty.actions.pace import Pace
from loyalty.models import Member, StampCollection
from programs.models import StampProgram
from tests.factories import make_actor, reload
from tests.loyalty.ledger.till import day
from tests.loyalty.stamps.cafe import FIXED, Cafe, Standing

ISSUED: list[tuple[str, int]] = [("issued", 500)]


class Between(threading.Event):
    """Something happens after the first chunk."""

    def __init__(self, call: Callable[[], object]) -> None:
        super().__init__()
        self.call: Callable[[], object] | None = call

    def wait(self, timeout: float | None = None) -> bool:
        call, self.call = self.call, None
        if call:
            call()
        return False


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What each chunk of one card has answered."""
    found: list[int] = []

    def settle(**arguments: Any) -> int:
        found.append(settle_cards(**{**arguments, "limit": 1}))
        return found[-1]

    monkeypatch.setattr(lowered_thresholds, "settle_cards", settle)
    return found


def with_stamps(cafe: Cafe, *members: str, number: int = 3) -> StampProgram:
    """A card of five that these members have so many stamps of."""
    card = cafe.card(*members, **FIXED)
    for member in members:
        for place in range(number):
            cafe.buy(f"{card.public_id}-{member}-{place}", "3.00", member)
    return card


# -- a threshold that is lowered meanwhile


def test_a_run_settles_by_the_configuration_of_each_chunk_and_ends(cafe: Cafe, answers: list[int]) -> None:
    one, other = with_stamps(cafe, "ada", "bob"), with_stamps(cafe, "cid", "dan")
    cafe.save(one, threshold=3)
    between = Between(lambda: cafe.save(other, threshold=2))
    done = settle_lowered(
        actor=make_actor(), now=timezone.now(), pace=Pace(seconds=60, stopping=between, rest=0)
    )
    assert (done.counts["cards"], done.left, done.failed) == (4, False, [])
    assert answers == [1, 1, 1, 1, 0]
    for member, counter in (("cid", 1), ("dan", 1)):
        assert cafe.standing(other, member)[1:4] == (ISSUED, 0, counter)
        assert [reward.size for reward in cafe.rewards(other, member)] == [2]
    assert [cafe.standing(one, member).rewards for member in ("ada", "bob")] == [ISSUED] * 2


def test_one_that_knows_only_an_older_configuration_says_that_it_gave_nothing(cafe: Cafe) -> None:
    card = with_stamps(cafe, "ada", "bob")
    old = reload(cafe.environment)
    assert cafe.settle() == 0
    cafe.save(card, threshold=3)
    given = [settle_cards(environment=old, actor=make_actor(), now=day(0), limit=1) for _ in range(2)]
    assert given == [0, 0]
    assert cafe.standing(card) == Standing(3, [], 0, 3, 0, 9)
    assert cafe.settle() == 2


def test_a_run_of_which_nothing_comes_ends_and_leaves_it_to_the_next(
    cafe: Cafe, answers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    card = with_stamps(cafe, "ada", "bob")
    old = reload(cafe.environment)
    assert cafe.settle() == 0
    cafe.save(card, threshold=3)
    with monkeypatch.context() as stale:
        stale.setattr(turns, "environment_by_id", lambda key: old)
        done = settle_lowered(actor=make_actor(), now=timezone.now(), pace=Pace(seconds=60, rest=0))
    assert (done.counts["cards"], done.left, answers) == (0, False, [0])
    assert settle_lowered(actor=make_actor(), now=timezone.now(), pace=Pace(rest=0)).counts["cards"] == 2


# -- how much at once


def test_a_chunk_takes_cards_for_as_long_as_their_stamps_fit(
    cafe: Cafe, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = [f"m{number}" for number in range(5)]
    card = with_stamps(cafe, *members)
    cafe.save(card, threshold=2)
    monkeypatch.setattr(lowered_thresholds, "MAX_AT_ONCE", 6)
    assert [cafe.settle() for _ in range(4)] == [2, 2, 1, 0]
    assert [cafe.standing(card, member)[1:4] for member in members] == [(ISSUED, 0, 1)] * 5


def test_one_card_is_always_taken_however_many_stamps_it_has(
    cafe: Cafe, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = with_stamps(cafe, "ada", "bob", number=4)
    cafe.save(card, threshold=2)
    monkeypatch.setattr(lowered_thresholds, "MAX_AT_ONCE", 3)
    assert [cafe.settle() for _ in range(3)] == [1, 1, 0]
    assert [cafe.standing(card, member).rewards for member in ("ada", "bob")] == [ISSUED * 2] * 2


# -- which cards are read


def test_due_cards_are_found_by_where_they_began_and_what_they_have(cafe: Cafe) -> None:
    card = with_stamps(cafe, "ada")
    for threshold in (2, 9):
        cafe.save(card, threshold=threshold)
    with transaction.atomic(), connection.cursor() as cursor:
        begun_again(cafe, card, 2000)
        cursor.execute(
            "ANALYZE loyalty_stampcollection; SET LOCAL enable_seqscan = off"
        )  # few rows as they are
        cursor.execute(f"EXPLAIN (COSTS OFF) {lowered_thresholds._DUE}", [cafe.environment.id, 200])
        plan = [line.strip() for (line,) in cursor.fetchall()]
        transaction.set_rollback(True)
    place = next(place for place, line in enumerate(plan) if "on loyalty_stampcollection" in line)
    scan = next(line for line in plan[place:] if "stamp_collection_" in line)
    assert "stamp_collection_counter" in scan, plan
    condition = next(line for line in plan[place:] if line.startswith("Index Cond"))
    for column in ("stamp_program_id = ", "cycle_from = ", "counter >= "):
        assert column in condition, plan


def begun_again(cafe: Cafe, card: StampProgram, number: int) -> None:
    """So many cards that were filled since, and go by the last threshold."""
    here, (row,) = cafe.environment, StampCollection.objects.filter(stamp_program=card).values()
    members = Member.objects.bulk_create(
        Member(id=new_id(), environment=here, external_id=f"m{place}", created_at=day(0))
        for place in range(number)
    )
    StampCollection.objects.bulk_create(
        StampCollection(
            **row | {"id": new_id(), "member_id": member.pk, "cycle_from": 2, "counter": place % 9}
        )
        for place, member in enumerate(members)
    )
