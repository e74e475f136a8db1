"""The shapes of what /v1 answers about webhooks, and their examples, for the OpenAPI document."""

from typing import Any

from rest_framework import serializers as s

from audit.models import WebhookDelivery
from loyalty.api.v1.shapes import page_of


class WebhookEndpointShape(s.Serializer[Any]):
    id = s.CharField()
    url = s.CharField()
    description = s.CharField(allow_blank=True)
    event_types = s.ListField(
        child=s.CharField(), help_text="points.earned, points.* for all of a kind, or * for all there are."
    )
    status = s.ChoiceField(choices=["enabled", "disabled", "archived"])
    disabled_at = s.DateTimeField(allow_null=True)
    disabled_reason = s.CharField(allow_blank=True, help_text="Why; empty while it is enabled.")
    failing_since = s.DateTimeField(allow_null=True, help_text="Since when nothing has arrived there.")
    last_success_at = s.DateTimeField(allow_null=True)
    previous_secret_until = s.DateTimeField(
        allow_null=True, help_text="Until then the secret before a rotation signs too."
    )
    created_at = s.DateTimeField()


class NewWebhookEndpointShape(WebhookEndpointShape):
    """With the secret, which no other call shows."""

    secret = s.CharField(help_text="whsec_ and base64: what deliveries are verified with.")


class WebhookAttemptShape(s.Serializer[Any]):
    """One try to send it."""

    at = s.DateTimeField()
    status = s.IntegerField(allow_null=True, help_text="The receiver's HTTP status, if it answered.")
    latency_ms = s.IntegerField(allow_null=True)
    error = s.CharField(allow_blank=True)


class WebhookDeliveryShape(s.Serializer[Any]):
    id = s.CharField()
    endpoint_id = s.CharField()
    audit_event_id = s.CharField(
        help_text="Of the event, in the header webhook-id and in GET /v1/audit-events; the same each time it is sent."
    )
    type = s.CharField()
    member_id = s.CharField(
        allow_null=True,
        help_text="Your own id of the member; null of an erased one, and of what is of no member.",
    )
    sequence = s.IntegerField(allow_null=True, help_text="Counts this member's events, from 1.")
    status = s.ChoiceField(choices=WebhookDelivery.Status.choices)
    attempts = s.IntegerField()
    next_attempt_at = s.DateTimeField(allow_null=True)
    give_up_at = s.DateTimeField(allow_null=True)
    delivered_at = s.DateTimeField(allow_null=True)
    response_status = s.IntegerField(allow_null=True, help_text="Of the last attempt, likewise what follows.")
    latency_ms = s.IntegerField(allow_null=True)
    response = s.CharField(allow_blank=True, help_text="The first 1,024 bytes of the answer.")
    error = s.CharField(allow_blank=True)
    history = WebhookAttemptShape(many=True, help_text="Every attempt, oldest first.")
    created_at = s.DateTimeField()


WebhookEndpointPage = page_of(WebhookEndpointShape, "WebhookEndpointPage")
WebhookDeliveryPage = page_of(WebhookDeliveryShape, "WebhookDeliveryPage")

ENDPOINT_REQUEST: dict[str, Any] = {
    "url": "https://shop.example.com/loyalty-events",
    "event_types": ["points.*", "redemption.created"],
    "description": "The shop's backend",
}
ENDPOINT: dict[str, Any] = {
    "id": "whe_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8b",
    "url": "https://shop.example.com/loyalty-events",
    "description": "The shop's backend",
    "event_types": ["points.*", "redemption.created"],
    "status": "enabled",
    "disabled_at": None,
    "disabled_reason": "",
    "failing_since": None,
    "last_success_at": "2026-01-31T12:00:00Z",
    "previous_secret_until": None,
    "created_at": "2026-01-30T09:00:00Z",
}
# A secret that nobody has: the base64 of "an example, which signs nothing".
SECRET = "whsec_YW4gZXhhbXBsZSwgd2hpY2ggc2lnbnMgbm90aGluZw=="  # noqa: S105 - said so
NEW_ENDPOINT = ENDPOINT | {"last_success_at": None, "secret": SECRET}
ROTATED = ENDPOINT | {"previous_secret_until": "2026-02-01T12:00:00Z", "secret": SECRET}
DELIVERY: dict[str, Any] = {
    "id": "whd_019a9f0c5c7d7a3e8b1f2c4d5e6f7a90",
    "endpoint_id": "whe_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8b",
    "audit_event_id": "aud_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8f",
    "type": "points.earned",
    "member_id": "cus_abc123",
    "sequence": 7,
    "status": "delivered",
    "attempts": 2,
    "next_attempt_at": None,
    "give_up_at": "2026-02-03T12:00:00Z",
    "delivered_at": "2026-01-31T12:00:05.4Z",
    "response_status": 204,
    "latency_ms": 38,
    "response": "",
    "error": "",
    "history": [
        {"at": "2026-01-31T12:00:00Z", "status": 503, "latency_ms": 41, "error": "The answer was 503."},
        {"at": "2026-01-31T12:00:05.4Z", "status": 204, "latency_ms": 38, "error": ""},
    ],
    "created_at": "2026-01-31T12:00:00Z",
}
PENDING = DELIVERY | {
    "status": "pending",
    "attempts": 0,
    "next_attempt_at": "2026-01-31T12:00:00Z",
    "delivered_at": None,
    "response_status": None,
    "latency_ms": None,
    "history": [],
}
TEST_DELIVERY = PENDING | {"type": "webhookendpoint.tested", "member_id": None, "sequence": None}
