"""client.webhook_endpoints, client.webhook_deliveries"""

from datetime import datetime
from typing import Literal, Unpack

from loyalty_engine_client.pages import Page
from loyalty_engine_client.resources.base import Resource, path
from loyalty_engine_client.shapes import (
    NewWebhookEndpoint,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEndpointBody,
    WebhookEndpointChanges,
)


class WebhookEndpoints(Resource):
    """Where you are told what happened. `webhooks.verify` checks what arrives there."""

    def list(
        self,
        *,
        limit: int | None = None,
        order: Literal["asc", "desc"] | None = None,
        cursor: str | None = None,
    ) -> Page[WebhookEndpoint]:
        query = {"limit": limit, "order": order, "cursor": cursor}
        return self._page(WebhookEndpoint, path("webhook-endpoints"), query)

    def retrieve(self, endpoint_id: str) -> WebhookEndpoint:
        return self._read(WebhookEndpoint, path("webhook-endpoints", endpoint_id))

    def create(
        self, *, idempotency_key: str | None = None, **body: Unpack[WebhookEndpointBody]
    ) -> NewWebhookEndpoint:
        """Be told of events from now on. The answer alone holds the `secret`."""
        return self._write(NewWebhookEndpoint, "POST", path("webhook-endpoints"), body, idempotency_key)

    def update(
        self, endpoint_id: str, *, idempotency_key: str | None = None, **body: Unpack[WebhookEndpointChanges]
    ) -> WebhookEndpoint:
        """Change it, or disable or enable it by `status`."""
        where = path("webhook-endpoints", endpoint_id)
        return self._write(WebhookEndpoint, "PATCH", where, body, idempotency_key)

    def delete(self, endpoint_id: str, *, idempotency_key: str | None = None) -> WebhookEndpoint:
        """Archive it, for good."""
        where = path("webhook-endpoints", endpoint_id)
        return self._write(WebhookEndpoint, "DELETE", where, {}, idempotency_key)

    def rotate_secret(self, endpoint_id: str, *, idempotency_key: str | None = None) -> NewWebhookEndpoint:
        """Another secret; the one before signs too for 24 hours."""
        where = path("webhook-endpoints", endpoint_id, "rotate-secret")
        return self._write(NewWebhookEndpoint, "POST", where, {}, idempotency_key)

    def test(self, endpoint_id: str, *, idempotency_key: str | None = None) -> WebhookDelivery:
        """Send a test event."""
        where = path("webhook-endpoints", endpoint_id, "test")
        return self._write(WebhookDelivery, "POST", where, {}, idempotency_key)


class WebhookDeliveries(Resource):
    """What was sent, and how it went."""

    def list(
        self,
        *,
        endpoint: str | None = None,
        status: Literal["pending", "delivered", "failed"] | None = None,
        type: str | None = None,
        from_: datetime | str | None = None,
        to: datetime | str | None = None,
        limit: int | None = None,
        order: Literal["asc", "desc"] | None = None,
        cursor: str | None = None,
    ) -> Page[WebhookDelivery]:
        query = {
            "endpoint": endpoint,
            "status": status,
            "type": type,
            "from": from_,
            "to": to,
            "limit": limit,
            "order": order,
            "cursor": cursor,
        }
        return self._page(WebhookDelivery, path("webhook-deliveries"), query)

    def retrieve(self, delivery_id: str) -> WebhookDelivery:
        return self._read(WebhookDelivery, path("webhook-deliveries", delivery_id))

    def resend(self, delivery_id: str, *, idempotency_key: str | None = None) -> WebhookDelivery:
        """Send it again, at once, whatever became of it."""
        where = path("webhook-deliveries", delivery_id, "resend")
        return self._write(WebhookDelivery, "POST", where, {}, idempotency_key)
