"""Webhook endpoints and deliveries as JSON."""

from typing import Any

from audit.ids import public
from audit.models import WebhookDelivery, WebhookEndpoint
from loyalty.api.common.rendering import instant


def endpoint(found: WebhookEndpoint) -> dict[str, Any]:
    """Never with its secret."""
    return {
        "id": public("whe", found.pk),
        "url": found.url,
        "description": found.description,
        "event_types": found.event_types,
        "status": "archived" if found.archived_at else found.status,
        "disabled_at": instant(found.disabled_at),
        "disabled_reason": found.disabled_reason,
        "failing_since": instant(found.failing_since),
        "last_success_at": instant(found.last_success_at),
        "previous_secret_until": instant(found.previous_until),
        "created_at": instant(found.created_at),
    }


def delivery(found: WebhookDelivery) -> dict[str, Any]:
    """Of a row that knows its `member_name`."""
    return {
        "id": public("whd", found.pk),
        "endpoint_id": public("whe", found.endpoint_id),
        "audit_event_id": public("aud", found.event_id),
        "type": found.type,
        "member_id": found.member_name,  # type: ignore[attr-defined]
        "sequence": found.sequence,
        "status": found.status,
        "attempts": found.attempts,
        "next_attempt_at": instant(found.next_attempt_at) if found.status == "pending" else None,
        "give_up_at": instant(found.give_up_at),
        "delivered_at": instant(found.delivered_at),
        "response_status": found.response_status,
        "latency_ms": found.latency_ms,
        "response": found.response,
        "error": found.error,
        "history": found.history,
        "created_at": instant(found.created_at),
    }
