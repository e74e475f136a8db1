"""Deliveries are sent again by hand, blanked and, in time, deleted (domain.md 9.2)."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from audit.errors import InvalidRequest
from audit.ids import public
from audit.models import AuditEvent, WebhookDelivery
from audit.record import Actor, Place, record

KEPT = timedelta(days=30)

_DELETE = """
DELETE FROM audit_webhookdelivery WHERE id IN (
    SELECT delivery.id FROM audit_webhookdelivery AS delivery
    JOIN audit_webhookendpoint AS endpoint ON endpoint.id = delivery.endpoint_id
    WHERE delivery.created_at < %s AND (delivery.status <> 'pending' OR endpoint.archived_at IS NOT NULL)
    ORDER BY delivery.created_at LIMIT %s FOR UPDATE OF delivery SKIP LOCKED
)
"""


def event_of(delivery: WebhookDelivery) -> AuditEvent:
    """What it tells of."""
    return AuditEvent.objects.get(pk=delivery.event_id)


@transaction.atomic
def resend(*, delivery: WebhookDelivery, actor: Actor, now: datetime) -> WebhookDelivery:
    """Send it at once, delivered or not, with all its attempts anew; `history` stays. One that is being sent just now
    is sent again when that attempt has failed. To a disabled endpoint when that is enabled. Raises InvalidRequest where
    the endpoint was archived. Locks: the delivery.
    """
    rows = WebhookDelivery.objects.select_for_update(of=("self",), no_key=True).select_related("endpoint")
    delivery = rows.get(pk=delivery.pk)
    if delivery.endpoint.archived_at is not None:
        raise InvalidRequest("The endpoint was archived: nothing is sent to it any more.")
    delivery.status = WebhookDelivery.Status.PENDING
    delivery.attempts, delivery.next_attempt_at = 0, now
    delivery.first_attempt_at = delivery.give_up_at = delivery.delivered_at = None
    delivery.save(
        update_fields=[
            "status",
            "attempts",
            "next_attempt_at",
            "first_attempt_at",
            "give_up_at",
            "delivered_at",
        ]
    )
    endpoint = delivery.endpoint
    record(
        place=Place(endpoint.organization_id, endpoint.project_id, delivery.environment_id),
        actor=actor,
        verb="webhookdelivery.resent",
        object_type="webhookdelivery",
        object_id=public("whd", delivery.pk),
        after={"endpoint": public("whe", endpoint.pk), "type": delivery.type},
        recorded_at=now,
    )
    return delivery


def forget_members(keys: Collection[UUID]) -> None:
    """Keep no text that was answered about these members, also of attempts that are under way. One statement."""
    WebhookDelivery.objects.filter(member_id__in=keys).update(erased=True, response="", error="", history=[])


def delete_old(*, now: datetime, limit: int) -> int:
    """Delete the oldest of those that are older than 30 days, at most `limit`; how many. Those that still wait for an
    endpoint or a plan stay. One statement.

    Locks: what it deletes, passing over what another run is deleting.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DELETE, [now - KEPT, limit])
        deleted: int = cursor.rowcount
    return deleted
