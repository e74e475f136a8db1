"""Each check of tiers names the row that was falsified; of what is right, none."""

from decimal import Decimal

import pytest

from loyalty.ledger.checks import violations
from loyalty.models import MemberTier, TierChange, TierProgress
from tests.factories import make_environment, make_ladder, make_rule, report
from tests.loyalty.ledger.checking import assert_found
from tests.loyalty.ledger.falsify import falsify, remove
from tests.loyalty.ledger.story import Story

BASES = ["points", "spend", "events"]


@pytest.fixture
def tiered(story: Story) -> Story:
    make_ladder(story.environment, ("silver", "50"), ("gold", "500"))
    return story


def progress(story: Story, member: str = "ada") -> TierProgress:
    return TierProgress.objects.get(member=story.account(member).member_id)


def level(story: Story, member: str = "ada") -> MemberTier:
    return MemberTier.objects.get(member=story.account(member).member_id)


def assert_sound(story: Story) -> None:
    assert list(violations(environment=story.environment)) == []


@pytest.mark.parametrize("basis", BASES)
def test_progress_that_was_never_counted(story: Story, basis: str) -> None:
    make_ladder(story.environment, ("silver", "1"), basis=basis)
    story.report()
    assert_sound(story)
    row = progress(story)
    falsify(row, figure=row.figure + 1)
    assert_found(story, progress_is_what_counted=progress(story))


@pytest.mark.parametrize("basis", BASES)
def test_progress_that_is_missing_is_told_of_the_account(story: Story, basis: str) -> None:
    make_ladder(story.environment, ("silver", "1"), basis=basis)
    story.report()
    remove(progress(story))
    assert_found(story, progress_is_what_counted=story.account())


def test_progress_on_another_day(tiered: Story) -> None:
    tiered.give(60)
    row = progress(tiered)
    falsify(row, day=row.day.replace(year=2020))
    assert_found(tiered, progress_is_what_counted=[progress(tiered), tiered.account()])


def test_days_of_progress_are_those_of_the_projects_zone(db: None) -> None:
    story = Story(make_environment(time_zone="Pacific/Auckland"))
    make_ladder(story.environment, ("silver", "1"))
    for _ in range(5):
        story.later(hours=5)
        story.give(10)
    assert_sound(story)


@pytest.mark.parametrize("basis", BASES)
def test_refunds_and_reversals_are_no_violation_and_a_hidden_one_is(story: Story, basis: str) -> None:
    make_ladder(story.environment, ("silver", "1"), basis=basis)
    story.report()
    for number, amount in enumerate(("20.00", "39.90")):
        story.later(days=1)
        data = {"purchase": "order-1", "amount": amount}
        report(story.environment, f"refund-{number}", type="refund", data=data, now=story.now)
        assert_sound(story)
    row = progress(story)
    assert row.figure == 0
    falsify(row, figure=Decimal("59.90"))
    assert_found(story, progress_is_what_counted=row)


@pytest.mark.parametrize("basis", BASES)
def test_what_does_not_count_is_not_expected(story: Story, basis: str) -> None:
    """Another currency, another type, no amount; entries that are no earning."""
    make_ladder(story.environment, ("silver", "1"), basis=basis, currency="GBP", event_type="visit")
    make_rule(story.environment, event_type="visit", name="Visits", award={"kind": "fixed", "points": 5})
    for number, (type_, data) in enumerate(
        [
            ("visit", {"amount": "10.00", "currency": "GBP"}),
            ("visit", {"amount": "10.00", "currency": "EUR"}),
            ("visit", {}),
            ("purchase", {"amount": "10.00", "currency": "GBP"}),
        ]
    ):
        story.later(days=1)
        report(story.environment, f"event-{number}", type=type_, data=data, now=story.now)
    story.give(30)
    story.reverse(story.give(30), 10)
    story.adjust(7)
    story.spend(8)
    story.transfer(5, "ada", "bea")
    assert_sound(story)


@pytest.mark.parametrize("basis", BASES)
def test_those_merged_count_for_the_survivor(story: Story, basis: str) -> None:
    make_ladder(story.environment, ("silver", "50"), ("gold", "100"), basis=basis)
    for member in ("ada", "bea", "cyd"):
        story.report(f"order-{member}", member)
    earned = story.give(10, "ada")
    story.merge("ada", "bea")
    story.merge("bea", "cyd")
    assert_sound(story)
    story.reverse(earned, 4)
    data = {"purchase": "order-ada", "amount": "9.90"}
    report(story.environment, "refund", type="refund", member="ada", data=data, now=story.later(days=1))
    assert_sound(story)
    row = TierProgress.objects.filter(member=story.account("cyd").member_id).latest("day")
    falsify(row, figure=row.figure - 1)
    assert_found(story, progress_is_what_counted=row)


def test_progress_left_at_a_merged_member(tiered: Story) -> None:
    tiered.give(60)
    tiered.give(60, "bea")
    tiered.merge("ada", "bea")
    assert_sound(tiered)
    row = progress(tiered)
    falsify(row, figure=60)
    assert_found(tiered, progress_is_what_counted=row)


def test_an_erased_member_is_left_out(tiered: Story) -> None:
    tiered.give(60)
    tiered.give(60, "bea")
    tiered.merge("ada", "bea")
    tiered.erase("bea")
    tiered.give(5, "bea")
    assert_sound(tiered)


def test_a_resting_ladder_is_left_out(tiered: Story) -> None:
    tiered.give(60)
    make_ladder(tiered.environment, ("silver", "50"), ("gold", "500"), is_active=False)
    tiered.give(60)
    assert_sound(tiered)


def test_a_level_that_no_change_gave(tiered: Story) -> None:
    tiered.give(60)
    row = level(tiered)
    gold = row.ladder.tiers.get(code="gold")
    falsify(row, tier_id=gold.pk)
    assert_found(tiered, level_is_newest_change=row)


def test_a_level_that_was_taken_away(tiered: Story) -> None:
    tiered.give(60)
    falsify(level(tiered), tier_id=None)
    assert_found(tiered, level_is_newest_change=level(tiered))


def test_a_level_whose_row_is_missing_is_told_of_the_account(tiered: Story) -> None:
    tiered.give(60)
    remove(level(tiered))
    assert_found(tiered, level_is_newest_change=tiered.account())


def test_a_change_that_was_removed(tiered: Story) -> None:
    tiered.give(60)
    remove(TierChange.objects.get(member=tiered.account().member_id))
    assert_found(tiered, level_is_newest_change=level(tiered))


def test_a_level_that_goes_along_while_its_ladder_rests_is_no_violation(tiered: Story) -> None:
    tiered.give(60)
    tiered.give(5, "bea")
    make_ladder(tiered.environment, ("silver", "50"), ("gold", "500"), is_active=False)
    tiered.merge("ada", "bea")
    make_ladder(tiered.environment, ("silver", "50"), ("gold", "500"), is_active=True)
    assert_sound(tiered)
