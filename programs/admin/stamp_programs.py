"""Stamp programs: made as drafts, activated, paused, ended for good and never deleted (domain.md 7).

What needs members' cards, saving too, is added in loyalty.admin.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from audit.errors import DomainError
from programs.admin.base import may, require, required_environment
from programs.admin.configured import EditorAdmin
from programs.admin.detail import Crumb
from programs.admin.reward_words import window_words
from programs.admin.rewards import Turn
from programs.admin.stamp_form import MODEL_FIELDS, PICTURES, StampProgramForm
from programs.admin.stamp_words import (
    card_of,
    image_of,
    obstacles,
    pays_words,
    rows_of_stamp_program,
    sentence_of,
    threshold_note,
)
from programs.models import Program, StampProgram
from programs.queries.environments import now_in

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList
else:
    from unfold.views import ChangeList

TURNS = {
    "activate": Turn(
        "Activate", "active", "Members can join, and purchases stamp their cards from now on.", "is active"
    ),
    "pause": Turn(
        "Pause",
        "paused",
        "Nobody can join and no purchase is stamped until you activate it again. Members keep their stamps, and"
        " their rewards can be paid.",
        "is paused",
    ),
    "end": Turn(
        "End",
        "ended",
        "Nobody can join and no purchase is stamped any more. Members keep what they have, and their rewards can"
        " be paid. It can't be activated again.",
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
_NOT_KEPT = ("csrfmiddlewaretoken", "lowered")


@dataclass(frozen=True, slots=True)
class Standing:
    """What the list says of members' cards, in words."""

    enrolled: str = "0"
    to_pay: str = "0"


class StampProgramList(ChangeList):
    """The list with how many have each card, read for the page at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list: list[StampProgram] = list(self.result_list)
        page: Any = self.model_admin
        standing = page.standings(self.result_list)
        for stamp_program in self.result_list:
            stamp_program.standing = standing.get(stamp_program.pk, Standing())  # type: ignore[attr-defined]


class CardsAdmin(EditorAdmin[StampProgram]):
    form = StampProgramForm
    explanation = "A stamp program gives members a card that purchases stamp; a full card pays the member."
    first_step = "Add one as a draft; members can join once you activate it."
    list_display = ("card", "state", "pays", "enrolled", "to_pay", "window")
    list_filter = ("status",)
    search_fields = ("name", "title", "public_id")
    sortable_by = ()
    fieldsets = ((None, {"fields": MODEL_FIELDS}),)

    # -- what loyalty.admin knows

    def standings(self, stamp_programs: Sequence[StampProgram]) -> Mapping[UUID, Standing]:
        raise NotImplementedError

    def due_at(self, stamp_program: StampProgram, threshold: int) -> str:
        """How many members have so many stamps on their cards, in words."""
        raise NotImplementedError

    def falls_due(self, stamp_program: StampProgram, threshold: int, amount: int | None) -> str:
        """What a lower threshold makes due, in a sentence. `amount`: minor units of a fixed reward."""
        raise NotImplementedError

    def figures_of(self, request: HttpRequest, stamp_program: StampProgram) -> dict[str, Any]:
        """What the page says of members' cards."""
        raise NotImplementedError

    def store(self, request: HttpRequest, form: StampProgramForm) -> StampProgram:
        """Save what the form says, with its pictures. Raises DomainErrors."""
        raise NotImplementedError

    def turn(self, request: HttpRequest, stamp_program: StampProgram, status: str) -> None:
        """Save the status alone. Raises DomainErrors."""
        raise NotImplementedError

    # -- the list

    def get_queryset(self, request: HttpRequest) -> QuerySet[StampProgram]:
        return super().get_queryset(request).select_related("program")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return StampProgramList

    @admin.display(description="Stamp program", ordering="name")
    def card(self, stamp_program: StampProgram) -> SafeString:
        return format_html(
            '<span class="lc-goods">{}<span><strong>{}</strong><small>{}</small></span></span>',
            _thumbnail(stamp_program),
            stamp_program.name,
            stamp_program.title,
        )

    @admin.display(description="Status", ordering="status")
    def state(self, stamp_program: StampProgram) -> SafeString:
        return state_tag(stamp_program)

    @admin.display(description="Reward")
    def pays(self, stamp_program: StampProgram) -> str:
        return pays_words(stamp_program)

    @admin.display(description="Enrolled")
    def enrolled(self, stamp_program: StampProgram) -> str:
        return _standing(stamp_program).enrolled

    @admin.display(description="To be paid")
    def to_pay(self, stamp_program: StampProgram) -> str:
        return _standing(stamp_program).to_pay

    @admin.display(description="When")
    def window(self, stamp_program: StampProgram) -> str:
        return window_words(stamp_program) or "always"

    # -- one stamp program

    def get_urls(self) -> list[URLPattern]:
        sentence = self.admin_site.admin_view(require_POST(self.sentence))
        turns = [self.object_page(name, self._turn_page(name), "operator") for name in TURNS]
        own = path("sentence/", sentence, name="programs_stampprogram_sentence")
        return [own, *turns, *super().get_urls()]

    def edit(self, request: HttpRequest, found: StampProgram | None) -> HttpResponse:
        form = self._form(request, found) if may(request, "operator") else None
        if (asked := self._asked(request, form, found)) is not None:
            return asked
        if (saved := self.saved(request, form, self.store)) is not None:
            return HttpResponseRedirect(self.url("change", saved.pk))
        stored = self.get_object(request, str(found.pk)) if found else None
        context: dict[str, Any] = {"form": form, "may_operate": form is not None}
        if stored is not None:
            context |= self.standing_of(request, stored)
        if form is not None:
            context |= self._said(form, stored)
        return self.page(request, "stamp_program.html", str(stored or "New stamp program"), **context)

    def _asked(self, request: HttpRequest, form: Any, found: StampProgram | None) -> HttpResponse | None:
        """The question before a lower threshold of one that has begun is saved; None where there is none to ask, or
        where it was just asked of the same two numbers."""
        if request.method != "POST" or form is None or found is None or not form.is_valid():
            return None
        stored, typed = self.get_object(request, str(found.pk)), form.cleaned_data["threshold"]
        if stored is None or stored.status == StampProgram.Status.DRAFT or typed >= stored.threshold:
            return None
        lowered = f"{stored.threshold}-{typed}"
        if request.POST.get("lowered") == lowered:
            return None
        kept = [(name, values) for name, values in request.POST.lists() if name not in _NOT_KEPT]
        context: dict[str, Any] = {
            "object": stored,
            "original": Crumb(stored, str(stored)),
            "before": stored.threshold,
            "after": typed,
            "due": self.falls_due(stored, typed, form.instance.reward_amount),
            "sent": [(name, value) for name, values in kept for value in values],
            "files": [form[f"{name}_file"] for _, name in PICTURES if form.file_sent(name) is not None],
            "lowered": lowered,
        }
        return self.page(request, "stamp_lower.html", f"Lower {stored}", **context)

    def _form(self, request: HttpRequest, found: StampProgram | None) -> Any:
        made: Any = self.get_form(request, found, change=found is not None)
        initial: dict[str, Any] = {}
        if found is None:
            programs = Program.objects.filter(environment=required_environment(request))
            initial = {
                "program": programs.order_by("created_at", "pk").first(),
                "threshold": 5,
                "reward_kind": StampProgram.RewardKind.REFUND,
            }
        sent = (request.POST, request.FILES) if request.method == "POST" else (None, None)
        return made(*sent, instance=found, initial=initial)

    def standing_of(self, request: HttpRequest, stored: StampProgram) -> dict[str, Any]:
        """What the page says of a stored stamp program besides its form."""
        return {
            "object": stored,
            "original": Crumb(stored, str(stored)),
            "state": state_tag(stored),
            "sentence": sentence_of(stored),
            "card": card_of(stored),
            "rows": rows_of_stamp_program(stored),
            "obstacles": obstacles(stored, now_in(required_environment(request))),
            "turns": [(name, TURNS[name]) for name in _OFFERED[stored.status]],
            **self.figures_of(request, stored),
        }

    def sentence(self, request: HttpRequest) -> JsonResponse:
        """What is on the screen, before it is saved: in words, and as the card that members will see."""
        require(request, "operator")
        known = request.GET.get("stamp_program", "")
        found = self.get_object(request, known) if known else None
        stored = self.get_object(request, known) if found else None
        said = self._said(self._form(request, found), stored)
        card = render_to_string("console/stamp_card.html", {"card": said["card"]})
        told = {name: said[name] for name in ("sentence", "faults", "note")}
        return JsonResponse(told | {"card": card, "threshold": said["card"].threshold})

    def _said(self, form: Any, stored: StampProgram | None) -> dict[str, Any]:
        faults = form.faults() if form.is_bound else []
        made: StampProgram = form.instance
        is_new = stored is None and not form.is_bound
        if is_new:
            made.threshold, made.reward_kind = (form[name].value() for name in ("threshold", "reward_kind"))
        return {
            "sentence": "" if faults or is_new else sentence_of(made),
            "faults": faults,
            "card": card_of(_pictured(form, made)),
            "note": self._note(form, stored),
        }

    def _note(self, form: Any, stored: StampProgram | None) -> str:
        """What the threshold that was typed does to running cards."""
        typed = form.cleaned_data.get("threshold") if form.is_bound else None
        if stored is None or stored.status == StampProgram.Status.DRAFT or not typed:
            return ""
        due = self.due_at(stored, typed) if typed < stored.threshold else "0"
        return threshold_note(stored.threshold, typed, due)

    def _turn_page(self, name: str) -> Callable[[HttpRequest, StampProgram], HttpResponse]:
        turn = TURNS[name]

        def page(request: HttpRequest, found: StampProgram) -> HttpResponse:
            if request.method == "POST":
                return self._turned(request, found, turn)
            context = self.standing_of(request, found) | {"turn": turn}
            return self.page(request, "stamp_turn.html", f"{turn.verb} {found}", **context)

        return page

    def _turned(self, request: HttpRequest, found: StampProgram, turn: Turn) -> HttpResponse:
        try:
            self.turn(request, found, turn.status)
        except DomainError as error:
            messages.error(request, error.detail)
        else:
            messages.success(request, f"{found} {turn.done}.")
        return HttpResponseRedirect(self.url("change", found.pk))


def state_tag(stamp_program: StampProgram) -> SafeString:
    words = stamp_program.get_status_display()
    return format_html('<span class="lc-tag lc-{}">{}</span>', stamp_program.status, words)


def _pictured(form: Any, made: StampProgram) -> StampProgram:
    """With the pictures that saving would leave: a typed address replaces an upload, a tick takes it away. A file
    that is sent is shown by the page's script."""
    if form.is_bound:
        for field, name in (("picture", "image"), ("logo", "logo")):
            typed = f"{name}_url" in form.changed_data and form.cleaned_data.get(f"{name}_url")
            if typed or form.cleaned_data.get(f"remove_{name}"):
                setattr(made, field, None)
    return made


def _standing(stamp_program: StampProgram) -> Standing:
    found: Standing = stamp_program.standing  # type: ignore[attr-defined]
    return found


def _thumbnail(stamp_program: StampProgram) -> SafeString:
    """The uploaded image; a picture from elsewhere is not loaded."""
    image = image_of(stamp_program.picture_id, stamp_program.image_url)
    if image.path:
        return format_html('<img class="lc-thumb" src="{}" alt="" loading="lazy">', image.path)
    return format_html(
        '<span class="lc-thumb material-symbols-outlined" aria-hidden="true">{}</span>', "approval"
    )
