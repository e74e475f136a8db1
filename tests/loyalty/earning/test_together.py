"""Caps, budgets, referrals and refunds under concurrency: real threads, real connections, exact sums."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Sum

from audit.errors import DomainError
from loyalty.actions.events import record_batch
from loyalty.actions.referrals import refer, referral_code_of
from loyalty.errors import RefundExceedsPurchase
from loyalty.models import Account, Event, LedgerEntry, Referral, RuleBudget, RuleUsage, TierChange
from loyalty.queries.events import RecordedEvent, ReportedEvent
from programs.models import Environment
from tests.conftest import Api
from tests.factories import make_actor, make_key, make_ladder, reload
from tests.loyalty.earning.desk import Desk, at
from tests.loyalty.ledger.checking import check

Together = Callable[..., list[Any]]


@pytest.fixture
def desk(committed_environment: Environment) -> Desk:
    desk = Desk(committed_environment)
    desk.today = 1
    return desk


def raised(outcomes: list[Any]) -> list[Any]:
    return [outcome for outcome in outcomes if isinstance(outcome, Exception)]


def sum_of_totals(desk: Desk) -> int:
    return int(Account.objects.filter(environment_id=desk.environment.id).aggregate(n=Sum("total"))["n"])


def test_sixteen_threads_against_one_cap(desk: Desk, together: Together) -> None:
    desk.rule("pounds", caps=[{"per": "day", "points": 500}, {"per": "month", "times": 70}])
    outcomes = together(lambda n: [desk.buy(f"o-{n}-{turn}", "9.00") for turn in range(5)])
    assert raised(outcomes) == []
    # 55 purchases of 9 and one of 5; the other 24 find nothing left.
    assert desk.total() == 500
    assert desk.usage() == {("pounds", "day:2026-03-02"): (500, 56), ("pounds", "month:2026-03"): (500, 56)}
    points = LedgerEntry.objects.filter(environment_id=desk.environment.id).values_list("points", flat=True)
    assert Counter(points) == {9: 55, 5: 1}
    check(environment=str(desk.environment.id))


def test_sixteen_threads_against_a_number_of_times(desk: Desk, together: Together) -> None:
    desk.rule(
        "visits", event_type="visit", award={"kind": "fixed", "points": 3}, caps=[{"per": "ever", "times": 7}]
    )
    outcomes = together(lambda n: [desk.buy(f"v-{n}-{turn}", event_type="visit") for turn in range(2)])
    assert raised(outcomes) == []
    assert (desk.total(), desk.usage()) == (21, {("visits", "ever"): (21, 7)})


def test_sixteen_members_against_one_budget(desk: Desk, together: Together) -> None:
    desk.rule("pounds", budget=1000)
    outcomes = together(lambda n: [desk.buy(f"o-{n}-{turn}", "13.00", f"m{n}") for turn in range(6)])
    assert raised(outcomes) == []
    assert (sum_of_totals(desk), desk.spent()) == (1000, {"pounds": 1000})  # of 1,248
    points = LedgerEntry.objects.filter(environment_id=desk.environment.id).values_list("points", flat=True)
    assert Counter(points) == {13: 76, 12: 1}
    check(environment=str(desk.environment.id))


def test_a_budget_that_is_given_back_and_spent_at_once(desk: Desk, together: Together) -> None:
    desk.rule("pounds", budget=300)
    for number in range(8):
        desk.buy(f"first-{number}", "30.00", f"m{number}")

    def work(number: int) -> None:
        if number < 8:
            desk.refund(f"first-{number}", member=f"m{number}", event_id=f"back-{number}")
        else:
            for turn in range(4):
                desk.buy(f"o-{number}-{turn}", "20.00", f"m{number}")

    assert raised(together(work)) == []
    spent = desk.spent()["pounds"]
    assert spent == sum_of_totals(desk)
    assert 60 <= spent <= 300
    check(environment=str(desk.environment.id))


def test_sixteen_threads_against_one_referral(desk: Desk, together: Together) -> None:
    desk.rule("friends", award={"kind": "referral", "member": 100, "referrer": 200}, budget=1000)
    code = desk.do(referral_code_of, member="rita")
    desk.do(refer, member="ada", code=code.code)
    outcomes = together(lambda n: desk.buy(f"o-{n}", "5.00"))
    assert raised(outcomes) == []
    assert sorted(len(outcome.entries) for outcome in outcomes) == [0] * 15 + [2]
    assert (desk.total("ada"), desk.total("rita"), desk.spent()) == (100, 200, {"friends": 300})
    assert Referral.objects.get(environment_id=desk.environment.id).status == "awarded"
    check(environment=str(desk.environment.id))


def test_sixteen_referred_members_of_one_referrer_who_buys_too(desk: Desk, together: Together) -> None:
    desk.rule(
        "friends",
        award={"kind": "referral", "member": 10, "referrer": 20},
        caps=[{"per": "day", "points": 110}],
    )
    desk.rule("pounds")
    code = desk.do(referral_code_of, member="rita")
    for number in range(16):
        desk.do(refer, member=f"m{number}", code=code.code)

    def work(number: int) -> None:
        desk.buy(f"o-{number}", "5.00", f"m{number}")
        desk.buy(f"r-{number}", "1.00", "rita")

    assert raised(together(work)) == []
    assert (desk.total("rita"), sum_of_totals(desk)) == (110 + 16, 110 + 16 + 16 * 15)
    assert desk.usage("rita") == {("friends", "day:2026-03-02"): (110, 6)}
    check(environment=str(desk.environment.id))


def test_two_who_referred_each_other(desk: Desk, together: Together) -> None:
    """Each event locks the other's account too."""
    desk.rule("friends", award={"kind": "referral", "member": 10, "referrer": 20})
    for number in range(8):
        for member, referrer in ((f"a{number}", f"b{number}"), (f"b{number}", f"a{number}")):
            code = desk.do(referral_code_of, member=referrer)
            desk.do(refer, member=member, code=code.code)
    outcomes = together(lambda n: desk.buy(f"o-{n}", "5.00", f"{'ab'[n % 2]}{n // 2}"))
    assert raised(outcomes) == []
    assert {desk.total(f"{side}{n}") for side in "ab" for n in range(8)} == {30}


def test_sixteen_threads_give_back_one_purchase(desk: Desk, together: Together) -> None:
    desk.rule("pounds", caps=[{"per": "day", "points": 200}], budget=1000)
    make_ladder(desk.environment, ("silver", "50", "1"))
    desk.buy("order", "100.00")
    outcomes = together(lambda n: desk.refund("order", "7.00", event_id=f"back-{n}"))
    assert Counter(type(outcome) for outcome in outcomes) == {RecordedEvent: 14, RefundExceedsPurchase: 2}
    assert (desk.total(), desk.spent(), desk.progress()) == (2, {"pounds": 2}, {"2026-03-02": 2})
    assert desk.usage() == {("pounds", "day:2026-03-02"): (2, 1)}
    assert Event.objects.filter(environment_id=desk.environment.id, type="refund").count() == 14
    check(environment=str(desk.environment.id))


def test_one_refund_from_sixteen_threads_counts_once(desk: Desk, together: Together) -> None:
    desk.rule("pounds")
    desk.buy("order", "100.00")
    outcomes = together(lambda n: desk.refund("order", "60.00", event_id="back"))
    assert Counter(outcome.duplicate for outcome in outcomes) == {False: 1, True: 15}
    assert desk.total() == 40


def test_a_level_is_reached_once(desk: Desk, together: Together) -> None:
    desk.rule("pounds")
    make_ladder(desk.environment, ("silver", "100", "1.5"))
    outcomes = together(lambda n: desk.buy(f"o-{n}", "20.00"))
    assert raised(outcomes) == []
    # Five of 20 reach it; the other eleven earn 30.
    assert (desk.total(), desk.level()) == (5 * 20 + 11 * 30, "silver")
    assert TierChange.objects.filter(environment_id=desk.environment.id).count() == 1
    assert desk.progress() == {"2026-03-02": 430}


def test_batches_of_the_same_members_in_any_order(desk: Desk, together: Together) -> None:
    """They lock the same accounts and budgets; nobody meets a deadlock, and no point is lost."""
    desk.rule("pounds", caps=[{"per": "day", "points": 150}], budget=2500)
    members = [f"m{number}" for number in range(20)]

    def work(number: int) -> list[Any]:
        chance = random.Random(number)
        found: list[Any] = []
        for turn in range(4):
            order = sorted(members, reverse=bool(number % 2)) if number < 8 else chance.sample(members, 12)
            events = [
                ReportedEvent(f"o-{number}-{turn}-{name}", "purchase", name, {"amount": "3.00"})
                for name in order
            ]
            environment = reload(desk.environment)
            found += record_batch(environment=environment, events=events, actor=make_actor(), now=at(1))
        return found

    outcomes = together(work)
    assert raised(outcomes) == []
    answers = [answer for outcome in outcomes for answer in outcome]
    assert raised(answers) == []
    count = 4 * (8 * 20 + 8 * 12)
    assert Event.objects.filter(environment_id=desk.environment.id).count() == len(answers) == count
    # 1,024 purchases of 3 points: the budget ends before the caps do.
    assert (sum_of_totals(desk), desk.spent()) == (2500, {"pounds": 2500})
    used = RuleUsage.objects.filter(environment_id=desk.environment.id).values_list("points", flat=True)
    assert (sum(used), max(used) <= 150) == (2500, True)
    check(environment=str(desk.environment.id))


def test_batches_with_refunds_singles_and_spends_at_once(desk: Desk, together: Together) -> None:
    desk.rule("pounds", budget=100_000)
    make_ladder(desk.environment, ("silver", "60", "1"))
    for name in "abcd":
        desk.buy(f"first-{name}", "100.00", name)

    def work(number: int) -> list[Any]:
        found: list[Any] = []
        for turn in range(3):
            names = "abcd" if (number + turn) % 2 else "dcba"
            kind = (number + turn) % 4
            if kind == 0:
                events = [
                    ReportedEvent(f"o-{number}-{turn}-{n}", "purchase", n, {"amount": "10"}) for n in names
                ]
                found += record_batch(
                    environment=reload(desk.environment), events=events, actor=make_actor(), now=at(1)
                )
            elif kind == 1:
                events = [
                    ReportedEvent(
                        f"r-{number}-{turn}-{n}", "refund", n, {"purchase": f"first-{n}", "amount": "5"}
                    )
                    for n in names
                ]
                found += record_batch(
                    environment=reload(desk.environment), events=events, actor=make_actor(), now=at(1)
                )
            elif kind == 2:
                found.append(desk.buy(f"s-{number}-{turn}", "10.00", names[0]))
            else:
                found.append(desk.spend(1, names[0]))
        return found

    outcomes = together(work)
    assert raised(outcomes) == []
    assert [a for outcome in outcomes for a in outcome if isinstance(a, DomainError)] == []
    # Each thread takes three of the four kinds in turn: 12 of each.
    expected = 4 * 100 + 12 * 4 * 10 - 12 * 4 * 5 + 12 * 10 - 12 * 1
    assert sum_of_totals(desk) == expected
    assert desk.spent() == {"pounds": expected + 12}
    check(environment=str(desk.environment.id))


def test_batches_over_http_never_meet_a_500(desk: Desk, together: Together) -> None:
    desk.rule("pounds", caps=[{"per": "day", "points": 90}], budget=1000)
    api = Api(make_key(desk.environment))

    def work(number: int) -> list[int]:
        names = [f"m{n}" for n in range(12)]
        events = [
            {
                "event_id": f"o-{number}-{name}",
                "type": "purchase",
                "member_id": name,
                "data": {"amount": "7.00"},
            }
            for name in (names if number % 2 else reversed(names))
        ]
        return [api.post("/v1/events/batch", {"events": events}).status_code for _ in range(2)]

    assert {status for statuses in together(work) for status in statuses} == {200}
    assert (sum_of_totals(desk), RuleBudget.objects.get(environment_id=desk.environment.id).spent) == (
        1000,
        1000,
    )
