"""Where a tenant is told what happened: the webhooks of an environment, as its plan allows (domain.md 9.2, 10)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.errors import NotFound
from audit.event_types import LARGEST_CHOICE as MAX_EVENT_TYPES
from audit.models import WebhookDelivery, WebhookEndpoint
from audit.record import Actor
from audit.webhooks import deliveries, endpoints
from audit.webhooks.addresses import look_up
from audit.webhooks.endpoints import NewEndpoint
from programs.actions.configure import place_of
from programs.actions.plan_limits import hold_limit
from programs.models import Environment
from programs.queries.plans import require_feature, webhook_endpoints_used

FEATURE, LIMIT = "webhooks", "webhook_endpoints"

__all__ = ["MAX_EVENT_TYPES", "NewEndpoint", "look_up"]


@transaction.atomic
def create_endpoint(
    *,
    environment: Environment,
    url: str,
    event_types: Sequence[str],
    description: str = "",
    actor: Actor,
    now: datetime,
) -> NewEndpoint:
    """Tell `url` of what happens in the environment from now (real time) on. Whoever calls this has asked `look_up`
    about the URL before, outside of any transaction.

    Raises InvalidRequest naming the field, FeatureNotInPlan and PlanLimitExceeded. Locks: the organization.
    """
    require_feature(environment, FEATURE)
    hold_limit(
        organization=environment.project.organization,
        limit=LIMIT,
        used=lambda: webhook_endpoints_used(environment.project.organization_id, environment.kind),
        environment=environment,
    )
    return endpoints.create_endpoint(
        place=place_of(environment),
        url=url,
        event_types=event_types,
        description=description,
        actor=actor,
        now=now,
    )


@transaction.atomic
def update_endpoint(
    *,
    environment: Environment,
    endpoint: WebhookEndpoint,
    changes: Mapping[str, Any],
    actor: Actor,
    now: datetime,
) -> WebhookEndpoint:
    """Change `url` (after `look_up`), `event_types`, `description`, and by `status` disable or enable it.

    Raises InvalidRequest, NotFound, FeatureNotInPlan; disabling alone needs no feature. Locks: the endpoint.
    """
    _refuse_elsewhere(environment, endpoint)
    if changes != {"status": WebhookEndpoint.Status.DISABLED}:
        require_feature(environment, FEATURE)
    rest = dict(changes)
    status = rest.pop("status", None)
    if rest:
        endpoint = endpoints.update_endpoint(endpoint=endpoint, actor=actor, now=now, **rest)
    if status == WebhookEndpoint.Status.DISABLED:
        endpoint = endpoints.disable_endpoint(endpoint=endpoint, actor=actor, now=now)
    elif status == WebhookEndpoint.Status.ENABLED:
        endpoint = endpoints.enable_endpoint(endpoint=endpoint, actor=actor, now=now)
    return endpoint


def rotate_secret(
    *, environment: Environment, endpoint: WebhookEndpoint, actor: Actor, now: datetime
) -> NewEndpoint:
    """A new secret; the one before signs too for 24 hours. Raises NotFound, FeatureNotInPlan. Locks: the endpoint."""
    _refuse_elsewhere(environment, endpoint)
    require_feature(environment, FEATURE)
    return endpoints.rotate_secret(endpoint=endpoint, actor=actor, now=now)


def archive_endpoint(
    *, environment: Environment, endpoint: WebhookEndpoint, actor: Actor, now: datetime
) -> WebhookEndpoint:
    """End it for good, on any plan. Raises NotFound. Locks: the endpoint."""
    _refuse_elsewhere(environment, endpoint)
    endpoints.archive_endpoint(endpoint=endpoint, actor=actor, now=now)
    endpoint.refresh_from_db(fields=["archived_at"])
    return endpoint


def send_test(
    *, environment: Environment, endpoint: WebhookEndpoint, actor: Actor, now: datetime
) -> WebhookDelivery:
    """A test event, to be sent within a second. Raises InvalidRequest where it is disabled, NotFound,
    FeatureNotInPlan. Locks: the endpoint."""
    _refuse_elsewhere(environment, endpoint)
    require_feature(environment, FEATURE)
    return endpoints.send_test(endpoint=endpoint, actor=actor, now=now)


def resend(
    *, environment: Environment, delivery: WebhookDelivery, actor: Actor, now: datetime
) -> WebhookDelivery:
    """Send it at once, whatever became of it, with all its attempts anew. Raises InvalidRequest where its endpoint
    is archived, NotFound, FeatureNotInPlan. Locks: the delivery."""
    if delivery.environment_id != environment.pk:
        raise NotFound("There is no such webhook delivery in this environment.")
    require_feature(environment, FEATURE)
    return deliveries.resend(delivery=delivery, actor=actor, now=now)


def _refuse_elsewhere(environment: Environment, endpoint: WebhookEndpoint) -> None:
    if endpoint.environment_id != environment.pk:
        raise NotFound("There is no such webhook endpoint in this environment.")
