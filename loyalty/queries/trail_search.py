"""What a term names in the audit trail, where an index leads there."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Q

from audit.ids import first_id_at, parse_public
from audit.models import AuditEvent
from loyalty.models import Event, Member
from loyalty.queries.trail_objects import OBJECTS
from programs.models import Environment

_OWNED = {one.prefix: one for one in OBJECTS.values() if one.prefix}
_SLACK, _DAY = timedelta(minutes=1), timedelta(days=1)


def named_in_trail(environment: Environment, term: str) -> Q | None:
    """The rows about the member of that id, else about what is a member's (`txn_…`, `evt_…`: trail_objects.py), else
    what the event of that id did on its day, else about what the tenant configures, by its id. None: the term may be a
    verb, an actor or a trace, for which there is no index. At most four statements.
    """
    members = Member.objects.filter(environment=environment, external_id=term).values_list("pk", flat=True)
    if keys := list(members):
        return Q(member_id__in=keys)
    prefix = term.partition("_")[0]
    if prefix in _OWNED and (key := parse_public(prefix, term)):
        return _about(environment, prefix, key, term)
    reported = Event.objects.filter(environment_id=environment.pk, event_id=term).values_list(
        "pk", "member_id"
    )
    if (event := reported.first()) is not None:
        since, until = (first_id_at(_made_at(event[0]) + days) for days in (-_SLACK, _DAY))
        return Q(member_id=event[1], event_id=term, pk__gte=since, pk__lt=until)
    configured = Q(member_id=None, object_id=term)
    return configured if AuditEvent.objects.filter(configured).exists() else None


def _made_at(key: UUID) -> datetime:
    """When a UUIDv7 was made, in real time."""
    return datetime.fromtimestamp((key.int >> 80) / 1000, UTC)


def _about(environment: Environment, prefix: str, key: UUID, term: str) -> Q:
    rows = _OWNED[prefix].rows.filter(pk=key, environment_id=environment.pk)
    return Q(member_id__in=list(rows.values_list("member_id", flat=True)), object_id__in=[term, str(key)])
