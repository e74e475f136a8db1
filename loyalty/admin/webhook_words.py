"""Webhook endpoints and deliveries in words."""

from collections.abc import Sequence
from typing import NamedTuple

from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.models import WebhookDelivery, WebhookEndpoint

_TOLD = 3  # event types that a list names
_URL = 32  # characters of a URL that a list shows
_STATES = {"enabled": "Enabled", "failing": "Failing", "disabled": "Disabled", "archived": "Archived"}


def endpoint_state(endpoint: WebhookEndpoint) -> str:
    """`enabled`, `failing` (nothing arrives there at present), `disabled` or `archived`."""
    if endpoint.archived_at:
        return "archived"
    if endpoint.status == WebhookEndpoint.Status.DISABLED:
        return "disabled"
    return "failing" if endpoint.failing_since else "enabled"


def endpoint_tag(endpoint: WebhookEndpoint) -> SafeString:
    state = endpoint_state(endpoint)
    return format_html('<span class="lc-tag lc-webhook-{}">{}</span>', state, _STATES[state])


def delivery_tag(delivery: WebhookDelivery) -> SafeString:
    """Pending after a failed attempt is another matter than pending before the first."""
    state = "retrying" if delivery.status == "pending" and delivery.attempts else delivery.status
    words = "Trying again" if state == "retrying" else delivery.get_status_display()
    return format_html('<span class="lc-tag lc-delivery-{}">{}</span>', state, words)


def named(endpoint: WebhookEndpoint) -> str:
    """What a list calls it: its description, else its URL, cut where that is long."""
    if endpoint.description:
        return endpoint.description
    url = endpoint.url.partition("://")[2]
    return url if len(url) <= _URL else f"{url[: _URL - 1]}…"


def types_in_words(patterns: Sequence[str]) -> str:
    """`points.*, redemption.created and 3 more`."""
    if "*" in patterns:
        return "everything"
    told, more = list(patterns[:_TOLD]), len(patterns) - _TOLD
    return f"{', '.join(told)} and {more} more" if more > 0 else ", ".join(told)


def answer_of(delivery: WebhookDelivery) -> SafeString | str:
    """How the last attempt ended, for a list; why there was no answer is said on pointing at it."""
    if delivery.response_status:
        took = "" if delivery.latency_ms is None else f" in {delivery.latency_ms:,} ms"
        return format_html('<span class="lc-nowrap">{}{}</span>', delivery.response_status, took)
    if not delivery.error:
        return "–"
    return format_html('<span class="lc-nowrap" title="{}">no answer</span>', delivery.error)


class Line(NamedTuple):
    """A delivery in a table."""

    delivery: WebhookDelivery
    tag: SafeString
    answer: SafeString | str


def in_words(delivery: WebhookDelivery) -> Line:
    return Line(delivery, delivery_tag(delivery), answer_of(delivery))
