"""Tiers: one page a program, a ladder with its levels as rows and the members who stand on each (domain.md 6)."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import slugify

from audit.errors import DomainError
from loyalty.actions.ladders import save_ladder
from loyalty.queries.tiers import living_members, members_per_level, qualified_per_level
from programs.admin.base import actor_of, may, required_environment
from programs.admin.configured import EditorAdmin
from programs.admin.detail import Crumb
from programs.admin.row_faults import tell_rows
from programs.admin.sent_rows import sent_rows
from programs.models import Environment, Program, TierLadder
from programs.queries.environments import now_in

_LABELS = {
    "basis": "What counts",
    "period": "In which time",
    "grace_days": "Days of grace",
    "downgrade": "When it is not reached again",
    "is_active": "In force",
}
_NAMES = ("title", "code", "threshold", "multiplier")
_WORDS = {"title": "Title", "code": "Code", "threshold": "From", "multiplier": "Multiplies by"}


@dataclass(slots=True)
class LevelRow:
    """A level as its inputs show it, with what is wrong with it."""

    title: str = ""
    code: str = ""
    threshold: str = ""
    multiplier: str = "1"
    errors: list[str] = field(default_factory=list)

    def as_level(self) -> dict[str, Any]:
        """A code left empty is made of the title."""
        code = self.code or slugify(self.title)
        multiplier = self.multiplier or None
        return {
            "title": self.title,
            "code": code,
            "threshold": self.threshold or None,
            "multiplier": multiplier,
        }


@dataclass(frozen=True, slots=True)
class Rung:
    """A level with its members: who hold it, and who would by their progress now. `tier` None: no level."""

    title: str
    code: str
    threshold: Decimal | None
    multiplier: Decimal
    members: int
    would: int


@admin.register(TierLadder)
class TierLadderAdmin(EditorAdmin[TierLadder]):
    explanation = "Tiers are the levels that members reach in a program, such as Silver and Gold."
    first_step = "Add a ladder for a program: what counts, over which time, and its levels."
    list_display = ("name", "levels", "counts", "state")
    list_select_related = ("program", "metric")
    sortable_by = ()
    fieldsets = (
        (
            None,
            {
                "fields": (
                    *("program", "metric", "basis", "event_type", "currency"),
                    *("period", "days", "grace_days", "downgrade", "is_active"),
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("program", "metric").prefetch_related("tiers")

    @admin.display(description="Program")
    def name(self, ladder: TierLadder) -> str:
        return ladder.program.name

    @admin.display(description="Levels")
    def levels(self, ladder: TierLadder) -> str:
        return " · ".join(tier.title for tier in ladder.tiers.all()) or "none yet"

    @admin.display(description="What counts")
    def counts(self, ladder: TierLadder) -> str:
        return in_words(ladder)

    @admin.display(description="State")
    def state(self, ladder: TierLadder) -> SafeString:
        return format_html(
            '<span class="lc-tag lc-{}">{}</span>',
            "active" if ladder.is_active else "paused",
            "Active" if ladder.is_active else "Off",
        )

    def edit(self, request: HttpRequest, found: TierLadder | None) -> HttpResponse:
        environment = required_environment(request)
        form = self._form(request, found) if may(request, "operator") else None
        rows = _sent_rows(request) if request.method == "POST" else _rows_of(found)
        if request.method == "POST" and form and form.is_valid():
            saved = _save(request, environment, form, rows)
            if saved is not None:
                messages.success(request, f"{saved} are saved.")
                return HttpResponseRedirect(self.url("change", saved.pk))
        stored = self.get_object(request, str(found.pk)) if found else None
        context = {
            "form": form,
            "rows": rows,
            "blank": [LevelRow(), LevelRow()],
            "may_operate": form is not None,
        }
        if stored is not None:
            rungs = _rungs(environment, stored)
            crumb = Crumb(stored, str(stored))
            context |= {"object": stored, "original": crumb, "rungs": rungs, "words": in_words(stored)}
            context["most"] = max([1, *(max(rung.members, rung.would) for rung in rungs)])
        return self.page(request, "ladder.html", str(stored or "New tiers"), **context)

    def _form(self, request: HttpRequest, ladder: TierLadder | None) -> Any:
        environment = required_environment(request)
        made: Any = self.get_form(request, ladder, change=ladder is not None)
        initial = {} if ladder else _first_choice(environment)
        form = made(request.POST if request.method == "POST" else None, instance=ladder, initial=initial)
        for name, label in _LABELS.items():
            form.fields[name].label = label
        return form


def in_words(ladder: TierLadder) -> str:
    """ "points earned in 365 rolling days, then one level down"."""
    figure = {"points": f"{unit_of(ladder)} earned", "spend": f"money of {ladder.event_type} events"}
    what = figure.get(ladder.basis, f"number of {ladder.event_type} events")
    if ladder.basis == TierLadder.Basis.SPEND and ladder.currency:
        what += f" in {ladder.currency}"
    when = {"rolling": f"in {ladder.days} rolling days", "calendar_year": "in the calendar year"}
    grace = f", after {ladder.grace_days} days of grace" if ladder.grace_days else ""
    return f"{what} {when.get(ladder.period, 'ever')}; then {ladder.get_downgrade_display().lower()}{grace}"


def unit_of(ladder: TierLadder) -> str:
    """ "points", "XP": a title of small letters but its first is a common noun."""
    title = ladder.metric.title
    return title.lower() if title[1:].islower() else title


def _first_choice(environment: Environment) -> dict[str, Any]:
    """A program that has no ladder yet, and its metric."""
    program = Program.objects.filter(environment=environment).exclude(tier_ladders__isnull=False).first()
    metric = program.metrics.first() if program else None
    return {"program": program, "metric": metric}


def _rows_of(ladder: TierLadder | None) -> list[LevelRow]:
    tiers = sorted(ladder.tiers.all(), key=lambda tier: tier.threshold, reverse=True) if ladder else []
    return [
        LevelRow(tier.title, tier.code, _plain(tier.threshold), _plain(tier.multiplier)) for tier in tiers
    ]


def _sent_rows(request: HttpRequest) -> list[LevelRow]:
    rows = [LevelRow(*row) for row in sent_rows(request, "level", _NAMES)]
    return [row for row in rows if row.title or row.code or row.threshold]


def _plain(figure: Decimal) -> str:
    return f"{figure.normalize():f}"


def _save(
    request: HttpRequest, environment: Environment, form: Any, rows: list[LevelRow]
) -> TierLadder | None:
    """The saved ladder; None where it was refused (said on the form and its rows)."""
    try:
        return save_ladder(
            environment=environment,
            ladder=form.instance,
            actor=actor_of(request),
            changes=form.changes(),
            levels=[row.as_level() for row in rows],
        )
    except DomainError as error:
        tell_rows(form, error, "levels", rows, _WORDS)
        return None


def _rungs(environment: Environment, ladder: TierLadder) -> list[Rung]:
    """Highest first; below all, if the ladder has no level that asks for nothing, those without one."""
    only, living = [ladder.pk], living_members(environment)
    now = now_in(environment)
    held = members_per_level(environment, only, living=living).get(ladder.pk, {})
    would = qualified_per_level(environment, only, now=now, living=living).get(ladder.pk, {})

    def counted(key: UUID | None) -> dict[str, int]:
        return {"members": held.get(key, 0), "would": would.get(key, 0)}

    tiers = sorted(ladder.tiers.all(), key=lambda tier: tier.threshold, reverse=True)
    rungs = [
        Rung(tier.title, tier.code, tier.threshold, tier.multiplier, **counted(tier.pk)) for tier in tiers
    ]
    if None in held or None in would:
        rungs.append(Rung("No level", "", None, Decimal(1), **counted(None)))
    return rungs
