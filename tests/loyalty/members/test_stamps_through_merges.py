"""What becomes of stamp cards when two members are one person (domain.md 1, 7)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.ids import public
from audit.models import AuditEvent
from loyalty.errors import AlreadyEnrolled
from loyalty.models import Stamp, StampCollection
from loyalty.queries.stamps import find_collection
from tests.loyalty.members.cards import both, buy, found
from tests.loyalty.stamps.cafe import FIXED, Cafe, assert_sound


def test_the_only_card_goes_on_at_the_survivor_with_all_that_is_on_it(cafe: Cafe) -> None:
    program = cafe.card(threshold=2)
    buy(cafe, 3)
    card, reward = cafe.collection(program), cafe.rewards(program)[0]
    cafe.give(1, "bob")
    cafe.merge("ada", "bob")
    moved = cafe.collection(program, "bob")
    assert (moved.pk, moved.counter, moved.created_at) == (card.pk, 1, card.created_at)
    assert [row.pk for row in cafe.rewards(program, "bob")] == [reward.pk]
    assert not StampCollection.objects.filter(member=cafe.key("ada")).exists()
    assert set(Stamp.objects.values_list("member", flat=True)) == {cafe.key("bob")}
    assert [row.pk for row in found(cafe, "ada")] == [row.pk for row in found(cafe, "bob")] == [card.pk]
    assert_sound(cafe)
    buy(cafe, 1)
    assert cafe.collection(program, "bob").counter == 0
    assert_sound(cafe)


def test_two_cards_become_the_survivors(cafe: Cafe) -> None:
    program = both(cafe)
    buy(cafe, 2)
    buy(cafe, 1, "bob")
    gone, kept = cafe.collection(program), cafe.collection(program, "bob")
    cafe.merge("ada", "bob")
    assert cafe.standing(program, "bob")[:5] == (3, [], 0, 3, 3)
    assert cafe.standing(program, "ada")[:5] == (0, [], 0, 0, 0)
    left = cafe.collection(program)
    assert (left.pk, left.merged_into_id, left.counter) == (gone.pk, kept.pk, 0)
    assert find_collection(environment=cafe.environment, collection=gone.pk).pk == kept.pk
    assert [row.pk for row in found(cafe)] == [kept.pk]
    assert cafe.audited() == {"stampprogram.created": 1, "stamp_collection.created": 2, "stamp.collected": 3}
    assert_sound(cafe)


def test_what_both_have_together_fills_the_card(cafe: Cafe) -> None:
    program = both(cafe)
    buy(cafe, 4, amount="3.00")
    buy(cafe, 3, "bob", amount="2.50")
    cafe.today = 1
    cafe.merge("ada", "bob")
    (reward,) = cafe.rewards(program, "bob")
    assert cafe.standing(program, "bob")[:4] == (7, [("issued", 250)], 0, 2)
    assert (reward.event_id, reward.issued_at.day) == (None, 2)
    stamps = cafe.stamps(program, "bob")
    assert reward.stamp_ids == [stamp.pk for stamp in stamps[:5]] == sorted(reward.stamp_ids)
    trail = AuditEvent.objects.get(environment_id=cafe.environment.id, verb="stamp_reward.issued")
    assert (trail.object_id, trail.member_id) == (public("sr", reward.pk), cafe.key("bob"))
    assert (trail.event_id, trail.actor_id) == (None, "tests")
    assert_sound(cafe)


def test_more_than_one_card_may_be_full(cafe: Cafe) -> None:
    program = both(cafe, stamps_per="quantity", threshold=10)
    buy(cafe, 1, quantity=9, amount="9.00")
    cafe.buy("bob-1", "9.00", "bob", quantity=9)
    cafe.save(program, threshold=4)
    cafe.merge("ada", "bob")
    assert cafe.standing(program, "bob")[:4] == (18, [("issued", 100)] * 4, 0, 2)
    assert_sound(cafe)


@pytest.mark.parametrize("owes", ["ada", "bob"])
@pytest.mark.parametrize("stamps", [1, 3])
def test_stamps_of_the_one_pay_what_the_other_owes(cafe: Cafe, owes: str, stamps: int) -> None:
    program = both(cafe, threshold=4)
    other = "bob" if owes == "ada" else "ada"
    buy(cafe, 4, owes)
    cafe.pay(cafe.rewards(program, owes)[0])
    for number in (1, 2):
        cafe.refund(f"{owes}-{number}", member=owes)
    buy(cafe, stamps, other)
    assert (cafe.collection(program, owes).counter, cafe.collection(program, other).counter) == (-2, stamps)
    cafe.merge("ada", "bob")
    expected = (2 + stamps, [("paid", 300)], max(0, 2 - stamps), stamps - 2, max(0, stamps - 2))
    assert cafe.standing(program, "bob")[:5] == expected
    assert_sound(cafe)


def test_both_owe_and_go_on_owing(cafe: Cafe) -> None:
    program = both(cafe, threshold=1)
    for member in ("ada", "bob"):
        buy(cafe, 1, member)
        cafe.pay(cafe.rewards(program, member)[0])
        cafe.refund(f"{member}-1", member=member)
    cafe.merge("ada", "bob")
    assert cafe.standing(program, "bob")[:5] == (0, [("paid", 300), ("paid", 300)], 2, -2, 0)
    assert_sound(cafe)
    buy(cafe, 2, "bob")
    assert cafe.standing(program, "bob")[:5] == (2, [("paid", 300), ("paid", 300)], 0, 0, 0)
    assert_sound(cafe)


@pytest.mark.parametrize(("merged", "survivor"), [("ada", "bob"), ("bob", "ada")])
def test_the_joined_card_goes_by_the_lower_threshold_of_the_two(
    cafe: Cafe, merged: str, survivor: str
) -> None:
    program = cafe.card("ada", threshold=3)
    program = cafe.save(program, threshold=5)
    cafe.join(program, "bob")
    buy(cafe, 2)
    buy(cafe, 1, "bob")
    cafe.merge(merged, survivor)
    assert cafe.standing(program, survivor)[:4] == (3, [("issued", 300)], 0, 0)
    assert_sound(cafe)
    buy(cafe, 4, survivor)
    assert cafe.standing(program, survivor)[:4] == (7, [("issued", 300)], 0, 4)


def test_stamps_of_one_day_on_both_cards_both_count(cafe: Cafe) -> None:
    program = both(cafe, stamps_per="day")
    buy(cafe, 1)
    buy(cafe, 1, "bob")
    cafe.today = 1
    buy(cafe, 1)
    cafe.merge("ada", "bob")
    assert cafe.standing(program, "bob")[:4] == (3, [], 0, 3)
    days = {stamp.event.event_id: stamp.day and stamp.day.day for stamp in cafe.stamps(program, "bob")}
    assert days == {"ada-1": None, "bob-1": 1, "ada-2": 2}
    for on in (0, 1):
        cafe.buy(f"again-{on}", "3.00", on=on)
    assert cafe.standing(program, "bob")[:4] == (3, [], 0, 3)
    assert_sound(cafe)


@pytest.mark.parametrize(("back", "kept"), [("ada", "bob"), ("bob", "ada")])
def test_a_day_whose_stamp_was_taken_back_is_no_day_of_both(cafe: Cafe, back: str, kept: str) -> None:
    program = both(cafe, stamps_per="day")
    buy(cafe, 1)
    buy(cafe, 1, "bob")
    cafe.refund(f"{back}-1", member=back)
    cafe.merge("ada", "bob")
    assert [stamp.day and stamp.day.day for stamp in cafe.stamps(program, "bob")] == [1, 1]
    assert cafe.standing(program, "bob")[:4] == (1, [], 0, 1)
    cafe.refund(f"{kept}-1", member="bob")
    cafe.buy("later", "3.00", "bob")
    assert cafe.standing(program, "bob")[:4] == (1, [], 0, 1)
    assert_sound(cafe)


def test_each_card_that_was_joined_leads_to_the_last_survivors_in_one_step(cafe: Cafe) -> None:
    program = cafe.card("ada", "bob", "cid")
    for member in ("ada", "bob", "cid"):
        buy(cafe, 1, member)
    cafe.merge("ada", "bob")
    cafe.merge("bob", "cid")
    last = cafe.collection(program, "cid")
    for member in ("ada", "bob"):
        row = cafe.collection(program, member)
        assert row.merged_into_id == last.pk
        assert find_collection(environment=cafe.environment, collection=row.pk).pk == last.pk
    assert cafe.standing(program, "cid")[:4] == (3, [], 0, 3)
    assert_sound(cafe)


def test_a_joined_card_goes_on_again_as_it_is(cafe: Cafe) -> None:
    program = both(cafe)
    buy(cafe, 1)
    buy(cafe, 1, "bob")
    cafe.give(1, "cid")
    kept = cafe.collection(program, "bob").pk
    cafe.merge("ada", "bob")
    cafe.merge("bob", "cid")
    assert (cafe.collection(program, "cid").pk, cafe.collection(program).merged_into_id) == (kept, kept)
    assert cafe.standing(program, "cid")[:4] == (2, [], 0, 2)
    assert_sound(cafe)


def test_cards_of_several_stamp_programs_go_on_each_in_its_own_way(cafe: Cafe) -> None:
    shared, adas, bobs = both(cafe, threshold=3), cafe.card("ada"), cafe.card("bob", **FIXED)
    buy(cafe, 2)
    buy(cafe, 1, "bob")
    others = cafe.card("cid")
    buy(cafe, 1, "cid")
    cafe.merge("ada", "bob")
    assert cafe.standing(shared, "bob")[:4] == (3, [("issued", 300)], 0, 0)
    assert cafe.standing(adas, "bob")[:4] == (2, [], 0, 2)
    assert cafe.standing(bobs, "bob")[:4] == (1, [], 0, 1)
    assert cafe.standing(others, "cid")[:4] == (1, [], 0, 1)
    assert_sound(cafe)


@pytest.mark.parametrize("status", ["paused", "ended"])
def test_cards_of_a_program_that_stamps_no_more_are_joined_too(cafe: Cafe, status: str) -> None:
    program = both(cafe, threshold=3)
    buy(cafe, 2)
    buy(cafe, 2, "bob")
    cafe.save(program, status=status)
    cafe.merge("ada", "bob")
    assert cafe.standing(program, "bob")[:4] == (4, [("issued", 300)], 0, 1)
    assert_sound(cafe)


@pytest.mark.parametrize("who", ["ada", "bob"])
def test_both_ids_are_told_that_the_survivor_has_a_card(cafe: Cafe, who: str) -> None:
    program = both(cafe)
    cafe.merge("ada", "bob")
    before = cafe.everything()
    with pytest.raises(AlreadyEnrolled) as refusal:
        cafe.join(program, who)
    card = public("sc", cafe.collection(program, "bob").pk)
    assert refusal.value.data["stamp_collection"] == card
    assert cafe.everything() == before


def test_what_the_merged_member_was_to_be_paid_the_survivor_is_paid(cafe: Cafe) -> None:
    program = both(cafe, threshold=1)
    buy(cafe, 1)
    (reward,) = cafe.rewards(program)
    cafe.merge("ada", "bob")
    paid = cafe.pay(reward, "Till 1")
    assert (paid.member_id, paid.status) == (cafe.key("bob"), "paid")
    trail = AuditEvent.objects.get(environment_id=cafe.environment.id, verb="stamp_reward.paid")
    assert trail.member_id == cafe.key("bob")
    assert_sound(cafe)


def test_a_merge_of_two_without_cards_asks_once(cafe: Cafe) -> None:
    for member in ("ada", "bob", "cid", "dan"):
        cafe.give(1, member)
    with CaptureQueriesContext(connection) as queries:
        cafe.merge("ada", "bob")
    about = [each["sql"] for each in queries if "loyalty_stamp" in each["sql"]]
    assert len([sql for sql in about if "jsonb_to_recordset" not in sql]) == 1


def test_the_number_of_statements_does_not_grow_with_the_stamps(cafe: Cafe) -> None:
    def statements(merged: str, survivor: str, stamps: int) -> int:
        for member in (merged, survivor):
            for program in programs:
                cafe.join(program, member)
            buy(cafe, stamps, member)
        with CaptureQueriesContext(connection) as queries:
            cafe.merge(merged, survivor)
        return len(queries)

    programs = [cafe.program(), cafe.program(threshold=3)]
    assert statements("ada", "bob", 1) == statements("cid", "dan", 4)


# -- a refund of what was bought before a merge


@pytest.mark.parametrize(("who", "has_one"), [("ada", True), ("bob", False)])
def test_a_refund_takes_the_stamp_back_from_the_survivors_card(cafe: Cafe, who: str, has_one: bool) -> None:
    program = both(cafe) if has_one else cafe.card("ada")
    buy(cafe, 2)
    cafe.give(1, "bob")
    cafe.merge("ada", "bob")
    refund = cafe.refund("ada-1", member=who)
    assert cafe.standing(program, "bob")[:4] == (1, [], 0, 1)
    (effect,) = (refund.event.figures or {})["stamps"]
    card = public("sc", cafe.collection(program, "bob").pk)
    assert (effect["stamp_collection"], effect["returned"], effect["counter"]) == (card, 1, 1)
    trail = AuditEvent.objects.get(environment_id=cafe.environment.id, verb="stamp.returned")
    assert (trail.object_id, trail.member_id) == (card, cafe.key("bob"))
    assert_sound(cafe)


def test_an_unpaid_reward_that_both_filled_is_revoked(cafe: Cafe) -> None:
    program = both(cafe, threshold=3)
    buy(cafe, 2)
    buy(cafe, 1, "bob")
    cafe.merge("ada", "bob")
    cafe.refund("ada-2", member="bob")
    assert cafe.standing(program, "bob")[:4] == (2, [("revoked", 300)], 0, 2)
    assert_sound(cafe)
    cafe.refund("bob-1", member="ada")
    assert cafe.standing(program, "bob")[:4] == (1, [("revoked", 300)], 0, 1)
    assert_sound(cafe)


def test_a_paid_reward_of_the_merged_member_stands_and_the_survivors_card_owes(cafe: Cafe) -> None:
    program = both(cafe, threshold=2)
    buy(cafe, 2)
    cafe.pay(cafe.rewards(program)[0])
    cafe.merge("ada", "bob")
    refund = cafe.refund("ada-1", member="ada")
    assert cafe.standing(program, "bob")[:5] == (1, [("paid", 300)], 1, -1, 0)
    assert len((refund.event.figures or {})["stamps"][0]["standing"]) == 1
    assert_sound(cafe)
    buy(cafe, 2, "bob")
    assert cafe.standing(program, "bob")[:4] == (3, [("paid", 300)], 0, 1)
    assert_sound(cafe)


def test_a_stamp_given_again_after_a_merge_is_on_the_survivors_card(cafe: Cafe) -> None:
    """What is left of the purchase counts, then not, then again."""
    amounts = [{"field": "data.amount", "op": op, "value": value} for op, value in (("eq", 4), ("lte", 2))]
    program = both(cafe, condition={"any": amounts}, threshold=9)
    cafe.buy("ada-1", "4.00")
    cafe.merge("ada", "bob")
    for left, counter in (("3.00", 0), ("2.00", 1)):
        cafe.refund("ada-1", "1.00", "bob")
        assert cafe.standing(program, "bob")[:4] == (counter, [], 0, counter), left
        assert_sound(cafe)
    assert [stamp.number for stamp in cafe.stamps(program, "bob")] == [1, 2]
    assert cafe.stamps(program) == []
