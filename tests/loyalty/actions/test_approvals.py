"""Above the limit, one person asks and another decides (domain.md 9.3)."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.errors import InvalidRequest, NotFound, PermissionRefused
from audit.ids import public
from audit.models import AuditEvent
from audit.record import Actor
from loyalty.actions import approvals
from loyalty.actions.approvals import (
    approve_adjustment,
    reject_adjustment,
    request_adjustment,
    withdraw_adjustment,
)
from loyalty.actions.erasing import erase_member
from loyalty.actions.members import update_member
from loyalty.actions.merging import merge_members
from loyalty.actions.points import adjust, spend
from loyalty.errors import ApprovalClosed, ApprovalRequired, InsufficientBalance
from loyalty.ledger.members import ensure_member
from loyalty.models import Account, AdjustmentRequest, LedgerEntry
from loyalty.queries.approvals import find_request
from programs.actions.programs import save_program
from programs.errors import FeatureNotInPlan
from programs.models import Environment, Program
from tests import factories
from tests.factories import give, reload, staff_actor
from tests.loyalty.redemptions.racing import Together, outcomes

OLGA, SVEN, TESS = (staff_actor(name) for name in ("olga", "sven", "tess"))
Do = Callable[..., Any]


def limit(environment: Environment, points: int | None = 1000) -> None:
    program = Program.objects.get(environment=environment)
    save_program(
        environment=reload(environment), program=program, actor=OLGA, changes={"adjustment_limit": points}
    )


def doing(environment: Environment) -> Do:
    def do(action: Callable[..., Any], **arguments: Any) -> Any:
        return action(**{"environment": reload(environment), "now": timezone.now()} | arguments)

    return do


@pytest.fixture
def do(db: None, environment: Environment) -> Do:
    limit(environment)
    return doing(environment)


def by_hand(do: Do, points: int, actor: Actor = OLGA, member: str = "ada") -> LedgerEntry:
    entry: LedgerEntry = do(
        adjust, member=member, points=points, reason="goodwill", note="Parcel was late", actor=actor
    )
    return entry


def ask(do: Do, points: int = 5000, member: str = "ada", actor: Actor = OLGA) -> AdjustmentRequest:
    do(ensure_member, member=member)
    made: AdjustmentRequest = do(
        request_adjustment, member=member, points=points, reason="goodwill", note=" Flood ", actor=actor
    )
    return made


def total(member: str = "ada") -> int:
    return Account.objects.get(member__external_id=member).total


def test_above_the_limit_it_takes_a_second_person_and_at_it_none(do: Do) -> None:
    assert by_hand(do, 1000).points == 1000
    for points in (1001, -1001):
        with pytest.raises(ApprovalRequired) as refused:
            by_hand(do, points, SVEN)
        assert refused.value.data == {"limit": 1000, "adjusted": 0}
    assert total() == 1000


def test_just_below_it_again_and_again_is_above_it_for_one_person_one_member_and_a_day(do: Do) -> None:
    by_hand(do, 900)
    by_hand(do, -60)
    with pytest.raises(ApprovalRequired) as refused:
        by_hand(do, 41)
    assert refused.value.data == {"limit": 1000, "adjusted": 960}
    assert "you have moved 960 of this member's in the last 24 hours" in refused.value.detail
    by_hand(do, 40)
    by_hand(do, 900, SVEN)
    by_hand(do, 900, member="bob")
    assert total() == 1780


def test_a_day_later_and_over_a_merge(do: Do, monkeypatch: pytest.MonkeyPatch) -> None:
    by_hand(do, 900)
    by_hand(do, 900, member="bob")
    do(merge_members, member="bob", into="ada", reason=None, actor=SVEN)
    monkeypatch.setattr("loyalty.queries.approvals.WINDOW", timedelta(0))
    by_hand(do, 1000)  # all of it is longer ago
    monkeypatch.undo()
    with pytest.raises(ApprovalRequired) as refused:
        by_hand(do, 1)
    assert refused.value.data["adjusted"] == 2800


def test_what_is_asked_for_moves_nothing_and_what_is_approved_is_the_approvers_with_who_asked(do: Do) -> None:
    asked = ask(do)
    assert LedgerEntry.objects.count() == 0
    held = do(approve_adjustment, request=asked.pk, note="Seen the photos", actor=SVEN)
    entry = LedgerEntry.objects.get()
    said = {"note": "Flood", "requested_by": "olga", "request": public("adr", asked.pk)}
    assert (entry.type, entry.points, entry.reason, entry.metadata) == ("adjusted", 5000, "goodwill", said)
    assert (entry.actor_id, entry.trace_id) == ("sven", SVEN.trace_id)
    assert (held.status, held.decided_by, held.entry_id) == ("approved", "sven", entry.pk)
    trail = {row.verb: row for row in AuditEvent.objects.filter(member_id=entry.member_id)}
    assert set(trail) == {"adjustment.requested", "points.adjusted", "adjustment.approved"}
    for verb, actor in (
        ("adjustment.requested", OLGA),
        ("points.adjusted", SVEN),
        ("adjustment.approved", SVEN),
    ):
        row = trail[verb]
        assert (row.actor_kind, row.actor_id, row.trace_id) == ("staff", actor.id, actor.trace_id)
        assert row.project_id is not None
        assert row.environment_id == entry.environment_id
        assert row.after is not None
        assert (row.after["points"], row.after["note"]) == (5000, "Flood")
    last = trail["adjustment.approved"].after
    assert last is not None
    assert (last["requested_by"], last["decision_note"]) == ("olga", "Seen the photos")
    assert last["transaction"] == public("txn", entry.pk)
    by_hand(do, 1000, SVEN)  # what two people did counts for neither's day
    by_hand(do, 1000)


def test_nobody_decides_their_own(do: Do) -> None:
    asked = ask(do)
    for action in (approve_adjustment, reject_adjustment):
        with pytest.raises(PermissionRefused, match="You asked for it yourself"):
            do(action, request=asked.pk, note="x", actor=OLGA)
    with pytest.raises(PermissionRefused, match="Only olga"):
        do(withdraw_adjustment, request=asked.pk, actor=SVEN)
    for action in (approve_adjustment, reject_adjustment):
        with pytest.raises(PermissionRefused, match="person of the staff"):
            do(action, request=asked.pk, note="x", actor=factories.make_actor())
    namesake = Actor("staff", "OLGA", "trace-1")  # to whoever reads the list, the same person
    with pytest.raises(PermissionRefused, match="You asked for it yourself"):
        do(approve_adjustment, request=asked.pk, actor=namesake)
    row = AdjustmentRequest.objects.filter(pk=asked.pk)
    decided = {"status": "rejected", "decided_at": timezone.now()}
    for name in ("olga", "Olga"):
        with pytest.raises(IntegrityError, match="adjustment_request_two_people"), transaction.atomic():
            row.update(**decided, decided_by=name)
    assert row.get().status == "pending"
    assert do(withdraw_adjustment, request=asked.pk, actor=OLGA).status == "withdrawn"


def test_what_is_decided_stays_decided(do: Do) -> None:
    asked = ask(do)
    with pytest.raises(InvalidRequest):
        do(reject_adjustment, request=asked.pk, note=" ", actor=SVEN)
    do(reject_adjustment, request=asked.pk, note="No photos", actor=SVEN)
    with pytest.raises(ApprovalClosed, match="It was rejected already, by sven; nothing was done"):
        do(approve_adjustment, request=asked.pk, actor=TESS)
    with pytest.raises(ApprovalClosed):
        do(withdraw_adjustment, request=asked.pk, actor=OLGA)
    for changes in (
        {"points": 1},
        {"status": "pending", "decided_by": None, "decided_at": None, "decision_note": None},
        {"decision_note": "other"},
    ):
        with pytest.raises(IntegrityError, match="of one that is rejected refused"), transaction.atomic():
            AdjustmentRequest.objects.filter(pk=asked.pk).update(**changes)
    with pytest.raises(IntegrityError), transaction.atomic():
        AdjustmentRequest.objects.filter(pk=asked.pk).delete()
    assert LedgerEntry.objects.count() == 0


def test_what_stands_against_it_is_said_and_it_waits_on(do: Do, environment: Environment) -> None:
    give(environment, 2000)
    asked = ask(do, -2000)
    do(spend, member="ada", points=1, reason=None, actor=TESS)
    with pytest.raises(InsufficientBalance) as refused:
        do(approve_adjustment, request=asked.pk, actor=SVEN)
    assert refused.value.data == {"balance": 1999, "required": 2000}
    assert AdjustmentRequest.objects.get().status == "pending"
    give(environment, 1)
    do(update_member, member="ada", status="frozen", actor=SVEN)
    do(approve_adjustment, request=asked.pk, actor=SVEN)
    assert total() == 0


def test_a_merge_takes_along_what_waits_and_an_erasure_ends_it(do: Do, environment: Environment) -> None:
    give(environment, 10, "bob")
    give(environment, 10)
    asked, other = ask(do, member="bob"), ask(do, 6000, member="bob")
    do(merge_members, member="bob", into="ada", reason=None, actor=SVEN)
    do(approve_adjustment, request=asked.pk, actor=SVEN)
    assert total() == 5020
    do(erase_member, member="ada", actor=TESS)
    give(environment, 7)  # the id comes back: somebody new
    with pytest.raises(ApprovalClosed, match="It was withdrawn already, by tess"):
        do(approve_adjustment, request=other.pk, actor=SVEN)
    assert total() == 7
    assert list(AdjustmentRequest.objects.values_list("note", "decision_note")) == [(None, None)] * 2


def test_who_is_erased_while_it_is_approved_and_comes_back_is_somebody_else(
    do: Do, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at the request and the lock of the account."""
    give(environment, 10)
    asked = ask(do)
    look = find_request
    erase = partial(do, erase_member, member="ada", actor=TESS)

    def looked(**arguments: Any) -> AdjustmentRequest:
        found = look(**arguments)
        monkeypatch.setattr(approvals, "find_request", look)
        erase()
        give(environment, 7)
        return found

    monkeypatch.setattr(approvals, "find_request", looked)
    with pytest.raises(ApprovalClosed, match="withdrawn"):
        do(approve_adjustment, request=asked.pk, actor=SVEN)


def test_without_the_feature_nobody_adjusts_above_a_limit(do: Do, environment: Environment) -> None:
    asked = ask(do)
    plan = environment.project.organization.plan
    plan.features = [name for name in plan.features if name != "approvals"]
    plan.save()
    for act in (
        partial(by_hand, do, 1001),
        partial(ask, do),
        partial(do, approve_adjustment, request=asked.pk, actor=SVEN),
        partial(limit, environment, 2000),
    ):
        with pytest.raises(FeatureNotInPlan), transaction.atomic():
            act()
    assert LedgerEntry.objects.count() == 0
    by_hand(do, 1000)
    do(reject_adjustment, request=asked.pk, note="Plan", actor=SVEN)
    limit(environment, None)
    assert by_hand(do, 1001).points == 1001


def test_another_environments_request_is_not_there(do: Do) -> None:
    asked = ask(do)
    elsewhere = doing(factories.make_environment())
    for action in (approve_adjustment, reject_adjustment, withdraw_adjustment):
        with pytest.raises(NotFound):
            elsewhere(action, request=asked.pk, note="x", actor=SVEN)


def test_two_approvers_at_once_make_one_adjustment(
    committed_environment: Environment, together: Together
) -> None:
    do = doing(committed_environment)
    asked = ask(do)

    def approve(number: int) -> Any:
        return do(approve_adjustment, request=asked.pk, actor=staff_actor(f"person-{number}"))

    assert outcomes(together(approve, 8)) == {"done": 1, "approval_closed": 7}
    account = Account.objects.get(environment_id=committed_environment.pk)
    assert account.total == 5000
    assert LedgerEntry.objects.filter(account=account).count() == 1
