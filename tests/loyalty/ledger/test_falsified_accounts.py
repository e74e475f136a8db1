"""Each check names the row that was falsified, and the command exits 1: accounts, their entries and lots."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from loyalty.ledger.checks import CARDS, CHALLENGES, CHECKS, violations
from loyalty.models import Lot
from tests.factories import make_metric
from tests.loyalty.ledger.checking import assert_found
from tests.loyalty.ledger.falsify import falsify, remove
from tests.loyalty.ledger.story import Story


def test_every_check_was_seen_to_fail() -> None:
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_falsified_*.py"))
    assert [check.name for check in [*CHECKS, *CARDS, *CHALLENGES] if f"{check.name}=" not in text] == []


# -- accounts


def test_a_total_that_is_not_the_sum(story: Story) -> None:
    story.give(100)
    account = story.account()
    falsify(account, total=101)
    assert_found(
        story, total_is_sum_of_entries=account, lots_are_total_and_debt=account, lifetime_adds_up=account
    )


def test_a_sequence_that_is_not_the_last(story: Story) -> None:
    story.give(100)
    falsify(story.account(), sequence=2)
    assert_found(story, sequence_is_last=story.account())


def test_pending_points_that_no_lot_has(story: Story) -> None:
    story.give(100)
    falsify(story.account(), pending=1)
    assert_found(story, pending_is_sum_of_lots=story.account())


def test_held_points_that_no_hold_has(story: Story) -> None:
    story.give(100)
    hold = story.hold(40)
    falsify(hold, points=39)
    assert_found(story, held_is_sum_of_holds=story.account(), hold_stands_on_lots=hold)


def test_held_points_that_no_lot_has(story: Story) -> None:
    lot = story.lot(story.give(100))
    story.hold(40)
    falsify(lot, held=39, remaining=61)
    assert_found(story, held_is_sum_of_lots=story.account(), lot_holds_what_is_held=lot)


def test_points_in_a_lot_that_nobody_was_given(story: Story) -> None:
    entry = story.give(100)
    falsify(story.lot(entry), points=105, remaining=105)
    assert_found(story, lots_are_total_and_debt=story.account(), credit_made_its_lots=entry)


def test_a_debt_that_was_forgiven_in_secret(story: Story) -> None:
    entry = story.give(100)
    story.spend(80)
    reversal = story.reverse(entry)
    falsify(story.uncovered(reversal), open=75)
    account = story.account()
    assert_found(
        story, debt_is_below_zero=account, lots_are_total_and_debt=account, debit_is_covered=reversal
    )


def test_lifetime_figures_that_are_wrong_together(story: Story) -> None:
    story.give(100)
    falsify(story.account(), earned=107, expired=7)
    assert_found(story, lifetime_follows_entries=story.account())


def test_a_lifetime_figure_that_is_wrong_alone(story: Story) -> None:
    story.give(100)
    falsify(story.account(), adjusted=-1)
    assert_found(story, lifetime_follows_entries=story.account(), lifetime_adds_up=story.account())


def test_pending_points_below_zero(story: Story) -> None:
    story.give(100)
    falsify(story.account(), pending=-1)
    assert_found(story, account_not_negative=story.account(), pending_is_sum_of_lots=story.account())


@pytest.mark.parametrize("late", [None, timedelta(seconds=1)])
def test_an_expiry_that_would_be_forgotten(story: Story, late: timedelta | None) -> None:
    ends = story.now + timedelta(days=30)
    story.give(100, expires_at=ends)
    falsify(story.account(), next_due_at=ends + late if late else None)
    assert_found(story, due_is_not_late=story.account())


def test_a_lapse_that_would_be_forgotten(story: Story) -> None:
    story.give(100)
    story.hold(40)
    falsify(story.account(), next_due_at=None)
    assert_found(story, due_is_not_late=story.account())


def test_a_vesting_that_would_be_forgotten(story: Story) -> None:
    make_metric(story.environment, vesting_days=7)
    story.give(100)
    falsify(story.account(), next_due_at=None)
    assert_found(story, due_is_not_late=story.account())


def test_something_due_that_is_looked_for_too_early_is_no_fault(story: Story) -> None:
    story.give(100, expires_at=story.now + timedelta(days=30))
    falsify(story.account(), next_due_at=story.now)
    assert list(violations(environment=story.environment)) == []


def test_points_left_at_a_merged_member(story: Story) -> None:
    story.give(100)
    story.give(100, "bea")
    falsify(story.account().member, redirect_to_id=story.account("bea").member_id)
    assert_found(story, gone_members_are_empty=story.account())


def test_a_merged_member_who_redirects_in_two_steps(story: Story) -> None:
    for member in ("ada", "bea", "cyd"):
        story.give(10, member)
    story.merge("ada", "bea")
    story.merge("bea", "cyd")
    falsify(story.account().member, redirect_to_id=story.account("bea").member_id)
    assert_found(story, redirects_are_one_step=story.account())


def test_points_left_at_an_erased_member_are_named_by_its_key(story: Story) -> None:
    story.give(100)
    account = story.account()
    falsify(account.member, status="erased", external_id=None)
    (found,) = violations(environment=story.environment)
    assert (found.check, found.id, found.member) == ("gone_members_are_empty", account.pk, None)
    assert f"of erased member {account.member_id}" in str(found)


# -- entries


def test_a_gap_in_the_sequence(story: Story) -> None:
    story.give(100)
    last = story.give(50)
    falsify(last, sequence=3)
    assert_found(story, sequence_has_no_gap=last, sequence_is_last=story.account())


def test_an_entry_that_was_deleted(story: Story) -> None:
    story.give(100)
    deleted, after = story.give(50), story.give(25)
    lot = story.lot(deleted)
    remove(deleted)
    assert_found(
        story,
        sequence_has_no_gap=after,
        balance_after_chains=after,
        total_is_sum_of_entries=story.account(),
        lifetime_follows_entries=story.account(),
        rows_meet_in_one_account=lot,
    )


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_balance_after_that_does_not_chain(story: Story, place: int) -> None:
    entries = [story.give(100), story.give(50), story.give(25)]
    falsify(entries[place], balance_after=99)
    assert_found(story, balance_after_chains=entries[place])


def test_points_of_an_entry_that_were_changed(story: Story) -> None:
    story.give(100)
    entry = story.give(50)
    story.give(25)
    falsify(entry, points=51)
    account = story.account()
    assert_found(
        story,
        balance_after_chains=entry,
        credit_made_its_lots=entry,
        total_is_sum_of_entries=account,
        lifetime_follows_entries=account,
    )


def test_an_entry_whose_sign_does_not_fit_its_type(story: Story) -> None:
    entry = story.adjust(5)
    falsify(entry, type="redeemed")
    assert_found(story, sign_fits_type=entry, lifetime_follows_entries=story.account())


def test_an_event_that_was_awarded_twice(story: Story) -> None:
    first, second = story.report("order-1"), story.report("order-2")
    falsify(second, event_id=first.event_id)
    assert_found(story, event_awards_once=second)


def test_a_lot_that_hangs_on_another_entry(story: Story) -> None:
    first, second = story.give(100), story.give(50)
    lot = story.lot(second)
    falsify(lot, entry_id=first.pk)
    assert_found(story, credit_made_its_lots=[first, second], lot_begins_with_its_entry=lot)


def test_a_debit_that_took_less_than_it_says(story: Story) -> None:
    lot = story.lot(story.give(100))
    entry = story.spend(80)
    falsify(story.use(entry), points=79)
    assert_found(story, debit_is_covered=entry, lot_adds_up=lot)


def test_a_debit_without_its_use(story: Story) -> None:
    lot = story.lot(story.give(100))
    entry = story.spend(80)
    remove(story.use(entry))
    assert_found(story, debit_is_covered=entry, lot_adds_up=lot)


def test_a_restoration_that_gave_back_less(story: Story) -> None:
    lot = story.lot(story.give(100))
    entry = story.reverse(story.spend(80), 30)
    falsify(story.use(entry), points=-29)
    assert_found(story, restoration_is_complete=entry, lot_adds_up=lot)


def test_a_use_by_an_entry_that_credits(story: Story) -> None:
    credit = story.give(100)
    entry = story.spend(80)
    use = story.use(entry)
    falsify(use, entry_id=credit.pk)
    assert_found(story, use_fits_its_entry=use, debit_is_covered=entry)


# -- lots


def test_a_lot_that_does_not_add_up(story: Story) -> None:
    lot = story.lot(story.give(100))
    falsify(lot, remaining=99)
    assert_found(story, lot_adds_up=lot, lots_are_total_and_debt=story.account())


def test_a_lot_below_zero(story: Story) -> None:
    entry = story.give(100)
    story.spend(100)
    lot = story.lot(entry)
    falsify(lot, remaining=-1, points=99)
    assert_found(
        story,
        lot_not_negative=lot,
        credit_made_its_lots=entry,
        lots_are_total_and_debt=story.account(),
    )


def test_points_that_can_be_spent_beside_a_debt(story: Story) -> None:
    entry = story.give(100)
    story.spend(80)
    story.reverse(entry)
    make_metric(story.environment, vesting_days=7)
    lot = story.lot(story.give(10))
    falsify(lot, pending=False)
    assert_found(story, debt_is_paid_first=lot, pending_is_sum_of_lots=story.account())


def test_a_lot_that_begins_another_day(story: Story) -> None:
    lot = story.lot(story.give(100))
    falsify(lot, earned_at=story.now - timedelta(days=1))
    assert_found(story, lot_begins_with_its_entry=lot)


@pytest.mark.parametrize("continues", ["nothing", "another"])
def test_a_merged_lot_that_continues_something_else(story: Story, continues: str) -> None:
    story.give(100)
    story.give(100, "bea")
    story.merge("bea", "ada")
    lot = Lot.objects.get(continues_id__isnull=False, account=story.account())
    other = story.lot(story.give(100, "cid"))
    falsify(lot, continues_id=uuid4() if continues == "nothing" else other.pk)
    assert_found(story, merged_lot_goes_on=lot)
