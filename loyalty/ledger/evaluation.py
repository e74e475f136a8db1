"""Levels whose time has come are decided without waiting for their member's next write (domain.md 6)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.record import Actor
from loyalty.ledger.posting import Journal
from loyalty.ledger.standings import ladders_of, read_standings
from loyalty.models import Account, Member, MemberTier
from loyalty.rules.tiers import Ladder
from programs.models import Environment
from programs.queries.snapshots import snapshot


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What one chunk did: members whose levels were decided, and changes of their levels."""

    members: int
    changes: int


def evaluate_due(*, environment: Environment, actor: Actor, now: datetime, members: int = 250) -> Evaluated:
    """Decide the levels of up to `members` members whose time has come, longest due first, in one
    transaction; a constant number of statements. Whom somebody else is writing to is left to them.

    No member: nothing is left, or others have it in hand. Locks: the members, then their accounts of
    ladders of points, without waiting for any.
    """
    ladders = ladders_of(snapshot(environment))
    with transaction.atomic():
        locked = _lock_members(environment, ladders, now, members)
        if not locked:
            return Evaluated(0, 0)
        busy = _lock_accounts(locked, {ladder.metric_id for ladder in ladders if ladder.basis == "points"})
        found = read_standings(environment, ladders, locked, now=now, actor=actor)
        journal = Journal(environment=environment, actor=actor, now=now)
        journal.standings = {
            key: standing
            for key, standing in found.items()
            if standing.ladder.basis != "points"
            or (standing.member_id, standing.ladder.metric_id) not in busy
        }
        decided = [standing for standing in journal.standings.values() if standing.is_changed]
        journal.write(None)
    return Evaluated(
        len({standing.member_id for standing in decided}), sum(len(each.changes) for each in decided)
    )


def _lock_members(
    environment: Environment, ladders: Collection[Ladder], now: datetime, members: int
) -> set[UUID]:
    due = MemberTier.objects.filter(
        environment_id=environment.id,
        next_evaluation_at__lte=now,
        ladder__in=[ladder.id for ladder in ladders],
        member__status__in=Member.LIVING,
        member__redirect_to__isnull=True,
    )
    locked = due.select_for_update(skip_locked=True, no_key=True, of=("member",)).select_related("member")
    return {row.member_id for row in locked.order_by("next_evaluation_at")[:members]}


def _lock_accounts(members: Collection[UUID], metrics: Collection[UUID]) -> set[tuple[UUID, UUID]]:
    """Lock these accounts; answers the member and metric of those that somebody else has locked."""
    if not metrics:
        return set()
    accounts = Account.objects.filter(member__in=members, metric__in=metrics).order_by()
    locked = accounts.select_for_update(skip_locked=True, of=("self",)).values_list("member_id", "metric_id")
    mine = set(locked)
    return set(accounts.values_list("member_id", "metric_id")) - mine
