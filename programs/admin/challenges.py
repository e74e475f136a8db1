"""Challenges: made as drafts with their missions and rewards, activated, paused, ended for good and never deleted
(domain.md 8). What needs members' progress, saving too, is added in loyalty.admin.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from audit.errors import DomainError
from programs.admin.base import may, require, required_environment
from programs.admin.challenge_form import (
    MODEL_FIELDS,
    ChallengeEditor,
    ChallengeForm,
    editor_of,
    live_missions,
)
from programs.admin.challenge_lowering import Easier, completing_words, made_easier
from programs.admin.challenge_words import (
    card_of,
    notices_of,
    obstacles,
    rows_of_challenge,
    sentence_of,
    type_note,
)
from programs.admin.configured import EditorAdmin
from programs.admin.detail import Crumb
from programs.admin.reward_words import window_words
from programs.admin.rewards import Turn
from programs.models import Challenge, ChallengeReward, Coupon, Mission, Program
from programs.queries.environments import now_in

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList
else:
    from unfold.views import ChangeList

TURNS = {
    "activate": Turn(
        "Activate",
        "active",
        "Members see it, and their events count for its missions from now on.",
        "is active",
    ),
    "pause": Turn(
        "Pause",
        "paused",
        "Members don’t see it and no event counts until you activate it again. They keep how far they are.",
        "is paused",
    ),
    "end": Turn(
        "End",
        "ended",
        "Members don’t see it and no event counts any more. They keep what they achieved. It can't be activated again.",
        "has ended",
        "lc-danger",
    ),
}
_OFFERED: dict[str, tuple[str, ...]] = {
    "draft": ("activate",),
    "active": ("pause", "end"),
    "paused": ("activate", "end"),
    "ended": (),
}
_NOT_KEPT = ("csrfmiddlewaretoken", "easier")
_REWARDS = ChallengeReward.objects.select_related("metric", "item__inventory_set")


class ChallengeList(ChangeList):
    """The list with how often each was completed, read for the page at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list: list[Challenge] = list(self.result_list)
        page: Any = self.model_admin
        completed = page.completions(self.result_list)
        for challenge in self.result_list:
            challenge.completed = completed.get(challenge.pk, "0")  # type: ignore[attr-defined]


class ChallengesAdmin(EditorAdmin[Challenge]):
    form = ChallengeForm
    explanation = "A challenge asks members for something, its missions, and rewards who has done them all."
    first_step = "Add one as a draft with its missions; members see it once you activate it."
    list_display = ("challenge", "state", "often", "missions", "completed", "window")
    list_filter = ("status",)
    search_fields = ("title", "subtitle", "public_id")
    sortable_by = ()
    fieldsets = ((None, {"fields": MODEL_FIELDS}),)

    # -- what loyalty.admin knows

    def completions(self, challenges: Sequence[Challenge]) -> Mapping[UUID, str]:
        """How often each was completed, in words."""
        raise NotImplementedError

    def unreachable(self, request: HttpRequest, event_types: Collection[str]) -> Collection[str]:
        """Those of these types that were never received and that members' apps may not report."""
        raise NotImplementedError

    def completing(self, challenge: Challenge, easier: Easier) -> tuple[str, str]:
        """How many members complete the challenge by that, and how many a mission, in words."""
        raise NotImplementedError

    def figures_of(self, request: HttpRequest, challenge: Challenge) -> dict[str, Any]:
        """What the page says of members' progress."""
        raise NotImplementedError

    def store(self, request: HttpRequest, editor: ChallengeEditor) -> Challenge:
        """Save what the form and its rows say. Raises DomainErrors."""
        raise NotImplementedError

    def turn(self, request: HttpRequest, challenge: Challenge, status: str) -> None:
        """Save the status alone. Raises DomainErrors."""
        raise NotImplementedError

    # -- the list

    def get_queryset(self, request: HttpRequest) -> QuerySet[Challenge]:
        rows = super().get_queryset(request).select_related("program")
        return rows.prefetch_related("missions", Prefetch("rewards", queryset=_REWARDS))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return ChallengeList

    @admin.display(description="Challenge", ordering="title")
    def challenge(self, challenge: Challenge) -> SafeString:
        return format_html(
            '<span class="lc-goods"><span class="lc-thumb material-symbols-outlined" aria-hidden="true">flag</span>'
            "<span><strong>{}</strong><small>{}</small></span></span>",
            challenge.title,
            challenge.subtitle,
        )

    @admin.display(description="Status", ordering="status")
    def state(self, challenge: Challenge) -> SafeString:
        return state_tag(challenge)

    @admin.display(description="Can be done")
    def often(self, challenge: Challenge) -> str:
        return challenge.get_per_display().lower()

    @admin.display(description="Missions")
    def missions(self, challenge: Challenge) -> str:
        return f"{len(live_missions(challenge)):,}"

    @admin.display(description="Completed")
    def completed(self, challenge: Challenge) -> str:
        found: str = challenge.completed  # type: ignore[attr-defined]
        return found

    @admin.display(description="When")
    def window(self, challenge: Challenge) -> str:
        return window_words(challenge) or "always"

    # -- one challenge

    def get_urls(self) -> list[URLPattern]:
        sentence = self.admin_site.admin_view(require_POST(self.sentence))
        turns = [self.object_page(name, self._turn_page(name), "operator") for name in TURNS]
        return [path("sentence/", sentence, name="programs_challenge_sentence"), *turns, *super().get_urls()]

    def edit(self, request: HttpRequest, found: Challenge | None) -> HttpResponse:
        stored = self.get_object(request, str(found.pk)) if found else None
        editor = self._editor(request, found, stored) if may(request, "operator") else None
        if (asked := self._asked(request, editor, stored)) is not None:
            return asked
        if (saved := self.saved(request, editor, self.store)) is not None:
            return HttpResponseRedirect(self.url("change", saved.pk))
        context: dict[str, Any] = {"editor": editor, "may_operate": editor is not None}
        if editor is not None:
            context["form"] = editor.form
        if stored is not None:
            context |= self.standing_of(request, stored)
        if editor is not None:
            context |= self._said(request, editor)
        return self.page(request, "challenge.html", str(stored or "New challenge"), **context)

    def saved_words(self, stored: Challenge) -> str:
        if live_missions(stored) or stored.status == Challenge.Status.ENDED:
            return super().saved_words(stored)
        return f"{stored} is saved, without a mission: it can't be activated yet."

    def _editor(
        self, request: HttpRequest, found: Challenge | None, stored: Challenge | None
    ) -> ChallengeEditor:
        made: Any = self.get_form(request, found, change=found is not None)
        environment = required_environment(request)
        initial: dict[str, Any] = {}
        if found is None:
            programs = Program.objects.filter(environment=environment)
            initial = {"program": programs.order_by("created_at", "pk").first()}
        sent = request.POST if request.method == "POST" else None
        form = made(sent, instance=found, initial=initial)
        return editor_of(form, sent, environment, stored)

    def _asked(
        self, request: HttpRequest, editor: ChallengeEditor | None, stored: Challenge | None
    ) -> HttpResponse | None:
        """The question before a target is lowered, or a mission removed or asked for sooner, where members may have
        begun; None where there is nothing to ask, or where exactly that was just asked."""
        if request.method != "POST" or editor is None or stored is None or not editor.is_valid():
            return None
        becomes, wanted, _ = editor.made()
        easier = made_easier(stored, live_missions(stored), becomes, wanted)
        if easier is None or request.POST.get("easier") == easier.token:
            return None
        complete, missions = self.completing(stored, easier)
        kept = [(name, values) for name, values in request.POST.lists() if name not in _NOT_KEPT]
        context: dict[str, Any] = {
            "object": stored,
            "original": Crumb(stored, str(stored)),
            "easier": easier,
            "due": completing_words(stored, complete, missions),
            "sent": [(name, value) for name, values in kept for value in values],
        }
        return self.page(request, "challenge_lower.html", f"Make {stored} easier", **context)

    def standing_of(self, request: HttpRequest, stored: Challenge) -> dict[str, Any]:
        """What the page says of a stored challenge besides its form."""
        missions, rewards = live_missions(stored), list(stored.rewards.all())
        return {
            "object": stored,
            "original": Crumb(stored, str(stored)),
            "state": state_tag(stored),
            "sentence": sentence_of(stored, missions, rewards),
            "rows": rows_of_challenge(stored, missions, rewards),
            "obstacles": obstacles(stored, missions, now_in(required_environment(request))),
            "turns": [(name, TURNS[name]) for name in _OFFERED[stored.status]],
            **self._seen(request, stored, [(one.public_id.hex, one) for one in missions], rewards),
            **self.figures_of(request, stored),
        }

    def _seen(
        self,
        request: HttpRequest,
        challenge: Challenge,
        missions: Sequence[tuple[str, Mission]],
        rewards: Sequence[ChallengeReward],
    ) -> dict[str, Any]:
        """What members see of it."""
        given = [reward.item_id for reward in rewards if reward.item_id]
        coupons = Coupon.objects.filter(environment=required_environment(request), item__in=given)
        return {
            "card": card_of(challenge, [mission for _, mission in missions], rewards),
            "notices": notices_of(challenge, missions, rewards, coupons.select_related("item")),
        }

    def sentence(self, request: HttpRequest) -> JsonResponse:
        """What is on the screen, before it is saved: in words, and as members will see it."""
        require(request, "operator")
        known = request.GET.get("challenge", "")
        found = self.get_object(request, known) if known else None
        stored = self.get_object(request, known) if found else None
        said = self._said(request, self._editor(request, found, stored))
        seen = render_to_string("console/challenge_phone.html", said)
        told = {name: said[name] for name in ("sentence", "faults", "notes")}
        notices = [{"key": notice.key, "about": notice.about} for notice in said["notices"]]
        return JsonResponse(told | {"phone": seen, "notices": notices})

    def _said(self, request: HttpRequest, editor: ChallengeEditor) -> dict[str, Any]:
        challenge, missions, rewards = editor.made()
        faults = editor.faults() if editor.is_bound else []
        keyed = [(row.key, row.instance) for row in editor.begun]
        is_new = editor.stored is None and not editor.is_bound
        types = {mission.event_type for mission in missions if mission.event_type}
        unreachable = self.unreachable(request, types) if types else ()
        for row in editor.begun:
            row.note = type_note(row.instance.event_type) if row.instance.event_type in unreachable else ""
        return {
            "sentence": "" if faults or is_new else sentence_of(challenge, missions, rewards),
            "faults": faults,
            "notes": {row.key: row.note for row in editor.begun},
            **self._seen(request, challenge, keyed, rewards),
        }

    def _turn_page(self, name: str) -> Callable[[HttpRequest, Challenge], HttpResponse]:
        turn = TURNS[name]

        def page(request: HttpRequest, found: Challenge) -> HttpResponse:
            if request.method == "POST":
                return self._turned(request, found, turn)
            context = self.standing_of(request, found) | {"turn": turn}
            lacks_mission = turn.status == Challenge.Status.ACTIVE and not live_missions(found)
            context["lacks_mission"] = lacks_mission
            return self.page(request, "challenge_turn.html", f"{turn.verb} {found}", **context)

        return page

    def _turned(self, request: HttpRequest, found: Challenge, turn: Turn) -> HttpResponse:
        try:
            self.turn(request, found, turn.status)
        except DomainError as error:
            messages.error(request, " ".join(fault.detail for fault in error.errors) or error.detail)
        else:
            messages.success(request, f"{found} {turn.done}.")
        return HttpResponseRedirect(self.url("change", found.pk))


def state_tag(challenge: Challenge) -> SafeString:
    words = challenge.get_status_display()
    return format_html('<span class="lc-tag lc-{}">{}</span>', challenge.status, words)
