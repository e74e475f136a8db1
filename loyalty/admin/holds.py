"""Holds: points reserved for a later capture (domain.md 3.6), and what support may do with one."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.ids import parse_public, public
from loyalty.admin.capturing import cancel_page, capture_page, release_page
from loyalty.admin.keyset import KeysetAdmin, KeysetList
from loyalty.admin.shared import DateRange, MetricFilter, member_link
from loyalty.models import Hold, Member
from loyalty.queries.holds import entries_of_hold, find_hold, lots_of_hold, stands, status_of
from loyalty.queries.relations import relations_of
from programs.admin.base import current_environment, may, required_environment
from programs.admin.detail import DetailAdmin
from programs.admin.tables import rows_of
from programs.queries.environments import now_in


class HoldStatusFilter(SimpleListFilter):
    """By status as it stands now: a hold whose time is up has expired, settled or not."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Iterable[tuple[str, str]]:
        return Hold.Status.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        environment, status = current_environment(request), self.value()
        if environment is None or not status:
            return queryset
        if status == Hold.Status.MOVED:
            return queryset.filter(status=status)
        return queryset.filter(stands(status, now_in(environment))).exclude(status=Hold.Status.MOVED)


class HoldList(KeysetList):
    """A page of holds, each as it stands now."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list: list[Hold] = list(self.result_list)
        now = now_in(required_environment(request))
        for hold in self.result_list:
            hold.stands = status_of(hold, now)[0]  # type: ignore[attr-defined]


@admin.register(Hold)
class HoldAdmin(KeysetAdmin[Hold], DetailAdmin[Hold]):
    detail_template = "hold.html"
    made_at = ("See the members", "loyalty_member_changelist", "analyst")
    explanation = "A hold reserves a member's points until they are captured, released, or its time is up."
    first_step = "Your server makes one with POST /v1/holds, when an order begins that points will pay."
    list_display = ("when", "member_of", "held", "metric", "state", "until", "why")
    list_display_links = ("when",)
    list_filter = (HoldStatusFilter, MetricFilter, ("occurred_at", DateRange))
    search_fields = ("id",)
    search_help_text = "A hold id (hold_…) or a member id, in full"
    ordering = ("-id",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return HoldList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Hold]:
        return super().get_queryset(request).select_related("member", "account__metric")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Hold | None:
        """By `hold_…` too, the form that support is told by others."""
        key = parse_public("hold", object_id)
        return super().get_object(request, str(key or object_id), from_field)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Hold], search_term: str
    ) -> tuple[QuerySet[Hold], bool]:
        term = search_term.strip().replace("\x00", "")
        environment = current_environment(request)
        if not term or environment is None:
            return queryset, False
        if key := parse_public("hold", term):
            return queryset.filter(pk=key), False
        members = Member.objects.filter(environment=environment, external_id=term)
        return queryset.filter(member_id__in=list(members.values_list("pk", flat=True))), False

    @admin.display(description="When")
    def when(self, hold: Hold) -> Any:
        return hold.occurred_at

    @admin.display(description="Member")
    def member_of(self, hold: Hold) -> SafeString:
        return member_link(hold.member)

    @admin.display(description="Points")
    def held(self, hold: Hold) -> str:
        return f"{hold.points:,}"

    @admin.display(description="Metric")
    def metric(self, hold: Hold) -> str:
        return str(hold.account.metric)

    @admin.display(description="Status")
    def state(self, hold: Hold) -> SafeString:
        status = getattr(hold, "stands", hold.status)
        return format_html('<span class="lc-tag lc-hold-{}">{}</span>', status, Hold.Status(status).label)

    @admin.display(description="Until")
    def until(self, hold: Hold) -> Any:
        return hold.expires_at

    @admin.display(description="Reason")
    def why(self, hold: Hold) -> str:
        return hold.reason or "–"

    def get_urls(self) -> list[URLPattern]:
        own = [
            self.object_page("capture", lambda request, hold: capture_page(self, request, hold), "support"),
            self.object_page("release", lambda request, hold: release_page(self, request, hold), "support"),
            self.object_page("cancel", lambda request, hold: cancel_page(self, request, hold), "support"),
        ]
        return [*own, *super().get_urls()]

    def detail_title(self, found: Hold) -> str:
        return f"Hold of {found.points:,} {found.account.metric}"

    def detail(self, request: HttpRequest, found: Hold) -> dict[str, Any]:
        environment = required_environment(request)
        status, closed_at = status_of(found, now_in(environment))
        entries = entries_of_hold(found)
        related = relations_of(entries)
        return {
            "public_id": public("hold", found.pk),
            "status": Hold.Status(status),
            "closed_at": closed_at,
            "lots": lots_of_hold(found),
            "entries": entries,
            "cancellable": sum(related[entry.pk].left for entry in entries),
            "heir": find_hold(environment=environment, hold=found.pk) if found.moved_to else None,
            "metadata": rows_of(found.metadata or {}),
            "may_help": may(request, "support") and found.member.status != Member.Status.ERASED,
        }
