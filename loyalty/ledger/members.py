"""Which member an id of the tenant means: itself, the survivor of a merge, a successor (domain.md 1)."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID, uuid4

from django.db import connection
from django.db.models import Q
from django.db.models.expressions import RawSQL

from loyalty.errors import ServiceUnavailable
from loyalty.ledger.seating import hold_seats
from loyalty.models import Member, member_key
from programs.models import Environment


class Redirected(Exception):
    """The member was merged or erased while this transaction waited for it; run the action again."""


def lock_member(*, environment: Environment, member: str, now: datetime) -> Member:
    """The row of whoever answers for this id, locked against events and merges; made if missing.

    One statement for a known member. Locks: the member, before any account.
    """
    locked = Member.objects.select_for_update(no_key=True).filter(
        redirect_to__isnull=True, status__in=Member.LIVING
    )
    found = locked.filter(pk=member_key(environment.namespace, member)).first()
    while found is None:
        key = ensure_member(environment=environment, member=member, now=now)
        found = locked.filter(pk=key).first()
    return found


# Those whom a row that is written under the account's lock alone will point at.
_KEEP = """
SELECT id FROM loyalty_member
WHERE id = %(key)s OR id = (SELECT redirect_to_id FROM loyalty_member WHERE id = %(key)s)
ORDER BY id FOR KEY SHARE
"""


def keep_member(*, environment: Environment, member: str) -> None:
    """Let nobody merge or erase whoever answers for this id until the end; other writes go on. For a posting
    that locks an account and then writes a row that points at the member: a merge locks these in the other
    order. One statement. Locks: the member, shared, before any account."""
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, {"key": member_key(environment.namespace, member)})


def lock_members(
    *, environment: Environment, members: Collection[str], now: datetime, others: Collection[UUID] = ()
) -> dict[str | UUID, Member]:
    """The rows of whoever answers for these ids, and for `others`, locked against other events and merges;
    by what they were asked by. A member that is new is not saved, nor is the successor of an erased one: the
    posting makes them.

    One statement for known members. Locks: the members, ids ascending, before any account.
    """
    asked: dict[str | UUID, UUID] = {name: member_key(environment.namespace, name) for name in members}
    asked |= {key: key for key in others}
    rows = _lock(set(asked.values()))
    while late := {row.redirect_to_id for row in rows.values() if row.redirect_to_id} - set(rows):
        rows |= _lock({key for key in late if key})  # merged while this waited for the lock
    found: dict[str | UUID, Member] = {}
    made: dict[UUID, Member] = {}
    for name, key in asked.items():
        row = rows.get(key)
        while row is not None and row.redirect_to_id:
            row = rows[row.redirect_to_id]
        if isinstance(name, str) and (row is None or row.status == Member.Status.ERASED):
            new_key = key if row is None else uuid4()
            row = made.setdefault(key, _new(environment, new_key, name, now))
        if row is not None and row.status != Member.Status.ERASED:
            found[name] = row
    if made and environment.kind == Environment.Kind.SANDBOX:
        _refuse_a_moved_clock(environment)
    return found


def successions(environment: Environment, made: Iterable[Member]) -> list[Member]:
    """Of new members, the erased rows that lead to them from now on."""
    rows = []
    for member in made:
        key = member_key(environment.namespace, member.external_id or "")
        if key != member.pk:
            rows.append(Member(id=key, environment=environment, redirect_to_id=member.pk))
    return rows


# Those asked for and those whom they redirect to, in one order.
_ASKED = """
SELECT unnest(%s::uuid[]) UNION
SELECT redirect_to_id FROM loyalty_member WHERE id = ANY(%s) AND redirect_to_id IS NOT NULL
"""


def and_heirs(keys: Collection[UUID]) -> RawSQL:
    """These keys, and those of whom they redirect to, for a look-up by the key's index."""
    wanted = list(keys)
    return RawSQL(_ASKED, (wanted, wanted))  # noqa: S611 - no text of a caller's in it


def _lock(keys: set[UUID]) -> dict[UUID, Member]:
    locked = Member.objects.select_for_update(no_key=True).order_by("pk")
    return {row.pk: row for row in locked.filter(pk__in=and_heirs(keys))}


def _new(environment: Environment, key: UUID, member: str, now: datetime) -> Member:
    return Member(id=key, environment=environment, external_id=member, created_at=now)


def ensure_member(*, environment: Environment, member: str, now: datetime) -> UUID:
    """The key of whoever answers for this id; made where there is nobody, or only an erased row.

    One statement for a known member, three for a new one (four in a sandbox), and three more where the plan limits
    members. Raises PlanLimitExceeded, and ServiceUnavailable where the sandbox's clock was set since the request
    began: the first member ends the clock's freedom to go back, and must not come from a time that is no more.
    Locks: then the seats.
    """
    key = member_key(environment.namespace, member)
    found = Member.objects.filter(pk=key).first()
    while found is not None and found.redirect_to_id is not None:
        found = Member.objects.get(pk=found.redirect_to_id)
    if found is None:
        _make(environment, key, member, now)
        return ensure_member(environment=environment, member=member, now=now)
    if found.status == Member.Status.ERASED:
        return _succeed(environment, found.pk, member, now)
    return found.pk


def _make(environment: Environment, key: UUID, member: str, now: datetime) -> None:
    if environment.kind == Environment.Kind.SANDBOX:
        _refuse_a_moved_clock(environment)
    if seats := hold_seats(environment):
        taken = Q(pk=key) | Q(external_id=member)
        if Member.objects.filter(taken, environment=environment).exists():
            return  # made while this waited for the seats
        seats.take(1)
    Member.objects.bulk_create([_new(environment, key, member, now)], ignore_conflicts=True)


def _succeed(environment: Environment, erased: UUID, member: str, now: datetime) -> UUID:
    """The id came back after its member was erased: somebody new, with a key of their own."""
    locked = Member.objects.select_for_update(no_key=True).get(pk=erased)  # before the seats
    if locked.redirect_to_id:
        return locked.redirect_to_id
    _make(environment, uuid4(), member, now)
    successor = Member.objects.get(environment=environment, external_id=member, redirect_to__isnull=True)
    Member.objects.filter(pk=erased, redirect_to__isnull=True).update(redirect_to=successor)
    return successor.pk


def _refuse_a_moved_clock(environment: Environment) -> None:
    with connection.cursor() as cursor:
        # Waits for whoever sets the clock, and they for us; other members' writes do neither.
        cursor.execute("SELECT clock FROM programs_environment WHERE id = %s FOR KEY SHARE", [environment.id])
        (clock,) = cursor.fetchone()
    if clock != environment.clock:
        raise ServiceUnavailable(
            "The sandbox's clock has just been set; nothing was written. Try again.", retry_after=1
        )
