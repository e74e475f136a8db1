"""What the tenant really sends: event types and fields, offered where conditions are written."""

from typing import Any

from django.db import connection

from loyalty.models import Event, Member
from programs.models import Environment
from programs.queries.snapshots import snapshot

_SAMPLES = 50
_MOST_FIELDS = 100

_MOST_TYPES = 200
_MOST_CLAIMED = 20

# One step of the index per type, and one for its latest event, however many events there are.
_TYPES = """
WITH RECURSIVE found AS (
    (SELECT type FROM loyalty_event WHERE environment_id = %(environment)s ORDER BY type LIMIT 1)
    UNION ALL
    SELECT (SELECT e.type FROM loyalty_event e
            WHERE e.environment_id = %(environment)s AND e.type > found.type ORDER BY e.type LIMIT 1)
    FROM found WHERE found.type IS NOT NULL
)
SELECT type, latest.actor_kind = 'member' FROM (SELECT type FROM found WHERE type IS NOT NULL LIMIT 2000) AS found
CROSS JOIN LATERAL (
    SELECT actor_kind FROM loyalty_event AS event
    WHERE event.environment_id = %(environment)s AND event.type = found.type
    ORDER BY event.occurred_at DESC LIMIT 1
) AS latest
"""


def event_types(environment: Environment) -> list[str]:
    """The event types received in the environment, by name, at most 200. Those that something looks at, and what
    servers send, go before what members merely claim in their app, of which at most 20 are told: a member can make up
    any number. One statement besides the snapshot."""
    config = snapshot(environment)
    listed = config.member_app.event_types if config.member_app else ()
    known = config.event_types_used.union(listed)
    with connection.cursor() as cursor:
        cursor.execute(_TYPES, {"environment": environment.pk})
        rows = cursor.fetchall()
    firm = [name for name, is_claimed in rows if name in known or not is_claimed]
    claimed = [name for name, is_claimed in rows if is_claimed and name not in known]
    return sorted([*firm[:_MOST_TYPES], *claimed[:_MOST_CLAIMED]][:_MOST_TYPES])


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
    counts = [f"member.event_count.{name}" for name in event_types(environment)]
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
    return events.select_related("member").order_by("-occurred_at", "-id").first()
