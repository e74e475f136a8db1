"""What a merge moves beside points: usage of caps, and tiers (domain.md 1, 6)."""

import pytest

from loyalty.ledger.checks import violations
from loyalty.models import MemberTier, RuleUsage, TierProgress
from programs.models import Environment
from tests.factories import make_ladder
from tests.loyalty.earning.desk import Desk
from tests.loyalty.ledger.till import day


@pytest.fixture
def desk(environment: Environment) -> Desk:
    """1 point per £1, at most 100 a day and 3 times ever."""
    desk = Desk(environment)
    desk.rule("pounds", caps=[{"per": "day", "points": 100}, {"per": "ever", "times": 3}])
    make_ladder(environment, ("silver", "50", "1"), ("gold", "120", "1"), period="rolling", days=30)
    return desk


def switch(desk: Desk, *, on: bool) -> None:
    make_ladder(desk.environment, ("silver", "50", "1"), ("gold", "120", "1"), is_active=on)


def assert_right(desk: Desk) -> None:
    assert [str(found) for found in violations(environment=desk.environment)] == []


def test_caps_of_a_merged_person_are_used_by_both(desk: Desk) -> None:
    desk.buy("a", "80.00")
    desk.buy("b", "70.00", "bob")
    desk.merge("bob", "ada")
    assert desk.usage() == {("pounds", "day:2026-03-01"): (150, 2), ("pounds", "ever"): (150, 2)}
    assert desk.usage("bob") == {}
    assert desk.buy("c", "10.00").entries == []
    desk.today = 1
    assert [entry.points for entry in desk.buy("d", "10.00", "bob").entries] == [10]
    assert desk.buy("e", "10.00").entries == []  # three times
    assert_right(desk)


def test_a_refund_returns_usage_to_the_survivor(desk: Desk) -> None:
    desk.buy("a", "80.00")
    desk.buy("b", "70.00", "bob")
    desk.merge("bob", "ada")
    desk.refund("b", member="bob")
    assert desk.usage() == {("pounds", "day:2026-03-01"): (80, 1), ("pounds", "ever"): (80, 1)}
    assert_right(desk)


def test_two_levels_become_the_one_that_both_reach_together(desk: Desk) -> None:
    desk.buy("a", "80.00")
    desk.buy("b", "70.00", "bob")
    assert (desk.level(), desk.level("bob")) == ("silver", "silver")
    desk.today = 1
    desk.merge("bob", "ada")
    assert (desk.level(), desk.level("bob")) == ("gold", None)
    assert (desk.progress(), desk.progress("bob")) == ({"2026-03-01": 150}, {})
    row = MemberTier.objects.get(member=desk.key("ada"))
    assert row.since == day(1)


def test_a_level_goes_on_with_its_dates(desk: Desk) -> None:
    desk.buy("a", "10.00")
    desk.buy("b", "70.00", "bob")
    desk.today = 1
    desk.merge("bob", "ada")
    row = MemberTier.objects.get(member=desk.key("ada"))
    assert (row.tier and row.tier.code, row.since) == ("silver", day(0))


@pytest.mark.parametrize("own", [0, 60])
def test_levels_of_a_ladder_that_is_switched_off_go_along(desk: Desk, own: int) -> None:
    if own:
        desk.buy("a", f"{own}.00")
    desk.buy("b", "70.00", "bob")
    switch(desk, on=False)
    desk.give(1)
    desk.merge("bob", "ada")
    assert (desk.level(), desk.level("bob")) == ("silver", None)
    assert desk.progress() == {"2026-03-01": own + 70}
    assert not TierProgress.objects.filter(member=desk.key("bob")).exists()
    switch(desk, on=True)
    desk.today = 1
    desk.buy("c", "1.00")
    assert desk.level() == ("gold" if own else "silver")


def test_a_higher_level_that_rests_wins(desk: Desk) -> None:
    desk.buy("a", "60.00")
    desk.buy("b", "100.00", "bob")
    desk.today = 1
    desk.buy("c", "30.00", "bob")
    assert (desk.level(), desk.level("bob")) == ("silver", "gold")
    switch(desk, on=False)
    desk.merge("bob", "ada")
    assert desk.level() == "gold"
    assert RuleUsage.objects.filter(member=desk.key("bob")).count() == 0
    desk.buy("d", "1.00", "cid")
    desk.merge("ada", "cid")
    assert desk.level("cid") == "gold"
