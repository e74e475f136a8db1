"""Lists count stamp cards and rewards as far as they show it, by an index."""

import pytest

from loyalty.queries.stamp_lists import enrolled_in, standing_at, to_pay_of
from programs.models import Environment
from tests.loyalty.stamps.cafe import Cafe


@pytest.fixture
def cafe(environment: Environment) -> Cafe:
    return Cafe(environment)


def test_who_has_so_many_stamps_whatever_their_card_began_under(cafe: Cafe) -> None:
    program = cafe.card("ada", "bob", "cid", threshold=10)
    for member, stamps in (("ada", 7), ("bob", 3), ("cid", 2)):
        for number in range(stamps):
            cafe.buy(f"{member}-{number}", "3.00", member)
    program = cafe.save(program, threshold=5)
    cafe.join(program, "dan")
    for number in range(4):
        cafe.buy(f"dan-{number}", "3.00", "dan")
    waiting = [standing_at(program, stamps) for stamps in range(1, 6)]
    assert waiting == [4, 4, 2, 1, 0]  # of ada's 7 stamps five are due
    assert cafe.settle() == 1
    assert [standing_at(program, stamps) for stamps in range(1, 6)] == waiting


def test_nobody_counts_who_was_merged_or_erased(cafe: Cafe) -> None:
    program, other = cafe.card("ada", "bob", "cid"), cafe.card("ada")
    for member in ("ada", "bob", "cid"):
        cafe.buy(f"{member}-1", "3.00", member)
    cafe.merge("ada", "bob")
    cafe.erase("cid")
    assert [standing_at(program, stamps) for stamps in (1, 2, 3)] == [1, 1, 0]
    assert standing_at(other, 1) == 1
    assert enrolled_in([program.pk, other.pk]) == {program.pk: 1, other.pk: 1}


def test_rewards_to_be_paid_are_counted_apart(cafe: Cafe) -> None:
    program, other = cafe.card(threshold=1), cafe.card(threshold=2)
    for number in range(3):
        cafe.buy(f"p{number}", "3.00")
    cafe.pay(cafe.rewards(program)[0])
    assert to_pay_of([program.pk, other.pk]) == {program.pk: 2, other.pk: 1}
    assert to_pay_of([]) == {}
