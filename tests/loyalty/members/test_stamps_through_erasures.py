"""What becomes of the stamp cards of a member who is forgotten (domain.md 1, 7)."""

import pytest

from audit.errors import NotFound
from audit.ids import public
from audit.models import AuditEvent
from loyalty.errors import PurchaseNotFound, StampRewardClosed
from loyalty.models import Stamp, StampCollection, StampReward
from loyalty.queries.stamps import find_collection
from tests.loyalty.members.cards import both, buy, found
from tests.loyalty.stamps.cafe import Cafe, assert_sound


def test_what_is_to_be_paid_is_revoked_and_what_was_paid_stays(cafe: Cafe) -> None:
    program = cafe.card(threshold=2)
    buy(cafe, 5)
    cafe.pay(cafe.rewards(program)[0], "Bank transfer to A. Smith")
    stamps = list(Stamp.objects.order_by("pk").values())
    cafe.today = 1
    cafe.erase()
    paid, revoked = cafe.rewards(program)
    assert (paid.status, paid.reference, paid.paid_at is None) == ("paid", None, False)
    assert (revoked.status, revoked.revoked_at and revoked.revoked_at.day) == ("revoked", 2)
    assert list(Stamp.objects.order_by("pk").values()) == stamps
    assert cafe.collection(program).counter == 1
    trail = AuditEvent.objects.get(environment_id=cafe.environment.id, verb="stamp_reward.revoked")
    assert (trail.object_id, trail.member_id) == (public("sr", revoked.pk), cafe.key("ada"))
    before = AuditEvent.objects.filter(verb__startswith="stamp", member_id=cafe.key("ada"))
    assert [row.after for row in before.exclude(pk=trail.pk)] == [None] * (1 + 5 + 2 + 1)
    assert_sound(cafe)


def test_of_a_survivor_too_what_came_with_a_merge(cafe: Cafe) -> None:
    program = both(cafe, threshold=1)
    buy(cafe, 2)
    buy(cafe, 1, "bob")
    cafe.pay(cafe.rewards(program)[0], "Bank transfer to A. Smith")
    cafe.merge("ada", "bob")
    cafe.erase("bob")
    assert [(row.status, row.reference) for row in cafe.rewards(program, "bob")] == [
        ("paid", None),
        ("revoked", None),
        ("revoked", None),
    ]
    assert_sound(cafe)


def test_nobody_elses_cards_and_rewards_are_touched(cafe: Cafe) -> None:
    program = both(cafe, threshold=1)
    buy(cafe, 1)
    buy(cafe, 2, "bob")
    cafe.pay(cafe.rewards(program, "bob")[0], "Till 1")
    before = [
        list(table.objects.filter(member=cafe.key("bob")).order_by("pk").values())
        for table in (StampReward, Stamp)
    ]
    cafe.erase()
    after = [
        list(table.objects.filter(member=cafe.key("bob")).order_by("pk").values())
        for table in (StampReward, Stamp)
    ]
    assert after == before
    assert [row.member.external_id for row in found(cafe)] == ["bob"]


def test_nobody_finds_an_erased_members_card_nor_what_leads_to_it(cafe: Cafe) -> None:
    program = both(cafe)
    cafe.merge("ada", "bob")
    keys = [cafe.collection(program, member).pk for member in ("ada", "bob")]
    cafe.erase("bob")
    assert (found(cafe), found(cafe, "ada"), found(cafe, "bob")) == ([], [], [])
    for key in keys:
        with pytest.raises(NotFound):
            find_collection(environment=cafe.environment, collection=key)


def test_nothing_that_they_were_to_be_paid_is_paid(cafe: Cafe) -> None:
    program = cafe.card(threshold=1)
    buy(cafe, 1)
    cafe.erase()
    before = cafe.everything()
    with pytest.raises(StampRewardClosed) as refusal:
        cafe.pay(cafe.rewards(program)[0], "Bank transfer to A. Smith")
    assert refusal.value.data["reward_status"] == "revoked"
    assert cafe.everything() == before


def test_a_lower_threshold_and_a_refund_leave_their_card_as_it_is(cafe: Cafe) -> None:
    program = cafe.card()
    buy(cafe, 4)
    cafe.erase()
    cafe.save(program, threshold=2)
    before = cafe.everything()
    assert cafe.settle() == 0
    with pytest.raises(PurchaseNotFound):
        cafe.refund("ada-1")
    assert cafe.everything() == before
    assert_sound(cafe)


def test_who_comes_back_under_the_id_has_no_card_and_may_have_one(cafe: Cafe) -> None:
    program = cafe.card()
    buy(cafe, 4)
    old = cafe.collection(program).pk
    cafe.erase()
    cafe.buy("new-1", "3.00")
    assert found(cafe) == []
    new = cafe.join(program)
    cafe.buy("new-2", "3.00")
    assert [(row.pk, row.counter) for row in found(cafe, "ada")] == [(new.pk, 1)]
    assert new.pk != old
    assert StampCollection.objects.get(pk=old).counter == 4
    assert_sound(cafe)


def test_who_comes_back_may_be_merged_and_takes_nothing_from_before_along(cafe: Cafe) -> None:
    program = both(cafe)
    buy(cafe, 4)
    cafe.erase()
    cafe.join(program)
    cafe.buy("new-1", "3.00")
    cafe.merge("ada", "bob")
    assert cafe.standing(program, "bob")[:4] == (1, [], 0, 1)
    assert cafe.collection(program).counter == 4
    assert_sound(cafe)
