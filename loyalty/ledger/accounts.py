"""Accounts are locked, in the order (member, metric)."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection

from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.members import Redirected, ensure_member
from loyalty.models import Account, Member, member_key
from programs.models import Environment, Metric

# Every award asks this: to have the ORM compose it each time would cost more than to run it. Its own row
# alone is locked: a lock that took member or metric along would make callers wait for each other.
_LOCK = """
SELECT {columns} FROM loyalty_account AS account
JOIN loyalty_member AS member ON member.id = account.member_id
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


def lock_account(*, environment: Environment, member: str, metric: Metric, now: datetime) -> Account:
    """The account in `metric` of whoever answers for this id, locked; made where it is missing.

    One statement for a known account. Locks: the account.
    """
    key = member_key(environment.namespace, member)
    account = _lock(key, metric)
    while account is None:
        key = ensure_member(environment=environment, member=member, now=now)
        make_accounts(environment, [(key, metric)])
        account = _lock(key, metric)
    account.metric = metric  # known already: spares a statement to whoever renders it
    return account


def lock_accounts(**wanted: Any) -> list[Account]:
    """The accounts with these columns, locked in everyone's order; one statement. Locks: the accounts."""
    locked = Account.objects.select_for_update(of=("self",)).filter(**wanted)
    return list(locked.order_by("member_id", "metric_id"))


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


def _lock(key: UUID, metric: Metric) -> Account | None:
    names = _columns()
    statement = _LOCK.format(columns=", ".join(f"account.{name}" for name in names))
    with connection.cursor() as cursor:
        cursor.execute(statement, [key, metric.id])
        row = cursor.fetchone()
    return Account.from_db(connection.alias, names, row) if row else None


@cache
def _columns() -> list[str]:
    return [field.attname for field in Account._meta.concrete_fields]
