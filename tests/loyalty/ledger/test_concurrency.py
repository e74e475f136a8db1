"""Every operation runs at the same time as itself: real threads, real connections, exact counts."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from audit.models import AuditEvent
from loyalty.actions.points import award, spend
from loyalty.errors import EventIdReused, InsufficientBalance
from loyalty.ledger.accounts import lock_account
from loyalty.models import Account, Event, EventCount, IdempotencyRecord, LedgerEntry, Lot, LotUse, Member
from loyalty.queries.balances import balances_of
from programs.models import Environment, Metric
from tests.conftest import Api
from tests.factories import give, make_actor, make_environment, make_key, make_rule, report

Together = Callable[..., list[Any]]


def assert_chain(environment: Environment) -> None:
    """Sequence and running total of every account, without a gap, and lots that add up."""
    for account in Account.objects.filter(environment_id=environment.id):
        total = 0
        for number, entry in enumerate(account.entries.order_by("sequence"), start=1):
            total += entry.points
            assert (entry.sequence, entry.balance_after) == (number, total)
        assert (account.sequence, account.total) == (account.entries.count(), total)
        assert (account.lots.aggregate(n=Sum("remaining"))["n"] or 0) == total
        for lot in account.lots.all():
            assert lot.points == lot.remaining + sum(lot.uses.values_list("points", flat=True))


def test_sixteen_threads_spend_the_same_thousand_in_sevens(
    committed_environment: Environment, together: Together
) -> None:
    environment = committed_environment
    for _ in range(10):
        give(environment, 100)

    def spender(number: int) -> Counter[str]:
        seen: Counter[str] = Counter()
        for _ in range(10):
            try:
                spend(
                    environment=environment,
                    member="ada",
                    points=7,
                    reason=None,
                    actor=make_actor(),
                    now=timezone.now(),
                )
                seen["spent"] += 1
            except InsufficientBalance:
                seen["refused"] += 1
        return seen

    results = together(spender)
    assert sum(results, Counter()) == {"spent": 142, "refused": 18}
    account = Account.objects.get(environment_id=environment.id)
    assert (account.total, account.redeemed) == (6, 994)
    assert LedgerEntry.objects.filter(environment_id=environment.id, type="redeemed").count() == 142
    assert_chain(environment)


def test_sixteen_threads_spend_over_http_without_a_500(
    committed_environment: Environment, together: Together
) -> None:
    environment = committed_environment
    give(environment, 1000)
    api = Api(make_key(environment))

    def spender(number: int) -> list[int]:
        body = {"customer_id": "ada", "points": 7}
        return [api.post("/v1/points/redeem", body).status_code for _ in range(10)]

    statuses = Counter(status for found in together(spender) for status in found)
    assert statuses == {201: 142, 409: 18}
    assert Account.objects.get(environment_id=environment.id).total == 6


def test_sixteen_threads_with_one_idempotency_key_make_one_entry_and_get_one_answer(
    committed_environment: Environment, together: Together
) -> None:
    environment = committed_environment
    api = Api(make_key(environment))
    body = {"customer_id": "ada", "points": 50, "reason": "Welcome"}

    def submit(number: int) -> Any:
        for _ in range(20):
            response = api.post("/v1/points/award", body, Idempotency_Key="welcome-ada")
            if response.status_code != 409:
                return response
            assert response.json()["code"] == "idempotency_key_in_use"
        return response

    answers = together(submit)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 15
    assert LedgerEntry.objects.filter(environment_id=environment.id).count() == 1
    assert IdempotencyRecord.objects.filter(environment_id=environment.id).count() == 1
    assert Account.objects.get(environment_id=environment.id).total == 50


def test_one_key_for_sixteen_different_members_is_done_for_one_of_them(
    committed_environment: Environment, together: Together
) -> None:
    environment = committed_environment
    api = Api(make_key(environment))

    def submit(number: int) -> int:
        body = {"customer_id": f"member-{number}", "points": 50}
        return int(api.post("/v1/points/award", body, Idempotency_Key="same").status_code)

    statuses = Counter(together(submit))
    assert statuses[201] == 1
    assert statuses[201] + statuses[422] + statuses[409] == 16
    assert LedgerEntry.objects.filter(environment_id=environment.id).count() == 1
    assert Member.objects.filter(environment=environment).count() == 1


def test_sixteen_first_awards_make_one_member_and_one_account(
    committed_environment: Environment, together: Together
) -> None:
    environment = committed_environment
    together(lambda number: give(environment, 10))
    account = Account.objects.get(environment_id=environment.id)
    assert (account.total, account.sequence) == (160, 16)
    assert Member.objects.filter(environment=environment).count() == 1
    assert_chain(environment)


def test_the_same_event_from_sixteen_threads_counts_once(
    committed_environment: Environment, together: Together
) -> None:
    environment = committed_environment
    make_rule(environment)

    def send(number: int) -> bool:
        return report(environment, "order-1", data={"amount": "40.00"}).duplicate

    assert Counter(together(send)) == {False: 1, True: 15}
    assert Account.objects.get(environment_id=environment.id).total == 40
    assert Event.objects.filter(environment_id=environment.id).count() == 1
    assert EventCount.objects.get(environment_id=environment.id).count == 1


def test_one_event_id_for_sixteen_members_is_recorded_for_one_of_them(
    committed_environment: Environment, together: Together
) -> None:
    environment = committed_environment

    def send(number: int) -> str:
        try:
            report(environment, "order-1", data={}, member=f"member-{number}")
        except EventIdReused:
            return "reused"
        return "recorded"

    assert Counter(together(send)) == {"recorded": 1, "reused": 15}
    assert Event.objects.filter(environment_id=environment.id).count() == 1


def test_a_bonus_for_the_first_purchase_is_given_once_when_sixteen_come_at_once(
    committed_environment: Environment, together: Together
) -> None:
    environment = committed_environment
    first = {"all": [{"field": "member.event_count.purchase", "op": "eq", "value": 0}]}
    make_rule(environment, name="First purchase", award={"kind": "fixed", "points": 25}, condition=first)

    def buy(number: int) -> int:
        found = report(environment, f"order-{number}", data={"amount": "1"})
        return len(found.entries)

    assert sorted(together(buy)) == [0] * 15 + [1]
    assert Account.objects.get(environment_id=environment.id).total == 25
    assert EventCount.objects.get(environment_id=environment.id).count == 16


def test_awards_spends_and_expiries_at_once_lose_nothing(
    committed_environment: Environment, together: Together
) -> None:
    environment = committed_environment
    past = timezone.now()

    def work(number: int) -> int:
        net = 0
        for round_ in range(8):
            award(
                environment=environment,
                member="ada",
                points=10 + number,
                reason=None,
                actor=make_actor(),
                now=timezone.now(),
                expires_at=past if round_ % 3 == 0 else None,
            )
            net += 0 if round_ % 3 == 0 else 10 + number
            try:
                spend(
                    environment=environment,
                    member="ada",
                    points=6,
                    reason=None,
                    actor=make_actor(),
                    now=timezone.now(),
                )
                net -= 6
            except InsufficientBalance:
                pass
        return net

    net = sum(together(work))
    account = Account.objects.get(environment_id=environment.id)
    assert account.total == net
    assert_chain(environment)
    audited = AuditEvent.objects.filter(environment_id=environment.id, object_type="ledgerentry").count()
    assert audited == LedgerEntry.objects.filter(environment_id=environment.id).count()


def test_a_lock_that_can_not_be_had_is_a_clear_answer_and_nothing_is_written(
    committed_environment: Environment, together: Together
) -> None:
    environment = committed_environment
    give(environment, 10)
    api = Api(make_key(environment))
    body = {"customer_id": "ada", "points": 1}

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM loyalty_account WHERE environment_id = %s FOR UPDATE", [environment.id]
        )
        answers = together(
            lambda number: api.post("/v1/points/award", body, **({"Idempotency_Key": "k"} if number else {})),
            2,
            lock_timeout="2s",
        )
    assert [answer.status_code for answer in answers] == [503, 409]
    assert [answer.json()["code"] for answer in answers] == ["service_unavailable", "idempotency_key_in_use"]
    assert answers[0].headers["Retry-After"] == "1"
    assert Account.objects.get(environment_id=environment.id).total == 10
    assert Lot.objects.filter(environment_id=environment.id).count() == 1
    assert not LotUse.objects.filter(environment_id=environment.id).exists()
    assert not IdempotencyRecord.objects.filter(environment_id=environment.id).exists()


@pytest.mark.usefixtures("committed")
def test_two_environments_never_meet(together: Together) -> None:
    environments = [make_environment(), make_environment("live")]

    def work(number: int) -> None:
        give(environments[number % 2], 10)

    together(work)
    for environment in environments:
        assert Account.objects.get(environment_id=environment.id).total == 80


def test_members_do_not_wait_for_each_other(committed_environment: Environment, together: Together) -> None:
    environment = committed_environment
    for member in ("ada", "grace"):
        give(environment, 10, member=member)
    metric = Metric.objects.get(environment=environment)
    with transaction.atomic():
        lock_account(environment=environment, member="ada", metric=metric, now=timezone.now())
        # another member, and a new one
        found = together(lambda number: give(environment, 5, member=("grace", "new")[number]).points, 2)
    assert found == [5, 5]


def test_a_balance_is_one_state_though_a_write_settles_meanwhile(
    committed_environment: Environment, together: Together
) -> None:
    """Whoever reads sees the points before they expired or after, never both."""
    environment = committed_environment
    now = timezone.now()
    later = now + timedelta(days=11)
    for number in range(20):
        give(environment, 100, member=f"m{number}", now=now, expires_at=now + timedelta(days=10))
        give(environment, 7, member=f"m{number}", now=now)

    def work(number: int) -> set[int]:
        seen = set()
        for member in Member.objects.filter(environment=environment):
            if number % 2:
                give(environment, 1, member=str(member), now=later)
            found = balances_of(environment=environment, member_id=member.id, now=later)[0]
            seen.add(found.total - (found.earned - 107))
        return seen

    assert set().union(*together(work, 8)) == {7}
