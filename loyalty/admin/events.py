"""Events as they came in, and what the rules made of them."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from loyalty.admin.challenge_explaining import challenges_told
from loyalty.admin.explaining import consequences_of, explained, referral_of_event, tier_steps
from loyalty.admin.exports import ExportableAdmin
from loyalty.admin.sending import send_page, sent_page
from loyalty.admin.shared import DateRange, EventTypeFilter, member_link
from loyalty.admin.stamp_explaining import stamps_told
from loyalty.admin.windowed import WindowedAdmin, windows_at
from loyalty.models import Event, Member, TierChange
from loyalty.queries.events import said_before
from loyalty.queries.suggestions import event_types, fields_of
from loyalty.queries.windows import EVENT, within
from programs.admin.base import current_environment, may, require, required_environment
from programs.admin.tables import rows_of
from programs.queries.environments import now_in
from programs.queries.snapshots import snapshot


@admin.register(Event)
class EventAdmin(ExportableAdmin[Event], WindowedAdmin[Event]):
    exported_as = "events"
    detail_template = "event.html"
    served = frozenset({"q", "type", "occurred_at_from", "occurred_at_to"})
    dated_by, dated_when = "occurred_at", served - {"q"}
    explanation = "Events are what happened in your product: purchases, visits, reviews."
    first_step = (
        "Your server sends one with POST /v1/events; each shows here what the rules made of it."
        " To try that, send one by hand."
    )
    add_words = "Send an event"
    list_display = ("when", "type", "event_id", "member_of")
    list_display_links = ("when", "event_id")
    list_filter = (EventTypeFilter, ("occurred_at", DateRange))
    search_fields = ("event_id",)
    search_help_text = "An event id or a member id, in full"
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        rows = super().get_queryset(request).select_related("member")
        return within(rows, windows_at(request), EVENT)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        term = search_term.strip().replace("\x00", "")
        environment = current_environment(request)
        if not term or environment is None:
            return queryset, False
        members = list(
            Member.objects.filter(environment=environment, external_id=term).values_list("pk", flat=True)
        )
        return queryset.filter(member_id__in=members) if members else queryset.filter(event_id=term), False

    @admin.display(description="When")
    def when(self, event: Event) -> Any:
        return event.occurred_at

    @admin.display(description="Member")
    def member_of(self, event: Event) -> SafeString:
        return member_link(event.member)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.suggestions)
        own = [
            path("suggestions/", view, name="loyalty_event_suggestions"),
            self.object_page("sent", lambda request, found: sent_page(self, request, found), "operator"),
        ]
        return [*own, *super().get_urls()]

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return may(request, "operator")

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Sent by hand, by the action that the API calls."""
        require(request, "operator")
        return send_page(self, request)

    def suggestions(self, request: HttpRequest) -> JsonResponse:
        """For the editor of conditions: event types, and the fields of one of them."""
        environment = required_environment(request)
        fields = fields_of(environment, request.GET.get("type", "").replace("\x00", ""))
        return JsonResponse({"types": event_types(environment), "fields": fields})

    def detail(self, request: HttpRequest, found: Event) -> dict[str, Any]:
        environment = required_environment(request)
        return {
            "data": rows_of(found.data) if found.data is not None else None,
            "why": explained(found, snapshot(environment)),
            "consequences": consequences_of(found, now_in(environment)),
            "stamps_told": stamps_told(found, snapshot(environment)),
            "challenges_told": challenges_told(found, snapshot(environment)),
            "tier_steps": tier_steps(list(TierChange.objects.filter(event=found).order_by("id"))),
            "referral": referral_of_event(found),
            "purchase": Event.objects.filter(pk=found.purchase_id).first() if found.purchase_id else None,
            "said_before": said_before(found),
            "refunds": list(found.refunds.order_by("id")),
        }
