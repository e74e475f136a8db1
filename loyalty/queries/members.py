"""Members by the tenant's own id."""

from functools import cache
from uuid import UUID

import simplejson
from django.db import connection
from django.db.models import QuerySet

from audit.errors import NotFound
from loyalty.models import Member, member_key
from programs.models import Environment


def find_member(*, environment: Environment, member: str) -> Member:
    """Who answers for that external id: the member, the survivor of a merge, the successor of an erased
    one. Raises NotFound; also for another environment's member. One statement, two for a redirect."""
    key = member_key(environment.namespace, member)
    found = _read(key)
    while found is not None and found.redirect_to_id is not None:
        found = _read(found.redirect_to_id)
    if found is None or found.status == Member.Status.ERASED:
        raise NotFound(f"There is no member {member!r} in this environment.")
    return found


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
