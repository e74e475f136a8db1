"""Each check of the ledger names the row that was falsified, and the command exits 1."""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import transaction
from django.db.models import BigIntegerField, Model

from loyalty.ledger.checks import CHECKS, violations
from loyalty.models import Account, Hold, HoldLot, LedgerEntry, Lot, LotUse, Uncovered
from programs.models import Environment, Metric
from tests.factories import make_environment, make_metric
from tests.loyalty.ledger.falsify import falsify, remove
from tests.loyalty.ledger.story import Story


@pytest.fixture
def story(environment: Environment) -> Story:
    return Story(environment)


def assert_found(story: Story, member: str | None = None, **rows: Model | Sequence[Model]) -> None:
    """These checks, and no others, name these rows, and no others; so do the function and the command.

    The digests are left out: they tell of every change of an entry, and have tests of their own.
    """
    named = {"member": member} if member else {}
    expected = {check: _ids(row) for check, row in rows.items()}
    out = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command(
            "check_ledger",
            environment=str(story.environment.id),
            json=True,
            no_digests=True,
            stdout=out,
            **named,
        )
    assert stopped.value.code == 1
    *lines, counts = [json.loads(line) for line in out.getvalue().splitlines()]
    found = defaultdict(set)
    for line in lines:
        found[line["check"]].add(f"{line['table']} {line['id']}")
    assert found == expected
    assert set(counts["violations"]) == set(expected)


def _ids(rows: Model | Sequence[Model]) -> set[str]:
    return {f"{row._meta.db_table} {row.pk}" for row in (rows if isinstance(rows, Sequence) else [rows])}


def test_every_check_was_seen_to_fail() -> None:
    text = Path(__file__).read_text()
    assert [check.name for check in CHECKS if f"{check.name}=" not in text] == []


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


# -- reversals


def test_a_reversal_of_a_later_entry(story: Story) -> None:
    reversal = story.reverse(story.give(100), 10)
    later = story.give(50)
    falsify(reversal, reverses_id=later.pk)
    assert_found(story, reversal_fits_original=reversal)


def test_a_reversal_that_goes_the_same_way(story: Story) -> None:
    credit = story.give(100)
    spend = story.spend(30)
    reversal = story.reverse(credit, 10)
    falsify(reversal, reverses_id=spend.pk)
    assert_found(story, reversal_fits_original=reversal, lifetime_follows_entries=story.account())


def test_a_reversal_without_its_original(story: Story) -> None:
    reversal = story.reverse(story.give(100), 10)
    falsify(reversal, reverses_id=uuid4())
    assert_found(story, reversal_fits_original=reversal, lifetime_follows_entries=story.account())


def test_a_reversal_that_says_less_than_it_took(story: Story) -> None:
    reversal = story.reverse(story.give(100), 10)
    falsify(reversal, nominal=9)
    assert_found(story, reversal_adds_up=reversal)


def test_a_restoration_that_says_more_than_it_gave(story: Story) -> None:
    story.give(100)
    reversal = story.reverse(story.spend(30), 10)
    falsify(reversal, nominal=11)
    assert_found(story, reversal_adds_up=reversal)


def test_a_payment_of_a_shortfall_that_counts_as_a_reversal(story: Story) -> None:
    payment = _clipped(story)[1]
    falsify(payment, nominal=30)
    assert_found(story, reversal_adds_up=payment)


def test_reversals_that_are_more_than_their_original(story: Story) -> None:
    entry = story.give(100)
    story.spend(100)
    story.reverse(entry, 60)
    falsify(story.reverse(entry, 40), nominal=41)
    assert_found(story, reversed_at_most_once=entry, expired_counts_once=entry)


def test_a_reversal_that_takes_for_expired_what_did_not_expire(story: Story) -> None:
    entry = story.give(100)
    falsify(story.reverse(entry, 10), nominal=15)
    assert_found(story, expired_counts_once=entry)


def test_expired_points_that_are_left_out_are_no_fault(story: Story) -> None:
    entry = story.give(100, expires_at=story.now + timedelta(days=1))
    story.later(days=2)
    reversal = story.reverse(entry)
    assert (reversal.points, reversal.nominal) == (0, 100)
    assert list(violations(environment=story.environment)) == []
    falsify(LedgerEntry.objects.get(type="expired", account=story.account()), type="redeemed")
    assert_found(story, expired_counts_once=entry, lifetime_follows_entries=story.account())


def test_points_given_back_to_another_lot(story: Story) -> None:
    older, newer = story.lot(story.give(100)), story.lot(story.give(50))
    reversal = story.reverse(story.spend(120), 30)  # 20 to the newer, 10 to the older
    use = LotUse.objects.get(entry=reversal, lot=older)
    falsify(use, lot_id=newer.pk)
    assert_found(story, lot_gets_back_what_was_taken=use, lot_adds_up=[older, newer])


def test_a_debt_of_more_than_was_debited(story: Story) -> None:
    entry = story.give(100)
    story.spend(80)
    row = story.uncovered(story.reverse(entry))
    falsify(row, points=1000)
    assert_found(story, uncovered_fits_its_entry=row)


def test_a_shortfall_that_was_forgiven_in_secret(story: Story) -> None:
    row = _clipped(story)[0]
    falsify(row, open=40)
    assert_found(story, shortfall_is_paid_by_entries=row)


def test_a_payment_that_names_no_shortfall(story: Story) -> None:
    row, payment = _clipped(story)
    remove(row)
    earn = LedgerEntry.objects.get(reversals=row.entry)
    assert_found(story, reversal_fits_original=payment, expired_counts_once=earn)


def test_a_shortfall_that_a_merge_changed(story: Story) -> None:
    before = _clipped(story)[0]
    story.give(1, "bea")
    story.merge("ada", "bea")
    after = Uncovered.objects.get(account=story.account("bea", "miles"))
    falsify(after, points=51)
    assert_found(story, shortfall_is_paid_by_entries=[before, after])


def _clipped(story: Story) -> tuple[Uncovered, LedgerEntry]:
    """A shortfall of 80 miles, and the entry that paid 30 of it."""
    entry = story.give(100, metric="miles")
    spend = story.spend(80, metric="miles")
    row = story.uncovered(story.reverse(entry))
    story.reverse(spend, 30)
    row.refresh_from_db()
    payment = LedgerEntry.objects.get(reverses=row.entry)
    assert (row.points, row.open, payment.points) == (80, 50, -30)
    return row, payment


# -- holds


def test_a_piece_of_a_hold_that_was_changed(story: Story) -> None:
    lot = story.lot(story.give(100))
    hold = story.hold(40)
    falsify(HoldLot.objects.get(hold=hold), points=39)
    assert_found(story, hold_stands_on_lots=hold, lot_holds_what_is_held=lot)


def test_an_open_hold_that_is_closed(story: Story) -> None:
    story.give(100)
    hold = story.hold(40)
    falsify(hold, closed_at=story.now)
    assert_found(story, hold_status_fits=hold)


def test_a_hold_that_has_captured_more_than_it_took(story: Story) -> None:
    story.give(100)
    hold = story.hold(40)
    story.capture(hold, 7)
    falsify(hold, captured=8)
    assert_found(story, hold_is_captured_by_its_entry=hold)


def test_a_capture_of_points_that_were_not_held(story: Story) -> None:
    held, other = story.lot(story.give(100)), story.lot(story.give(50))
    hold = story.hold(40)
    entry = story.capture(hold)
    falsify(story.use(entry), lot_id=other.pk)
    assert_found(story, capture_takes_what_was_held=entry, lot_adds_up=[held, other])


def test_a_capture_of_no_hold(story: Story) -> None:
    story.give(100)
    hold = story.hold(40)
    entry = story.capture(hold)
    falsify(entry, hold_id=uuid4())
    assert_found(
        story,
        entry_names_its_own_hold=entry,
        hold_is_captured_by_its_entry=hold,
        capture_takes_what_was_held=entry,
    )


def test_a_hold_that_is_ahead_of_its_account(story: Story) -> None:
    story.give(100)
    hold = story.hold(40)
    falsify(hold, account_sequence=2)
    assert_found(story, hold_is_not_ahead=hold)


def test_a_moved_hold_that_goes_on_nowhere(story: Story) -> None:
    story.give(100)
    hold = story.hold(40)
    story.give(1, "bea")
    story.merge("ada", "bea")
    hold.refresh_from_db()
    assert hold.status == "moved"
    falsify(hold, moved_to=uuid4())
    assert_found(story, moved_hold_goes_on=hold)


# -- transfers


def test_a_transfer_without_its_other_side(story: Story) -> None:
    story.give(100)
    done = story.transfer(60, "ada", "bea")
    falsify(done.sent, counterpart_id=uuid4())
    assert_found(story, transfer_has_two_sides=[done.sent, done.received])


def test_a_transfer_that_arrives_with_more(story: Story) -> None:
    story.give(100)
    done = story.transfer(60, "ada", "bea")
    falsify(done.received, points=61, balance_after=61)
    receiver = story.account("bea")
    assert_found(
        story,
        transfer_has_two_sides=[done.sent, done.received],
        credit_made_its_lots=done.received,
        total_is_sum_of_entries=receiver,
        lifetime_follows_entries=receiver,
    )


def test_a_transfer_that_names_another_member(story: Story) -> None:
    story.give(100)
    story.give(100, "cid")
    done = story.transfer(60, "ada", "bea")
    falsify(done.sent, counterpart_member_id=story.account("cid").member_id)
    assert_found(story, transfer_has_two_sides=done.sent)


def test_a_transfer_of_nothing_that_carries_nothing(story: Story) -> None:
    before = _clipped(story)[0]
    story.give(1, "bea")
    story.merge("ada", "bea")
    empty = list(LedgerEntry.objects.filter(environment_id=story.environment.id, points=0))
    remove(Uncovered.objects.get(account=story.account("bea", "miles")))
    assert len(empty) == 2
    assert_found(story, empty_transfer_carries_shortfall=empty, shortfall_is_paid_by_entries=before)


def test_points_that_live_longer_after_a_transfer(story: Story) -> None:
    story.give(100, expires_at=story.now + timedelta(days=30))
    done = story.transfer(60, "ada", "bea")
    falsify(story.lot(done.received), expires_at=None)
    assert_found(story, transfer_keeps_dates=done.received)


# -- whose is it


def _owed(story: Story) -> Uncovered:
    entry = story.give(10)
    story.spend(story.account().total)
    return story.uncovered(story.reverse(entry))


ROWS: dict[str, Callable[[Story], Model]] = {
    "entry": lambda story: story.give(1),
    "lot": lambda story: story.lot(story.give(1)),
    "use": lambda story: story.use(story.spend(1)),
    "uncovered": _owed,
    "hold": lambda story: story.hold(1),
    "piece": lambda story: HoldLot.objects.get(hold=story.hold(1)),
}


@pytest.mark.parametrize("kind", ROWS)
def test_a_row_in_another_environment(story: Story, kind: str) -> None:
    story.give(100)
    row = ROWS[kind](story)
    falsify(row, environment_id=make_environment().id)
    assert_found(story, row_is_in_members_environment=row)


def test_an_account_in_another_environment(story: Story) -> None:
    story.give(100)
    account = story.account()
    falsify(account, environment_id=make_environment().id)
    assert_found(
        story,
        member="ada",
        row_is_in_members_environment=account,
        account_is_in_its_metrics_environment=account,
    )


@pytest.mark.parametrize("kind", ["entry", "use", "uncovered", "piece"])
def test_a_row_of_another_member(story: Story, kind: str) -> None:
    story.give(100)
    story.give(100, "bea")
    row = ROWS[kind](story)
    falsify(row, member_id=story.account("bea").member_id)
    assert_found(story, row_is_its_owners=row)


def test_a_use_of_somebody_elses_lot(story: Story) -> None:
    mine, theirs = story.lot(story.give(100)), story.lot(story.give(100, "bea"))
    use = story.use(story.spend(80))
    falsify(use, lot_id=theirs.pk)
    assert_found(story, rows_meet_in_one_account=use, lot_adds_up=[mine, theirs])


def test_an_account_in_another_tenants_metric(story: Story) -> None:
    story.give(100)
    account = story.account()
    elsewhere = Metric.objects.get(environment=make_environment(), code="points")
    falsify(account, metric_id=elsewhere.pk)
    assert_found(story, account_is_in_its_metrics_environment=account)


@pytest.mark.parametrize("model", [Account, LedgerEntry, Lot, LotUse, Uncovered, Hold, HoldLot])
def test_no_figure_is_too_large_to_be_told(story: Story, model: type[Model]) -> None:
    """Sums and differences of what a column can hold at most do not end the run."""
    _clipped(story)
    story.give(100)
    story.reverse(story.spend(80), 10)
    story.capture(story.hold(5), 3)
    story.hold(7)
    story.transfer(1, "ada", "bea")
    story.merge("ada", "bea")
    figures = [field.name for field in model._meta.concrete_fields if isinstance(field, BigIntegerField)]
    assert figures != []
    for row in model._default_manager.filter(environment_id=story.environment.id):
        for figure in figures:
            for extreme in (-(2**63), 2**63 - 1):
                with transaction.atomic():
                    falsify(row, **{figure: extreme})
                    checks = {found.check for found in violations(environment=story.environment)}
                    transaction.set_rollback(True)
                assert checks != set(), (row, figure, extreme)
