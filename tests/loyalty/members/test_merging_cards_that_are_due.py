"""A merge of two whose card a lower threshold has filled already: whether the worker was there before or not, the same
comes of it (domain.md 7)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from loyalty.ledger.checks import violations
from loyalty.queries.stamps import running_threshold
from programs.models import Environment, StampProgram
from tests.loyalty.stamps.cafe import FIXED, Cafe


@pytest.fixture
def cafe(environment: Environment) -> Cafe:
    return Cafe(environment)


def assert_sound(cafe: Cafe) -> None:
    assert [str(found) for found in violations(environment=cafe.environment)] == []


def lowered_and_raised(cafe: Cafe, first: int = 10) -> StampProgram:
    """Ada has bought seven times when the threshold becomes 5, and then 20."""
    program = cafe.card("ada", threshold=first, **FIXED)
    cafe.buy_many(7)
    for threshold in (5, 20):
        cafe.save(program, threshold=threshold)
    return program


@pytest.mark.parametrize("worker", [True, False])
@pytest.mark.parametrize("bobs", [None, 0, 4])
@pytest.mark.parametrize(("merged", "survivor"), [("ada", "bob"), ("bob", "ada")])
def test_the_full_card_is_a_reward_and_only_its_rest_is_joined(
    cafe: Cafe, merged: str, survivor: str, bobs: int | None, worker: bool
) -> None:
    program = lowered_and_raised(cafe)
    cafe.give(1, "bob")
    if bobs is not None:
        cafe.join(program, "bob")
    for place in range(bobs or 0):
        cafe.buy(f"bob-{place}", "3.00", "bob")
    if worker:
        assert cafe.settle() == 1
    cafe.merge(merged, survivor)
    rewards = cafe.rewards(program, survivor)
    assert [(reward.size, reward.cycle_from, reward.event_id) for reward in rewards] == [
        (5, 0, None),
        *([(5, 1, None)] if bobs else []),  # the two stamps that Ada has left, and Bob's
    ]
    left = 1 if bobs else 2
    expected = (7 + (bobs or 0), [("issued", 500)] * len(rewards), 0, left, left)
    assert cafe.standing(program, survivor)[:5] == expected
    assert running_threshold(cafe.collection(program, survivor)) == (20 if bobs else 5)
    trail = AuditEvent.objects.filter(environment_id=cafe.environment.id, verb="stamp_reward.issued")
    assert trail.count() == len(rewards)
    assert_sound(cafe)
    assert cafe.settle() == 0


def test_both_cards_may_be_due_and_each_is_full_by_itself(cafe: Cafe) -> None:
    program = cafe.card("ada", "bob", threshold=10, **FIXED)
    for member in ("ada", "bob"):
        for place in range(6):
            cafe.buy(f"{member}-{place}", "3.00", member)
    for threshold in (5, 20):
        cafe.save(program, threshold=threshold)
    cafe.merge("ada", "bob")
    rewards = cafe.rewards(program, "bob")
    assert [(reward.size, reward.cycle_from) for reward in rewards] == [(5, 0), (5, 0)]
    assert cafe.standing(program, "bob")[:5] == (12, [("issued", 500)] * 2, 0, 2, 2)
    assert running_threshold(cafe.collection(program, "bob")) == 5
    assert_sound(cafe)


def test_it_costs_nothing_where_no_threshold_was_changed_and_one_statement_where_nothing_is_due(
    cafe: Cafe,
) -> None:
    def statements(merged: str, survivor: str) -> int:
        for member in (merged, survivor):
            cafe.give(1, member)
        with CaptureQueriesContext(connection) as queries:
            cafe.merge(merged, survivor)
        return len(queries)

    cafe.give(1, "eve")
    program = cafe.program(threshold=5, **FIXED)
    without = statements("ada", "bob")
    cafe.save(program, threshold=3)
    cafe.give(1, "eve")  # compiles the configuration
    assert statements("cid", "dan") == without + 1
