"""What is sent: an audit event as JSON, in the form of Standard Webhooks (docs/webhooks.md)."""

from typing import Any

import simplejson

from audit.ids import public
from audit.instants import rfc3339
from audit.models import AuditEvent


def message_id(event: AuditEvent) -> str:
    """The same for every attempt and every endpoint, so that a receiver can tell a repetition."""
    return public("aud", event.pk)


def body_of(event: AuditEvent, *, kind: str, member: str | None, sequence: int | None) -> str:
    """The body. It is made anew for each attempt: what was erased meanwhile is blank in it.

    `kind`: of the environment; `member`: the tenant's own id of the event's member.
    """
    data: dict[str, Any] = {
        "id": message_id(event),
        "environment": kind,
        "environment_id": str(event.environment_id),
        "project_id": str(event.project_id),
        "member_id": member,
        "sequence": sequence,
        "object": {"type": event.object_type, "id": event.object_id},
        "event_id": event.event_id,
        "trace_id": event.trace_id,
        "actor": {"kind": event.actor_kind, "id": event.actor_id},
        "before": event.before,
        "after": event.after,
        "occurred_at": rfc3339(event.occurred_at),
        "recorded_at": rfc3339(event.recorded_at),
    }
    message = {"type": event.verb, "timestamp": rfc3339(event.recorded_at), "data": data}
    return simplejson.dumps(message, use_decimal=True)
