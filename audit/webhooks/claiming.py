"""Which deliveries are sent next: those that are due, in turns of the organizations, so that none holds up another."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from audit.webhooks.schedule import GIVE_UP

AT_ONCE = 32  # of one worker
AT_ONCE_OF_ONE = 8  # organization
AT_ONCE_TO_ONE = 8  # endpoint; to one that fails a single one, so that it holds nobody up
KEPT_FREE = 8  # of AT_ONCE, for organizations that have nothing under way

_IS_DUE = """
    delivery.status = 'pending' AND delivery.next_attempt_at <= %(now)s
    AND (delivery.leased_until IS NULL OR delivery.leased_until <= %(now)s)
"""
_ANY_OF_ENDPOINT = """
    SELECT FROM audit_webhookdelivery AS delivery WHERE delivery.endpoint_id = endpoint.id AND IS_DUE LIMIT 1
""".replace("IS_DUE", _IS_DUE)
# Asked four times a second: mostly nothing is due at all, and no endpoint is looked at. `attempts` is of the index.
ANYTHING_DUE = """
CASE WHEN EXISTS (
    SELECT FROM audit_webhookdelivery
    WHERE status = 'pending' AND attempts >= 0 AND next_attempt_at <= %(now)s
) THEN EXISTS (
    SELECT FROM audit_webhookendpoint AS endpoint JOIN LATERAL (ANY_OF_ENDPOINT) AS due ON true
    WHERE endpoint.status = 'enabled' AND endpoint.archived_at IS NULL
) ELSE false END
""".replace("ANY_OF_ENDPOINT", _ANY_OF_ENDPOINT)
_PLACES = """
SELECT DISTINCT endpoint.environment_id
FROM audit_webhookendpoint AS endpoint JOIN LATERAL (ANY_OF_ENDPOINT) AS due ON true
WHERE endpoint.status = 'enabled' AND endpoint.archived_at IS NULL
""".replace("ANY_OF_ENDPOINT", _ANY_OF_ENDPOINT)
_TAKE = """
WITH due AS (
    SELECT delivery.id, delivery.next_attempt_at, endpoint.organization_id,
        row_number() OVER (PARTITION BY endpoint.id ORDER BY delivery.next_attempt_at, delivery.id) AS turn
    FROM audit_webhookendpoint AS endpoint
    LEFT JOIN unnest(%(endpoints)s::uuid[], %(to_each)s::int[]) AS busy (endpoint_id, sending)
        ON busy.endpoint_id = endpoint.id
    CROSS JOIN LATERAL (
        SELECT delivery.id, delivery.next_attempt_at FROM audit_webhookdelivery AS delivery
        WHERE delivery.endpoint_id = endpoint.id AND IS_DUE
        ORDER BY delivery.next_attempt_at, delivery.id
        LIMIT greatest(
            CASE WHEN endpoint.failing_since IS NULL THEN %(few)s ELSE 1 END - coalesce(busy.sending, 0), 0
        )
        FOR UPDATE SKIP LOCKED
    ) AS delivery
    WHERE endpoint.status = 'enabled' AND endpoint.archived_at IS NULL
        AND endpoint.environment_id = ANY(%(environments)s)
), by_organization AS (
    SELECT due.id, due.next_attempt_at, coalesce(busy.sending, 0) + row_number() OVER (
        PARTITION BY due.organization_id ORDER BY due.turn, due.next_attempt_at, due.id
    ) AS turn
    FROM due
    LEFT JOIN unnest(%(organizations)s::uuid[], %(of_each)s::int[]) AS busy (organization_id, sending)
        ON busy.organization_id = due.organization_id
), in_turns AS (
    SELECT id, turn, row_number() OVER (ORDER BY turn, next_attempt_at, id) AS number
    FROM by_organization WHERE turn <= %(share)s
)
UPDATE audit_webhookdelivery SET
    next_attempt_at = %(lease)s,
    leased_until = %(lease)s,
    attempts = attempts + 1,
    first_attempt_at = coalesce(first_attempt_at, %(now)s),
    give_up_at = coalesce(give_up_at, %(give_up_at)s)
WHERE id IN (
    SELECT id FROM in_turns WHERE number <= CASE WHEN turn = 1 THEN %(room)s ELSE %(room)s - %(free)s END
)
RETURNING id
""".replace("IS_DUE", _IS_DUE)
_ANEW = """
UPDATE audit_webhookdelivery AS delivery SET attempts = 0, first_attempt_at = NULL, give_up_at = NULL
FROM audit_webhookendpoint AS endpoint
WHERE endpoint.environment_id = ANY(%(environments)s) AND delivery.endpoint_id = endpoint.id
    AND delivery.status = 'pending' AND delivery.first_attempt_at IS NOT NULL
    AND (delivery.leased_until IS NULL OR delivery.leased_until <= %(now)s)
"""


class Place(NamedTuple):
    """Whose delivery it is and where it goes."""

    organization: UUID
    endpoint: UUID


def places_due(now: datetime) -> set[UUID]:
    """The environments that have something to send. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, {"now": now})
        return {row[0] for row in cursor.fetchall()}


def take(
    *,
    environments: Collection[UUID],
    now: datetime,
    lease: datetime,
    limit: int = AT_ONCE,
    busy: Collection[Place] = (),
) -> list[UUID]:
    """Hold deliveries of these environments that are due, at most `limit`, and count an attempt of each. Those that
    are being sent (`busy`) count towards what an organization and an endpoint may have at once. One statement.
    """
    of_each = Counter(place.organization for place in busy)
    to_each = Counter(place.endpoint for place in busy)
    sent: dict[str, Any] = {
        "environments": list(environments),
        "organizations": list(of_each),
        "of_each": list(of_each.values()),
        "endpoints": list(to_each),
        "to_each": list(to_each.values()),
        "few": AT_ONCE_TO_ONE,
        "share": AT_ONCE_OF_ONE,
        "room": limit,
        "free": KEPT_FREE,
        "now": now,
        "lease": lease,
        "give_up_at": now + GIVE_UP,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, sent)
        return [row[0] for row in cursor.fetchall()]


def begin_anew(environments: Collection[UUID], now: datetime) -> None:
    """What waits there has all its attempts before it, once it is sent again. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_ANEW, {"environments": list(environments), "now": now})
