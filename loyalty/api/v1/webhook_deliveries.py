"""/v1/webhook-deliveries: what was sent, how it went, and to send it again (domain.md 9.2)."""

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from audit.models import WebhookDelivery
from loyalty.actions.webhooks import change_webhooks_once
from loyalty.api.common.fields import Text
from loyalty.api.common.parsing import check_text
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import examples, webhook_rendering, webhook_shapes
from loyalty.api.v1.docs import operation
from loyalty.api.v1.filters import WebhookDeliveryFilters
from loyalty.api.v1.lists import ListView, PageQuery
from loyalty.queries.webhook_lists import deliveries_of, find_delivery, find_endpoint
from programs.actions import webhook_endpoints as actions


class DeliveriesQuery(PageQuery):
    endpoint = Text(required=False, max_length=64, help_text="A whe_ id.")


class DeliveryListView(ListView):
    feature = "webhooks"
    scopes = {"GET": "webhooks:read"}
    filters = WebhookDeliveryFilters
    paging = DeliveriesQuery

    @operation(
        "list_webhook_deliveries",
        "What was sent to webhook endpoints, newest first",
        scope="webhooks:read",
        query=DeliveriesQuery,
        filters=WebhookDeliveryFilters,
        answer=webhook_shapes.WebhookDeliveryPage,
        example=examples.page(webhook_shapes.DELIVERY),
        refusals=["not_found"],
        tag="webhooks",
        description="Kept for 30 days.",
    )
    def get(self, request: Request) -> Response:
        named = self.parameters().get("endpoint")
        endpoint = named and (find_endpoint(environment=self.environment, endpoint=named, archived=True).pk)
        return self.listed(deliveries_of(self.environment, endpoint=endpoint), webhook_rendering.delivery)


class DeliveryView(EngineView):
    feature = "webhooks"
    scopes = {"GET": "webhooks:read"}

    @operation(
        "retrieve_webhook_delivery",
        "What was sent, and how it went",
        scope="webhooks:read",
        answer=webhook_shapes.WebhookDeliveryShape,
        example=webhook_shapes.DELIVERY,
        refusals=["not_found"],
        tag="webhooks",
    )
    def get(self, request: Request, delivery_id: str) -> Response:
        return Response(webhook_rendering.delivery(found(self, delivery_id)))


class ResendView(EngineView):
    feature = "webhooks"
    scopes = {"POST": "webhooks:write"}

    @operation(
        "resend_webhook_delivery",
        "Send it again",
        scope="webhooks:write",
        answer=webhook_shapes.WebhookDeliveryShape,
        example=webhook_shapes.PENDING,
        refusals=["not_found", "feature_not_in_plan"],
        writes=True,
        tag="webhooks",
        description="Whatever became of it: at once, with the same `webhook-id`, and with three days of retries anew. "
        "To a disabled endpoint it goes when that is enabled.",
    )
    def post(self, request: Request, delivery_id: str) -> Response:
        return self.write(
            change_webhooks_once,
            lambda _made: webhook_rendering.delivery(found(self, delivery_id)),
            change=lambda: actions.resend(
                environment=self.environment,
                delivery=found(self, delivery_id),
                actor=self.actor,
                now=timezone.now(),
            ),
        )


def found(view: EngineView, delivery_id: str) -> WebhookDelivery:
    """Raises NotFound; also for another environment's."""
    check_text(delivery_id, "delivery_id")
    return find_delivery(environment=view.environment, delivery=delivery_id)
