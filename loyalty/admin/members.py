"""Members: the list, and the one screen on which support helps one person."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.errors import DomainError
from loyalty.actions.exporting import export
from loyalty.actions.members import update_member
from loyalty.admin.adjusting import adjust_page
from loyalty.admin.as_of import standing_of
from loyalty.admin.erasing import erase_page
from loyalty.admin.exports import ExportableAdmin
from loyalty.admin.member_challenges import challenges_shown, items_shown
from loyalty.admin.member_redeeming import redeem_page
from loyalty.admin.member_redemptions import redemptions_shown
from loyalty.admin.member_stamps import enrol_page, stamps_shown
from loyalty.admin.merging import merge_page
from loyalty.admin.reversing import may_be_reversed
from loyalty.admin.samples import as_text
from loyalty.admin.shared import Endless, uuid_or_none
from loyalty.admin.standing import referrals_shown, standing_of_tiers
from loyalty.admin.transferring import transfer_page
from loyalty.admin.windowed import history_from, windows_at
from loyalty.models import LedgerEntry, Member
from loyalty.queries.approvals import pending_requests
from loyalty.queries.balances import balances_of_many
from loyalty.queries.holds import captured_holds_of, holds_of
from loyalty.queries.relations import survivor_of
from loyalty.queries.timeline import timeline_of
from programs.admin.base import actor_of, current_environment, may, required_environment
from programs.admin.tables import rows_of
from programs.queries.environments import now_in
from programs.queries.plans import has_feature


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
class MemberAdmin(ExportableAdmin[Member]):
    exported_as = "members"
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
            return view(self, request, member)

        return self.object_page(name, of_a_living_one, least)

    def detail(self, request: HttpRequest, found: Member) -> dict[str, Any]:
        environment = required_environment(request)
        now = now_in(environment)
        kind = request.GET.get("type")
        chosen = kind if kind in LedgerEntry.Type.values else None
        standing, form = standing_of(request, environment, found)
        timeline = timeline_of(
            member_id=found.pk,
            type=chosen,
            before=uuid_or_none(request.GET.get("before")),
            occurred_by=standing.occurred_by,
            recorded_by=standing.recorded_by,
            windows=windows_at(request),
        )
        erased, survivor = found.status == Member.Status.ERASED, survivor_of(found)
        helps = may(request, "support") and not erased and standing.at is None
        is_present = not erased and survivor is None and standing.at is None
        balances = [balance for balance, _ in standing.wallets]
        sees_requests = is_present and may(request, "support")
        return {
            "attributes": rows_of(found.attributes),
            "standing": standing,
            "form": form,
            "holds": holds_of(environment=environment, now=now, member_id=found.pk, status="open"),
            "captured": captured_holds_of(member_id=found.pk),
            "timeline": timeline,
            "history_from": history_from(request),
            "reversible": {line.entry.pk for line in timeline.lines if may_be_reversed(line, found)},
            "moment": _moment(request) if standing.at else "",
            "types": LedgerEntry.Type.choices,
            "chosen": chosen,
            "is_first_page": "before" not in request.GET,
            "survivor": survivor,
            "erased": erased,
            "merged_here": [] if erased else list(found.redirected_from.exclude(status=Member.Status.ERASED)),
            "may_help": helps and survivor is None,
            "may_reverse": helps,
            "requests": list(pending_requests(environment).filter(member=found)) if sees_requests else [],
            "redemptions": redemptions_shown(environment, found, now, whole=may(request, "support")),
            "holds_stamps": has_feature(environment, "stamps"),
            "stamp_cards": [] if standing.at else stamps_shown(environment, found),
            "owned": items_shown(found, whole=may(request, "support")) if is_present else [],
            "challenges": challenges_shown(environment, found, balances, now) if is_present else None,
            "tiers": [] if erased or survivor else standing_of_tiers(environment, found, now),
            "referrals": None if erased or survivor else referrals_shown(found),
            "may_erase": may(request, "operator") and not erased and survivor is None,
            "now": now,
        }

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


def _moment(request: HttpRequest) -> str:
    """The chosen instant, to be carried along in links."""
    kept = {name: request.GET[name] for name in ("as_of", "by") if name in request.GET}
    return urlencode(kept) + "&"
