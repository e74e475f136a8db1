"""Each check names the row that was falsified, and the command exits 1: usage of rules, and budgets.

The events' figures are written by hand here: what the checks compare is these, whoever wrote them.
"""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.ids import new_id
from loyalty.ledger.checks import violations
from loyalty.models import Event, Referral, RuleBudget, RuleUsage
from programs.models import EarningRule
from tests.factories import make_environment
from tests.loyalty.ledger.checking import assert_found
from tests.loyalty.ledger.falsify import falsify, remove
from tests.loyalty.ledger.story import Story

DAY = "day:1997-01-05"


class Used:
    """Events whose figures say what was used, and the rows that count it."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.rule = EarningRule.objects.get(environment=story.environment)

    def event(self, member: str = "ada", *items: dict[str, Any], purchase: Event | None = None) -> Event:
        self.story.give(1, member)
        now = self.story.now
        return Event.objects.create(
            id=new_id(),
            environment_id=self.story.environment.id,
            member_id=self.key(member),
            event_id=str(uuid4()),
            type="refund" if purchase else "purchase",
            occurred_at=now,
            recorded_at=now,
            purchase=purchase,
            figures={"usage": list(items)},
            digest=b"",
        )

    def item(self, points: int, times: int = 1, *, budget: bool = False, **more: Any) -> dict[str, Any]:
        return {
            "rule": str(self.rule.pk),
            "points": points,
            "times": times,
            "periods": [DAY, "ever"],
            "budget": budget,
            **more,
        }

    def count(self, member: str, points: int, times: int, period: str = DAY) -> RuleUsage:
        return RuleUsage.objects.create(
            environment_id=self.story.environment.id,
            member_id=self.key(member),
            rule=self.rule,
            period=period,
            points=points,
            times=times,
        )

    def count_both(self, member: str, points: int, times: int) -> list[RuleUsage]:
        return [self.count(member, points, times, period) for period in (DAY, "ever")]

    def spend(self, points: int) -> RuleBudget:
        return RuleBudget.objects.create(
            environment_id=self.story.environment.id, rule=self.rule, spent=points
        )

    def key(self, member: str) -> UUID:
        return self.story.account(member).member_id

    def check(self) -> None:
        assert [str(found) for found in violations(environment=self.story.environment)] == []


@pytest.fixture
def used(story: Story) -> Used:
    return Used(story)


def test_usage_that_is_more_than_the_events_say(story: Story, used: Used) -> None:
    used.event("ada", used.item(10))
    used.event("ada", used.item(5))
    day, ever = used.count_both("ada", 15, 2)
    used.check()
    falsify(day, points=16)
    assert_found(story, usage_is_sum_of_events=day)
    falsify(day, points=15)
    falsify(ever, times=1)
    assert_found(story, usage_is_sum_of_events=ever)


def test_usage_that_was_forgotten(story: Story, used: Used) -> None:
    used.event("ada", used.item(10))
    day, _ever = used.count_both("ada", 10, 1)
    remove(day)
    assert_found(story, usage_is_sum_of_events=story.account())


def test_usage_by_no_event(story: Story, used: Used) -> None:
    story.give(1)
    assert_found(story, usage_is_sum_of_events=used.count("ada", 10, 1))


def test_usage_of_another_member(story: Story, used: Used) -> None:
    used.event("ada", used.item(10))
    story.give(1, "bea")
    day, _ = used.count_both("ada", 10, 1)
    falsify(day, member_id=used.key("bea"))
    assert_found(story, usage_is_sum_of_events=[day, story.account()])


def test_a_refund_returns_what_its_purchase_used(story: Story, used: Used) -> None:
    purchase = used.event("ada", used.item(10))
    used.event("ada", used.item(-10, -1), purchase=purchase)
    used.check()
    rows = used.count_both("ada", 0, 0)  # such rows may stay
    used.check()
    falsify(rows[0], points=10)
    assert_found(story, usage_is_sum_of_events=rows[0])


def test_usage_is_counted_once_for_a_member_with_several_accounts(story: Story, used: Used) -> None:
    used.event("ada", used.item(10))
    story.give(5, metric="miles")
    rows = used.count_both("ada", 10, 1)
    used.check()
    falsify(rows[0], points=9)
    assert_found(story, usage_is_sum_of_events=rows[0])


def test_usage_after_merges(story: Story, used: Used) -> None:
    for member, points in (("ada", 10), ("bea", 20), ("cid", 30)):
        used.event(member, used.item(points))
        used.count_both(member, points, 1)
    story.merge("ada", "bea")
    used.check()
    story.merge("bea", "cid")
    used.check()
    day = RuleUsage.objects.get(period=DAY, member_id=used.key("cid"))
    assert (day.points, day.times) == (60, 3)
    falsify(day, points=30)
    assert_found(story, usage_is_sum_of_events=day)
    falsify(day, points=60)
    left = used.count("ada", 10, 1)
    assert_found(story, usage_is_sum_of_events=left)


def test_usage_after_an_erasure(story: Story, used: Used) -> None:
    used.event("ada", used.item(10, budget=True))
    account = story.account()
    used.count_both("ada", 10, 1)
    budget = used.spend(10)
    story.erase("ada")
    assert not RuleUsage.objects.filter(member_id=account.member_id).exists()
    used.check()
    story.give(1)  # the id comes back, as somebody new
    used.check()
    left = RuleUsage.objects.create(
        environment_id=story.environment.id,
        member_id=account.member_id,
        rule=used.rule,
        period=DAY,
        points=10,
        times=1,
    )
    assert_found(story, usage_is_sum_of_events=left)
    remove(left)
    falsify(budget, spent=0)
    assert_found(story, budget_is_sum_of_events=budget)


def _referred(story: Story, used: Used, referrer: str = "bea", **options: Any) -> tuple[Event, Referral]:
    """ada came through `referrer`, who used 40 and gave back 15 of it."""
    for member in ("ada", referrer):
        story.give(1, member)
    who = str(used.key(referrer))
    event = used.event("ada", used.item(10), used.item(40, member=who))
    referral = Referral.objects.create(
        environment_id=story.environment.id,
        member_id=used.key("ada"),
        referrer_id=used.key(referrer),
        status="awarded",
        event=event,
        created_at=story.now,
        awarded_at=story.now,
    )
    used.event("ada", used.item(-15, 0, member=who), purchase=event)
    used.count_both("ada", 10, 1)
    used.count_both(referrer, 25, 1)
    return event, referral


def test_usage_of_a_referrer_stands_on_the_referred_members_event(story: Story, used: Used) -> None:
    _referred(story, used)
    used.check()
    row = RuleUsage.objects.get(member_id=used.key("bea"), period="ever")
    falsify(row, points=40)
    assert_found(story, usage_is_sum_of_events=row)


def test_and_goes_along_with_merges_of_either(story: Story, used: Used) -> None:
    _referred(story, used)
    story.give(1, "cid")
    story.merge("bea", "cid")
    used.check()
    story.merge("ada", "cid")
    used.check()
    assert RuleUsage.objects.get(member_id=used.key("cid"), period=DAY).points == 35


@pytest.mark.parametrize("erased", ["ada", "bea"])
def test_and_stays_where_the_other_side_is_erased(story: Story, used: Used, erased: str) -> None:
    _referred(story, used)
    story.erase(erased)
    used.check()
    kept = RuleUsage.objects.filter(environment_id=story.environment.id, period=DAY)
    assert [row.points for row in kept] == [25 if erased == "ada" else 10]


def test_a_budget_that_is_not_what_events_took(story: Story, used: Used) -> None:
    for member in ("ada", "bea"):
        used.event(member, used.item(10, budget=True, periods=[]), used.item(3, periods=[]))
    used.event("ada", used.item(-4, 0, budget=True, periods=[]))
    budget = used.spend(16)
    used.check()
    falsify(budget, spent=17)
    assert_found(story, budget_is_sum_of_events=budget)
    (found,) = violations(environment=story.environment)
    assert (found.expected, found.found, found.member_id) == ("16", "17", None)
    assert f"of environment {story.environment.id}" in str(found)
    assert list(violations(member_id=used.key("ada"))) == []


def test_a_budget_whose_row_is_gone(story: Story, used: Used) -> None:
    EarningRule.objects.filter(pk=used.rule.pk).update(budget=100)
    used.event("ada", used.item(10, budget=True, periods=[]))
    (found,) = violations(environment=story.environment)
    assert (found.check, found.id, found.found) == ("budget_is_sum_of_events", used.rule.pk, None)


def test_other_environments_budgets_are_read_only_when_all_are(story: Story, used: Used) -> None:
    falsified = used.spend(10)
    assert list(violations(environment=make_environment())) == []
    assert falsified.pk in {found.id for found in violations()}


@pytest.mark.parametrize("figures", [{}, {"usage": None}, {"stamps": 1}, {"usage": []}])
def test_figures_without_usage_are_no_fault(used: Used, figures: dict[str, Any]) -> None:
    falsify(used.event("ada"), figures=json.dumps(figures))
    used.check()


def test_usage_takes_no_more_statements_for_more_members(story: Story, used: Used) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            used.check()
        return len(queries)

    _referred(story, used)
    few = statements()
    for number in range(5):
        used.event(f"member-{number}", used.item(10))
        used.count_both(f"member-{number}", 10, 1)
    assert statements() == few
