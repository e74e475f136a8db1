"""Milestones: a set on one page, its steps as rows, lowest first (domain.md 8).

How many members stand on each step is added in loyalty.admin.
"""

from dataclasses import dataclass, field
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import slugify

from audit.errors import DomainError
from programs.actions.milestones import save_milestone_set
from programs.admin.base import actor_of, may, required_environment
from programs.admin.configured import ConfiguredForm, EditorAdmin
from programs.admin.detail import Crumb
from programs.admin.row_faults import tell_rows
from programs.admin.rule_widgets import whole
from programs.admin.sent_rows import sent_rows
from programs.admin.widgets import text_input
from programs.models import Metric, MilestoneSet

_NAMES = ("title", "id", "threshold", "media")
_WORDS = {"title": "Title", "id": "Id", "threshold": "From", "media": "Picture"}


@dataclass(slots=True)
class MilestoneRow:
    """A milestone as its inputs show it, with what is wrong with it."""

    title: str = ""
    id: str = ""
    threshold: str = ""
    media: str = ""
    errors: list[str] = field(default_factory=list)

    def as_milestone(self) -> dict[str, Any]:
        """An id left empty is made of the title."""
        return {
            "id": self.id or slugify(self.title) or None,
            "title": self.title,
            "threshold": whole(self.threshold.replace(",", "")),
            "media": self.media,
        }


@dataclass(frozen=True, slots=True)
class Step:
    """A milestone with the members who have reached it and not the next. `threshold` None: below the first."""

    title: str
    id: str
    threshold: int | None
    members: int


class MilestoneSetForm(ConfiguredForm):
    class Meta:
        model = MilestoneSet
        fields = ("title", "metric")
        widgets = {"title": text_input(placeholder="Distance walked")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["metric"].help_text = "What is counted. It can't be changed later."
        if not self.instance._state.adding:
            self.fields["metric"].disabled = True
            self.fields[
                "metric"
            ].help_text = "Fixed since the set was made; for another metric make another set."


class MilestonesAdmin(EditorAdmin[MilestoneSet]):
    form = MilestoneSetForm
    explanation = (
        "Milestones are thresholds on what members have of a metric; the app hears of each crossing."
    )
    first_step = "Add a set for a metric with its steps, such as 10 km, 42 km and 100 km."
    list_display = ("title", "steps", "metric", "api_id")
    list_select_related = ("metric",)
    search_fields = ("title", "public_id")
    sortable_by = ()
    fieldsets = ((None, {"fields": ("title", "metric")}),)

    def members_on(self, request: HttpRequest, found: MilestoneSet) -> list[int]:
        """How many are below the first step, on it, on the second …"""
        raise NotImplementedError

    def get_queryset(self, request: HttpRequest) -> QuerySet[MilestoneSet]:
        return super().get_queryset(request).select_related("metric").prefetch_related("milestones")

    @admin.display(description="Steps")
    def steps(self, found: MilestoneSet) -> str:
        titles = [f"{one.title} ({one.threshold:,})" for one in found.milestones.all()]
        more = f" and {len(titles) - 5} more" if len(titles) > 5 else ""
        return " · ".join(titles[:5]) + more or "none yet"

    @admin.display(description="API id")
    def api_id(self, found: MilestoneSet) -> SafeString:
        return format_html("<code>{}</code>", found.public_id)

    def edit(self, request: HttpRequest, found: MilestoneSet | None) -> HttpResponse:
        form = self._form(request, found) if may(request, "operator") else None
        stored = self.get_object(request, str(found.pk)) if found else None
        rows = _sent_rows(request) if request.method == "POST" else _rows_of(stored)
        if request.method == "POST" and form is not None and form.is_valid():
            saved = self._save(request, form, rows)
            if saved is not None:
                messages.success(request, f"{saved} is saved.")
                return HttpResponseRedirect(self.url("change", saved.pk))
        context: dict[str, Any] = {
            "form": form,
            "rows": rows,
            "blank": [MilestoneRow(), MilestoneRow()],
            "may_operate": form is not None,
        }
        if stored is not None:
            steps = self._steps(request, stored)
            most = max([1, *(step.members for step in steps)])
            context |= {
                "object": stored,
                "original": Crumb(stored, str(stored)),
                "steps": steps,
                "most": most,
            }
        return self.page(request, "milestones.html", str(stored or "New milestones"), **context)

    def _form(self, request: HttpRequest, found: MilestoneSet | None) -> Any:
        made: Any = self.get_form(request, found, change=found is not None)
        metrics = Metric.objects.filter(environment=required_environment(request))
        initial = {} if found else {"metric": metrics.order_by("program__created_at", "pk").first()}
        return made(request.POST if request.method == "POST" else None, instance=found, initial=initial)

    def _save(self, request: HttpRequest, form: Any, rows: list[MilestoneRow]) -> MilestoneSet | None:
        """The saved set; None where it was refused (said on the form and its rows)."""
        try:
            return save_milestone_set(
                environment=required_environment(request),
                milestone_set=form.instance,
                actor=actor_of(request),
                changes=form.changes(),
                milestones=[row.as_milestone() for row in rows],
            )
        except DomainError as error:
            tell_rows(form, error, "milestones", rows, _WORDS)
            return None

    def _steps(self, request: HttpRequest, found: MilestoneSet) -> list[Step]:
        """Highest first, as on a ladder; below all who has reached none."""
        milestones = list(found.milestones.all())
        below, *members = self.members_on(request, found)
        steps = [Step("Below the first", "", None, below)]
        for one, standing in zip(milestones, members, strict=True):
            steps.append(Step(one.title, one.public_id, one.threshold, standing))
        return steps[::-1]


def _rows_of(found: MilestoneSet | None) -> list[MilestoneRow]:
    return [
        MilestoneRow(one.title, one.public_id, str(one.threshold), one.media)
        for one in (found.milestones.all() if found else ())
    ]


def _sent_rows(request: HttpRequest) -> list[MilestoneRow]:
    rows = [MilestoneRow(*row) for row in sent_rows(request, "milestone", _NAMES)]
    return [row for row in rows if row.title or row.id or row.threshold or row.media]
