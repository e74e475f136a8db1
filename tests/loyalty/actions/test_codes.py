"""Codes are put into a reward's pool by the thousand, each once in its environment, and taken out again."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.errors import InvalidRequest, NotFound
from audit.models import AuditEvent
from loyalty.actions import codes as actions
from loyalty.actions.codes import Added, add_codes, look_at_list, remove_codes
from loyalty.errors import IdempotencyKeyReused, OutOfStock, Replay
from loyalty.ledger import pools
from loyalty.ledger.codes import claim_code
from loyalty.ledger.idempotency import Idempotency
from loyalty.models import IdempotencyRecord, RewardCode
from programs.models import Environment, Reward
from tests.factories import buy, give, make_actor, make_environment
from tests.loyalty.pools import pool, pool_reward


def add(environment: Environment, reward: Reward, *codes: str, key: str | None = None) -> Added:
    idempotency = key and Idempotency("tests", key, repr(codes).encode(), lambda done: (200, str(done.added)))
    done: Added = add_codes(
        environment=environment,
        reward=reward,
        codes=codes,
        actor=make_actor(),
        now=timezone.now(),
        idempotency=idempotency or None,
    )
    return done


def remove(environment: Environment, reward: Reward) -> int:
    removed: int = remove_codes(
        environment=environment, reward=reward, actor=make_actor(), now=timezone.now()
    )
    return removed


def audited(environment: Environment, verb: str) -> list[dict[str, Any] | None]:
    events = AuditEvent.objects.filter(environment_id=environment.pk, verb=verb)
    return list(events.order_by("recorded_at").values_list("after", flat=True))


# Adding


@pytest.mark.django_db
def test_codes_are_added_and_issued_in_the_order_given(environment: Environment) -> None:
    reward = pool_reward(environment)
    begun = timezone.now()
    assert add(environment, reward, "C-3", " A-1 ", "B-2") == Added(3, 0, 0, [])
    assert pool(reward) == ["C-3", "A-1", "B-2"]
    row = RewardCode.objects.get(code="A-1")
    assert (row.environment_id, row.source, row.status, row.member_id) == (
        environment.pk,
        "pool",
        "available",
        None,
    )
    assert begun <= row.added_at <= timezone.now()
    give(environment, 100)
    assert [buy(environment, reward.public_id).issued_code.code for _ in range(3)] == ["C-3", "A-1", "B-2"]  # type: ignore[union-attr]
    with pytest.raises(OutOfStock):
        buy(environment, reward.public_id)


@pytest.mark.django_db
def test_what_is_there_already_or_twice_or_no_code_is_counted_and_told(environment: Environment) -> None:
    reward, other = pool_reward(environment), pool_reward(environment, name="Other")
    add(environment, other, "A", "Z")
    done = add(environment, reward, "B", "A", "", "B", "x y", "C")
    assert (done.added, done.duplicates, done.invalid) == (2, 2, 2)
    assert [problem.to_json() for problem in done.problems] == [
        {"line": 2, "code": "A", "problem": "There is such a code already."},
        {"line": 3, "code": "", "problem": "It is empty."},
        {"line": 4, "code": "B", "problem": "It is the same as on line 1."},
        {"line": 5, "code": "x y", "problem": "A code has no spaces."},
    ]
    assert (pool(reward), pool(other)) == (["B", "C"], ["A", "Z"])
    again = add(environment, reward, "B", "C")
    assert (again.added, again.duplicates, pool(reward)) == (0, 2, ["B", "C"])


@pytest.mark.django_db
def test_an_issued_or_used_or_void_code_is_there_and_another_environments_is_not(
    environment: Environment,
) -> None:
    elsewhere = make_environment("live", project=environment.project)
    reward, live = pool_reward(environment), pool_reward(elsewhere)
    add(environment, reward, "A", "B")
    give(environment, 100)
    buy(environment, reward.public_id)
    assert add(environment, reward, "A").duplicates == 1
    assert add(elsewhere, live, "A", "B").added == 2
    assert (pool(reward), pool(live)) == (["B"], ["A", "B"])


@pytest.mark.django_db
def test_looking_says_the_same_and_adds_nothing(environment: Environment) -> None:
    reward = pool_reward(environment)
    add(environment, reward, "A")
    given = ["B", "A", "", "B", "C"]
    looked = look_at_list(environment=environment, reward=reward, codes=given)
    assert pool(reward) == ["A"]
    assert looked == add(environment, reward, *given)
    assert (looked.added, looked.duplicates, looked.invalid) == (2, 2, 1)


@pytest.mark.django_db
def test_it_is_on_record_with_its_counts_and_no_code(environment: Environment) -> None:
    reward = pool_reward(environment)
    add(environment, reward, "A", "A", "")
    assert audited(environment, "rewardcodes.uploaded") == [{"added": 1, "duplicates": 1, "invalid": 1}]
    event = AuditEvent.objects.get(environment_id=environment.pk, verb="rewardcodes.uploaded")
    assert (event.object_type, event.object_id) == ("reward", str(reward.pk))
    assert remove(environment, reward) == 1
    assert audited(environment, "rewardcodes.removed") == [{"removed": 1}]
    assert remove(environment, reward) == 0
    assert len(audited(environment, "rewardcodes.removed")) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(("source", "pattern"), [("none", ""), ("generated", "REDEEM-########")])
def test_a_reward_that_takes_no_codes_refuses_them(
    environment: Environment, source: str, pattern: str
) -> None:
    reward = pool_reward(environment, code_source=source, code_pattern=pattern)
    for call in (
        lambda: add(environment, reward, "A"),
        lambda: look_at_list(environment=environment, reward=reward, codes=["A"]),
    ):
        with pytest.raises(InvalidRequest) as refused:
            call()
        assert [error.field for error in refused.value.errors] == ["code_source"]
    assert (pool(reward), audited(environment, "rewardcodes.uploaded")) == ([], [])


@pytest.mark.django_db
def test_another_environments_reward_is_not_found(environment: Environment) -> None:
    elsewhere = make_environment()
    reward = pool_reward(elsewhere)
    add(elsewhere, reward, "A")
    for call in (lambda: add(environment, reward, "B"), lambda: remove(environment, reward)):
        with pytest.raises(NotFound):
            call()
    assert pool(reward) == ["A"]


@pytest.mark.django_db
def test_none_and_too_many_are_refused(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    reward = pool_reward(environment)
    monkeypatch.setattr(actions, "MOST", 3)
    assert add(environment, reward, "A", "B", "C").added == 3
    for codes in ((), ("D", "E", "F", "G")):
        with pytest.raises(InvalidRequest) as refused:
            add(environment, reward, *codes)
        assert [error.field for error in refused.value.errors] == ["codes"]
    assert pool(reward) == ["A", "B", "C"]


@pytest.mark.django_db
def test_a_repeated_key_answers_alike_and_adds_nothing(environment: Environment) -> None:
    reward = pool_reward(environment)
    add(environment, reward, "A", "B", key="k")
    with pytest.raises(Replay) as replay:
        add(environment, reward, "A", "B", key="k")
    assert (replay.value.status, replay.value.answer) == (200, "2")
    with pytest.raises(IdempotencyKeyReused):
        add(environment, reward, "C", key="k")
    assert pool(reward) == ["A", "B"]
    assert IdempotencyRecord.objects.filter(environment_id=environment.pk).count() == 1
    assert len(audited(environment, "rewardcodes.uploaded")) == 1


@pytest.mark.django_db
def test_pieces_make_no_difference_and_each_is_one_statement(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "PIECE", 10)
    reward = pool_reward(environment)
    add(environment, reward, *(f"C-{number}" for number in range(0, 35, 7)))
    given = [f"C-{number}" for number in range(34, -1, -1)]
    with CaptureQueriesContext(
        connection,
    ) as seen:
        done = add(environment, reward, *given)
    inserts = [query for query in seen.captured_queries if "INSERT INTO loyalty_rewardcode" in query["sql"]]
    assert (done.added, done.duplicates, len(inserts)) == (30, 5, 4)
    assert pool(reward)[5:] == [code for code in given if int(code[2:]) % 7]


@pytest.mark.django_db
def test_a_hundred_thousand_at_once_are_kept_in_their_order(environment: Environment) -> None:
    reward = pool_reward(environment)
    codes = [f"TICKET-{number * 7919 % 100_000:06}" for number in range(100_000)]
    done = add(environment, reward, *codes)
    assert (done.added, done.duplicates, done.invalid) == (100_000, 0, 0)
    rows = RewardCode.objects.filter(reward=reward)
    assert (rows.count(), rows.order_by("id")[99_999].code) == (100_000, codes[-1])


# Many at once


def test_of_many_who_add_the_same_codes_each_code_is_added_by_one(
    committed_environment: Environment,
    together: Callable[..., list[Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pools, "PIECE", 100)
    reward = pool_reward(committed_environment)
    codes = [f"C-{number}" for number in range(2_000)]

    def add_rotated(number: int) -> Added:
        turned = codes[number * 250 :] + codes[: number * 250]
        return add(committed_environment, reward, *(turned if number % 2 else reversed(turned)))

    done = together(add_rotated, threads=8)
    assert [each for each in done if isinstance(each, Exception)] == []
    assert sum(each.added for each in done) == 2_000
    assert sum(each.duplicates for each in done) == 7 * 2_000
    assert sorted(filter(None, pool(reward))) == sorted(codes)


def test_a_key_sent_many_times_at_once_is_done_once(
    committed_environment: Environment, together: Callable[..., list[Any]]
) -> None:
    reward = pool_reward(committed_environment)
    done = together(lambda _: add(committed_environment, reward, "A", "B", "C", key="k"), threads=6)
    assert sorted(type(each).__name__ for each in done) == ["Added"] + ["Replay"] * 5
    assert [each.answer for each in done if isinstance(each, Replay)] == ["3"] * 5
    assert pool(reward) == ["A", "B", "C"]


# Removing


@pytest.mark.django_db
def test_only_those_that_nobody_has_are_removed(environment: Environment) -> None:
    reward, other = pool_reward(environment), pool_reward(environment, name="Other")
    add(environment, reward, "A", "B", "C")
    add(environment, other, "D")
    give(environment, 100)
    bought = buy(environment, reward.public_id)
    assert remove(environment, reward) == 2
    assert list(RewardCode.objects.filter(reward=reward).values_list("code", "status")) == [("A", "issued")]
    assert pool(other) == ["D"]
    assert RewardCode.objects.get(redemption=bought).code == "A"
    assert add(environment, reward, "A", "B").added == 1, "what was removed may come again"


def test_a_code_that_is_being_claimed_stays_and_is_waited_for_by_nobody(
    committed_environment: Environment, together: Callable[..., list[Any]]
) -> None:
    reward = pool_reward(committed_environment)
    add(committed_environment, reward, "A", "B", "C")
    with transaction.atomic():
        claimed = claim_code(reward.pk)
        (removed,) = together(lambda _: remove(committed_environment, reward), threads=1, lock_timeout="2s")
    assert claimed is not None
    assert (removed, claimed.code, pool(reward)) == (2, "A", ["A"])


def test_removing_while_members_redeem_loses_no_code_that_was_sold(
    committed_environment: Environment, together: Callable[..., list[Any]]
) -> None:
    reward = pool_reward(committed_environment)
    add(committed_environment, reward, *(f"C-{number}" for number in range(60)))
    buyers = [f"m-{number}" for number in range(12)]
    for member in buyers:
        give(committed_environment, 100, member)

    def act(number: int) -> Any:
        if number == len(buyers):
            return remove(committed_environment, reward)
        bought = []
        for _ in range(3):
            try:
                bought.append(buy(committed_environment, reward.public_id, buyers[number]))
            except OutOfStock:
                break
        return bought

    done = together(act, threads=len(buyers) + 1)
    sold = [redemption for each in done[:-1] for redemption in each]
    assert isinstance(done[-1], int)
    assert done[-1] + len(sold) + len(pool(reward)) == 60
    issued = RewardCode.objects.filter(reward=reward, status="issued")
    assert {code.redemption_id for code in issued} == {redemption.pk for redemption in sold}
