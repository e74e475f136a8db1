"""What the tenant really sends: event types and fields, offered where conditions are written."""

from typing import Any
from uuid import UUID

from django.db import connection

from loyalty.models import Event, Member
from programs.models import Environment

_SAMPLES = 50
_MOST_FIELDS = 100

# One step of the index per type, however many events there are.
_TYPES = """
WITH RECURSIVE found AS (
    (SELECT type FROM loyalty_event WHERE environment_id = %(environment)s ORDER BY type LIMIT 1)
    UNION ALL
    SELECT (SELECT e.type FROM loyalty_event e
            WHERE e.environment_id = %(environment)s AND e.type > found.type ORDER BY e.type LIMIT 1)
    FROM found WHERE found.type IS NOT NULL
)
SELECT type FROM found WHERE type IS NOT NULL LIMIT 200
"""


def event_types(environment_id: UUID) -> list[str]:
    """The event types received in the environment, by name."""
    with connection.cursor() as cursor:
        cursor.execute(_TYPES, {"environment": environment_id})
        return [row[0] for row in cursor.fetchall()]


def fields_of(environment: Environment, event_type: str) -> list[str]:
    """Fields that a condition on such events may name, as seen in the latest of them and their members."""
    events = Event.objects.filter(environment_id=environment.pk, type=event_type, data__isnull=False)
    latest = events.order_by("-occurred_at")[:_SAMPLES]
    found: dict[str, None] = {}
    for data in latest.values_list("data", flat=True):
        _collect("data", data, found)
    members = Member.objects.filter(environment=environment).order_by("-created_at")[:_SAMPLES]
    for attributes in members.values_list("attributes", flat=True):
        _collect("member.attributes", attributes, found)
    counts = [f"member.event_count.{name}" for name in event_types(environment.pk)]
    ours = ["event.occurred_at.weekday", "event.occurred_at.hour", "event.occurred_at.date"]
    return [*list(found)[:_MOST_FIELDS], *ours, "member.age_days", "member.tier", *counts, "event.type"]


def _collect(path: str, value: Any, found: dict[str, None]) -> None:
    """The paths of plain values; of line items (`data.items`) by the words of the grammar."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key and not any(character in key for character in '. []"'):
                _collect(f"{path}.{key}", inner, found)
    elif isinstance(value, list):
        if path == "data.items":
            for item in value[:_SAMPLES]:
                if isinstance(item, dict):
                    _collect("data.items[]", item, found)
        else:
            found.setdefault(path)
    else:
        found.setdefault(path)


def latest_event(environment: Environment, event_type: str) -> Event | None:
    """The last event of the type whose data is kept, with its member: a sample to try a rule on."""
    events = Event.objects.filter(environment_id=environment.pk, type=event_type, data__isnull=False)
    return events.select_related("member").order_by("-occurred_at").first()
