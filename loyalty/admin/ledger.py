"""The ledger, to be read."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.safestring import SafeString

from audit.ids import parse_public, public
from loyalty.actions.points import ADJUSTMENT_REASONS
from loyalty.admin.exports import ExportableAdmin
from loyalty.admin.reversing import obstacle_to, reverse_page
from loyalty.admin.shared import DateRange, MetricFilter, member_link, signed
from loyalty.admin.windowed import WindowedAdmin, windows_at
from loyalty.models import Event, LedgerEntry, Member
from loyalty.queries.relations import hold_of, reversals_of, survivor_of, uncovered_of
from loyalty.queries.timeline import lots_of, taken_from, uses_of, with_causes
from loyalty.queries.windows import ENTRY, within
from programs.admin.base import current_environment, may
from programs.admin.tables import rows_of


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ExportableAdmin[LedgerEntry], WindowedAdmin[LedgerEntry]):
    exported_as = "ledger"
    detail_template = "entry.html"
    made_at = ("Send an event", "loyalty_event_add", "operator")
    served = frozenset({"q", "occurred_at_from", "occurred_at_to"})
    dated_by, dated_when = "occurred_at", served - {"q"}
    explanation = "The ledger holds every change of a member's points, and is never edited."
    first_step = "It begins with the first event that earns, award or adjustment."
    list_display = ("when", "member_of", "kind", "change", "metric", "after", "why")
    list_display_links = ("when",)
    list_filter = ("type", MetricFilter, ("occurred_at", DateRange))
    search_fields = ("id",)
    search_help_text = "A transaction id (txn_…), an event id or a member id, in full"
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[LedgerEntry]:
        rows = super().get_queryset(request).select_related("member", "account__metric")
        return within(rows, windows_at(request), ENTRY)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> LedgerEntry | None:
        """By `txn_…` too, the form that support is told by others."""
        key = parse_public("txn", object_id)
        return super().get_object(request, str(key or object_id), from_field)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[LedgerEntry], search_term: str
    ) -> tuple[QuerySet[LedgerEntry], bool]:
        term = search_term.strip().replace("\x00", "")
        if not term:
            return queryset, False
        environment = current_environment(request)
        here = {"environment_id": environment.pk if environment else None}
        if key := parse_public("txn", term):
            return queryset.filter(pk=key), False
        # One of them, each in the order of its index: of an OR all that a member has would be read and sorted.
        if members := list(Member.objects.filter(external_id=term, **here).values_list("pk", flat=True)):
            return queryset.filter(member_id__in=members), False
        events = Event.objects.filter(event_id=term, **here).values_list("pk", flat=True)
        return queryset.filter(event_id__in=list(events)), False

    @admin.display(description="When")
    def when(self, entry: LedgerEntry) -> Any:
        return entry.occurred_at

    @admin.display(description="Member")
    def member_of(self, entry: LedgerEntry) -> SafeString:
        return member_link(entry.member)

    @admin.display(description="Type")
    def kind(self, entry: LedgerEntry) -> str:
        return entry.get_type_display()

    @admin.display(description="Points")
    def change(self, entry: LedgerEntry) -> SafeString:
        return signed(entry.points)

    @admin.display(description="Metric")
    def metric(self, entry: LedgerEntry) -> str:
        return str(entry.account.metric)

    @admin.display(description="Total after")
    def after(self, entry: LedgerEntry) -> str:
        return f"{entry.balance_after:,}"

    @admin.display(description="Reason")
    def why(self, entry: LedgerEntry) -> str:
        return ADJUSTMENT_REASONS.get(entry.reason or "", entry.reason or "–")

    def get_urls(self) -> list[URLPattern]:
        own = [
            self.object_page("reverse", lambda request, entry: reverse_page(self, request, entry), "support")
        ]
        return [*own, *super().get_urls()]

    def detail_title(self, found: LedgerEntry) -> str:
        return f"{found.get_type_display()} {found.points:+,} {found.account.metric}"

    def detail(self, request: HttpRequest, found: LedgerEntry) -> dict[str, Any]:
        lots, line = lots_of(found), with_causes([found])[0]
        return {
            "public_id": public("txn", found.pk),
            "line": line,
            "lots": lots,
            "uses": uses_of(found),
            "taken": taken_from(lots),
            "metadata": rows_of(found.metadata or {}),
            "reversals": reversals_of(found),
            "uncovered": uncovered_of(found),
            "hold": hold_of(found),
            "survivor": survivor_of(found.member),
            "may_reverse": may(request, "support"),
            "obstacle": obstacle_to(found, line.related.left, found.member),
        }
