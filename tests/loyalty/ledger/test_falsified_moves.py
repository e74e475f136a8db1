"""Each check names the row that was falsified, and the command exits 1: reversals, holds, transfers, and whose
a row is."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.db.models import BigIntegerField, Model

from loyalty.ledger.checks import violations
from loyalty.models import Account, Hold, HoldLot, LedgerEntry, Lot, LotUse, Uncovered
from programs.models import Metric
from tests.factories import make_environment
from tests.loyalty.ledger.checking import assert_found
from tests.loyalty.ledger.falsify import falsify, remove
from tests.loyalty.ledger.story import Story

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
