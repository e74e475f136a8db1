"""Reversals, holds, transfers and merges run at the same time as themselves: real threads, exact counts."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum

from loyalty.actions.once import once
from loyalty.actions.points import award
from loyalty.errors import AlreadyReversed, HoldNotOpen, InsufficientBalance, Replay
from loyalty.ledger.checks import violations
from loyalty.ledger.idempotency import Idempotency
from loyalty.models import Account, Hold, LedgerEntry, Member
from programs.models import Environment
from tests.loyalty.ledger.till import Till
from tests.waiting import while_uncommitted

Together = Callable[..., list[Any]]


@pytest.fixture
def till(committed_environment: Environment) -> Till:
    return Till(committed_environment)


def counted(outcomes: list[Any]) -> Counter[str]:
    return Counter(
        type(outcome).__name__ if isinstance(outcome, Exception) else "done" for outcome in outcomes
    )


def assert_clean(till: Till) -> None:
    assert list(violations(environment=till.environment)) == []


def test_sixteen_threads_reverse_one_entry_in_parts_never_above_it(till: Till, together: Together) -> None:
    earned = till.give(100)
    till.give(1000)
    outcomes = together(lambda number: till.reverse(earned, 7))
    assert counted(outcomes) == {"done": 14, AlreadyReversed.__name__: 2}
    reversed_ = LedgerEntry.objects.filter(reverses=earned).aggregate(n=Sum("nominal"), p=Sum("points"))
    assert reversed_ == {"n": 98, "p": -98}
    assert till.account().total == 1002
    assert_clean(till)


def test_sixteen_threads_reverse_one_spend_whole_and_one_does(till: Till, together: Together) -> None:
    till.give(100, expires=5)
    spent = till.spend(60)
    outcomes = together(lambda number: till.reverse(spent))
    assert counted(outcomes) == {"done": 1, AlreadyReversed.__name__: 15}
    assert (till.account().total, till.account().redeemed) == (100, 0)
    assert_clean(till)


def test_sixteen_threads_capture_and_release_one_hold_and_one_ends_it(till: Till, together: Together) -> None:
    till.give(100)
    hold = till.hold(60)
    outcomes = together(lambda number: till.capture(hold, 25) if number % 2 else till.release(hold))
    assert counted(outcomes) == {"done": 1, HoldNotOpen.__name__: 15}
    captured = 25 if Hold.objects.get(pk=hold.pk).status == Hold.Status.CAPTURED else 0
    assert (till.account().total, till.account().held) == (100 - captured, 0)
    assert_clean(till)


def test_transfers_in_both_directions_never_end_in_a_deadlock(till: Till, together: Together) -> None:
    till.give(100, "ada")
    till.give(100, "bob")
    ways = [("ada", "bob"), ("bob", "ada")]
    outcomes = together(lambda number: [till.transfer(3, *ways[(number + turn) % 2]) for turn in range(6)])
    assert counted(outcomes) == {"done": 16}
    assert (till.account("ada").total, till.account("bob").total) == (100, 100)
    assert LedgerEntry.objects.filter(environment_id=till.environment.id, type="transferred").count() == 192
    assert_clean(till)


def test_transfers_round_a_ring_of_new_members_keep_the_sum(till: Till, together: Together) -> None:
    members = [f"member-{number}" for number in range(4)]
    for member in members[:2]:
        till.give(500, member)

    def pass_on(number: int) -> Counter[str]:
        seen: Counter[str] = Counter()
        for turn in range(8):
            sender, receiver = members[(number + turn) % 4], members[(number + turn + 1 + number % 3) % 4]
            try:
                till.transfer(20, sender, receiver)
                seen["sent"] += 1
            except InsufficientBalance:
                seen["refused"] += 1
        return seen

    outcomes = together(pass_on)
    assert counted(outcomes) == {"done": 16}
    accounts = Account.objects.filter(environment_id=till.environment.id)
    assert accounts.aggregate(n=Sum("total"))["n"] == 1000
    sent = LedgerEntry.objects.filter(environment_id=till.environment.id, type="transferred", points__lt=0)
    assert sent.count() == sum(outcome["sent"] for outcome in outcomes)
    assert_clean(till)


def test_awards_to_a_member_who_is_merged_meanwhile_are_not_lost(till: Till, together: Together) -> None:
    till.give(100, "ada")
    till.give(100, "bob")

    def work(number: int) -> Any:
        if number == 7:
            return till.merge("bob", "ada")
        return [till.give(1, "bob" if number % 2 else "ada") for _ in range(10)]

    outcomes = together(work)
    assert counted(outcomes) == {"done": 16}
    assert (till.account("ada").total, till.account("bob").total) == (350, 0)
    assert_clean(till)


@pytest.mark.parametrize("what", ["merge", "erase"])
def test_an_award_that_waited_for_an_empty_account_to_go_does_not_land_on_it(till: Till, what: str) -> None:
    till.give(5, "bob")
    till.spend(5, "bob")
    till.give(100, "ada")
    gone = till.account("bob")
    change = (lambda: till.merge("bob", "ada")) if what == "merge" else (lambda: till.erase("bob"))
    awarded = while_uncommitted(change, lambda: till.give(7, "bob"))
    assert awarded.account_id != gone.pk
    assert Account.objects.get(pk=gone.pk).total == 0
    assert Account.objects.get(pk=awarded.account_id).total == (107 if what == "merge" else 7)
    assert_clean(till)


def test_who_is_merged_into_a_member_while_they_are_erased_is_erased_with_them(till: Till) -> None:
    till.give(5, "bob")
    till.give(100, "ada")
    while_uncommitted(lambda: till.merge("bob", "ada"), lambda: till.erase("ada"))
    members = Member.objects.filter(environment=till.environment)
    assert set(members.values_list("external_id", "status", "redirect_to")) == {(None, "erased", None)}
    till.give(3, "bob")
    till.give(4, "ada")
    successors = Account.objects.filter(member__in=members.exclude(external_id=None))
    assert set(successors.values_list("member__external_id", "total")) == {("bob", 3), ("ada", 4)}
    assert_clean(till)


def test_who_loses_a_deadlock_is_run_again(till: Till) -> None:
    calls = []

    @once
    def action(*, environment: Environment, idempotency: Idempotency | None) -> str:
        calls.append(environment)
        if len(calls) == 1:
            with connection.cursor() as cursor:
                cursor.execute(
                    "DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = 'deadlock_detected'; END $$"
                )
        return "done"

    assert action(environment=till.environment) == "done"
    assert len(calls) == 2


def test_a_key_that_was_used_while_the_account_was_waited_for_is_a_replay(till: Till) -> None:
    till.give(5)
    key = Idempotency("", "k", b"x" * 32, lambda entry: (201, "answer"))

    def give() -> Any:
        return till.do(award, member="ada", points=5, reason=None, idempotency=key)

    with pytest.raises(Replay) as replay:
        while_uncommitted(give, give)
    assert (replay.value.answer, till.account().total) == ("answer", 10)


def test_two_merges_in_opposite_directions_leave_one_survivor(till: Till, together: Together) -> None:
    for name in ("ada", "bob"):
        till.give(100, name)
    outcomes = together(lambda number: till.merge(*(("ada", "bob") if number else ("bob", "ada"))), threads=2)
    assert sorted(counted(outcomes).values()) == [1, 1]
    members = Member.objects.filter(environment=till.environment, redirect_to__isnull=True)
    survivor = members.get()
    assert Account.objects.get(member=survivor).total == 200
    assert_clean(till)


def test_what_comes_while_a_member_is_erased_belongs_to_a_successor(till: Till, together: Together) -> None:
    till.give(100)

    def work(number: int) -> Any:
        return till.erase() if number == 7 else [till.give(1) for _ in range(5)]

    outcomes = together(work)
    assert counted(outcomes) == {"done": 16}
    accounts = Account.objects.filter(environment_id=till.environment.id)
    erased = accounts.get(member__status=Member.Status.ERASED)
    adjusted = LedgerEntry.objects.get(account=erased, type="adjusted").points
    assert erased.total == 0
    rest = accounts.exclude(pk=erased.pk).aggregate(n=Sum("total"))["n"] or 0
    assert rest - adjusted == 175
    assert_clean(till)
