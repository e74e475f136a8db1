"""Members join stamp programs, and what full cards gave is paid (domain.md 7)."""

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from audit.errors import InvalidRequest
from audit.ids import new_id, public
from audit.record import Actor
from loyalty.actions.once import once
from loyalty.errors import AlreadyEnrolled, MemberFrozen, StampProgramNotAvailable, StampRewardClosed
from loyalty.ledger.card_trail import audit_reward, names
from loyalty.ledger.cards import Card
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.members import Redirected, lock_members
from loyalty.ledger.posting import Journal
from loyalty.models import Member, StampCollection, StampReward
from loyalty.queries.rules import is_active
from loyalty.queries.stamps import find_stamp_program, find_stamp_reward
from loyalty.rules.stamps import in_window
from programs.models import Environment, StampProgram
from programs.queries.plans import require_feature

MAX_REFERENCE = 200


@once
def enrol(
    *,
    environment: Environment,
    stamp_program: str,
    member: str,
    actor: Actor,
    now: datetime,
    idempotency: Idempotency | None = None,
) -> StampCollection:
    """Give the member a card of the stamp program (`lp_` id), once; the member is made if new. Purchases that are
    recorded from now on stamp it.

    Raises AlreadyEnrolled, FeatureNotInPlan, MemberFrozen, PlanLimitExceeded, NotFound, Replay,
    StampProgramNotAvailable. Locks: the member.
    """
    require_feature(environment, "stamps")
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    row = lock_members(environment=environment, members=[member], now=now)[member]
    if idempotency:
        idempotency.check_stored(environment.id)
    program = find_stamp_program(environment=environment, stamp_program=stamp_program, drafts=False)
    known = StampCollection.objects.filter(member=row, stamp_program=program).first()
    if known:
        raise AlreadyEnrolled(
            f"Member {row} has a card of {program.public_id} already.",
            stamp_collection=public("sc", known.merged_into_id or known.id),
        )
    _check_open(program, now)
    if row.status == Member.Status.FROZEN:
        raise MemberFrozen(f"Member {row} is frozen; an operator can make it active again.")
    if row._state.adding:
        journal.new_members[row.pk] = row
    made = _new_collection(journal, row, program)
    journal.write(made, member_id=row.pk)
    return made


def _check_open(program: StampProgram, now: datetime) -> None:
    reason = None
    if program.status != StampProgram.Status.ACTIVE:
        reason = "is paused" if program.status == StampProgram.Status.PAUSED else "has ended"
    elif not in_window(program.starts_at, program.ends_at, now):
        reason = "has ended" if program.ends_at and program.ends_at <= now else "has not begun"
    elif not is_active(program.program, now):
        reason = "belongs to a program that is not active"
    if reason:
        raise StampProgramNotAvailable(f"Stamp program {program.public_id} {reason}; nobody can join it now.")


def _new_collection(journal: Journal, member: Member, program: StampProgram) -> StampCollection:
    made = StampCollection(
        id=new_id(),
        environment_id=journal.environment.id,
        member=member,
        stamp_program=program,
        cycle_from=len(program.thresholds) - 1,
        created_at=journal.now,
        recorded_at=timezone.now(),
        actor_kind=journal.actor.kind,
        actor_id=journal.actor.id,
        trace_id=journal.actor.trace_id,
    )
    journal.cards.new_collections.append(made)
    journal.audit(
        verb="stamp_collection.created",
        object_type="stamp_collection",
        object_id=public("sc", made.id),
        member_id=member.pk,
        after=dict(names(Card(made, program))),
    )
    return made


@once
def pay_stamp_reward(
    *,
    environment: Environment,
    reward: UUID,
    reference: str | None = None,
    actor: Actor,
    now: datetime,
    idempotency: Idempotency | None = None,
) -> StampReward:
    """Note that the tenant has paid it; `reference` says how, in at most 200 characters. It stands from then on,
    whatever is refunded.

    Raises InvalidRequest, NotFound, Replay, StampRewardClosed. Locks: its member, the reward.
    """
    if reference is not None and len(reference) > MAX_REFERENCE:
        raise InvalidRequest.field("reference", "max_length", f"At most {MAX_REFERENCE} characters.")
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    known = find_stamp_reward(environment=environment, reward=reward)
    Member.objects.select_for_update(no_key=True).get(pk=known.member_id)
    if idempotency:
        idempotency.check_stored(environment.id)
    row = find_stamp_reward(environment=environment, reward=reward)
    if row.member_id != known.member_id:
        raise Redirected
    if row.status != StampReward.Status.ISSUED:
        raise StampRewardClosed(
            f"Stamp reward {public('sr', row.id)} is {row.status}.", reward_status=str(row.status)
        )
    row.status, row.paid_at, row.reference = StampReward.Status.PAID, now, reference
    journal.cards.changed_rewards[row.id] = row
    audit_reward(
        journal,
        Card(row.collection, row.stamp_program),
        row,
        verb="stamp_reward.paid",
        member_id=row.member_id,
    )
    journal.write(row, member_id=row.member_id)
    return row
