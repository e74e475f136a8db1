"""Members by the tenant's own id."""

from django.db.models import QuerySet

from audit.errors import NotFound
from loyalty.models import Member, member_key
from programs.models import Environment


def find_member(*, environment: Environment, member: str) -> Member:
    """The member of that external id. Raises NotFound; also for another environment's member."""
    key = member_key(environment.namespace, member)
    found = Member.objects.filter(pk=key, environment=environment).first()
    if found is None or found.status == Member.Status.ERASED:
        raise NotFound(f"There is no member {member!r} in this environment.")
    return found


def members_of(environment: Environment) -> QuerySet[Member]:
    """The members of an environment, without the erased ones; keyset by (`created_at`, `id`)."""
    return Member.objects.filter(environment=environment).exclude(status=Member.Status.ERASED)
