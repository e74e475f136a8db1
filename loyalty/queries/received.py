"""Which event types have come in at all."""

from collections.abc import Collection

from django.db import connection

from programs.models import Environment

# One step of the index per type, however many events there are.
_RECEIVED = """
SELECT wanted.type FROM unnest(%(types)s::text[]) AS wanted (type)
WHERE EXISTS (SELECT FROM loyalty_event AS event
              WHERE event.environment_id = %(environment)s AND event.type = wanted.type)
"""


def received_types(*, environment: Environment, types: Collection[str]) -> set[str]:
    """Those of these types of which the environment has received an event; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_RECEIVED, {"types": list(types), "environment": environment.pk})
        return {row[0] for row in cursor.fetchall()}
