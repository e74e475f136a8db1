"""Events are stored and cause what the published rules say (domain.md 4). One is a batch of one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeAlias
from uuid import uuid4

from django.db import transaction

from audit.errors import DomainError
from audit.ids import new_id, public
from audit.record import Actor
from loyalty.actions.allowances import Allowance, metered
from loyalty.actions.earning import earn
from loyalty.actions.intake import (
    LATE_WINDOW,
    MAX_DATA,
    REFUND,
    Item,
    check_time,
    digest_of,
    money_of,
    take_in,
)
from loyalty.actions.once import again_if_moved, once
from loyalty.actions.refunding import refund
from loyalty.actions.sitting import Sitting, open_sitting
from loyalty.errors import EventIdReused, MemberFrozen
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.posting import Journal
from loyalty.models import Event, Member
from loyalty.queries.drafts import with_draft
from loyalty.queries.events import RecordedEvent, ReportedEvent
from loyalty.rules.same_purchase import same_data
from loyalty.rules.stamps import PURCHASE
from programs.models import EarningRule, Environment
from programs.queries.snapshots import Snapshot, snapshot

__all__ = ["LATE_WINDOW", "MAX_DATA", "REFUND", "apply_events", "dry_run", "record_batch", "record_event"]

MAX_BATCH = 1000
Result: TypeAlias = RecordedEvent | DomainError


@metered
@once
def record_event(
    *,
    environment: Environment,
    event_id: str,
    type: str,  # noqa: A002 - the wire's word
    member: str,
    data: dict[str, Any],
    actor: Actor,
    now: datetime,
    occurred_at: datetime | None = None,
    program: str | None = None,
    idempotency: Idempotency | None = None,
    allowance: Allowance,
) -> RecordedEvent:
    """Store the event and award what the rules in force at `occurred_at` (default `now`) give; a refund takes
    back what its purchase no longer earns.

    The same event again, at any time, is a duplicate and changes nothing. Raises EventIdReused,
    EventTooLate, InvalidRequest, MemberFrozen, PlanLimitExceeded, ProgramNotFound, PurchaseNotFound,
    RefundExceedsPurchase, Replay. Locks: the member (and their referrer), then their accounts, then budgets, then
    seats. `allowance`: as `metered` gives it.
    """
    reported = ReportedEvent(event_id, type, member, data, occurred_at, program)
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    config = snapshot(environment)
    sitting, (result,) = _apply(journal, config, take_in([reported], config, now), allowance)
    if isinstance(result, DomainError):
        raise result
    journal.write(result, member_id=sitting.members[member].pk)
    return result


@metered
@once
def record_batch(
    *,
    environment: Environment,
    events: Sequence[ReportedEvent],
    actor: Actor,
    now: datetime,
    idempotency: Idempotency | None = None,
    allowance: Allowance,
) -> list[Result]:
    """Record up to 1,000 events as if one after the other, each applied or refused by itself; in one
    transaction and a number of statements that does not grow with theirs. Results are in their order.

    Raises Replay, and IdempotencyKeyReused. Locks: as `record_event`, ids ascending.
    """
    config = snapshot(environment)
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    _, results = _apply(journal, config, take_in(events, config, now), allowance)
    journal.write(results)
    return results


def dry_run(
    *,
    environment: Environment,
    event: ReportedEvent,
    actor: Actor,
    now: datetime,
    draft: EarningRule | None = None,
) -> RecordedEvent:
    """What the event would cause now, by the same way as a real one; nothing is written. Its own id is not
    looked at, and it may be of any time in the past. `draft`: a rule whose draft counts as if in force.

    Raises what `record_event` raises. Locks the same, shortly.
    """
    config = snapshot(environment)
    if draft:
        config = with_draft(config, draft)
    reported = replace(event, event_id=f"dry-run-{uuid4().hex}")
    return _rehearse(Journal(environment=environment, actor=actor, now=now), config, reported)


@again_if_moved
def _rehearse(journal: Journal, config: Snapshot, reported: ReportedEvent) -> RecordedEvent:
    with transaction.atomic():
        fresh = Journal(environment=journal.environment, actor=journal.actor, now=journal.now)
        items = take_in([reported], config, fresh.now)
        _, (result,) = _apply(fresh, config, items, Allowance(), any_time=True)
        transaction.set_rollback(True)
    if isinstance(result, DomainError):
        raise result
    return result


def apply_events(
    journal: Journal, config: Snapshot, items: Sequence[Item], allowance: Allowance
) -> list[Result]:
    """Plan events of any age, by the rules in force when they happened; results are in their order. Locks: as
    `record_batch`."""
    return _apply(journal, config, items, allowance, any_time=True)[1]


def _apply(
    journal: Journal,
    config: Snapshot,
    items: Sequence[Item],
    allowance: Allowance,
    *,
    any_time: bool = False,
) -> tuple[Sitting, list[Result]]:
    """Plan all events, one after the other."""
    allowance.begin()
    sitting = open_sitting(journal, config, items)
    return sitting, [_one(sitting, item, allowance, any_time) for item in items]


def _one(sitting: Sitting, item: Item, allowance: Allowance, any_time: bool) -> Result:
    planned = len(sitting.journal.events)
    try:
        result = _known(sitting, item) or _new(sitting, item, allowance, any_time)
    except DomainError as refusal:
        if len(sitting.journal.events) > planned:
            raise  # events refuse before they plan; should one not, nothing at all is written
        return refusal
    sitting.known[item.reported.event_id] = result
    return result


def _known(sitting: Sitting, item: Item) -> RecordedEvent | None:
    """The event as it was recorded before. Raises EventIdReused."""
    reported = item.reported
    found = sitting.known.get(reported.event_id)
    if found is None:
        return None
    if sitting.journal.via and found.event.via_environment_id != sitting.journal.via:
        raise EventIdReused(
            f"event_id {reported.event_id!r} was used for another event of this program; ids are the owning project's, "
            "so begin yours with a name of your own."
        )
    if bytes(found.event.digest) != item.digest and not _is_same(found, item):
        raise EventIdReused(
            f"event_id {reported.event_id!r} was used for another event; give each event an id of its own.",
            event=public("evt", found.event.id),
        )
    return replace(found, member=reported.member, duplicate=True)


def _is_same(found: RecordedEvent, item: Item) -> bool:
    """Whether a purchase or refund says what was recorded in another form: each surface writes amounts in its own."""
    event, reported = found.event, item.reported
    return (
        item.refusal is None
        and (event.type, found.member) == (reported.type, reported.member)
        and event.type in (PURCHASE, REFUND)
        and event.program_id == (item.program and item.program.id)
        and event.data is not None
        and _is_same_instant(event, item)
        and same_data(event.data, reported.data)
    )


def _is_same_instant(event: Event, item: Item) -> bool:
    """Nothing hangs on a refund's instant: where one of the two names none, they don't differ in it."""
    if event.occurred_at == item.occurred_at:
        return True
    reported = item.reported
    unnamed = digest_of(replace(reported, data=event.data or {}, occurred_at=None))
    return event.type == REFUND and (reported.occurred_at is None or unnamed == bytes(event.digest))


def _new(sitting: Sitting, item: Item, allowance: Allowance, any_time: bool) -> RecordedEvent:
    if item.refusal:
        raise item.refusal
    journal, reported, member = sitting.journal, item.reported, sitting.members[item.reported.member]
    if not any_time or item.occurred_at > journal.now:
        check_time(item, journal.now)
    if member.status == Member.Status.FROZEN and not item.refund:
        raise MemberFrozen(f"Member {member} is frozen; an operator can make it active again.")
    allowance.check()
    sitting.check_seat(member)
    amount, currency = money_of(reported.data)
    event = Event(
        id=new_id(),
        environment_id=journal.environment.id,
        member_id=member.pk,
        event_id=reported.event_id,
        type=reported.type,
        program_id=item.program.id if item.program else None,
        occurred_at=item.occurred_at,
        data=reported.data,
        amount=amount,
        currency=currency,
        via_environment_id=journal.via,
        digest=item.digest,
        actor_kind=journal.actor.kind,
        actor_id=journal.actor.id,
        trace_id=journal.actor.trace_id,
    )
    result = (refund if item.refund else earn)(sitting, item, event, member)
    allowance.used += 1
    if member._state.adding:
        journal.new_members[member.pk] = member
    return result
