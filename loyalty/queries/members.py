"""Members by the tenant's own id."""

from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import simplejson
from django.db import connection
from django.db.models import QuerySet, Value
from django.db.models.functions import Collate, Upper

from audit.errors import NotFound
from audit.models import AuditEvent
from loyalty.models import Member, member_key
from programs.models import Environment

_DIGITS = 7


def find_member(*, environment: Environment, member: str) -> Member:
    """Who answers for that external id: the member, the survivor of a merge, the successor of an erased
    one. Raises NotFound; also for another environment's member. One statement, two for a redirect."""
    key = member_key(environment.namespace, member)
    found = _read(key)  # the key tells the environment: it is made of its random namespace
    while found is not None and found.redirect_to_id is not None:
        found = _read(found.redirect_to_id)
    if found is None or found.status == Member.Status.ERASED:
        raise NotFound(f"There is no member {member!r} in this environment.")
    return found


def find_member_then(
    *, environment: Environment, member: str, as_of: datetime | None, recorded_as_of: datetime | None
) -> Member:
    """Who answered for that external id at an instant: before a merge, the member itself. Raises NotFound.

    One statement where the member was not merged; else two for each merge.
    """
    own = _read(member_key(environment.namespace, member))
    if own is None or own.redirect_to_id is None or own.status == Member.Status.ERASED:
        return find_member(environment=environment, member=member)
    merge = AuditEvent.objects.filter(member_id=own.pk, verb="member.merged").order_by("-id").first()
    if merge is None or merge.after is None:
        return find_member(environment=environment, member=member)
    is_before = (as_of is not None and as_of < merge.occurred_at) or (
        recorded_as_of is not None and recorded_as_of < merge.recorded_at
    )
    if is_before:
        return own
    into = merge.after["member_id"]
    return find_member_then(environment=environment, member=into, as_of=as_of, recorded_as_of=recorded_as_of)


def _read(key: UUID) -> Member | None:
    """The row of that key; the SQL is kept, since every read of a member asks this."""
    with connection.cursor() as cursor:
        cursor.execute(_statement(), [key])
        row = cursor.fetchone()
    if row is None:
        return None
    member = Member.from_db(connection.alias, _columns(), row)
    member.attributes = simplejson.loads(member.attributes, use_decimal=True)
    return member


@cache
def _columns() -> list[str]:
    return [field.attname for field in Member._meta.concrete_fields]


@cache
def _statement() -> str:
    return f"SELECT {', '.join(_columns())} FROM loyalty_member WHERE id = %s"  # noqa: S608 - our own names


def members_of(environment: Environment) -> QuerySet[Member]:
    """The members of an environment, without the erased and the merged; keyset by (`created_at`, `id`)."""
    return Member.objects.filter(environment=environment, status__in=Member.LIVING, redirect_to__isnull=True)


def members_named(rows: QuerySet[Member]) -> QuerySet[Member]:
    """With `named`, the id in capitals, in whose order an index holds an environment's members."""
    return rows.annotate(named=Collate(Upper("external_id"), "C"))


def members_beginning(rows: QuerySet[Member], beginning: str) -> QuerySet[Member]:
    """Of an environment's members those whose id begins so, in any case of its letters; in the order of `named`."""
    named: QuerySet[Any] = members_named(rows)
    return named.filter(named__startswith=Upper(Value(beginning))).order_by("named", "id")


def members_saying(environment: Environment, value: str, most: int = 8) -> list[Member]:
    """Those with an attribute that is this text, such as their e-mail address; in the environment's own writing or in
    small letters. Only of what says one person: `@` or at least seven digits, or nobody; at most so many."""
    if "@" not in value and sum(letter.isdigit() for letter in value) < _DIGITS:
        return []
    rows = Member.objects.filter(environment=environment).exclude(attributes={})
    path = f"$.* ? (@ == {simplejson.dumps(value)} || @ == {simplejson.dumps(value.lower())})"
    return list(rows.extra(where=["attributes @? %s::jsonpath"], params=[path])[:most])
