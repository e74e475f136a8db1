"""Each check of stamp cards names the row that was falsified; of what is right, none."""

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from loyalty.ledger.checks import Inspection, violations
from loyalty.models import Event, Stamp
from programs.models import StampProgram
from tests.factories import make_environment
from tests.loyalty.ledger.checking import assert_found
from tests.loyalty.ledger.falsify import falsify
from tests.loyalty.stamps.cafe import FIXED, Cafe, assert_sound


def event_of(cafe: Cafe, event_id: str) -> Event:
    return Event.objects.get(environment_id=cafe.environment.id, event_id=event_id)


# -- what the product does is right


def test_cards_in_use_are_sound(cafe: Cafe, coffee: StampProgram) -> None:
    assert [reward.status for reward in cafe.rewards(coffee)] == ["paid", "issued"]
    assert_sound(cafe)
    for purchase in ("p1", "p2", "p4"):
        cafe.refund(purchase)
        assert_sound(cafe)
    assert [(reward.status, reward.owed) for reward in cafe.rewards(coffee)] == [("paid", 0), ("revoked", 0)]


@pytest.mark.parametrize(
    ("currency", "price", "amount"), [("JPY", "120.9", 120), ("KWD", "1.2345", 1234), ("GBP", "1.15", 115)]
)
def test_prices_in_any_currency_are_sound(cafe: Cafe, currency: str, price: str, amount: int) -> None:
    program = cafe.card(threshold=1, currency=currency)
    cafe.buy("p1", price, currency=currency)
    assert [reward.amount for reward in cafe.rewards(program)] == [amount]
    assert_sound(cafe)


def test_a_card_is_read_though_its_member_has_no_account(cafe: Cafe, coffee: StampProgram) -> None:
    card = cafe.collection(coffee)
    assert not card.member.accounts.exists()
    falsify(card, counter=2)
    assert_found(cafe, card_counter_is_its_stamps=card)
    assert_found(cafe, "ada", card_counter_is_its_stamps=card)


def test_other_members_and_environments_cards_are_not_told(cafe: Cafe, coffee: StampProgram) -> None:
    elsewhere = Cafe(make_environment())
    theirs = elsewhere.collection(elsewhere.card())
    bobs = cafe.join(coffee, "bob")
    falsify(theirs, counter=1)
    falsify(bobs, counter=1)
    assert [found.id for found in violations(environment=cafe.environment)] == [bobs.pk]
    assert [found.id for found in violations(environment=elsewhere.environment)] == [theirs.pk]
    assert list(violations(member_id=cafe.key("ada"))) == []
    assert {theirs.pk, bobs.pk} <= {found.id for found in violations()}


def test_a_card_is_named_by_its_public_id(cafe: Cafe, coffee: StampProgram) -> None:
    card = cafe.collection(coffee)
    falsify(card, counter=7)
    (found,) = violations(environment=cafe.environment)
    assert (found.public_id, found.member) == (f"sc_{card.pk.hex}", "ada")
    assert (found.expected, found.found) == ("1", "7")


def test_cards_are_read_in_chunks(cafe: Cafe, coffee: StampProgram, monkeypatch: pytest.MonkeyPatch) -> None:
    cards = [cafe.collection(coffee), *(cafe.join(coffee, f"member-{number}") for number in range(4))]
    for card in cards:
        falsify(card, counter=9)
    monkeypatch.setattr("loyalty.ledger.checks.cards.CARDS_A_CHUNK", 2)
    monkeypatch.setattr("loyalty.ledger.checks.hits.ROWS_A_CHECK", 1)
    seen = Inspection(environment=cafe.environment)
    assert {found.id for found in seen.violations()} == {card.pk for card in cards}
    assert seen.left_out == {"card_counter_is_its_stamps": 2}


# -- the card


def test_a_counter_that_is_not_what_is_on_the_card(cafe: Cafe, coffee: StampProgram) -> None:
    card = cafe.collection(coffee)
    falsify(card, counter=0)
    assert_found(cafe, card_counter_is_its_stamps=card)


def test_a_card_that_owes_and_has_stamps(cafe: Cafe, coffee: StampProgram) -> None:
    card, paid = cafe.collection(coffee), cafe.rewards(coffee)[0]
    falsify(paid, owed=1)
    assert_found(
        cafe, card_counter_is_its_stamps=card, card_pays_what_it_owes_first=card, reward_has_its_stamps=paid
    )


# -- rewards


def test_a_stamp_that_left_its_reward(cafe: Cafe, coffee: StampProgram) -> None:
    paid, issued = cafe.rewards(coffee)
    for reward in (paid, issued):
        falsify(Stamp.objects.filter(reward=reward)[0], reward_id=None)
    card = cafe.collection(coffee)
    assert_found(cafe, reward_has_its_stamps=[paid, issued], card_counter_is_its_stamps=card)


def test_a_stamp_that_was_taken_back_and_not_owed(cafe: Cafe, coffee: StampProgram) -> None:
    cafe.refund("p5")
    cafe.refund("p1")
    paid = cafe.rewards(coffee)[0]
    card = cafe.collection(coffee)
    assert (paid.owed, card.counter) == (1, -1)
    falsify(paid, owed=0)
    assert_found(cafe, reward_has_its_stamps=paid, card_counter_is_its_stamps=card)


def test_a_stamp_in_an_unpaid_reward_that_was_taken_back(cafe: Cafe, coffee: StampProgram) -> None:
    cafe.refund("p5")
    refund = Event.objects.get(environment_id=cafe.environment.id, type="refund")
    issued = cafe.rewards(coffee)[1]
    stamp = Stamp.objects.filter(reward=issued)[0]
    falsify(stamp, returned_at=timezone.now(), returned_by_id=refund.pk)
    assert_found(cafe, reward_has_its_stamps=issued, returned_stamp_names_its_refund=stamp)


def test_a_stamp_that_was_taken_back_and_is_in_an_unpaid_reward_besides(
    cafe: Cafe, coffee: StampProgram
) -> None:
    cafe.refund("p5")
    issued = cafe.rewards(coffee)[1]
    falsify(cafe.stamps(coffee)[-1], reward_id=issued.pk)
    assert_found(cafe, reward_has_its_stamps=issued)


def test_a_paid_reward_that_owes_what_it_never_lost(cafe: Cafe, coffee: StampProgram) -> None:
    cafe.refund("p5")
    cafe.refund("p1")
    paid = cafe.rewards(coffee)[0]
    falsify(cafe.stamps(coffee)[0], reward_id=None)
    assert_found(cafe, reward_has_its_stamps=paid)


def test_a_revoked_reward_that_kept_its_stamps(cafe: Cafe, coffee: StampProgram) -> None:
    issued = cafe.rewards(coffee)[1]
    falsify(issued, status="revoked", revoked_at=timezone.now())
    assert_found(cafe, reward_has_its_stamps=issued)


@pytest.mark.parametrize("how", ["another's", "twice", "too many"])
def test_a_reward_that_names_other_stamps(cafe: Cafe, coffee: StampProgram, how: str) -> None:
    cafe.join(coffee, "bob")
    cafe.buy("b1", "2.50", "bob")
    reward = cafe.rewards(coffee)[0]
    first, second = reward.stamp_ids
    other = cafe.stamps(coffee, "bob")[0].pk
    names = {"another's": [second, other], "twice": [second, second], "too many": [first, second, second]}
    falsify(reward, stamp_ids=names[how])
    assert_found(cafe, reward_names_stamps_of_its_card=reward)


@pytest.mark.parametrize("changes", [{"amount": 251}, {"amount": 0}, {"currency": "EUR"}])
def test_a_reward_of_another_amount(cafe: Cafe, coffee: StampProgram, changes: dict[str, Any]) -> None:
    reward = cafe.rewards(coffee)[0]
    assert (reward.amount, reward.currency) == (250, "GBP")
    falsify(reward, **changes)
    assert_found(cafe, refund_pays_the_lowest_price=reward)


def test_a_price_that_was_lowered_afterwards(cafe: Cafe, coffee: StampProgram) -> None:
    reward = cafe.rewards(coffee)[1]
    falsify(Stamp.objects.filter(reward=reward)[0], unit_price=Decimal("3.999999"))
    (found,) = violations(environment=cafe.environment)
    assert (found.check, found.id) == ("refund_pays_the_lowest_price", reward.pk)
    assert (found.expected, found.found) == ("399 GBP", "400 GBP")


def test_what_a_fixed_reward_pays_is_no_price(cafe: Cafe) -> None:
    program = cafe.card(threshold=1, **FIXED)
    cafe.buy("p1", "1.00")
    falsify(cafe.rewards(program)[0], amount=700)
    assert_sound(cafe)


def test_a_stamp_in_a_reward_of_another_card(cafe: Cafe, coffee: StampProgram) -> None:
    other = cafe.card(threshold=1, condition={"field": "data.amount", "op": "eq", "value": "9.00"})
    reward = cafe.rewards(coffee)[0]
    cafe.buy("p9", "9.00")
    stamp = cafe.stamps(other)[0]
    empty = cafe.rewards(other)[0]
    falsify(stamp, reward_id=reward.pk)
    found = {(found.check, found.id) for found in violations(environment=cafe.environment)}
    assert found == {("stamp_is_in_a_reward_of_its_card", stamp.pk), ("reward_has_its_stamps", empty.pk)}
    falsify(stamp, reward_id=uuid4())
    assert_found(cafe, stamp_is_in_a_reward_of_its_card=stamp, reward_has_its_stamps=empty)


# -- stamps


@pytest.mark.parametrize("named", ["nothing", "a purchase", "another's refund"])
def test_a_stamp_that_no_refund_of_its_purchase_took_back(
    cafe: Cafe, coffee: StampProgram, named: str
) -> None:
    cafe.refund("p5", event_id="r5")
    cafe.buy("p6", "1.00")
    cafe.refund("p6", event_id="r6")
    keys = {
        "nothing": uuid4(),
        "a purchase": event_of(cafe, "p5").pk,
        "another's refund": event_of(cafe, "r6").pk,
    }
    stamp = Stamp.objects.get(event__event_id="p5", collection=cafe.collection(coffee))
    falsify(stamp, returned_by_id=keys[named])
    assert_found(cafe, returned_stamp_names_its_refund=stamp)


def test_a_stamp_that_names_a_refund_and_was_not_taken_back(cafe: Cafe, coffee: StampProgram) -> None:
    stamp = cafe.stamps(coffee)[-1]
    falsify(stamp, returned_by_id=uuid4())
    assert_found(cafe, returned_stamp_names_its_refund=stamp)


@pytest.mark.parametrize("named", ["another's", "a visit", "nothing"])
def test_a_stamp_of_a_purchase_that_was_not_its_members(cafe: Cafe, coffee: StampProgram, named: str) -> None:
    cafe.buy("b1", "1.00", "bob")
    cafe.buy("v1", event_type="visit")
    keys = {"another's": event_of(cafe, "b1").pk, "a visit": event_of(cafe, "v1").pk, "nothing": uuid4()}
    stamp = cafe.stamps(coffee)[-1]
    falsify(stamp, event_id=keys[named])
    assert_found(cafe, stamp_is_of_its_members_purchase=stamp)


def test_a_stamp_of_a_merged_members_purchase_is_the_survivors_and_nobody_elses(
    cafe: Cafe, coffee: StampProgram
) -> None:
    cafe.buy("b1", "1.00", "bob")
    cafe.merge("ada", "bob")
    cafe.join(coffee, "cid")
    cafe.buy("c1", "1.00", "cid")
    assert_sound(cafe)
    stamp = cafe.stamps(coffee, "cid")[0]
    falsify(stamp, event_id=event_of(cafe, "p5").pk)
    bobs = cafe.stamps(coffee, "bob")[-1]
    assert_found(cafe, stamp_is_of_its_members_purchase=stamp, purchase_stamps_one_card=[stamp, bobs])


@pytest.mark.parametrize("number", [0, 2])
def test_stamps_that_are_not_numbered_from_one(cafe: Cafe, coffee: StampProgram, number: int) -> None:
    stamp = cafe.stamps(coffee)[0]
    falsify(stamp, number=number)
    assert_found(cafe, purchase_stamps_one_card=stamp)


def test_two_stamps_of_a_purchase_with_one_number(cafe: Cafe) -> None:
    program = cafe.card(stamps_per="quantity")
    cafe.buy("p1", "9.00", quantity=3)
    first, second, _ = cafe.stamps(program)
    falsify(second, number=1)
    assert_found(cafe, purchase_stamps_one_card=first)


# -- where it stands


@pytest.fixture
def full(cafe: Cafe) -> StampProgram:
    """Ada has one reward of two stamps; bob is a member too."""
    made = cafe.card(threshold=2, **FIXED)
    for event_id in ("p1", "p2"):
        cafe.buy(event_id, "1.00")
    cafe.join(cafe.program(), "bob")
    return made


def elsewhere(cafe: Cafe, column: str) -> UUID:
    """Bob, or another environment."""
    return cafe.key("bob") if column == "member_id" else make_environment().id


BOTH = pytest.mark.parametrize("column", ["environment_id", "member_id"])


@BOTH
def test_a_reward_that_is_not_its_members(cafe: Cafe, full: StampProgram, column: str) -> None:
    reward = cafe.rewards(full)[0]
    falsify(reward, **{column: elsewhere(cafe, column)})
    assert_found(cafe, card_rows_are_its_members=reward)


def test_a_reward_of_another_stamp_program(cafe: Cafe, full: StampProgram) -> None:
    reward = cafe.rewards(full)[0]
    falsify(reward, stamp_program_id=cafe.program().pk)
    assert_found(cafe, card_rows_are_its_members=reward)


@BOTH
def test_a_stamp_that_is_not_its_members(cafe: Cafe, full: StampProgram, column: str) -> None:
    stamp = cafe.stamps(full)[0]
    falsify(stamp, **{column: elsewhere(cafe, column)})
    assert_found(cafe, card_rows_are_its_members=stamp, stamp_is_of_its_members_purchase=stamp)


def test_a_card_that_is_not_its_members(cafe: Cafe, full: StampProgram) -> None:
    rows = [*cafe.stamps(full), *cafe.rewards(full)]
    falsify(cafe.collection(full), member_id=cafe.key("bob"))
    assert_found(cafe, card_rows_are_its_members=rows)


def test_a_card_in_another_environment(cafe: Cafe, full: StampProgram) -> None:
    card = cafe.collection(full)
    falsify(card, environment_id=make_environment().id)
    for found in (list(violations()), list(violations(member_id=cafe.key("ada")))):
        assert [(one.check, one.id) for one in found] == [("card_rows_are_its_members", card.pk)]
