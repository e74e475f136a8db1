"""Accounts are locked, in the order (member, metric)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.members import Redirected, ensure_member
from loyalty.models import Account, Member, member_key
from programs.models import Environment, Metric

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
    own = _locked().filter(member__redirect_to__isnull=True, member__status__in=Member.LIVING)
    account = own.filter(member_id=key, metric=metric).first()
    if account is None:
        key = ensure_member(environment=environment, member=member, now=now)
        make_accounts(environment, [(key, metric)])
        account = _locked().get(member_id=key, metric=metric)
    return account


def lock_accounts(**wanted: Any) -> list[Account]:
    """The accounts with these columns, locked in everyone's order; one statement. Locks: the accounts."""
    return list(_locked().filter(**wanted).order_by("member_id", "metric_id"))


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


def _locked() -> QuerySet[Account]:
    # Its own row alone: a lock that took member or metric along would make callers wait for each other.
    return Account.objects.select_for_update(of=("self",)).order_by()
