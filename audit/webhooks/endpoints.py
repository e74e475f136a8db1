"""Webhook endpoints are made, changed, rotated, switched off and on, and archived (domain.md 9.2).

`now` is real time. Each locks the endpoint's row, FOR NO KEY UPDATE, and is audited.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from audit import secrets_at_rest
from audit.errors import InvalidRequest, NotFound
from audit.event_types import checked_patterns
from audit.ids import public
from audit.instants import rfc3339
from audit.models import WebhookDelivery, WebhookEndpoint
from audit.record import Actor, Place, record
from audit.webhooks.addresses import checked_url
from audit.webhooks.signing import new_secret

BOTH_SIGN = timedelta(hours=24)
BY_HAND = "by hand"
_LONGEST_DESCRIPTION = 200
_SHOWN_PATH = 8  # characters


class NewEndpoint(NamedTuple):
    """An endpoint and its secret, `whsec_…`: kept encrypted; whoever made it is shown it."""

    endpoint: WebhookEndpoint
    secret: str


def endpoints_of(environment_id: UUID) -> QuerySet[WebhookEndpoint]:
    """Those of the environment that were not archived; newest first, keyset by `id`."""
    return WebhookEndpoint.objects.filter(environment_id=environment_id, archived_at__isnull=True)


@transaction.atomic
def create_endpoint(
    *,
    place: Place,
    url: str,
    event_types: Iterable[str],
    description: str = "",
    actor: Actor,
    now: datetime,
) -> NewEndpoint:
    """Tell this URL of the environment's events from now on. Raises InvalidRequest naming the field. Its name is not
    looked up here: `addresses.look_up`, before the transaction.
    """
    if not (place.organization_id and place.project_id and place.environment_id):
        raise ValueError("An endpoint is of an organization, a project and an environment.")
    secret = new_secret()
    endpoint = WebhookEndpoint.objects.create(
        organization_id=place.organization_id,
        project_id=place.project_id,
        environment_id=place.environment_id,
        url=checked_url(url),
        event_types=checked_patterns(event_types),
        description=_checked_description(description),
        secret=secrets_at_rest.encrypt(secret),
        created_at=now,
    )
    _record(endpoint, "created", actor, now, after=as_json(endpoint))
    return NewEndpoint(endpoint, secret)


@transaction.atomic
def update_endpoint(
    *,
    endpoint: WebhookEndpoint,
    actor: Actor,
    now: datetime,
    url: str | None = None,
    event_types: Iterable[str] | None = None,
    description: str | None = None,
) -> WebhookEndpoint:
    """Change what is given. Deliveries that wait go to the new URL. Raises InvalidRequest, NotFound. As with a new
    one, the name in a URL is looked up before.
    """
    endpoint = locked(endpoint)
    before, led_to = as_json(endpoint), endpoint.url
    if url is not None and url != endpoint.url:
        endpoint.url = checked_url(url)
    if event_types is not None:
        endpoint.event_types = checked_patterns(event_types)
    if description is not None:
        endpoint.description = _checked_description(description)
    if as_json(endpoint) != before or endpoint.url != led_to:
        endpoint.save(update_fields=["url", "event_types", "description"])
        _record(endpoint, "updated", actor, now, before=before, after=as_json(endpoint))
    return endpoint


@transaction.atomic
def rotate_secret(*, endpoint: WebhookEndpoint, actor: Actor, now: datetime) -> NewEndpoint:
    """A new secret; the one before signs too for 24 hours, the one before that no more. Raises NotFound."""
    endpoint, secret = locked(endpoint), new_secret()
    endpoint.previous_secret, endpoint.previous_until = endpoint.secret, now + BOTH_SIGN
    endpoint.secret = secrets_at_rest.encrypt(secret)
    endpoint.save(update_fields=["secret", "previous_secret", "previous_until"])
    _record(
        endpoint, "secret_rotated", actor, now, after={"previous_until": rfc3339(endpoint.previous_until)}
    )
    return NewEndpoint(endpoint, secret)


def secret_of(endpoint: WebhookEndpoint) -> str:
    """The newest secret. Raises Unreadable."""
    return secrets_at_rest.decrypt(endpoint.secret)


def signers_of(endpoint: WebhookEndpoint, now: datetime) -> list[str]:
    """The secrets that sign now, the newest first. Raises Unreadable."""
    stored = [endpoint.secret]
    if endpoint.previous_until and now < endpoint.previous_until:
        stored.append(endpoint.previous_secret)
    return [secrets_at_rest.decrypt(each) for each in stored]


@transaction.atomic
def disable_endpoint(
    *, endpoint: WebhookEndpoint, actor: Actor, now: datetime, reason: str = BY_HAND
) -> WebhookEndpoint:
    """Nothing is made for it or sent to it; what waits goes on waiting. Raises NotFound."""
    endpoint = locked(endpoint)
    switch_off(endpoint, actor=actor, now=now, reason=reason)
    return endpoint


def switch_off(endpoint: WebhookEndpoint, *, actor: Actor, now: datetime, reason: str) -> None:
    """Disable an endpoint that this transaction has locked; nothing where it is."""
    if endpoint.status == WebhookEndpoint.Status.DISABLED:
        return
    endpoint.status = WebhookEndpoint.Status.DISABLED
    endpoint.disabled_at, endpoint.disabled_reason = now, reason[:200]
    endpoint.save(update_fields=["status", "disabled_at", "disabled_reason"])
    _record(
        endpoint,
        "disabled",
        actor,
        now,
        after={"url": shown_url(endpoint.url), "reason": endpoint.disabled_reason},
    )


@transaction.atomic
def enable_endpoint(*, endpoint: WebhookEndpoint, actor: Actor, now: datetime) -> WebhookEndpoint:
    """Send again: what waits is due at once, with all its attempts anew. Raises NotFound.

    What happened while it was disabled was made no delivery of, and stays untold.
    """
    endpoint = locked(endpoint)
    if endpoint.status == WebhookEndpoint.Status.ENABLED:
        return endpoint
    endpoint.status = WebhookEndpoint.Status.ENABLED
    endpoint.disabled_at, endpoint.disabled_reason, endpoint.failing_since = None, "", None
    endpoint.save(update_fields=["status", "disabled_at", "disabled_reason", "failing_since"])
    waiting = endpoint.deliveries.filter(status=WebhookDelivery.Status.PENDING)
    waiting.update(attempts=0, first_attempt_at=None, give_up_at=None, next_attempt_at=now)
    _record(endpoint, "enabled", actor, now, after={"url": shown_url(endpoint.url)})
    return endpoint


@transaction.atomic
def archive_endpoint(*, endpoint: WebhookEndpoint, actor: Actor, now: datetime) -> None:
    """End it for good: what waits is not sent. Its deliveries stay to be read. Raises NotFound."""
    endpoint = locked(endpoint)
    before = as_json(endpoint)
    endpoint.archived_at = now
    endpoint.save(update_fields=["archived_at"])
    waiting = endpoint.deliveries.filter(status=WebhookDelivery.Status.PENDING)
    waiting.update(status=WebhookDelivery.Status.FAILED)
    _record(endpoint, "archived", actor, now, before=before)


@transaction.atomic
def send_test(*, endpoint: WebhookEndpoint, actor: Actor, now: datetime) -> WebhookDelivery:
    """Put a `webhookendpoint.tested` into its deliveries, whatever types it asked for; a worker sends it
    within a second. Raises InvalidRequest where it is disabled, NotFound."""
    endpoint = locked(endpoint)
    if endpoint.status == WebhookEndpoint.Status.DISABLED:
        raise InvalidRequest("The endpoint is disabled: enable it, then send a test.")
    event = _record(endpoint, "tested", actor, now, after={"url": shown_url(endpoint.url)})
    return WebhookDelivery.objects.create(
        environment_id=endpoint.environment_id,
        endpoint=endpoint,
        event_id=event.pk,
        type=event.verb,
        next_attempt_at=now,
        created_at=now,
    )


@transaction.atomic
def move_endpoints(*, from_environment: UUID, to: Place, actor: Actor, now: datetime) -> int:
    """Let the endpoints of an archived environment go on for the one in its place, of the same project; how
    many. Their deliveries were the old one's and go."""
    if to.environment_id is None:
        raise ValueError("An endpoint is of an environment.")
    found = list(endpoints_of(from_environment).select_for_update().order_by("pk"))
    WebhookDelivery.objects.filter(endpoint__in=found).delete()
    for endpoint in found:
        endpoint.environment_id = to.environment_id
        endpoint.save(update_fields=["environment_id"])
        _record(endpoint, "updated", actor, now, after=as_json(endpoint))
    return len(found)


@transaction.atomic
def encrypt_again(*, actor: Actor, now: datetime) -> int:
    """Put the secrets of every endpoint that was not archived under the newest of ENCRYPTION_KEYS: how many. Each is
    audited.

    Raises Unreadable, and then changes none. Locks: all endpoints.
    """
    living = WebhookEndpoint.objects.filter(archived_at__isnull=True)
    rows = list(living.select_for_update(no_key=True).order_by("pk"))
    for endpoint in rows:
        endpoint.secret = secrets_at_rest.encrypt_again(endpoint.secret)
        if endpoint.previous_secret:
            endpoint.previous_secret = secrets_at_rest.encrypt_again(endpoint.previous_secret)
        _record(endpoint, "encrypted_again", actor, now)
    WebhookEndpoint.objects.bulk_update(rows, ["secret", "previous_secret"], batch_size=500)
    return len(rows)


def locked(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """The stored row as it stands now, locked. Raises NotFound where it was archived."""
    rows = endpoints_of(endpoint.environment_id).select_for_update(no_key=True)
    return _found(rows.filter(pk=endpoint.pk).first())


def as_json(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """What the audit says of an endpoint, and other endpoints are told."""
    return {
        "url": shown_url(endpoint.url),
        "event_types": list(endpoint.event_types),
        "description": endpoint.description,
        "status": str(endpoint.status),
    }


def shown_url(url: str) -> str:
    """Where it leads, without what may be secret: the path cut short, and no query."""
    parts = urlsplit(url)
    cut = len(parts.path) > _SHOWN_PATH or bool(parts.query)
    return f"{parts.scheme}://{parts.netloc}{parts.path[:_SHOWN_PATH]}{'…' if cut else ''}"


def _found(endpoint: WebhookEndpoint | None) -> WebhookEndpoint:
    if endpoint is None:
        raise NotFound("There is no such webhook endpoint in this environment.")
    return endpoint


def _checked_description(text: str) -> str:
    if len(text) > _LONGEST_DESCRIPTION or "\0" in text:
        raise InvalidRequest.field(
            "description", "max_length", f"Send {_LONGEST_DESCRIPTION} characters at most."
        )
    return text


def _record(
    endpoint: WebhookEndpoint,
    verb: str,
    actor: Actor,
    now: datetime,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> Any:
    return record(
        place=Place(endpoint.organization_id, endpoint.project_id, endpoint.environment_id),
        actor=actor,
        verb=f"webhookendpoint.{verb}",
        object_type="webhookendpoint",
        object_id=public("whe", endpoint.pk),
        before=before,
        after=after,
        recorded_at=now,
    )
