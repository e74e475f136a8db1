"""Who works in the project's console, and as what."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.errors import DomainError
from programs.actions.second_factors import reset_second_factor
from programs.actions.staff import add_staff, change_role, remove_staff, reset_password
from programs.admin.base import actor_of, form_errors, may, require, required_environment, staff_user
from programs.admin.detail import DetailAdmin
from programs.admin.widgets import select, text_input
from programs.models import Environment, ProjectMembership
from programs.queries.second_factors import factor_of, may_reset
from programs.queries.staff import Role, must_choose_password, with_second_factor

ROLES = {
    Role.ANALYST: "Analyst: reads everything, changes nothing",
    Role.SUPPORT: "Support: also helps members: adjusts, reverses, redeems, freezes",
    Role.OPERATOR: "Operator: also configures programs, rules and rewards, and erases members",
    Role.OWNER: "Owner: also manages keys, staff and the project's settings",
}


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=[(role.value, words) for role, words in ROLES.items()], widget=select())


class StaffForm(RoleForm):
    username = forms.CharField(
        max_length=150,
        widget=text_input(autocomplete="off"),
        help_text="A new log-in is made if there is none of this name.",
    )
    field_order = ("username", "role")


@admin.register(ProjectMembership)
class StaffAdmin(DetailAdmin[ProjectMembership]):
    reader = Role.OWNER.value
    detail_template = "staff.html"
    explanation = "The people who may log in to this project's console."
    first_step = "Add a colleague and choose what they may do."
    list_display = ("username", "may_do", "second_factor", "last_login", "since")
    sortable_by = ()
    search_fields = ("user__username",)
    search_help_text = "A part of a user name"

    def scope(self, environment: Environment) -> Q:
        return Q(project_id=environment.project_id)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProjectMembership]:
        return with_second_factor(super().get_queryset(request).select_related("user", "project"))

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return may(request, self.reader)

    @admin.display(description="User")
    def username(self, membership: ProjectMembership) -> str:
        return membership.user.get_username()

    @admin.display(description="Role")
    def may_do(self, membership: ProjectMembership) -> str:
        return ROLES[Role(membership.role)]

    @admin.display(description="Second factor")
    def second_factor(self, membership: ProjectMembership) -> SafeString:
        if membership.has_second_factor:  # type: ignore[attr-defined]
            return format_html('<span class="lc-tag lc-active">{}</span>', "Set up")
        is_shut_out = membership.project.two_factor_required
        return format_html(
            '<span class="lc-tag">{}</span>', "None: sees nothing yet" if is_shut_out else "None"
        )

    @admin.display(description="Last log-in")
    def last_login(self, membership: ProjectMembership) -> Any:
        return membership.user.last_login

    @admin.display(description="Since")
    def since(self, membership: ProjectMembership) -> datetime:
        return membership.created_at

    def detail_title(self, found: ProjectMembership) -> str:
        return found.user.get_username()

    def get_urls(self) -> list[URLPattern]:
        own = [
            self.object_page("role", self.set_role, self.reader),
            self.object_page("remove", self.remove, self.reader),
            self.object_page("reset-second-factor", self.reset, self.reader),
            self.object_page("new-password", self.new_password, self.reader),
        ]
        return [*own, *super().get_urls()]

    def detail(self, request: HttpRequest, found: ProjectMembership) -> dict[str, Any]:
        user = staff_user(request)
        factor = factor_of(found.user)
        return {
            "form": RoleForm(initial={"role": found.role}),
            "factor": factor,
            "may_reset": may_reset(by=user, user=found.user),
            "must_choose": must_choose_password(found.user),
            "is_oneself": found.user_id == user.pk,
        }

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        require(request, self.reader)
        project = required_environment(request).project
        form = StaffForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                made = add_staff(project=project, actor=actor_of(request), **form.cleaned_data)
            except DomainError as error:
                form_errors(form, error)
            else:
                return self._added(request, made.membership, made.password)
        return self.page(request, "staff_form.html", "Add staff", form=form)

    def _added(
        self, request: HttpRequest, membership: ProjectMembership, password: str | None
    ) -> HttpResponse:
        if password is None:
            messages.success(request, f"{membership.user} is in {membership.project} now.")
            return HttpResponseRedirect(self.url("changelist"))
        return self.page(request, "staff_password.html", "New log-in", object=membership, secret=password)

    def set_role(self, request: HttpRequest, membership: ProjectMembership) -> HttpResponse:
        form = RoleForm(request.POST)
        if request.method == "POST" and form.is_valid():
            try:
                change_role(membership=membership, role=form.cleaned_data["role"], actor=actor_of(request))
                messages.success(request, f"{membership.user} is {form.cleaned_data['role']} now.")
            except DomainError as error:
                messages.error(request, error.detail)
        return HttpResponseRedirect(self.url("changelist"))

    def remove(self, request: HttpRequest, membership: ProjectMembership) -> HttpResponse:
        if request.method != "POST":
            return self.page(request, "staff_remove.html", f"Remove {membership.user}", object=membership)
        try:
            remove_staff(membership=membership, actor=actor_of(request))
            messages.success(request, f"{membership.user} is no longer in {membership.project}.")
        except DomainError as error:
            messages.error(request, error.detail)
        return HttpResponseRedirect(self.url("changelist"))

    def reset(self, request: HttpRequest, membership: ProjectMembership) -> HttpResponse:
        """A colleague lost the phone and the recovery codes."""
        if request.method != "POST":
            title = f"Reset the second factor of {membership.user}"
            return self.page(request, "staff_reset.html", title, object=membership)
        by = staff_user(request)
        try:
            reset_second_factor(user=membership.user, by=by, actor=actor_of(request))
            messages.success(
                request, f"{membership.user} logs in by the password now, and sets up a new one."
            )
        except DomainError as error:
            messages.error(request, error.detail)
        return HttpResponseRedirect(self.url("change", membership.pk))

    def new_password(self, request: HttpRequest, membership: ProjectMembership) -> HttpResponse:
        """A colleague lost theirs; the answer to the post shows the new one, once."""
        title = f"New password for {membership.user}"
        if request.method != "POST":
            return self.page(request, "staff_new_password.html", title, object=membership)
        by = staff_user(request)
        try:
            password = reset_password(
                project=membership.project, user=membership.user, by=by, actor=actor_of(request)
            )
        except DomainError as error:
            messages.error(request, error.detail)
            return HttpResponseRedirect(self.url("change", membership.pk))
        return self.page(request, "staff_password.html", title, object=membership, secret=password)
