"""Members: the list, and the one screen on which support helps one person."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.errors import DomainError
from loyalty.actions.members import update_member
from loyalty.admin.adjusting import adjust_page
from loyalty.admin.shared import Endless
from loyalty.models import LedgerEntry, Member
from loyalty.queries.balances import balances_of, balances_of_many
from loyalty.queries.timeline import timeline_of
from programs.admin.base import actor_of, current_environment, may, required_environment
from programs.admin.detail import DetailAdmin
from programs.admin.tables import rows_of
from programs.queries.environments import now_in


class MemberList(ChangeList):
    """A page of members, each with what it can spend; two statements for the page."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list: list[Member] = list(self.result_list)
        environment = current_environment(request)
        if environment is None:
            return
        keys = [member.pk for member in self.result_list]
        balances = balances_of_many(environment=environment, member_ids=keys, now=now_in(environment))
        for member in self.result_list:
            points = sorted(balances[member.pk], key=lambda balance: balance.metric.code != "points")
            member.spendable = points[0].balance if points else 0  # type: ignore[attr-defined]


@admin.register(Member)
class MemberAdmin(DetailAdmin[Member]):
    detail_template = "member.html"
    explanation = "Members are your users. One appears here with their first event, award or profile read."
    first_step = "Send an event with their id as member_id, or adjust points through the API."
    list_display = ("member_id", "state", "spendable", "created_at")
    list_display_links = ("member_id",)
    list_filter = ("status",)
    search_fields = ("external_id",)
    search_help_text = "The beginning of a member id"
    ordering = ("-created_at", "-id")
    sortable_by = ()
    paginator = Endless
    show_full_result_count = False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return MemberList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Member], search_term: str
    ) -> tuple[QuerySet[Member], bool]:
        """By the id's beginning, which the unique index serves."""
        term = search_term.strip().replace("\x00", "")
        return (queryset.filter(external_id__startswith=term) if term else queryset), False

    @admin.display(description="Member id")
    def member_id(self, member: Member) -> str:
        return str(member)

    @admin.display(description="Status")
    def state(self, member: Member) -> SafeString:
        return format_html('<span class="lc-tag lc-{}">{}</span>', member.status, member.get_status_display())

    @admin.display(description="Points to spend")
    def spendable(self, member: Member) -> str:
        return f"{getattr(member, 'spendable', 0):,}"

    def get_urls(self) -> list[URLPattern]:
        own = [
            self.object_page("adjust", lambda request, member: adjust_page(self, request, member), "support"),
            self.object_page("status", self.set_status, "support"),
        ]
        return [*own, *super().get_urls()]

    def detail(self, request: HttpRequest, found: Member) -> dict[str, Any]:
        environment = required_environment(request)
        kind = request.GET.get("type")
        chosen = kind if kind in LedgerEntry.Type.values else None
        timeline = timeline_of(member_id=found.pk, type=chosen, before=_uuid(request.GET.get("before")))
        return {
            "attributes": rows_of(found.attributes),
            "balances": balances_of(environment=environment, member_id=found.pk, now=now_in(environment)),
            "timeline": timeline,
            "types": LedgerEntry.Type.choices,
            "chosen": chosen,
            "is_first_page": "before" not in request.GET,
            "may_help": may(request, "support") and found.status != Member.Status.ERASED,
            "now": now_in(environment),
        }

    def set_status(self, request: HttpRequest, member: Member) -> HttpResponse:
        """Freeze or unfreeze."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        environment = required_environment(request)
        try:
            changed = update_member(
                environment=environment,
                member=str(member),
                actor=actor_of(request),
                now=now_in(environment),
                status=request.POST.get("status", ""),
            )
        except DomainError as error:
            messages.error(request, error.detail)
        else:
            messages.success(
                request, f"{member} is {'frozen' if changed.status == 'frozen' else 'active again'}."
            )
        return HttpResponseRedirect(self.url("change", member.pk))


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
