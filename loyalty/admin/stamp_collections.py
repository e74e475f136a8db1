"""Members' stamp cards: who is enrolled in what, and each card with its stamps and rewards."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.errors import NotFound
from audit.ids import parse_public, public
from loyalty.admin.keyset import KeysetAdmin, KeysetList
from loyalty.admin.shared import member_link, uuid_or_none
from loyalty.admin.stamp_words import CardRow, card_rows, stamp_rows, status_tag, worth_of
from loyalty.models import Stamp, StampCollection
from loyalty.queries.stamps import collections_of, due_rewards, find_collection, rewards_of
from programs.admin.base import current_environment, may, required_environment
from programs.admin.detail import DetailAdmin
from programs.models import StampProgram

PAGE = 50
_REWARDS = 20


class StampProgramFilter(SimpleListFilter):
    """The stamp programs of the current environment, also those that have ended."""

    title = "stamp program"
    parameter_name = "stamp_program"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Iterable[tuple[str, str]]:
        found = StampProgram.objects.filter(environment=current_environment(request))
        return list(found.exclude(status=StampProgram.Status.DRAFT).values_list("public_id", "name"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        chosen = {"environment": current_environment(request), "public_id": self.value()}
        found = StampProgram.objects.filter(**chosen).values_list("pk", flat=True)
        return queryset.filter(stamp_program__in=list(found))


class CardList(KeysetList):
    """A page of cards, each with what it gave; one statement more."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list: list[StampCollection] = list(self.result_list)
        for row in card_rows(self.result_list):
            row.collection.row = row  # type: ignore[attr-defined]


@admin.register(StampCollection)
class StampCollectionAdmin(KeysetAdmin[StampCollection], DetailAdmin[StampCollection]):
    detail_template = "stamp_collection.html"
    made_at = ("See the stamp programs", "programs_stampprogram_changelist", "analyst")
    served = frozenset({"q", "stamp_program"})
    explanation = "An enrolment is a member’s stamp card: it collects stamps from when they join."
    first_step = (
        "Members join in your app (POST /v1/stamp-collections); support can enrol one on the member’s page."
    )
    list_display = ("card", "member_of", "stamps", "gave", "since")
    list_display_links = ("card",)
    list_filter = (StampProgramFilter,)
    search_fields = ("id",)
    search_help_text = "A member id, in full, or the id of a card (sc_…)"
    ordering = ("-id",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CardList

    def get_queryset(self, request: HttpRequest) -> QuerySet[StampCollection]:
        environment = current_environment(request)
        if environment is None:
            return StampCollection.objects.none()
        return collections_of(environment=environment)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> StampCollection | None:
        """By `sc_…` too; of a card that a merge has joined to another, that one."""
        key = parse_public("sc", object_id) or uuid_or_none(object_id)
        environment = current_environment(request)
        if key is None or environment is None:
            return None
        try:
            return find_collection(environment=environment, collection=key)
        except NotFound:
            return None

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[StampCollection], search_term: str
    ) -> tuple[QuerySet[StampCollection], bool]:
        term = search_term.strip().replace("\x00", "")
        environment = current_environment(request)
        if not term or environment is None:
            return queryset, False
        if key := parse_public("sc", term):
            return queryset.filter(pk=key), False
        found = collections_of(environment=environment, member=term)
        return queryset.filter(pk__in=found.values_list("pk", flat=True)), False

    @admin.display(description="Member")
    def member_of(self, collection: StampCollection) -> SafeString:
        return member_link(collection.member)

    @admin.display(description="Stamp program")
    def card(self, collection: StampCollection) -> str:
        return collection.stamp_program.name

    @admin.display(description="Stamps")
    def stamps(self, collection: StampCollection) -> SafeString:
        row = _row(collection)
        return format_html(
            '<span class="lc-left"><progress max="{}" value="{}" aria-hidden="true"></progress>'
            "<span>{} of {}</span></span>",
            row.threshold,
            row.stamps,
            f"{row.stamps:,}",
            f"{row.threshold:,}",
        )

    @admin.display(description="Rewards")
    def gave(self, collection: StampCollection) -> str:
        return _row(collection).gave or "–"

    @admin.display(description="Enrolled")
    def since(self, collection: StampCollection) -> Any:
        return collection.created_at

    def detail_title(self, found: StampCollection) -> str:
        return f"{found.stamp_program} of {found.member}"

    def detail(self, request: HttpRequest, found: StampCollection) -> dict[str, Any]:
        """The newest stamps, a page of them at a time, and the newest rewards."""
        before = uuid_or_none(request.GET.get("before"))
        stamps = Stamp.objects.filter(collection=found).select_related("event").order_by("-id")
        rows = list((stamps.filter(pk__lt=before) if before else stamps)[: PAGE + 1])
        rewards = rewards_of(environment=required_environment(request), member_id=found.member_id)
        given = list(rewards.filter(collection=found).order_by("-id")[: _REWARDS + 1])
        return {
            "public_id": public("sc", found.pk),
            "row": card_rows([found])[0],
            "due": due_rewards(found),
            "stamps": stamp_rows(rows[:PAGE], found.stamp_program),
            "next": rows[PAGE - 1].pk if len(rows) > PAGE else None,
            "is_first_page": before is None,
            "rewards": [(reward, worth_of(reward), status_tag(reward.status)) for reward in given[:_REWARDS]],
            "more_rewards": len(given) > _REWARDS,
            "may_help": may(request, "support"),
        }


def _row(collection: StampCollection) -> CardRow:
    row: CardRow = collection.row  # type: ignore[attr-defined]
    return row
