"""Accounts are locked, in the order (member, metric)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection

from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.members import Redirected, ensure_member
from loyalty.models import Account, Member, member_key
from programs.models import Environment, Metric

# Every award asks this: to have the ORM compose it each time would cost more than to run it. The account's
# own row alone is locked: a lock that took member or metric along would make callers wait for each other.
# After a wait the account is the last holder's, and all else still as it was when the statement began; `seen`
# is the account as it was then, and `is_same` says whether anybody wrote to it meanwhile.
_LOCK = """
SELECT account.xmin = seen.xmin AS is_same, member.status, answered.fingerprint, answered.status, answered.answer,
    {columns}
FROM loyalty_account AS account
JOIN loyalty_account AS seen ON seen.id = account.id
JOIN loyalty_member AS member ON member.id = account.member_id
LEFT JOIN loyalty_idempotencyrecord AS answered
    ON answered.environment_id = account.environment_id AND answered.scope = %s AND answered.key = %s
WHERE account.member_id = %s AND account.metric_id = %s
    AND member.redirect_to_id IS NULL AND member.status <> 'erased'
FOR UPDATE OF account
"""

_MEMBER = """
SELECT member.status, member.redirect_to_id, answered.fingerprint, answered.status, answered.answer
FROM loyalty_member AS member
LEFT JOIN loyalty_idempotencyrecord AS answered
    ON answered.environment_id = member.environment_id AND answered.scope = %s AND answered.key = %s
WHERE member.id = %s
"""


def lock_account(
    *,
    environment: Environment,
    member: str,
    metric: Metric,
    now: datetime,
    idempotency: Idempotency | None = None,
) -> tuple[Account, str]:
    """The account in `metric` of whoever answers for this id, locked, and their status; made where it is
    missing.

    One statement for a known account, which also finds a repeated key; two where it had to wait. Raises
    Replay or IdempotencyKeyReused where the key was used before, and Redirected. Locks: the account.
    """
    key = member_key(environment.namespace, member)
    row = _lock(key, metric, idempotency)
    while row is None:
        key = ensure_member(environment=environment, member=member, now=now)
        make_accounts(environment, [(key, metric)])
        row = _lock(key, metric, idempotency)
    is_same, status, fingerprint, answered, answer, *columns = row
    account = Account.from_db(connection.alias, _columns(), columns)
    if not is_same:
        return account, read_status(account.member_id, idempotency)
    if idempotency and fingerprint is not None:
        idempotency.check(bytes(fingerprint), answered, answer)
    return account, status


def lock_accounts(**wanted: Any) -> list[Account]:
    """The accounts with these columns, locked in everyone's order; one statement. Locks: the accounts."""
    locked = Account.objects.select_for_update(of=("self",)).filter(**wanted)
    return list(locked.order_by("member_id", "metric_id"))


def new_account(environment: Environment, member_id: UUID, metric: Metric, at: datetime) -> Account:
    """An account that is made with the posting. Somebody else who makes it meanwhile ends that in an
    IntegrityError, after which `once` runs the action again."""
    account = Account(environment_id=environment.id, member_id=member_id, metric=metric)
    account.created_at = at
    return account


def make_accounts(environment: Environment, owners: Iterable[tuple[UUID, Metric]]) -> None:
    """Make the accounts that are missing, before any is locked; one statement."""
    missing = [
        Account(environment_id=environment.id, member_id=key, metric=metric)
        for key, metric in sorted(owners, key=lambda owner: (owner[0], owner[1].id))
    ]
    Account.objects.bulk_create(missing, ignore_conflicts=True)


def read_status(member_id: UUID, idempotency: Idempotency | None) -> str:
    """The member's status; one statement, which also finds a repeated key.

    Raises Replay or IdempotencyKeyReused where the key was used before, and Redirected.
    """
    scope, key = (idempotency.scope, idempotency.key) if idempotency else ("", "")
    with connection.cursor() as cursor:
        cursor.execute(_MEMBER, [scope, key, member_id])
        status, redirect_to, fingerprint, answered, answer = cursor.fetchone()
    if idempotency and fingerprint is not None:
        idempotency.check(bytes(fingerprint), answered, answer)
    if redirect_to is not None or status == Member.Status.ERASED:
        raise Redirected
    return str(status)


def _lock(key: UUID, metric: Metric, idempotency: Idempotency | None) -> Sequence[Any] | None:
    scope, repeated = (idempotency.scope, idempotency.key) if idempotency else ("", "")
    with connection.cursor() as cursor:
        cursor.execute(_lock_statement(), [scope, repeated, key, metric.id])
        row: Sequence[Any] | None = cursor.fetchone()
    return row


@cache
def _columns() -> list[str]:
    return [field.attname for field in Account._meta.concrete_fields]


@cache
def _lock_statement() -> str:
    return _LOCK.format(columns=", ".join(f"account.{name}" for name in _columns()))
