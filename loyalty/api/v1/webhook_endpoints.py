"""/v1/webhook-endpoints: where a tenant is told what happened (domain.md 9.2)."""

from typing import Any

import simplejson
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit import secrets_at_rest
from audit.errors import InvalidRequest
from audit.models import WebhookEndpoint
from audit.models.webhooks import LONGEST_URL
from loyalty.actions.webhooks import change_webhooks_once
from loyalty.api.common.fields import Body, Choice, Text
from loyalty.api.common.parsing import check_text
from loyalty.api.common.rendering import dumps
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import examples, webhook_rendering, webhook_shapes
from loyalty.api.v1.docs import operation
from loyalty.api.v1.lists import ListView, PageQuery
from loyalty.ledger.idempotency import Answer
from loyalty.queries.webhook_lists import deliveries_of, endpoints_of, find_endpoint
from programs.actions import webhook_endpoints as actions

_PLAN = ["feature_not_in_plan"]


class _Settings(Body):
    url = Text(
        required=False,
        max_length=LONGEST_URL,
        help_text="https, at an address that everybody can reach; nothing else is ever asked.",
    )
    event_types = serializers.ListField(
        required=False,
        min_length=1,
        max_length=actions.MAX_EVENT_TYPES,
        child=Text(max_length=64),
        help_text="Whole list: points.earned, points.* for all of a kind, or * for all there are.",
    )
    description = Text(required=False, max_length=200, allow_blank=True)


class WebhookEndpointBody(_Settings):
    url = Text(max_length=LONGEST_URL, help_text=_Settings().fields["url"].help_text)
    event_types = serializers.ListField(
        min_length=1,
        max_length=actions.MAX_EVENT_TYPES,
        child=Text(max_length=64),
        help_text="points.earned, points.* for all of a kind, or * for all there are.",
    )


class WebhookEndpointChanges(_Settings):
    status = Choice(
        choices=WebhookEndpoint.Status.choices,
        required=False,
        help_text="disabled: nothing is sent, what waits goes on waiting. enabled: it goes on.",
    )


class SecretAnswers(EngineView):
    """Answers that hold a secret are kept encrypted for their Idempotency-Key."""

    def kept(self, answer: Answer) -> Answer:
        return answer[0], dumps({"encrypted": secrets_at_rest.encrypt(answer[1])})

    def opened(self, stored: str) -> str:
        try:
            return secrets_at_rest.decrypt(simplejson.loads(stored)["encrypted"])
        except secrets_at_rest.Unreadable as error:
            detail = "It was used, and what it was answered can't be read any more; rotate the secret with a new key."
            raise InvalidRequest.field("Idempotency-Key", "unreadable", detail) from error


class EndpointListView(SecretAnswers, ListView):
    feature = "webhooks"
    scopes = {"GET": "webhooks:read", "POST": "webhooks:write"}

    @operation(
        "list_webhook_endpoints",
        "Webhook endpoints, newest first",
        scope="webhooks:read",
        query=PageQuery,
        answer=webhook_shapes.WebhookEndpointPage,
        example=examples.page(webhook_shapes.ENDPOINT),
        tag="webhooks",
    )
    def get(self, request: Request) -> Response:
        return self.listed(endpoints_of(self.environment), webhook_rendering.endpoint)

    @operation(
        "create_webhook_endpoint",
        "Be told of events",
        scope="webhooks:write",
        body=WebhookEndpointBody,
        request_example=webhook_shapes.ENDPOINT_REQUEST,
        answer=webhook_shapes.NewWebhookEndpointShape,
        example=webhook_shapes.NEW_ENDPOINT,
        status=201,
        refusals=[*_PLAN, "plan_limit_exceeded"],
        writes=True,
        tag="webhooks",
        description="Of what happens from now on. The answer alone holds the `secret`, with which deliveries are "
        "verified (Standard Webhooks). docs/webhooks.md has the events, the payload and the retries.",
    )
    def post(self, request: Request) -> Response:
        body = self.body(WebhookEndpointBody)
        actions.look_up(body["url"])
        return self.write(
            change_webhooks_once,
            with_secret,
            http_status=201,
            change=lambda: actions.create_endpoint(
                environment=self.environment, actor=self.actor, now=timezone.now(), **body
            ),
        )


class EndpointView(EngineView):
    feature = "webhooks"
    free_of_feature = frozenset({"PATCH", "DELETE"})  # they may end something; the action asks about the rest
    scopes = {"GET": "webhooks:read", "PATCH": "webhooks:write", "DELETE": "webhooks:write"}
    http_method_names = ["get", "head", "patch", "delete"]

    @operation(
        "retrieve_webhook_endpoint",
        "A webhook endpoint",
        scope="webhooks:read",
        answer=webhook_shapes.WebhookEndpointShape,
        example=webhook_shapes.ENDPOINT,
        refusals=["not_found"],
        tag="webhooks",
    )
    def get(self, request: Request, endpoint_id: str) -> Response:
        return Response(webhook_rendering.endpoint(found(self, endpoint_id)))

    @operation(
        "update_webhook_endpoint",
        "Change, disable or enable a webhook endpoint",
        scope="webhooks:write",
        body=WebhookEndpointChanges,
        request_example={"description": "The new shop"},
        answer=webhook_shapes.WebhookEndpointShape,
        example=webhook_shapes.ENDPOINT | {"description": "The new shop"},
        refusals=["not_found", *_PLAN],
        writes=True,
        tag="webhooks",
        description="Other event types count for what happens from then on; another URL also for what waits.",
    )
    def patch(self, request: Request, endpoint_id: str) -> Response:
        body = self.body(WebhookEndpointChanges)
        if "url" in body:
            found(self, endpoint_id)
            actions.look_up(body["url"])
        return self.write(
            change_webhooks_once,
            webhook_rendering.endpoint,
            change=lambda: actions.update_endpoint(**named(self, endpoint_id), changes=body),
        )

    @operation(
        "delete_webhook_endpoint",
        "Archive a webhook endpoint",
        scope="webhooks:write",
        answer=webhook_shapes.WebhookEndpointShape,
        example=webhook_shapes.ENDPOINT | {"status": "archived"},
        refusals=["not_found"],
        writes=True,
        tag="webhooks",
        description="For good: nothing more is sent, nor what waits. What was sent stays in "
        "`GET /v1/webhook-deliveries`.",
    )
    def delete(self, request: Request, endpoint_id: str) -> Response:
        return self.write(
            change_webhooks_once,
            webhook_rendering.endpoint,
            change=lambda: actions.archive_endpoint(**named(self, endpoint_id)),
        )


class RotateView(SecretAnswers):
    feature = "webhooks"
    scopes = {"POST": "webhooks:write"}

    @operation(
        "rotate_webhook_secret",
        "Give a webhook endpoint another secret",
        scope="webhooks:write",
        answer=webhook_shapes.NewWebhookEndpointShape,
        example=webhook_shapes.ROTATED,
        refusals=["not_found", *_PLAN],
        writes=True,
        tag="webhooks",
        description="The answer alone holds it. The secret that it replaces signs too for 24 hours: each delivery then "
        "has two signatures. One that was replaced before signs no more.",
    )
    def post(self, request: Request, endpoint_id: str) -> Response:
        return self.write(
            change_webhooks_once,
            with_secret,
            change=lambda: actions.rotate_secret(**named(self, endpoint_id)),
        )


class TestView(EngineView):
    feature = "webhooks"
    scopes = {"POST": "webhooks:write"}

    @operation(
        "test_webhook_endpoint",
        "Send a webhook endpoint a test event",
        scope="webhooks:write",
        answer=webhook_shapes.WebhookDeliveryShape,
        example=webhook_shapes.TEST_DELIVERY,
        status=201,
        refusals=["not_found", *_PLAN],
        writes=True,
        tag="webhooks",
        description="Of type `webhookendpoint.tested`, whatever the endpoint's event types, sent within a second. "
        "`GET /v1/webhook-deliveries/{delivery_id}` says how it went.",
    )
    def post(self, request: Request, endpoint_id: str) -> Response:
        return self.write(
            change_webhooks_once,
            lambda made: webhook_rendering.delivery(deliveries_of(self.environment).get(pk=made.pk)),
            http_status=201,
            change=lambda: actions.send_test(**named(self, endpoint_id)),
        )


def named(view: EngineView, endpoint_id: str) -> dict[str, Any]:
    """What each action on an endpoint takes. Raises NotFound; also for another environment's endpoint."""
    return {
        "environment": view.environment,
        "endpoint": found(view, endpoint_id),
        "actor": view.actor,
        "now": timezone.now(),  # real time, also in a sandbox whose clock is set
    }


def found(view: EngineView, endpoint_id: str) -> WebhookEndpoint:
    check_text(endpoint_id, "endpoint_id")
    return find_endpoint(environment=view.environment, endpoint=endpoint_id)


def with_secret(made: actions.NewEndpoint) -> dict[str, Any]:
    return webhook_rendering.endpoint(made.endpoint) | {"secret": made.secret}
