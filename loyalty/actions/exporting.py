"""A person asks what is kept of them (domain.md 10)."""

from datetime import datetime
from typing import Any

from audit.record import Actor, record
from loyalty.queries.exports import export_member
from loyalty.queries.members import find_member
from programs.actions.configure import place_of
from programs.models import Environment


def export(*, environment: Environment, member: str, actor: Actor, now: datetime) -> dict[str, Any]:
    """`export_member`, and in the trail that it was asked for. Raises NotFound. Locks nothing: the export
    sees one state of the database, from just before it is noted."""
    data = export_member(environment=environment, member=member, now=now)
    key = find_member(environment=environment, member=member).pk
    record(
        place=place_of(environment),
        actor=actor,
        verb="member.exported",
        object_type="member",
        object_id=str(key),
        member_id=key,
        occurred_at=now,
    )
    return data
