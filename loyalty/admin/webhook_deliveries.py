"""Webhook deliveries: what was sent, how it went, and *Resend*."""

from collections.abc import Iterable
from typing import Any

import simplejson
from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.errors import DomainError
from audit.ids import parse_public, public
from audit.models import AuditEvent, WebhookDelivery
from audit.webhooks.messages import body_of
from loyalty.admin.audit import in_words as verb_in_words
from loyalty.admin.exports import ExportableAdmin
from loyalty.admin.shared import RecordedRange
from loyalty.admin.webhook_words import answer_of, delivery_tag, endpoint_state, named
from loyalty.models import Member
from loyalty.queries.webhook_lists import all_endpoints_of, deliveries_of
from programs.actions import webhook_endpoints as actions
from programs.admin.base import actor_of, current_environment, may, required_environment
from programs.admin.tables import rows_of
from programs.models import Environment
from programs.queries.staff import Role


class EndpointFilter(SimpleListFilter):
    title = "endpoint"
    parameter_name = "endpoint"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Iterable[tuple[str, str]]:
        environment = current_environment(request)
        rows = all_endpoints_of(environment) if environment else ()
        return [(public("whe", row.pk), named(row)) for row in rows]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        return queryset.filter(endpoint_id=parse_public("whe", self.value() or ""))


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ExportableAdmin[WebhookDelivery]):
    exported_as = "deliveries"
    detail_template = "webhook_delivery.html"
    made_at = ("See the endpoints", "audit_webhookendpoint_changelist", "analyst")
    served = frozenset({"q", "endpoint", "created_at_from", "created_at_to"})
    explanation = "A delivery is one event on its way to one webhook endpoint; they are kept for 30 days."
    first_step = "Add an endpoint; what happens from then on is sent there."
    list_display = ("when", "of", "to", "about", "state", "answer", "again")
    list_display_links = ("when",)
    list_filter = ("status", EndpointFilter, ("created_at", RecordedRange))
    search_fields = ("type",)
    search_help_text = "An event type, or a delivery (whd_…), event (aud_…) or member id, in full"
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        environment = current_environment(request)
        return deliveries_of(environment) if environment else super().get_queryset(request).none()

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> WebhookDelivery | None:
        """By `whd_…` too, the form that the API shows."""
        return super().get_object(request, str(parse_public("whd", object_id) or object_id), from_field)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[WebhookDelivery], search_term: str
    ) -> tuple[QuerySet[WebhookDelivery], bool]:
        term = search_term.strip().replace("\x00", "")
        environment = current_environment(request)
        if not term or environment is None:
            return queryset, False
        if key := parse_public("whd", term):
            return queryset.filter(pk=key), False
        if key := parse_public("aud", term):
            return queryset.filter(event_id=key), False
        members = list(
            Member.objects.filter(environment=environment, external_id=term).values_list("pk", flat=True)
        )
        if members:
            return queryset.filter(member_id__in=members), False
        request.console_search_walks = True  # type: ignore[attr-defined]
        return queryset.filter(type=term), False

    @admin.display(description="When")
    def when(self, delivery: WebhookDelivery) -> SafeString:
        then = date_format(timezone.localtime(delivery.created_at), "DATETIME_FORMAT")
        return format_html('<span class="lc-nowrap">{}</span>', then)

    @admin.display(description="Event")
    def of(self, delivery: WebhookDelivery) -> SafeString:
        noun, dot, done = delivery.type.partition(".")
        return format_html('<span class="lc-url">{}{}<wbr>{}</span>', noun, dot, done)

    @admin.display(description="To")
    def to(self, delivery: WebhookDelivery) -> SafeString:
        return format_html(
            '<span class="lc-url" title="{}">{}</span>', delivery.endpoint.url, named(delivery.endpoint)
        )

    @admin.display(description="Member")
    def about(self, delivery: WebhookDelivery) -> str:
        return getattr(delivery, "member_name", None) or "–"

    @admin.display(description="Status")
    def state(self, delivery: WebhookDelivery) -> SafeString:
        return delivery_tag(delivery)

    @admin.display(description="Answer")
    def answer(self, delivery: WebhookDelivery) -> SafeString | str:
        return answer_of(delivery)

    @admin.display(description="Again")
    def again(self, delivery: WebhookDelivery) -> SafeString | str:
        """The list's own form carries the token; the button sends it to the delivery's address."""
        if delivery.endpoint.archived_at:
            return "–"
        return format_html(
            '<button class="lc-button" formmethod="post" formaction="{}">Resend</button>',
            self.url("resend", delivery.pk),
        )

    def get_list_display(self, request: HttpRequest) -> Any:
        columns = self.list_display
        return columns if may(request, Role.OPERATOR.value) else [name for name in columns if name != "again"]

    def get_urls(self) -> list[URLPattern]:
        return [self.object_page("resend", self.resend, Role.OPERATOR.value), *super().get_urls()]

    def detail_title(self, found: WebhookDelivery) -> str:
        return f"Delivery of {found.type}"

    def detail(self, request: HttpRequest, found: WebhookDelivery) -> dict[str, Any]:
        environment = required_environment(request)
        event = AuditEvent.objects.filter(pk=found.event_id, environment_id=found.environment_id).first()
        state = endpoint_state(found.endpoint)
        waits = found.status == WebhookDelivery.Status.PENDING and state != "disabled"
        body = _body(found, event, environment) if event else ""
        return {
            "public_id": public("whd", found.pk),
            "webhook_id": public("aud", found.event_id),
            "tag": delivery_tag(found),
            "endpoint_state": state,
            "member": _member(found),
            "event": event,
            "event_title": verb_in_words(found.type),
            "attempts": [each | {"at": parse_datetime(each["at"])} for each in found.history],
            "soon": waits and found.attempts == 0,
            "rows": rows_of(simplejson.loads(body, use_decimal=True)) if body else [],
            "body": body,
            "may_resend": may(request, Role.OPERATOR.value) and state != "archived",
        }

    def resend(self, request: HttpRequest, delivery: WebhookDelivery) -> HttpResponse:
        if request.method == "POST":
            try:
                actions.resend(
                    environment=required_environment(request),
                    delivery=delivery,
                    actor=actor_of(request),
                    now=timezone.now(),
                )
                messages.success(request, "It is sent again now.")
            except DomainError as error:
                messages.error(request, error.detail)
        return HttpResponseRedirect(self.url("change", delivery.pk))


def _member(delivery: WebhookDelivery) -> Member | None:
    known = {"pk": delivery.member_id, "environment_id": delivery.environment_id}
    return Member.objects.filter(**known).first() if all(known.values()) else None


def _body(delivery: WebhookDelivery, event: AuditEvent, environment: Environment) -> str:
    """As it would be posted now, spread out to be read."""
    name = delivery.member_name  # type: ignore[attr-defined]
    sent = body_of(event, kind=environment.kind, member=name, sequence=delivery.sequence)
    return simplejson.dumps(
        simplejson.loads(sent, use_decimal=True), indent=2, ensure_ascii=False, use_decimal=True
    )
