"""A new project by clicks: its name and zone, then its empty sandbox (docs/console.md)."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from audit.errors import DomainError
from loyalty.admin.project_settings import zone_choices
from programs.actions.projects import add_first_project, add_project
from programs.admin.base import (
    SESSION_KEY,
    TenantAdmin,
    actor_of,
    current_environment,
    form_errors,
    may,
    staff_user,
)
from programs.admin.widgets import select, text_input
from programs.models import Environment, Organization, Project
from programs.queries.plans import projects_used
from programs.queries.staff import has_projects


class NewProjectForm(forms.Form):
    name = forms.CharField(
        max_length=200,
        widget=text_input(autocomplete="off"),
        help_text="What members know it as, such as a shop or an app.",
    )
    time_zone = forms.ChoiceField(
        initial="UTC", widget=select(), help_text="Where its days, weeks and months begin. It can be changed."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = zone_choices()  # type: ignore[attr-defined]


class FirstProjectForm(NewProjectForm):
    organization = forms.CharField(
        max_length=200,
        widget=text_input(autocomplete="organization"),
        help_text="Whose projects, staff and plan these are.",
    )
    field_order = ("organization", "name", "time_zone")


def may_add(request: HttpRequest) -> bool:
    """An owner of the project at hand, in its organization; where there is none at all, whoever runs the system."""
    if current_environment(request) is None:
        return bool(request.user.is_superuser) and not has_projects()
    return may(request, "owner")


def add_page(page: TenantAdmin[Project], request: HttpRequest) -> HttpResponse:
    """The form; once it is made one is in its sandbox, whose overview says what comes next."""
    if not may_add(request):
        return page.page(
            request,
            "not_allowed.html",
            "Not allowed",
            sentence="Owners make new projects. Switch to a project that you own, or ask one of its owners.",
        )
    environment = current_environment(request)
    organization = environment.project.organization if environment else None
    kind = NewProjectForm if organization else FirstProjectForm
    initial = {"time_zone": environment.project.time_zone} if environment else {}
    form = kind(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            project = _made(request, organization, form.cleaned_data)
        except DomainError as error:
            form_errors(form, error)
        else:
            return _entered(request, project)
    plan = organization.plan if organization else None
    shown = {
        "organization": organization,
        "used": projects_used(organization.pk) if organization else 0,
        "allowed": plan.limits.get("projects") if plan else None,
    }
    return page.page(request, "project_add.html", "New project", form=form, **shown)


def _made(request: HttpRequest, organization: Organization | None, given: dict[str, Any]) -> Project:
    who = staff_user(request)
    if organization is None:
        return add_first_project(owner=who, actor=actor_of(request), **given)
    return add_project(organization=organization, owner=who, actor=actor_of(request), **given)


def _entered(request: HttpRequest, project: Project) -> HttpResponse:
    sandbox = project.environments.get(kind=Environment.Kind.SANDBOX)
    request.session[SESSION_KEY] = str(sandbox.pk)
    messages.success(request, f"{project} is made, with a sandbox and live. You are in its sandbox.")
    return HttpResponseRedirect(reverse("admin:index"))
