"""Members join a stamp program once; what a full card gave is paid once."""

from typing import Any

import pytest

from audit.errors import DomainError, InvalidRequest, NotFound
from audit.ids import new_id
from audit.models import AuditEvent
from loyalty.errors import (
    AlreadyEnrolled,
    MemberFrozen,
    Replay,
    StampProgramNotAvailable,
    StampRewardClosed,
)
from loyalty.ledger.idempotency import Idempotency
from loyalty.models import Member, StampCollection
from programs.models import Program
from tests.factories import make_environment, make_member, make_stamp_program
from tests.loyalty.ledger.till import day
from tests.loyalty.stamps.cafe import FIXED, Cafe, Standing


def refused(cafe: Cafe, error: type[DomainError], action: Any, *arguments: Any, **named: Any) -> DomainError:
    """The refusal, after which everything is as it was."""
    before = cafe.everything()
    with pytest.raises(error) as caught:
        action(*arguments, **named)
    assert cafe.everything() == before
    return caught.value


# -- joining


def test_whoever_joins_has_an_empty_card(cafe: Cafe) -> None:
    program = cafe.program()
    made = cafe.join(program)
    assert cafe.standing(program) == Standing(0, [], 0, 0, 0, 0)
    assert (made.created_at, made.cycle_from, made.member.external_id) == (day(0), 0, "ada")
    row = AuditEvent.objects.get(environment_id=cafe.environment.id, verb="stamp_collection.created")
    assert (row.object_id, row.member_id) == (f"sc_{made.pk.hex}", made.member_id)
    assert row.after == {"stamp_collection": f"sc_{made.pk.hex}", "stamp_program": program.public_id}


def test_nobody_joins_twice(cafe: Cafe) -> None:
    program = cafe.program()
    made = cafe.join(program)
    cafe.buy("p", "3.00")
    refusal = refused(cafe, AlreadyEnrolled, cafe.join, program)
    assert (refusal.code, refusal.data) == ("already_enrolled", {"stamp_collection": f"sc_{made.pk.hex}"})
    assert cafe.standing(program).live == 1


def test_the_same_call_again_is_answered_alike(cafe: Cafe) -> None:
    program = cafe.program()
    key = Idempotency("", "k", b"f" * 32, lambda row: (201, str(row.pk)))
    cafe.join(program, idempotency=key)
    with pytest.raises(Replay):
        cafe.join(program, idempotency=key)
    assert StampCollection.objects.filter(stamp_program=program).count() == 1


def test_a_frozen_member_cannot_join(cafe: Cafe) -> None:
    make_member(cafe.environment, "ada", status=Member.Status.FROZEN)
    refused(cafe, MemberFrozen, cafe.join, cafe.program())


def test_a_draft_is_not_found_and_nor_is_what_is_none_or_anothers(cafe: Cafe) -> None:
    draft = cafe.program(status="draft")
    others = make_stamp_program(make_environment())
    for program in (draft, others):
        refused(cafe, NotFound, cafe.join, program)
    others.public_id = "lp_nothing"
    refused(cafe, NotFound, cafe.join, others)
    assert not Member.objects.filter(environment=cafe.environment).exists()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "paused"}, "is paused"),
        ({"status": "ended"}, "has ended"),
        ({"starts_at": day(1)}, "has not begun"),
        ({"ends_at": day(0)}, "has ended"),
    ],
)
def test_only_what_is_in_force_can_be_joined(cafe: Cafe, changes: dict[str, Any], reason: str) -> None:
    program = cafe.program(**changes)
    refusal = refused(cafe, StampProgramNotAvailable, cafe.join, program)
    assert refusal.detail == f"Stamp program {program.public_id} {reason}; nobody can join it now."


def test_nor_what_belongs_to_a_program_that_is_not(cafe: Cafe) -> None:
    program = cafe.program()
    Program.objects.filter(environment=cafe.environment).update(status="paused")
    refusal = refused(cafe, StampProgramNotAvailable, cafe.join, program)
    assert "belongs to a program that is not active" in refusal.detail


# -- paying


def test_what_is_paid_says_when_and_how(cafe: Cafe) -> None:
    card = cafe.card(threshold=1, **FIXED)
    cafe.buy("p", "3.00")
    cafe.today = 3
    cafe.pay(cafe.rewards(card)[0], "BACS 17")
    (reward,) = cafe.rewards(card)
    assert (reward.status, reward.paid_at, reward.reference, reward.owed) == ("paid", day(3), "BACS 17", 0)
    row = AuditEvent.objects.get(environment_id=cafe.environment.id, verb="stamp_reward.paid")
    assert (row.object_id, row.after and row.after["status"]) == (f"sr_{reward.pk.hex}", "paid")


@pytest.mark.parametrize("how", ["paid", "revoked"])
def test_what_is_closed_is_not_paid(cafe: Cafe, how: str) -> None:
    card = cafe.card(threshold=1, **FIXED)
    cafe.buy("p", "3.00")
    (reward,) = cafe.rewards(card)
    if how == "paid":
        cafe.pay(reward)
    else:
        cafe.refund("p")
    refusal = refused(cafe, StampRewardClosed, cafe.pay, reward, "twice")
    assert (refusal.code, refusal.data) == ("stamp_reward_closed", {"reward_status": how})


def test_a_reference_is_no_novel(cafe: Cafe) -> None:
    card = cafe.card(threshold=1, **FIXED)
    cafe.buy("p", "3.00")
    (reward,) = cafe.rewards(card)
    refusal = refused(cafe, InvalidRequest, cafe.pay, reward, "x" * 201)
    assert [(each.field, each.code) for each in refusal.errors] == [("reference", "max_length")]
    assert cafe.pay(reward, "x" * 200).status == "paid"


def test_another_environments_reward_is_not_found(cafe: Cafe) -> None:
    other = Cafe(make_environment())
    card = other.card(threshold=1, **FIXED)
    other.buy("p", "3.00")
    (reward,) = other.rewards(card)
    refused(cafe, NotFound, cafe.pay, reward)
    reward.pk = new_id()
    refused(other, NotFound, other.pay, reward)
    assert other.rewards(card)[0].status == "issued"
