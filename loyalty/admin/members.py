"""Members: the list, and the one screen on which support helps one person."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.errors import DomainError
from loyalty.actions.exporting import export
from loyalty.actions.member_views import note_view
from loyalty.actions.members import update_member
from loyalty.admin.adjusting import adjust_page
from loyalty.admin.erasing import erase_page
from loyalty.admin.exports import ExportableAdmin
from loyalty.admin.hold_making import hold_page
from loyalty.admin.keyset import KeysetList
from loyalty.admin.member_page import member_page
from loyalty.admin.member_redeeming import redeem_page
from loyalty.admin.member_stamps import enrol_page
from loyalty.admin.merging import merge_page
from loyalty.admin.samples import as_text
from loyalty.admin.transferring import transfer_page
from loyalty.models import Member
from loyalty.queries.balances import balances_of_many
from loyalty.queries.members import members_beginning, members_named, members_saying
from programs.admin.base import actor_of, current_environment, required_environment
from programs.queries.environments import now_in


class MemberList(KeysetList):
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
class MemberAdmin(ExportableAdmin[Member]):
    exported_as = "members"
    detail_template = "member.html"
    made_at = ("Send an event", "loyalty_event_add", "operator")
    explanation = "Members are your users. One appears here with their first event, award or profile read."
    first_step = "Send an event with their id as member_id, or import those you have (Settings, Imports)."
    list_display = ("member_id", "state", "spendable", "created_at")
    list_display_links = ("member_id",)
    list_filter = ("status",)
    search_fields = ("external_id",)
    search_help_text = "The beginning of a member id, or a whole e-mail address"
    ordering = ("-created_at", "-id")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return MemberList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Member], search_term: str
    ) -> tuple[QuerySet[Member], bool]:
        """By an attribute such as an e-mail address, in full, else by the id's beginning; each by an index."""
        term, environment = search_term.strip().replace("\x00", ""), current_environment(request)
        if not term or environment is None:
            return queryset, False
        if told := members_saying(environment, term):
            return members_named(queryset).filter(pk__in=[member.pk for member in told]), False
        return members_beginning(queryset, term), False

    def keys_for(self, active: set[str]) -> tuple[str, ...]:
        """What is searched for stands by its name."""
        return ("named", "id") if "q" in active else super().keys_for(active)

    @admin.display(description="Member id")
    def member_id(self, member: Member) -> str:
        return str(member)

    @admin.display(description="Status")
    def state(self, member: Member) -> SafeString:
        if member.redirect_to_id and member.status != Member.Status.ERASED:
            return format_html('<span class="lc-tag">{}</span>', "Merged")
        return format_html('<span class="lc-tag lc-{}">{}</span>', member.status, member.get_status_display())

    @admin.display(description="Points to spend")
    def spendable(self, member: Member) -> str:
        return f"{getattr(member, 'spendable', 0):,}"

    def get_urls(self) -> list[URLPattern]:
        own = [
            self._living_page("adjust", adjust_page, "support"),
            self._living_page("redeem", redeem_page, "support"),
            self._living_page("enrol", enrol_page, "support"),
            self._living_page("hold", hold_page, "support"),
            self._living_page("transfer", transfer_page, "support"),
            self._living_page("merge", merge_page, "support"),
            self._living_page("erase", erase_page, "operator"),
            self._living_page("status", MemberAdmin.set_status, "support"),
            self._living_page("export", MemberAdmin.export, "support"),
        ]
        return [*own, *super().get_urls()]

    def _living_page(self, name: str, view: Callable[..., HttpResponse], least: str) -> URLPattern:
        """A page of what can be done with a member who is neither erased nor merged."""

        def of_a_living_one(request: HttpRequest, member: Member) -> HttpResponse:
            if member.redirect_to_id or member.status == Member.Status.ERASED:
                # A form that was open since before, too: its name would mean somebody else by now.
                if request.method == "POST":
                    messages.info(request, "This member was merged or erased already; nothing was done.")
                return HttpResponseRedirect(self.url("change", member.pk))
            self._note_view(request, member)
            return view(self, request, member)

        return self.object_page(name, of_a_living_one, least)

    def detail(self, request: HttpRequest, found: Member) -> dict[str, Any]:
        self._note_view(request, found)
        return member_page(request, found)

    def _note_view(self, request: HttpRequest, member: Member) -> None:
        """That somebody saw the member, where the project asks for it."""
        environment = required_environment(request)
        note_view(environment=environment, member=member, actor=actor_of(request), now=now_in(environment))

    def export(self, request: HttpRequest, member: Member) -> HttpResponse:
        """All that is kept of the member, as a file; it is in the trail that somebody took it."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        environment = required_environment(request)
        try:
            data = export(
                environment=environment,
                member=str(member),
                actor=actor_of(request),
                now=now_in(environment),
            )
        except DomainError as error:
            messages.error(request, error.detail)
            return HttpResponseRedirect(self.url("change", member.pk))
        answer = HttpResponse(as_text(data), content_type="application/json")
        answer["Content-Disposition"] = f'attachment; filename="member-{member.pk}.json"'
        return answer

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
