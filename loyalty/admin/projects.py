"""The project: its settings in words and its environments, the sandbox's test clock, its reset, and the copy to live
(domain.md 12, docs/console.md)."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern

from audit.errors import DomainError
from loyalty.actions.clock import set_clock
from loyalty.admin.copying import copy_page
from loyalty.admin.project_adding import add_page, may_add
from loyalty.admin.project_settings import edit_page, settings_of
from loyalty.admin.resetting import reset_page
from programs.admin.base import actor_of, may, required_environment
from programs.admin.detail import DetailAdmin
from programs.admin.widgets import date_time
from programs.models import Environment, Project
from programs.queries.environments import now_in


class ClockForm(forms.Form):
    clock = forms.DateTimeField(
        label="Set the clock to",
        required=False,
        widget=date_time(),
        help_text="In the project's time zone. Time stands still there until it is set again. Once there is data "
        "it only goes forward: real time (empty) can be chosen again when it has passed that instant.",
    )


@admin.register(Project)
class ProjectAdmin(DetailAdmin[Project]):
    detail_template = "project.html"

    def scope(self, environment: Environment) -> Q:
        return Q(pk=environment.project_id)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        return super().get_queryset(request).select_related("organization__plan")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """There is one at a time, so its page stands in for the list."""
        return HttpResponseRedirect(self.url("change", required_environment(request).project_id))

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return may_add(request)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return add_page(self, request)

    def get_urls(self) -> list[URLPattern]:
        return [
            self.object_page("edit", partial(edit_page, self), "owner"),
            self.object_page("clock", self.clock, "operator"),
            self.object_page("copy", partial(copy_page, self), "operator"),
            self.object_page("reset", partial(reset_page, self), "operator"),
            *super().get_urls(),
        ]

    def detail(self, request: HttpRequest, found: Project) -> dict[str, Any]:
        environments = [
            {"environment": environment, "now": now_in(environment)}
            for environment in found.environments.filter(archived_at=None)
        ]
        return {
            "environments": environments,
            "form": ClockForm(),
            "may_operate": may(request, "operator"),
            "may_own": may(request, "owner"),
            "may_add": may_add(request),
            **settings_of(required_environment(request)),
        }

    def clock(self, request: HttpRequest, project: Project) -> HttpResponse:
        """Move the clock of the project's sandbox."""
        form = ClockForm(request.POST)
        sandbox = project.environments.filter(kind=Environment.Kind.SANDBOX, archived_at=None).first()
        if request.method == "POST" and sandbox is not None:
            if form.is_valid():
                self._move(request, sandbox, form.cleaned_data["clock"])
            else:
                messages.error(request, "Give a date and a time.")
        return HttpResponseRedirect(self.url("change", project.pk))

    def _move(self, request: HttpRequest, sandbox: Environment, clock: Any) -> None:
        try:
            with transaction.atomic():
                set_clock(environment=sandbox, clock=clock, actor=actor_of(request))
        except DomainError as error:
            messages.error(request, error.errors[0].detail if error.errors else error.detail)
        else:
            messages.success(
                request, "The sandbox's clock is set." if clock else "The sandbox runs in real time."
            )
