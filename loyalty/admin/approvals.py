"""Adjustments that wait for a second person: the queue, one request, and what can be said to it (domain.md 9.3)."""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.errors import DomainError
from audit.ids import public
from loyalty.actions.approvals import (
    LONGEST_NOTE,
    approve_adjustment,
    reject_adjustment,
    withdraw_adjustment,
)
from loyalty.actions.points import ADJUSTMENT_REASONS
from loyalty.admin.keyset import KeysetAdmin
from loyalty.admin.shared import member_link, signed, uuid_or_none
from loyalty.models import AdjustmentRequest, Member
from loyalty.queries.approvals import pending_requests
from loyalty.queries.balances import balances_of, balances_of_many
from programs.admin.base import actor_of, may, require, required_environment
from programs.admin.detail import DetailAdmin
from programs.admin.widgets import text_area
from programs.models import Environment
from programs.queries.environments import now_in
from programs.queries.plans import has_feature

PAGE = 50
_TAGS = {"pending": "queued", "approved": "done", "rejected": "failed", "withdrawn": "withdrawn"}
_CHANGED = "Something has changed since you looked: the member was merged. Look again, then decide."


class NoteForm(forms.Form):
    note = forms.CharField(
        max_length=LONGEST_NOTE,
        required=False,
        widget=text_area(rows=2),
        help_text="Needed to reject: who asked reads it. It stands in the audit trail.",
    )


def _tag(found: AdjustmentRequest) -> SafeString:
    return format_html(
        '<span class="lc-tag lc-{}">{}</span>', _TAGS[found.status], found.get_status_display()
    )


@admin.register(AdjustmentRequest)
class AdjustmentRequestAdmin(KeysetAdmin[AdjustmentRequest], DetailAdmin[AdjustmentRequest]):
    reader: ClassVar[str] = "support"
    detail_template = "adjustment_request.html"
    made_at = ("See the programs", "programs_program_changelist", "analyst")
    served = frozenset({"q", "status"})
    explanation = "An adjustment above a program's limit is asked for here, and another person approves it."
    first_step = "Set a limit on a program's page. Whoever adjusts a member by more is asked to request it."
    list_display = ("when", "member_of", "change", "why", "requested_by", "state", "decided_by")
    list_display_links = ("when",)
    list_filter = ("status",)
    list_select_related = ("member", "metric")
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AdjustmentRequest]:
        return super().get_queryset(request).select_related("member", "metric")

    def get_urls(self) -> list[URLPattern]:
        queue = path("queue/", self.admin_site.admin_view(self.queue), name="loyalty_adjustmentrequest_queue")
        own = [
            self.object_page("decide", self.decide, "support"),
            self.object_page("withdraw", self.withdraw, "support"),
        ]
        return [queue, *own, *super().get_urls()]

    @admin.display(description="Asked for")
    def when(self, found: AdjustmentRequest) -> Any:
        return found.requested_at

    @admin.display(description="Member")
    def member_of(self, found: AdjustmentRequest) -> SafeString:
        return member_link(found.member)

    @admin.display(description="Points")
    def change(self, found: AdjustmentRequest) -> SafeString:
        return format_html("{} {}", signed(found.points), found.metric)

    @admin.display(description="Reason")
    def why(self, found: AdjustmentRequest) -> str:
        return ADJUSTMENT_REASONS.get(found.reason, found.reason)

    @admin.display(description="Status")
    def state(self, found: AdjustmentRequest) -> SafeString:
        return _tag(found)

    def queue(self, request: HttpRequest) -> HttpResponse:
        """What waits, oldest first."""
        require(request, self.reader)
        environment, after = required_environment(request), uuid_or_none(request.GET.get("after"))
        waiting = pending_requests(environment)
        found = list((waiting.filter(pk__gt=after) if after else waiting)[: PAGE + 1])
        effects = _effects(environment, found[:PAGE])
        return self.page(
            request,
            "adjustment_requests.html",
            "Approvals",
            rows=[
                (row, ADJUSTMENT_REASONS.get(row.reason, row.reason), effects.get(row.pk))
                for row in found[:PAGE]
            ],
            next=found[PAGE - 1].pk if len(found) > PAGE else None,
            is_first=after is None,
            total=waiting.count(),
            me=request.user.get_username(),
            is_in_plan=has_feature(environment, "approvals"),
        )

    def detail_title(self, found: AdjustmentRequest) -> str:
        return f"{found.points:+,} {found.metric}"

    def detail(self, request: HttpRequest, found: AdjustmentRequest) -> dict[str, Any]:
        environment = required_environment(request)
        is_pending = found.status == AdjustmentRequest.Status.PENDING
        is_mine = found.requested_by.lower() == request.user.get_username().lower()
        return {
            "public_id": public("adr", found.pk),
            "reason": ADJUSTMENT_REASONS.get(found.reason, found.reason),
            "tag": _tag(found),
            "form": NoteForm(),
            "is_pending": is_pending,
            "is_mine": is_mine,
            "may_add_staff": may(request, "owner"),
            "is_in_plan": has_feature(environment, "approvals"),
            "effect": self._effect(request, found) if is_pending else None,
            "entry": found.entry,
            "entry_id": found.entry_id and public("txn", found.entry_id),
        }

    def _effect(self, request: HttpRequest, found: AdjustmentRequest) -> dict[str, Any]:
        """What can be spent before and after, and what would stand against it now."""
        environment = required_environment(request)
        balances = balances_of(environment=environment, member_id=found.member_id, now=now_in(environment))
        balance = next(each for each in balances if each.metric.pk == found.metric_id)
        later = found.points > 0 and balance.metric.vesting_days
        after = balance.balance + (0 if later else found.points)
        return {
            "before": balance.balance,
            "after": after,
            "vests_after": balance.metric.vesting_days if later else 0,
            "is_too_much": found.points < 0 and after < 0,
            "is_frozen": found.member.status == Member.Status.FROZEN,
        }

    def decide(self, request: HttpRequest, found: AdjustmentRequest) -> HttpResponse:
        """A post approves or rejects, as its button says; the action sees to who may."""
        if request.method == "POST" and request.POST.get("member") != str(found.member_id):
            messages.warning(request, _CHANGED)
            return HttpResponseRedirect(self.url("change", found.pk))
        if request.POST.get("decision") == "approve":
            return self._do(request, found, approve_adjustment, _approved)
        return self._do(request, found, reject_adjustment, lambda _: "Rejected; no points were moved.")

    def withdraw(self, request: HttpRequest, found: AdjustmentRequest) -> HttpResponse:
        """A post takes back what the user asked for."""
        return self._do(request, found, withdraw_adjustment, lambda _: "Withdrawn; no points were moved.")

    def _do(
        self,
        request: HttpRequest,
        found: AdjustmentRequest,
        action: Callable[..., AdjustmentRequest],
        done: Callable[[AdjustmentRequest], str],
    ) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        environment = required_environment(request)
        try:
            decided = action(
                environment=environment,
                request=found.pk,
                note=request.POST.get("note", ""),
                actor=actor_of(request),
                now=now_in(environment),
            )
        except DomainError as error:
            messages.error(request, error.detail)
            return HttpResponseRedirect(self.url("change", found.pk))
        messages.success(request, done(decided))
        return HttpResponseRedirect(reverse("admin:loyalty_adjustmentrequest_queue"))


def _effects(environment: Environment, rows: list[AdjustmentRequest]) -> dict[Any, tuple[int, int]]:
    """By request: what the member can spend now, and could once it is approved; a few statements for all."""
    if not rows:
        return {}
    members = {row.member_id for row in rows}
    now = now_in(environment)
    balances = balances_of_many(environment=environment, member_ids=list(members), now=now)
    spendable = {(key, each.metric.pk): each.balance for key, found in balances.items() for each in found}
    return {
        row.pk: (before, before + (0 if row.points > 0 and row.metric.vesting_days else row.points))
        for row in rows
        if (before := spendable.get((row.member_id, row.metric_id))) is not None
    }


def _approved(decided: AdjustmentRequest) -> SafeString:
    entry = reverse("admin:loyalty_ledgerentry_change", args=[decided.entry_id])
    return format_html(
        'Approved: <a class="lc-link" href="{}">{} {}</a> for {}.',
        entry,
        signed(decided.points),
        decided.metric,
        member_link(decided.member),
    )
