"""Each check of cards of merged and erased members names the row that was falsified; of what is right, none."""

from uuid import uuid4

import pytest

from loyalty.ledger.checks import violations
from loyalty.models import StampCollection
from programs.models import StampProgram
from tests.loyalty.ledger.checking import assert_found
from tests.loyalty.ledger.falsify import falsify
from tests.loyalty.stamps.cafe import Cafe, assert_sound


@pytest.fixture
def joined(cafe: Cafe, coffee: StampProgram) -> StampCollection:
    """Ada's card, which became bob's."""
    cafe.join(coffee, "bob")
    cafe.merge("ada", "bob")
    assert_sound(cafe)
    return cafe.collection(coffee)


def test_a_joined_card_that_counts_something(
    cafe: Cafe, coffee: StampProgram, joined: StampCollection
) -> None:
    falsify(joined, counter=1)
    assert_found(cafe, merged_card_is_empty=joined, card_counter_is_its_stamps=joined)


@pytest.mark.parametrize("target", ["nobody's", "another program's", "another member's", "its own"])
def test_a_joined_card_that_does_not_lead_to_the_survivors(
    cafe: Cafe, coffee: StampProgram, joined: StampCollection, target: str
) -> None:
    other = cafe.join(cafe.program(), "bob")
    cids = cafe.join(coffee, "cid")
    keys = {
        "nobody's": uuid4(),
        "another program's": other.pk,
        "another member's": cids.pk,
        "its own": joined.pk,
    }
    falsify(joined, merged_into_id=keys[target])
    assert_found(cafe, merged_card_is_empty=joined)


@pytest.mark.parametrize("what", ["stamps", "rewards"])
def test_what_stayed_on_a_joined_card(
    cafe: Cafe, coffee: StampProgram, joined: StampCollection, what: str
) -> None:
    rows = cafe.stamps(coffee, "bob") if what == "stamps" else cafe.rewards(coffee, "bob")
    falsify(rows[-1], collection_id=joined.pk)
    found = {(found.check, found.id) for found in violations(environment=cafe.environment)}
    assert {("merged_card_is_empty", joined.pk), ("card_rows_are_its_members", rows[-1].pk)} <= found


def test_a_joined_card_that_leads_to_another_one(
    cafe: Cafe, coffee: StampProgram, joined: StampCollection
) -> None:
    kept, cids = cafe.collection(coffee, "bob"), cafe.join(coffee, "cid")
    falsify(kept, merged_into_id=cids.pk)
    assert_found(cafe, merged_card_is_empty=[joined, kept])


def test_a_card_that_a_merged_member_kept(cafe: Cafe, coffee: StampProgram, joined: StampCollection) -> None:
    falsify(joined, merged_into_id=None)
    assert_found(cafe, merged_member_has_no_card=joined)


def test_a_reward_that_is_to_be_paid_to_an_erased_member(cafe: Cafe, coffee: StampProgram) -> None:
    paid, issued = cafe.rewards(coffee)
    cafe.erase()
    assert_sound(cafe)
    falsify(paid, reference="Till 1")
    falsify(issued, status="issued", revoked_at=None)
    assert_found(cafe, erased_member_is_paid_nothing=[paid, issued])


def test_a_joined_card_leads_somewhere_after_an_erasure_too(
    cafe: Cafe, coffee: StampProgram, joined: StampCollection
) -> None:
    cafe.erase("bob")
    for member in ("ada", "bob"):  # they come back, as somebody new
        cafe.give(1, member)
    assert_sound(cafe)
    falsify(joined, merged_into_id=uuid4())
    assert_found(cafe, merged_card_is_empty=joined)


def test_what_was_one_person_before_an_erasure_is_sound(cafe: Cafe, coffee: StampProgram) -> None:
    cafe.buy("b1", "1.00", "bob")
    cafe.merge("ada", "bob")
    cafe.erase("bob")
    assert_sound(cafe)
