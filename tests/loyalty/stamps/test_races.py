"""Under any interleaving: a purchase stamps once, a stamp is in one reward, a card is joined and a reward is paid
once. After each of these the cards add up (conftest)."""

from collections import Counter
from typing import Any

from loyalty.actions.lowered_thresholds import settle_cards
from loyalty.errors import LoyaltyError
from loyalty.models import StampCollection, StampReward
from loyalty.queries.events import RecordedEvent, ReportedEvent
from tests.loyalty.redemptions.racing import Together, attempt, flat, outcomes
from tests.loyalty.stamps.cafe import FIXED, Cafe, Standing, told, verdicts


def test_sixteen_purchases_of_one_member_at_once(open_cafe: Cafe, together: Together) -> None:
    cafe = open_cafe
    card = cafe.card()
    results = together(lambda number: cafe.buy(f"p{number}", f"{number + 1}.00"))
    assert outcomes(results) == {"done": 16}
    found = cafe.standing(card)
    assert (found.live, found.counter, found.shown, found.owed, found.points) == (16, 1, 1, 0, 136)
    assert [status for status, _ in found.rewards] == ["issued"] * 3
    issued = Counter(len(told(result)[0]["issued"]) for result in results)
    assert issued == {0: 13, 1: 3}
    prices = {stamp.pk: stamp.unit_price for stamp in cafe.stamps(card)}
    for reward in cafe.rewards(card):
        assert reward.amount == min(prices[key] or 0 for key in reward.stamp_ids) * 100


def test_one_purchase_reported_by_eight_threads_is_one_stamp(open_cafe: Cafe, together: Together) -> None:
    cafe = open_cafe
    card = cafe.card(threshold=1)
    results = together(lambda number: cafe.buy("p", "3.00"), 8)
    assert outcomes(results) == {"done": 8}
    assert Counter(result.duplicate for result in results) == {True: 7, False: 1}
    assert all(told(result) == told(results[0]) for result in results)
    assert cafe.standing(card) == Standing(1, [("issued", 300)], 0, 0, 0, 3)


def test_one_refund_reported_by_eight_threads_takes_once(open_cafe: Cafe, together: Together) -> None:
    cafe = open_cafe
    card = cafe.card(threshold=2, **FIXED)
    cafe.buy_many(3)
    cafe.pay(cafe.rewards(card)[0])
    results = together(lambda number: cafe.refund("p1", event_id="r"), 8)
    assert Counter(result.duplicate for result in results) == {True: 7, False: 1}
    assert cafe.standing(card) == Standing(2, [("paid", 500)], 0, 0, 0, 6)


def test_eight_refunds_of_one_purchase_take_it_once(open_cafe: Cafe, together: Together) -> None:
    cafe = open_cafe
    card = cafe.card()
    cafe.buy_many(2)
    results = together(lambda number: cafe.refund("p1", event_id=f"r{number}"), 8)
    assert outcomes(results) == {"done": 1, "refund_exceeds_purchase": 7}
    assert cafe.standing(card) == Standing(1, [], 0, 1, 1, 3)


def test_what_is_paid_and_refunded_at_once_is_owed_or_revoked(open_cafe: Cafe, together: Together) -> None:
    cafe = open_cafe
    card = cafe.card(threshold=2, stamps_per="quantity", **FIXED)
    for place in range(4):
        cafe.buy(f"p{place}", "6.00", quantity=2)
    rewards = cafe.rewards(card)
    results = together(
        lambda n: cafe.pay(rewards[n % 4]) if n < 4 else cafe.refund(f"p{n % 4}", event_id=f"r{n}"), 8
    )
    found = cafe.standing(card)
    paid = sum(status == "paid" for status, _ in found.rewards)
    assert outcomes(results[4:]) == {"done": 4}
    assert outcomes(results[:4]) == Counter({"done": paid, "stamp_reward_closed": 4 - paid}) - Counter()
    assert found == Standing(
        0, [(str(each.status), 500) for each in cafe.rewards(card)], 2 * paid, -2 * paid, 0, 0
    )


def test_a_reward_is_paid_once(open_cafe: Cafe, together: Together) -> None:
    cafe = open_cafe
    card = cafe.card(threshold=1, **FIXED)
    cafe.buy("p", "3.00")
    (reward,) = cafe.rewards(card)
    results = together(lambda number: cafe.pay(reward, f"by {number}"), 8)
    assert outcomes(results) == {"done": 1, "stamp_reward_closed": 7}
    (winner,) = (n for n, result in enumerate(results) if not isinstance(result, Exception))
    assert cafe.rewards(card)[0].reference == f"by {winner}"


def test_somebody_new_who_joins_in_eight_threads_has_one_card(open_cafe: Cafe, together: Together) -> None:
    cafe = open_cafe
    program = cafe.program()
    results = together(lambda number: cafe.join(program, "new"), 8)
    assert outcomes(results) == {"done": 1, "already_enrolled": 7}
    (made,) = StampCollection.objects.filter(stamp_program=program)
    named = {each.data["stamp_collection"] for each in results if isinstance(each, LoyaltyError)}
    assert named == {f"sc_{made.pk.hex}"}


def test_who_joins_while_buying_has_the_stamps_of_what_was_recorded_after(
    open_cafe: Cafe, together: Together
) -> None:
    cafe = open_cafe
    program = cafe.program(threshold=3, **FIXED)
    cafe.buy("before", "3.00")

    def work(number: int) -> list[Any]:
        if number == 0:
            return [attempt(lambda: cafe.join(program))]
        return [attempt(lambda step=step: cafe.buy(f"{number}-{step}", "3.00")) for step in range(3)]  # type: ignore[misc]

    results = flat(together(work, 6))
    assert outcomes(results) == {"done": 16}
    bought = [result for result in results if isinstance(result, RecordedEvent)]
    stamped = sum(stamps for each in bought for _, _, stamps in verdicts(each))
    found = cafe.standing(program)
    assert (found.live, len(found.rewards), found.counter) == (stamped, stamped // 3, stamped % 3)
    assert found.points == 48


def test_a_threshold_is_lowered_while_members_buy(open_cafe: Cafe, together: Together) -> None:
    cafe = open_cafe
    members = ["ada", "bob", "eve"]
    card = cafe.card(*members, threshold=10, **FIXED)

    def work(number: int) -> list[Any]:
        if number == 0:
            return [attempt(lambda step=step: cafe.save(card, threshold=step)) for step in (7, 4, 9)]  # type: ignore[misc]
        if number == 1:
            return [attempt(cafe.settle) for _ in range(4)]
        who = members[number % 3]
        return [attempt(lambda step=step: cafe.buy(f"{number}-{step}", "3.00", who)) for step in range(5)]  # type: ignore[misc]

    assert set(outcomes(flat(together(work, 8)))) == {"done"}
    cafe.settle()
    for member in members:
        found, sizes = cafe.standing(card, member), [each.size for each in cafe.rewards(card, member)]
        assert (found.live, found.points) == (10, 30)
        assert sum(sizes) + found.counter == 10
        assert sizes[0] in {4, 7, 10}  # what held when it filled, and never 9 for a card that began before


def test_two_jobs_at_once_settle_each_card_once(open_cafe: Cafe, together: Together) -> None:
    cafe = open_cafe
    members = [f"m{number}" for number in range(12)]
    card = cafe.card(*members, **FIXED)
    for member in members:
        cafe.buy(f"of-{member}", "3.00", member)
    cafe.save(card, threshold=1)
    together(lambda number: [cafe.do(settle_cards, limit=3) for _ in range(6)], 4)
    rewards = StampReward.objects.filter(stamp_program=card).values_list("member", flat=True)
    assert Counter(rewards) == {cafe.key(member): 1 for member in members}
    assert cafe.audited()["stamp_reward.issued"] == 12


def test_batches_of_the_same_members_in_other_orders_wait_for_each_other(
    open_cafe: Cafe, together: Together
) -> None:
    """None is lost to a deadlock."""
    cafe = open_cafe
    members = [f"m{number}" for number in range(6)]
    card = cafe.card(*members, threshold=4, **FIXED)

    def send(number: int) -> Any:
        order = members if number % 2 else list(reversed(members))
        return cafe.send(
            [ReportedEvent(f"{number}-{who}", "purchase", who, {"amount": "3"}) for who in order]
        )

    results = together(send, 8)
    assert all(isinstance(each, RecordedEvent) for each in flat(results))
    for member in members:
        assert cafe.standing(card, member) == Standing(8, [("issued", 500)] * 2, 0, 0, 0, 24)
