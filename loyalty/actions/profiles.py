"""A member's own profile is opened by their first request (api.md /api/loyalty)."""

from datetime import datetime

from audit.errors import NotFound
from audit.record import Actor
from loyalty.actions.once import once
from loyalty.ledger.accounts import lock_accounts
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.members import ensure_member
from loyalty.ledger.posting import Journal
from loyalty.models import Account, Member
from loyalty.queries.members import find_member
from programs.models import Environment


def open_profile(*, environment: Environment, member: str, actor: Actor, now: datetime) -> Member:
    """Whoever answers for this id, made if missing, with all accounts settled by `now`, so that their totals are what
    their entries add up to. Two statements, and no write, for a known member with nothing due. Raises
    ServiceUnavailable. Locks: the accounts with something due."""
    try:
        found = find_member(environment=environment, member=member)
    except NotFound:
        return _make(environment=environment, member=member, now=now)
    if Account.objects.filter(member=found, next_due_at__lte=now).exists():
        return _settle(environment=environment, member=member, actor=actor, now=now)
    return found


@once
def _make(
    *,
    environment: Environment,
    member: str,
    now: datetime,
    idempotency: Idempotency | None = None,  # noqa: ARG001 - `once` gives it
) -> Member:
    return Member.objects.get(pk=ensure_member(environment=environment, member=member, now=now))


@once
def _settle(
    *,
    environment: Environment,
    member: str,
    actor: Actor,
    now: datetime,
    idempotency: Idempotency | None = None,
) -> Member:
    found = find_member(environment=environment, member=member)
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    locked = lock_accounts(member=found, next_due_at__lte=now)
    if locked:
        journal.check_status(found.pk, member, frozen_ok=True)
        journal.open_locked(locked)
        journal.write(None)
    return found
