"""Reads of webhook endpoints and of what was sent to them."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery

from audit.errors import NotFound
from audit.ids import parse_public
from audit.models import WebhookDelivery, WebhookEndpoint
from audit.webhooks import endpoints
from loyalty.models import Member
from programs.models import Environment
from programs.queries.plans import has_feature

_PATIENCE = timedelta(minutes=10)


def all_endpoints_of(environment: Environment) -> QuerySet[WebhookEndpoint]:
    """Those of the environment, also archived ones; without their secrets."""
    return WebhookEndpoint.objects.filter(environment_id=environment.pk).defer("secret", "previous_secret")


def endpoints_of(environment: Environment) -> QuerySet[WebhookEndpoint]:
    """Those of the environment that are not archived; without their secrets. Keyset by `id`."""
    return endpoints.endpoints_of(environment.pk).defer("secret", "previous_secret")


def find_endpoint(*, environment: Environment, endpoint: str, archived: bool = False) -> WebhookEndpoint:
    """By its `whe_` id; one that was archived only where that is asked for. Raises NotFound; also for another
    environment's."""
    key = parse_public("whe", endpoint)
    rows = all_endpoints_of(environment) if archived else endpoints_of(environment)
    found = rows.filter(pk=key).first() if key else None
    if found is None:
        raise NotFound(f"There is no webhook endpoint {endpoint!r} in this environment.")
    return found


def troubled_endpoints(environment: Environment, now: datetime) -> list[WebhookEndpoint]:
    """Those that were disabled, or that nothing has reached for ten minutes by `now`, real time: the longest in trouble
    first. One that fails once is tried again by itself. None where the plan has no webhooks."""
    if not has_feature(environment, "webhooks"):
        return []
    troubled = Q(status=WebhookEndpoint.Status.DISABLED) | Q(failing_since__lte=now - _PATIENCE)
    return sorted(
        endpoints_of(environment).filter(troubled),
        key=lambda found: found.failing_since or found.disabled_at or found.created_at,
    )


def deliveries_of(environment: Environment, *, endpoint: UUID | None = None) -> QuerySet[WebhookDelivery]:
    """All, or those to one endpoint, each with `member_name`: the tenant's own id. Keyset by `id`."""
    member = Member.objects.filter(pk=OuterRef("member_id")).order_by().values("external_id")[:1]
    rows = WebhookDelivery.objects.filter(environment_id=environment.pk).select_related("endpoint")
    rows = rows.annotate(member_name=Subquery(member))
    rows = rows.defer("endpoint__secret", "endpoint__previous_secret")
    return rows.filter(endpoint_id=endpoint) if endpoint else rows


def find_delivery(*, environment: Environment, delivery: str) -> WebhookDelivery:
    """By its `whd_` id. Raises NotFound; also for another environment's."""
    key = parse_public("whd", delivery)
    found = deliveries_of(environment).filter(pk=key).first() if key else None
    if found is None:
        raise NotFound(f"There is no webhook delivery {delivery!r} in this environment.")
    return found


def waiting_for(endpoint: WebhookEndpoint) -> int:
    """How many deliveries wait to be sent to it."""
    return endpoint.deliveries.filter(status=WebhookDelivery.Status.PENDING).count()
