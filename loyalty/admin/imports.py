"""Files of members and purchases: looked at, tried, and imported by a worker while the page shows how far that is."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.errors import DomainError
from loyalty.actions.importing import is_kept, look_at_file, start_import
from loyalty.admin.csv_files import csv_answer
from loyalty.admin.keyset import KeysetAdmin
from loyalty.models import Import
from loyalty.queries.imports import first_lines, problem_cells, problem_columns, problems_of
from programs.admin.base import actor_of, form_errors, may, require, required_environment
from programs.admin.detail import DetailAdmin
from programs.admin.widgets import select
from programs.queries.snapshots import snapshot

_HELP = (
    "CSV, with a first line that names the columns. Up to 500,000 lines; the tables below say which columns."
)


class ImportForm(forms.Form):
    kind = forms.ChoiceField(label="What is in it", choices=Import.Kind.choices, widget=select())
    file = forms.FileField(
        label="File",
        help_text=_HELP,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain", "class": "lc-file"}),
    )


@admin.register(Import)
class ImportAdmin(KeysetAdmin[Import], DetailAdmin[Import]):
    detail_template = "import.html"
    explanation = "An import brings members with their balances, or purchases, from another system."
    first_step = "Choose “Add import” and a CSV file; it is looked at first."
    list_display = ("file", "what", "state", "lines", "taken", "refused", "chosen")
    list_filter = ("status", "kind")
    ordering = ("-id",)

    def get_urls(self) -> list[URLPattern]:
        own = [
            self.object_page("start", self.start, "operator"),
            self.object_page("problems", self.problems, "operator"),
        ]
        return [*own, *super().get_urls()]

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return may(request, "operator")

    @admin.display(description="File")
    def file(self, found: Import) -> str:
        return found.file_name

    @admin.display(description="What")
    def what(self, found: Import) -> str:
        return found.get_kind_display()

    @admin.display(description="Status")
    def state(self, found: Import) -> SafeString:
        return format_html('<span class="lc-tag lc-{}">{}</span>', found.status, found.get_status_display())

    @admin.display(description="Added")
    def taken(self, found: Import) -> str:
        """A trial counts what it would add, and adds nothing."""
        return f"none; {found.added:,} would be" if found.is_trial and found.added else f"{found.added:,}"

    @admin.display(description="Chosen")
    def chosen(self, found: Import) -> datetime:
        return found.created_at

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Asks for the file; a post looks at it, imports nothing, and goes to its page."""
        require(request, "operator")
        form = ImportForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
        if request.method == "POST" and form.is_valid():
            sent = form.cleaned_data["file"]
            try:
                found = look_at_file(
                    environment=required_environment(request),
                    kind=form.cleaned_data["kind"],
                    file_name=sent.name,
                    stream=sent.file,
                    actor=actor_of(request),
                    now=timezone.now(),
                )
            except DomainError as error:
                form_errors(form, error)
            else:
                return HttpResponseRedirect(self.url("change", found.pk))
        return self.page(request, "import_form.html", "Import a file", form=form)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Import]:
        return super().get_queryset(request).select_related("environment__project")

    def detail_title(self, found: Import) -> str:
        return found.file_name

    def detail(self, request: HttpRequest, found: Import) -> dict[str, Any]:
        shown, told = problems_of(found)
        is_preview = found.status == Import.Status.PREVIEW
        return {
            "unfinished": found.status in Import.UNFINISHED or found.status == Import.Status.READING,
            "is_kept": found.status in (Import.Status.PREVIEW, Import.Status.FAILED) and is_kept(found),
            "is_preview": is_preview,
            "goes_on": found.status == Import.Status.FAILED and not found.is_trial,
            "readable": found.lines - found.faulty - found.repeated,
            "first": first_lines(found) if is_preview else [],
            "problems": shown,
            "told": told,
            "untold": told - len(shown),
            "openings": self._openings(request) if is_preview and found.kind == Import.Kind.MEMBERS else [],
            "seconds": found.started_at
            and found.finished_at
            and (found.finished_at - found.started_at).total_seconds(),
            "may_operate": may(request, "operator"),
        }

    def _openings(self, request: HttpRequest) -> list[tuple[str, int]]:
        """What new accounts begin with besides what is imported."""
        metrics = snapshot(required_environment(request)).metrics
        return [(unit.code, unit.default_value) for unit in metrics if unit.default_value]

    def start(self, request: HttpRequest, found: Import) -> HttpResponse:
        """A post lets a worker try the file, or import it."""
        if request.method == "POST":
            try:
                start_import(
                    environment=required_environment(request),
                    key=found.pk,
                    trial=request.POST.get("trial") == "yes",
                    actor=actor_of(request),
                )
            except DomainError as error:
                messages.error(request, error.detail)
        return HttpResponseRedirect(self.url("change", found.pk))

    def problems(self, request: HttpRequest, found: Import) -> HttpResponseBase:
        """The lines that were refused, as a file that can be corrected and imported."""
        return csv_answer(f"problems-{found.pk}", problem_columns(found), problem_cells(found))
