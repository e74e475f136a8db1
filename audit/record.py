"""Builds and writes audit events; called in the transaction of what they describe."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.utils import timezone

from audit.digests import salted_digest
from audit.ids import new_id
from audit.models import AuditEvent

ActorKind = Literal["api_key", "member", "staff", "system"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and through which request. `id`: a key's prefix, a user name, or a job's name."""

    kind: ActorKind
    id: str
    trace_id: str
    ip: str | None = None

    @classmethod
    def system(cls, name: str, trace_id: str | None = None) -> "Actor":
        """The engine itself: expiry, a command, a job."""
        return cls("system", name, trace_id or new_id().hex)


@dataclass(frozen=True, slots=True)
class Place:
    """Where it happened: the ids of the tenancy, outermost first. Any of them may be absent."""

    organization_id: UUID | None = None
    project_id: UUID | None = None
    environment_id: UUID | None = None


def audit_event(
    *,
    place: Place,
    actor: Actor,
    verb: str,
    object_type: str,
    object_id: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    member_id: UUID | None = None,
    event_id: str | None = None,
    occurred_at: datetime | None = None,
    recorded_at: datetime | None = None,
) -> AuditEvent:
    """An unsaved audit event. `before` and `after` must be JSON values."""
    recorded = recorded_at or timezone.now()
    event = AuditEvent(
        organization_id=place.organization_id,
        project_id=place.project_id,
        environment_id=place.environment_id,
        member_id=member_id,
        verb=verb,
        object_type=object_type,
        object_id=object_id,
        before=None if before is None else dict(before),
        after=None if after is None else dict(after),
        event_id=event_id,
        trace_id=actor.trace_id,
        actor_kind=actor.kind,
        actor_id=actor.id,
        ip=actor.ip,
        occurred_at=occurred_at or recorded,
        recorded_at=recorded,
    )
    event.digest = salted_digest(bytes(event.salt or b""), event.content())
    return event


def record(**fields: Any) -> AuditEvent:
    """`audit_event`, saved. For writes that do not go through the ledger's one statement."""
    event = audit_event(**fields)
    event.save(force_insert=True)
    return event
