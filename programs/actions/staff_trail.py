"""What staff do with their log-in stands in the trail of each of their projects (domain.md 9)."""

from collections.abc import Mapping
from typing import Any

from audit.models import AuditEvent
from audit.record import Actor, Place, audit_event
from programs.models import Project


def record_of_staff(
    *,
    username: str,
    verb: str,
    actor: Actor,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """One audit event in each project that the user of this name is in; one of no tenant where there is none.

    Two statements, whoever it is: how long it takes does not tell whether there is a user of the name.
    """
    projects = Project.objects.filter(memberships__user__username=username)
    found = list(projects.order_by("pk").values_list("organization_id", "pk"))
    places = [Place(organization, project) for organization, project in found] or [Place()]
    AuditEvent.objects.bulk_create(
        audit_event(
            place=place,
            actor=actor,
            verb=verb,
            object_type="user",
            object_id=username[:200],
            before=before,
            after=after,
        )
        for place in places
    )
