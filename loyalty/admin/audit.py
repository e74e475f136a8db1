"""The audit trail, to be read (domain.md 9)."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from audit.models import AuditEvent
from audit.seals import head_of, newest_seal, seal_of, seal_state
from loyalty.admin.audit_labels import labels_of, page_of, said_of
from loyalty.admin.exports import ExportableAdmin
from loyalty.admin.keyset import KeysetList
from loyalty.admin.shared import RecordedRange, member_link
from loyalty.models import Member
from loyalty.queries.trail_search import named_in_trail
from programs.admin.base import current_environment, require, required_environment
from programs.admin.tables import diff_of
from programs.models import Environment

_SUBJECTS = {
    "points": ("Points", ["points."]),
    "member": ("Members", ["member."]),
    "event": ("Events", ["event."]),
    "configuration": ("Configuration", ["program.", "metric.", "earningrule."]),
    "reward": (
        "Rewards and redemptions",
        ["reward.", "rewardcode.", "rewardcodes.", "redemption.", "inventoryset."],
    ),
    "stamp": ("Stamp cards", ["stampprogram.", "stamp_collection.", "stamp.", "stamp_reward."]),
    "challenge": (
        "Challenges and milestones",
        ["challenge.", "mission.", "coupon.", "item.", "milestone.", "milestoneset."],
    ),
    "key": ("Keys", ["apikey.", "tokenkey."]),
    "webhook": ("Webhooks", ["webhookendpoint.", "webhookdelivery."]),
    "staff": ("Staff", ["projectmembership.", "staff.", "user."]),
    "project": ("Project and environments", ["organization.", "project.", "environment.", "memberapp."]),
}
_MOST_WAITING = 1_000  # rows that wait for a seal are counted so far, for a page
_ACTORS = {"api_key": "An API key", "member": "A member", "staff": "Staff", "system": "The engine"}


class SubjectFilter(SimpleListFilter):
    title = "subject"
    parameter_name = "subject"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Iterable[tuple[str, str]]:
        return [(key, title) for key, (title, _prefixes) in _SUBJECTS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = Q()
        for prefix in _SUBJECTS.get(self.value() or "", ("", []))[1]:
            chosen |= Q(verb__startswith=prefix)
        return queryset.filter(chosen)


class ActorFilter(SimpleListFilter):
    title = "actor"
    parameter_name = "actor"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Iterable[tuple[str, str]]:
        return list(_ACTORS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(actor_kind=self.value()) if self.value() else queryset


class AuditList(KeysetList):
    """A page of the trail, with the members and objects it is about; a statement for the members, and one for each
    kind of object that the events don't name."""

    def _found(self, request: HttpRequest, end: tuple[Any, ...] | None, most: int) -> list[AuditEvent]:
        """The environment's rows and the project's own, each by its index; a look for both would read either whole."""
        environment = required_environment(request)
        own = self.queryset.filter(environment_id=environment.pk)
        project = self.queryset.filter(environment_id=None, project_id=environment.project_id)
        nearest = [self._beyond(rows, end).values_list("pk", flat=True)[:most] for rows in (own, project)]
        keys = list(nearest[0].union(nearest[1]))
        return list(self._beyond(self.queryset.filter(pk__in=keys), end)[:most])

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list: list[AuditEvent] = list(self.result_list)
        environment = current_environment(request)
        members = Member.objects.filter(environment=environment).in_bulk(
            [event.member_id for event in self.result_list if event.member_id]
        )
        for event in self.result_list:
            event.member = members.get(event.member_id)  # type: ignore[attr-defined]
        unnamed = [event for event in self.result_list if not event.member_id and not said_of(event)]
        labels = labels_of(environment, unnamed) if environment and unnamed else {}
        for event in unnamed:
            event.label = labels.get(event.pk)  # type: ignore[attr-defined]


@admin.register(AuditEvent)
class AuditEventAdmin(ExportableAdmin[AuditEvent]):
    exported_as = "audit"
    detail_template = "audit_event.html"
    served = frozenset({"q", "recorded_at_from", "recorded_at_to"})
    explanation = "The audit trail says who did what, and how it stood before and after; it is never edited."
    first_step = "Whatever you do here or through the API adds to it."
    list_display = ("when", "did", "who", "about", "from_where")
    list_display_links = ("when",)
    list_filter = (SubjectFilter, ActorFilter, ("recorded_at", RecordedRange))
    search_fields = ("verb",)
    search_help_text = "A verb, user name, key prefix, object, event, member or trace id, in full"
    ordering = ("-id",)
    list_before_template = "console/seals.html"

    def get_urls(self) -> list[URLPattern]:
        head = self.admin_site.admin_view(self.head)
        return [path("head.json", head, name="audit_auditevent_head"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(request, {"seals": seal_state(_MOST_WAITING), **(extra_context or {})})

    def head(self, request: HttpRequest) -> HttpResponse:
        """The newest seal's head, to be kept outside."""
        require(request, self.reader)
        seal = newest_seal()
        if seal is None:
            messages.info(request, "Nothing is sealed yet; the worker seals every minute.")
            return HttpResponseRedirect(self.url("changelist"))
        answer = JsonResponse(head_of(seal).to_json())
        answer["Content-Disposition"] = f'attachment; filename="audit-head-{seal.number}.json"'
        return answer

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return AuditList

    def scope(self, environment: Environment) -> Q:
        """What concerns the whole project (its staff, say) shows in both of its environments."""
        return Q(environment_id=environment.pk) | Q(environment_id=None, project_id=environment.project_id)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEvent]:
        return super().get_queryset(request).defer("transaction", "salt")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEvent], search_term: str
    ) -> tuple[QuerySet[AuditEvent], bool]:
        term = search_term.strip().replace("\x00", "")
        environment = current_environment(request)
        if not term or environment is None:
            return queryset, False
        named = named_in_trail(environment, term)
        if named is None:
            request.console_search_walks = True  # type: ignore[attr-defined]
            named = Q(verb=term) | Q(actor_id=term) | Q(trace_id=term) | Q(object_id=term) | Q(event_id=term)
        return queryset.filter(named), False

    @admin.display(description="When")
    def when(self, event: AuditEvent) -> Any:
        return event.recorded_at

    @admin.display(description="What")
    def did(self, event: AuditEvent) -> str:
        return in_words(event.verb)

    @admin.display(description="Who")
    def who(self, event: AuditEvent) -> str:
        return f"{_ACTORS[event.actor_kind]}: {event.actor_id}"

    @admin.display(description="About")
    def about(self, event: AuditEvent) -> str | SafeString:
        """The member, else what the object is called or was; its id is on the event's page."""
        member = getattr(event, "member", None)
        if member is not None:
            return member_link(member)
        return said_of(event) or getattr(event, "label", None) or "–"

    @admin.display(description="From")
    def from_where(self, event: AuditEvent) -> str:
        return event.ip or "–"

    def _called(self, request: HttpRequest, found: AuditEvent, member: Member | None) -> str:
        """What the object is or was called."""
        if found.object_type == "member" and member is not None:
            return str(member)
        environment = required_environment(request)
        return said_of(found) or labels_of(environment, [found]).get(found.pk, "")

    def detail_title(self, found: AuditEvent) -> str:
        return in_words(found.verb)

    def detail(self, request: HttpRequest, found: AuditEvent) -> dict[str, Any]:
        known = {"pk": found.member_id, "environment_id": found.environment_id}
        member = Member.objects.filter(**known).first() if all(known.values()) else None
        return {
            "diff": diff_of(found.before, found.after),
            "who": self.who(found),
            "member": member,
            "seal": seal_of(found),
            "noun": in_words(f"{found.object_type}."),
            "called": self._called(request, found, member),
            "page": page_of(found) if found.environment_id else None,
        }


_NOUNS = {
    "apikey": "API key",
    "tokenkey": "member token key",
    "earningrule": "earning rule",
    "inventoryset": "inventory set",
    "memberapp": "member app",
    "milestoneset": "milestone set",
    "rewardcode": "code",
    "rewardcodes": "codes",
    "projectmembership": "staff membership",
    "stampprogram": "stamp program",
    "tierladder": "tier ladder",
    "backtest": "back-test",
    "ledgerentry": "ledger entry",
    "webhookendpoint": "webhook endpoint",
    "webhookdelivery": "webhook delivery",
}


def in_words(verb: str) -> str:
    """`earningrule.published` → "Earning rule published"."""
    noun, _, done = verb.partition(".")
    words = f"{_NOUNS.get(noun, noun)} {done}".replace("_", " ").strip()
    return words[:1].upper() + words[1:]
