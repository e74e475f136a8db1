"""What full stamp cards gave: to be found, read, and marked as paid."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from audit.ids import parse_public, public
from audit.models import AuditEvent
from loyalty.admin.audit import in_words
from loyalty.admin.exports import ExportableAdmin
from loyalty.admin.shared import DateRange, member_link
from loyalty.admin.stamp_collections import StampProgramFilter
from loyalty.admin.stamp_paying import pay_page
from loyalty.admin.stamp_queue import queue_page
from loyalty.admin.stamp_words import STATUSES, kind_words, stamp_rows, status_tag, worth_of
from loyalty.models import Event, Member, Stamp, StampReward
from loyalty.queries.families import family_named
from programs.admin.base import current_environment, may

_TRAIL = 50  # rows of the audit trail on a reward's page


class StatusFilter(SimpleListFilter):
    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Iterable[tuple[str, str]]:
        return list(STATUSES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(status=self.value()) if self.value() else queryset


@admin.register(StampReward)
class StampRewardAdmin(ExportableAdmin[StampReward]):
    exported_as = "stamp_rewards"
    detail_template = "stamp_reward.html"
    made_at = ("See the stamp programs", "programs_stampprogram_changelist", "analyst")
    served = frozenset({"q", "status", "stamp_program"})
    explanation = "A stamp reward is money that a member is paid for a full stamp card."
    first_step = (
        "Purchases fill the cards of members who are enrolled; the purchase that fills one issues its reward."
    )
    list_display = ("when", "member_of", "card", "worth", "state", "reference_of")
    list_display_links = ("when",)
    list_filter = (StatusFilter, StampProgramFilter, ("issued_at", DateRange))
    search_fields = ("id",)
    search_help_text = "A member id, in full, a stamp reward’s id (sr_…) or the reference of a payment"
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[StampReward]:
        return super().get_queryset(request).select_related("member", "stamp_program", "collection")

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> StampReward | None:
        """By `sr_…` too, the form that others are told."""
        key = parse_public("sr", object_id)
        return super().get_object(request, str(key or object_id), from_field)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[StampReward], search_term: str
    ) -> tuple[QuerySet[StampReward], bool]:
        term = search_term.strip().replace("\x00", "")
        environment = current_environment(request)
        if not term or environment is None:
            return queryset, False
        if key := parse_public("sr", term):
            return queryset.filter(pk=key), False
        people = family_named(environment, term)
        # Each by its own index; an OR of both would be looked for in the environment's whole list.
        rows = StampReward.objects.order_by().values("pk")
        referred = rows.filter(environment_id=environment.pk, reference=term)
        found = rows.filter(member_id__in=people).union(referred)
        return queryset.filter(pk__in=found), False

    @admin.display(description="Issued")
    def when(self, reward: StampReward) -> Any:
        return reward.issued_at

    @admin.display(description="Member")
    def member_of(self, reward: StampReward) -> SafeString:
        return member_link(reward.member)

    @admin.display(description="Stamp program")
    def card(self, reward: StampReward) -> str:
        return reward.stamp_program.name

    @admin.display(description="Amount")
    def worth(self, reward: StampReward) -> str:
        return worth_of(reward)

    @admin.display(description="Status")
    def state(self, reward: StampReward) -> SafeString:
        return status_tag(reward.status)

    @admin.display(description="Reference")
    def reference_of(self, reward: StampReward) -> str:
        return reward.reference or "–"

    def get_urls(self) -> list[URLPattern]:
        pay = self.object_page("pay", lambda request, found: pay_page(self, request, found), "support")
        queue = self.admin_site.admin_view(lambda request: queue_page(self, request))
        return [path("queue/", queue, name="loyalty_stampreward_queue"), pay, *super().get_urls()]

    def detail_title(self, found: StampReward) -> str:
        return f"{worth_of(found)} for {found.member}"

    def detail(self, request: HttpRequest, found: StampReward) -> dict[str, Any]:
        own = Q(pk__in=found.stamp_ids) | Q(reward=found)
        stamps = Stamp.objects.filter(own, collection=found.collection_id).select_related("event")
        completed = Event.objects.filter(pk=found.event_id).first() if found.event_id else None
        erased = found.member.status == Member.Status.ERASED
        return {
            "public_id": public("sr", found.pk),
            "worth": worth_of(found),
            "state": status_tag(found.status),
            "kind": kind_words(found),
            "stamps": stamp_rows(stamps.order_by("id"), found.stamp_program),
            "completed": completed,
            "completed_by": _completed_by(found),
            "erased": erased,
            "trail": _trail_of(found),
            "may_pay": may(request, "support") and found.status == StampReward.Status.ISSUED,
        }


def _completed_by(reward: StampReward) -> str:
    """What filled the card where no purchase did; only the engine's own job issues for a threshold alone."""
    if reward.event_id:
        return ""
    return "a lower threshold" if reward.actor_kind == "system" else "a merge or a lower threshold"


def _trail_of(reward: StampReward) -> list[dict[str, Any]]:
    """What the audit trail says of it, oldest first."""
    rows = AuditEvent.objects.filter(environment_id=reward.environment_id, object_id=public("sr", reward.pk))
    found = rows.defer("transaction", "salt").order_by("id")[:_TRAIL]
    return [{"event": event, "words": in_words(event.verb)} for event in found]
