"""Accounts are locked, and what stands on them is read under that lock."""

from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q

from loyalty.errors import ServiceUnavailable
from loyalty.ledger.idempotency import Idempotency
from loyalty.models import Account, Lot, Member, member_key
from programs.models import Environment, Metric

_MEMBER = """
SELECT member.status, answered.fingerprint, answered.status, answered.answer
FROM loyalty_member AS member
LEFT JOIN loyalty_idempotencyrecord AS answered
    ON answered.environment_id = member.environment_id AND answered.scope = %s AND answered.key = %s
WHERE member.id = %s
"""


def lock_account(*, environment: Environment, member: str, metric: Metric, now: datetime) -> Account:
    """The member's account in `metric`, locked; member and account are made where they are missing.

    One statement for a known account, four for a new one (five in a sandbox). Locks: the account.
    """
    key = member_key(environment.namespace, member)
    # Its own row alone: a lock that took the metric along would make every member wait for every other.
    locked = Account.objects.select_for_update(of=("self",)).filter(member_id=key, metric=metric).order_by()
    account = locked.first()
    if account is None:
        ensure_member(environment=environment, member=member, now=now)
        Account.objects.bulk_create(
            [Account(environment_id=environment.id, member_id=key, metric=metric)], ignore_conflicts=True
        )
        account = locked.get()
    return account


def lock_member(*, environment: Environment, member: str, now: datetime) -> Member:
    """The member's row, locked against other events and merges; made if it is missing.

    One statement for a known member, three for a new one (four in a sandbox). Locks: the member, before
    any account.
    """
    key = member_key(environment.namespace, member)
    locked = Member.objects.select_for_update(no_key=True).filter(pk=key)
    found = locked.first()
    if found is None:
        ensure_member(environment=environment, member=member, now=now)
        found = locked.get()
    return found


def ensure_member(*, environment: Environment, member: str, now: datetime) -> UUID:
    """Make the member if the environment has none of that id; one statement, two in a sandbox.

    Raises ServiceUnavailable where the sandbox's clock was set since the request began: the first
    member ends the clock's freedom to go back, and must not come from a time that is no more.
    """
    key = member_key(environment.namespace, member)
    if environment.kind == Environment.Kind.SANDBOX:
        _refuse_a_moved_clock(environment)
    Member.objects.bulk_create(
        [Member(id=key, environment=environment, external_id=member, created_at=now)], ignore_conflicts=True
    )
    return key


def _refuse_a_moved_clock(environment: Environment) -> None:
    with connection.cursor() as cursor:
        # Waits for whoever sets the clock, and they for us; other members' writes do neither.
        cursor.execute("SELECT clock FROM programs_environment WHERE id = %s FOR KEY SHARE", [environment.id])
        (clock,) = cursor.fetchone()
    if clock != environment.clock:
        raise ServiceUnavailable(
            "The sandbox's clock has just been set; nothing was written. Try again.", retry_after=1
        )


def read_status(member_id: UUID, idempotency: Idempotency | None) -> str:
    """The member's status; one statement, which also finds a repeated key.

    Raises Replay or IdempotencyKeyReused where the key was used before.
    """
    scope, key = (idempotency.scope, idempotency.key) if idempotency else ("", "")
    with connection.cursor() as cursor:
        cursor.execute(_MEMBER, [scope, key, member_id])
        status, fingerprint, answered, answer = cursor.fetchone()
    if idempotency and fingerprint is not None:
        idempotency.check(bytes(fingerprint), answered, answer)
    return str(status)


def read_lots(account: Account) -> list[Lot]:
    """The open lots of an account that this transaction has locked; one statement."""
    return list(Lot.objects.filter(Q(remaining__gt=0) | Q(held__gt=0), account=account))
