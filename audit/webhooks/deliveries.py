"""Deliveries are read, sent again by hand, blanked and, in time, deleted (domain.md 9.2)."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from audit.errors import InvalidRequest, NotFound
from audit.ids import public
from audit.models import AuditEvent, WebhookDelivery
from audit.record import Actor, Place, record

KEPT = timedelta(days=30)

_DELETE = """
DELETE FROM audit_webhookdelivery WHERE id IN (
    SELECT id FROM audit_webhookdelivery WHERE created_at < %s
    ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED
)
"""


def deliveries_of(environment_id: UUID) -> QuerySet[WebhookDelivery]:
    """Those of the environment with their endpoints, deleted ones too; newest first, keyset by `id`."""
    return WebhookDelivery.objects.filter(environment_id=environment_id).select_related("endpoint")


def delivery_of(environment_id: UUID, delivery_id: UUID) -> WebhookDelivery:
    """Raises NotFound, also for one of another environment."""
    found = deliveries_of(environment_id).filter(pk=delivery_id).first()
    if found is None:
        raise NotFound("There is no such webhook delivery in this environment.")
    return found


def event_of(delivery: WebhookDelivery) -> AuditEvent:
    """What it tells of."""
    return AuditEvent.objects.get(pk=delivery.event_id)


@transaction.atomic
def resend(*, delivery: WebhookDelivery, actor: Actor, now: datetime) -> WebhookDelivery:
    """Send it at once, delivered or not, with all its attempts anew; `history` stays. To a disabled endpoint when
    that is enabled. Raises InvalidRequest where the endpoint was deleted. Locks: the delivery.
    """
    rows = WebhookDelivery.objects.select_for_update(of=("self",), no_key=True).select_related("endpoint")
    delivery = rows.get(pk=delivery.pk)
    if delivery.endpoint.archived_at is not None:
        raise InvalidRequest("The endpoint was deleted: nothing is sent to it any more.")
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
    """Delete the oldest of those that are older than 30 days, at most `limit`; how many. One statement.

    Locks: what it deletes, passing over what another run is deleting.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DELETE, [now - KEPT, limit])
        deleted: int = cursor.rowcount
    return deleted
