"""Which events count for a mission and by how much, and when missions and a challenge are complete."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.rules.challenges import (
    Judgement,
    MissionRule,
    Step,
    in_turn,
    is_complete,
    judge,
    newly_done,
    shown,
    waiting,
)
from programs.conditions import Facts

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
A, B, C = (UUID(int=number) for number in (1, 2, 3))


def judged(
    data: dict[str, Any], path: str = "data.km", *, measure: str = "sum", condition: Any = None
) -> Judgement:
    rule = MissionRule.of(condition=condition or {}, measure=measure, path=path, program_id=uuid4())
    return judge(rule, Facts(event_type="run", occurred_at=AT, time_zone=ZoneInfo("UTC"), data=data))


def step(mission: UUID, progress: str, target: str = "2", then: str | None = None) -> Step:
    return Step(mission, Decimal(target), Decimal(progress), Decimal(then) if then else None)


# -- what an event counts


def test_each_matching_event_counts_one() -> None:
    found = judged({"km": "5"}, "", measure="count")
    assert (found.outcome, found.amount, found.reason) == ("counted", Decimal(1), "It counts.")


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (5, "5"),
        ("5.50", "5.5"),
        (Decimal("0.1"), "0.1"),
        (0.1, "0.1"),
        ("0.0000005", "0.000001"),
        ("0.0000004", "0"),
        (10**12, "1000000000000"),
        ("1000000000000.01", "0"),
        (10**13, "0"),
        (-5, "0"),
        ("-5", "0"),
        (0, "0"),
        (True, "0"),
        (None, "0"),
        ("five", "0"),
        ("1e3", "0"),
        (" 5", "0"),
        ([5], "0"),
        ({"km": 5}, "0"),
        (float("nan"), "0"),
        (float("inf"), "0"),
        (Decimal("1e400"), "0"),
    ],
    ids=repr,
)
def test_of_a_sum_its_field_counts_where_it_is_a_number_above_zero(value: Any, amount: str) -> None:
    found = judged({"km": value})
    assert found.amount == Decimal(amount)
    assert found.outcome == ("counted" if found.amount else "no_amount")
    assert found.reason == (
        f"It counts with {amount}."
        if found.amount
        else "data.km is no number from 0.000001 to 1000000000000."
    )


def test_a_field_may_be_missing_or_deep() -> None:
    assert judged({}).outcome == "no_amount"
    assert judged({"lap": {"km": "3"}}, "data.lap.km").amount == 3
    assert judged({"lap": "3"}, "data.lap.km").outcome == "no_amount"


def test_a_condition_that_is_not_met_says_so_before_the_amount() -> None:
    far = {"all": [{"field": "data.km", "op": "gte", "value": "10"}]}
    found = judged({"km": "9"}, condition=far)
    assert (found.outcome, found.amount) == ("condition_failed", Decimal(0))
    assert found.reason.startswith("The condition is not met: ")
    assert found.failed is not None
    assert judged({"km": "10"}, condition=far).amount == 10


def test_what_is_kept_of_a_rule_judges_alike() -> None:
    condition = {"all": [{"field": "member.attributes.club.name", "op": "eq", "value": "run"}]}
    rule = MissionRule.of(condition=condition, measure="sum", path="data.km", program_id=A)
    again = MissionRule.from_json(rule.to_json())
    assert again == rule
    assert (again.asks_attributes, again.asks_counts) == (frozenset({"club"}), frozenset())


@given(st.dictionaries(st.sampled_from(["km", "x"]), st.from_type(object) | st.decimals() | st.floats()))
def test_whatever_the_data_nothing_is_raised_and_no_less_than_nothing_counts(data: dict[str, Any]) -> None:
    assert judged(data).amount >= 0


# -- whose turn it is, and what is done


def test_in_any_order_all_missions_count() -> None:
    assert in_turn([step(A, "0"), step(B, "0")], sequence=False) == {A, B}


def test_in_a_sequence_those_that_are_done_and_the_next_count() -> None:
    steps = [step(A, "2", then="2"), step(B, "1"), step(C, "0")]
    assert in_turn(steps, sequence=True) == {A, B}
    assert in_turn([step(A, "1"), step(B, "2", then="2"), step(C, "0")], sequence=True) == {A}
    assert in_turn([], sequence=True) == set()


def test_one_that_is_reached_by_an_edit_keeps_nobody_waiting() -> None:
    assert in_turn([step(A, "2"), step(B, "0"), step(C, "0")], sequence=True) == {A, B}


def test_who_waits_is_told_for_what() -> None:
    found = waiting("Come twice")
    assert (found.outcome, found.amount) == ("waits", Decimal(0))
    assert found.reason == "The missions come one after the other, and “Come twice” comes first."


def test_what_has_reached_its_target_is_newly_done_once() -> None:
    steps = [step(A, "1"), step(B, "2"), step(C, "9", then="2")]
    assert newly_done(steps, sequence=False) == [B]
    assert newly_done(steps, sequence=True) == []
    assert newly_done([step(A, "2"), step(B, "3"), step(C, "1")], sequence=True) == [A, B]
    assert newly_done([step(A, "1", then="2"), step(B, "2")], sequence=True) == [B]


@pytest.mark.parametrize(
    ("progress", "target", "then", "holds"),
    [
        ("2", "2", "2", True),
        ("1", "2", "2", False),
        ("2", "5", "2", True),
        ("2", "2", "5", True),
        ("1", "2", "5", False),
    ],
)
def test_what_is_done_stays_so_by_the_lower_of_both_targets(
    progress: str, target: str, then: str, holds: bool
) -> None:
    assert step(A, progress, target, then).still_holds is holds


def test_what_is_shown_ends_at_the_target() -> None:
    assert shown(Decimal(5), Decimal(2), done=False) == shown(Decimal(1), Decimal(2), done=True) == 2
    assert shown(Decimal(1), Decimal(2), done=False) == 1


def test_a_challenge_is_complete_with_all_of_its_missions_and_never_without_any() -> None:
    assert is_complete([A, B], {A, B, C})
    assert not is_complete([A, B], {A})
    assert not is_complete([], {A})
