"""Who opened a member's page in the console, where the project asks for that (docs/console.md)."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from audit.ids import first_id_at
from audit.models import AuditEvent
from audit.record import Actor, record
from loyalty.models import Member
from programs.actions.configure import place_of
from programs.models import Environment

ONCE_IN = timedelta(minutes=10)
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"


def note_view(*, environment: Environment, member: Member, actor: Actor, now: datetime) -> bool:
    """Audit that the actor opened the member's page, unless they did within the last ten minutes of real time: to
    filter a timeline is no new opening. Whether it was noted; no statement where the project does not ask for it, nor
    for a member who is erased.

    Locks: a name made of member and actor, so that two tabs at once are noted once.
    """
    if not environment.project.audit_member_views or member.status == Member.Status.ERASED:
        return False
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_ALONE, [f"view:{member.pk}:{actor.id}"])
        since = timezone.now() - ONCE_IN
        seen = AuditEvent.objects.filter(
            member_id=member.pk, id__gte=first_id_at(since), verb="member.viewed"
        )
        if seen.filter(actor_kind=actor.kind, actor_id=actor.id).exists():
            return False
        record(
            place=place_of(environment),
            actor=actor,
            verb="member.viewed",
            object_type="member",
            object_id=str(member.pk),
            member_id=member.pk,
            occurred_at=now,
        )
        return True
