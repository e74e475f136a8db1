"""Members by the tenant's own id."""

from django.db.models import QuerySet

from audit.errors import NotFound
from loyalty.models import Member, member_key
from programs.models import Environment


def find_member(*, environment: Environment, member: str) -> Member:
    """Who answers for that external id: the member, the survivor of a merge, the successor of an erased
    one. Raises NotFound; also for another environment's member. One statement, two for a redirect."""
    key = member_key(environment.namespace, member)
    found = Member.objects.filter(pk=key, environment=environment).first()
    while found is not None and found.redirect_to_id is not None:
        found = Member.objects.get(pk=found.redirect_to_id)
    if found is None or found.status == Member.Status.ERASED:
        raise NotFound(f"There is no member {member!r} in this environment.")
    return found


def members_of(environment: Environment) -> QuerySet[Member]:
    """The members of an environment, without the erased and the merged; keyset by (`created_at`, `id`)."""
    return Member.objects.filter(environment=environment, status__in=Member.LIVING, redirect_to__isnull=True)
