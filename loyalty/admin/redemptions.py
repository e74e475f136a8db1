"""Redemptions: what members got for their points, to be found, read, and acted on."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.ids import parse_public, public
from audit.models import AuditEvent
from loyalty.admin.audit import in_words
from loyalty.admin.exports import ExportableAdmin
from loyalty.admin.fulfilment_queue import queue_page
from loyalty.admin.keyset import KeysetList
from loyalty.admin.member_redemptions import RedemptionRow
from loyalty.admin.redemption_actions import cancel_page, fail_page, fulfil_page, resend_page, use_page
from loyalty.admin.redemption_words import (
    STATUSES,
    gives_in_words,
    status_tag,
)
from loyalty.admin.shared import DateRange, member_link
from loyalty.models import LedgerEntry, Member, Redemption
from loyalty.queries.families import family_named
from loyalty.queries.redemptions import redemptions_of
from loyalty.queries.relations import survivor_of
from programs.admin.base import current_environment, may, required_environment
from programs.admin.tables import rows_of
from programs.models import Reward
from programs.queries.environments import now_in

_TRAIL = 50  # rows of the audit trail on a redemption's page


class StatusFilter(SimpleListFilter):
    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Iterable[tuple[str, str]]:
        return list(STATUSES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(status=self.value()) if self.value() else queryset


class RewardFilter(SimpleListFilter):
    """The rewards of the current environment, also those that are no longer offered."""

    title = "reward"
    parameter_name = "reward"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Iterable[tuple[str, str]]:
        rewards = Reward.objects.filter(environment=current_environment(request))
        return list(rewards.values_list("public_id", "name"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        environment = current_environment(request)
        rewards = Reward.objects.filter(environment=environment, public_id=self.value())
        return queryset.filter(reward_id__in=list(rewards.values_list("pk", flat=True)))


class KindFilter(SimpleListFilter):
    """What was bought, by its kind at the time."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Iterable[tuple[str, str]]:
        return Reward.Kind.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class RedemptionList(KeysetList):
    """A page of redemptions, each with its code as it stands now."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list: list[Redemption] = list(self.result_list)
        now, whole = now_in(required_environment(request)), may(request, "support")
        for redemption in self.result_list:
            redemption.row = RedemptionRow(redemption, now, whole=whole)  # type: ignore[attr-defined]


@admin.register(Redemption)
class RedemptionAdmin(ExportableAdmin[Redemption]):
    exported_as = "redemptions"
    detail_template = "redemption.html"
    made_at = ("See the rewards", "programs_reward_changelist", "analyst")
    served = frozenset({"q", "status"})
    explanation = "A redemption is a reward that a member bought with points."
    first_step = (
        "Your server makes one with POST /v1/points/redeem and a reward_id;"
        " support can redeem for a member on the member's page."
    )
    list_display = ("when", "member_of", "what", "cost", "state", "its_code")
    list_display_links = ("when",)
    list_filter = (StatusFilter, RewardFilter, KindFilter, ("occurred_at", DateRange))
    search_fields = ("id",)
    search_help_text = "A whole code with its hyphens, a redemption id (red_…) or a member id"
    ordering = ("-id",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RedemptionList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Redemption]:
        return super().get_queryset(request).select_related("member", "reward", "metric", "code")

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Redemption | None:
        """By `red_…` too, the form that support is told by others."""
        key = parse_public("red", object_id)
        return super().get_object(request, str(key or object_id), from_field)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Redemption], search_term: str
    ) -> tuple[QuerySet[Redemption], bool]:
        term = search_term.strip().replace("\x00", "")
        environment = current_environment(request)
        if not term or environment is None:
            return queryset, False
        if key := parse_public("red", term):
            return queryset.filter(pk=key), False
        people = family_named(environment, term)
        coded = list(redemptions_of(environment=environment, code=term).values_list("pk", flat=True))
        return queryset.filter(Q(member_id__in=people) | Q(pk__in=coded)), False

    @admin.display(description="When")
    def when(self, redemption: Redemption) -> Any:
        return redemption.occurred_at

    @admin.display(description="Member")
    def member_of(self, redemption: Redemption) -> SafeString:
        return member_link(redemption.member)

    @admin.display(description="Reward")
    def what(self, redemption: Redemption) -> str:
        return redemption.name

    @admin.display(description="Cost")
    def cost(self, redemption: Redemption) -> str:
        return f"{redemption.points:,} {redemption.metric}"

    @admin.display(description="Status")
    def state(self, redemption: Redemption) -> SafeString:
        return status_tag(redemption.status)

    @admin.display(description="Code")
    def its_code(self, redemption: Redemption) -> str | SafeString:
        row: RedemptionRow = redemption.row  # type: ignore[attr-defined]
        if not row.code:
            return "–"
        return format_html('<code class="lc-id">{}</code> {}', row.code_text, row.code_state)

    def get_urls(self) -> list[URLPattern]:
        pages = {
            "fulfil": fulfil_page,
            "fail": fail_page,
            "cancel": cancel_page,
            "use": use_page,
            "resend": resend_page,
        }
        own = [
            self.object_page(name, lambda request, found, do=do: do(self, request, found), "support")
            for name, do in pages.items()
        ]
        queue = self.admin_site.admin_view(lambda request: queue_page(self, request))
        return [path("queue/", queue, name="loyalty_redemption_queue"), *own, *super().get_urls()]

    def detail_title(self, found: Redemption) -> str:
        return f"{found.name} for {found.member}"

    def detail(self, request: HttpRequest, found: Redemption) -> dict[str, Any]:
        now, helps = now_in(required_environment(request)), may(request, "support")
        row = RedemptionRow(found, now, whole=helps)
        return {
            "public_id": public("red", found.pk),
            "row": row,
            "kind": Reward.Kind(found.kind).label,
            "gives": gives_in_words(found.gives),
            "survivor": survivor_of(found.member),
            "entries": entries_of(found),
            "trail": trail_of(found),
            "metadata": rows_of(found.metadata or {}),
            "may_read": helps,
            "may_help": helps and found.member.status != Member.Status.ERASED,
        }


def entries_of(redemption: Redemption) -> list[LedgerEntry]:
    """What it put into the ledger, and what took that back; oldest first."""
    own = LedgerEntry.objects.filter(member_id=redemption.member_id, redemption_id=redemption.pk)
    keys = list(own.values_list("pk", flat=True))
    rows = LedgerEntry.objects.filter(Q(pk__in=keys) | Q(reverses__in=keys))
    return list(rows.select_related("account__metric").order_by("id"))


def trail_of(redemption: Redemption) -> list[dict[str, Any]]:
    """What the audit trail says of it, oldest first."""
    rows = AuditEvent.objects.filter(
        environment_id=redemption.environment_id, object_id=public("red", redemption.pk)
    )
    found = rows.defer("transaction", "salt").order_by("id")[:_TRAIL]
    return [{"event": event, "words": in_words(event.verb)} for event in found]
